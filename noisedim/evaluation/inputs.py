"""The old name of :mod:`noisedim.assessment.storage.read`, kept for one release."""

from noisedim.moved import moved_names

__getattr__ = moved_names(__name__)
