"""The old name of :mod:`noisedim.statistics.differences`, kept for one release."""

from noisedim.moved import moved_names

__getattr__ = moved_names(__name__)
