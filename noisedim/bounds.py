"""The closed forms of :mod:`noisedim.theory.bounds` under the name by which users call them."""

from noisedim.theory.bounds import *  # noqa: F403
from noisedim.theory.bounds import __all__ as __all__
