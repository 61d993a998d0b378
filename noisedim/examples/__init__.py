"""NoisyChannel in other people's training loops; run an example with ``python -m noisedim.examples.NAME``."""
