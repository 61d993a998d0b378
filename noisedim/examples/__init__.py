"""NoisyChannel in other people's loops, each a program to read and to run: ``python -m noisedim.examples.NAME``."""
