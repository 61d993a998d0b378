"""The law of a sum over coordinates that are independent under the null, from that of one: nothing is simulated.

A cell of simulated samples has few in its tail where samples take long. The convolution of one coordinate's law with itself
has all of the tail, and takes no longer in 4,096 dimensions than in two.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from noisedim.normality.tests.base import Contribution

__all__ = ["SumLaw"]

# Of the grid, in standard deviations of the sum.
_LEAST, _REACH = -30.0, 150.0
_POINTS = 2**19


@dataclass(frozen=True)
class SumLaw:
    """The sum of ``count`` independent contributions, scaled to mean 0 and variance 1."""

    contribution: Contribution
    count: int

    def tail(self, values: np.ndarray) -> np.ndarray:
        """P(sum > value) at each of (k,) values, up to the width of the grid: 3e-4 standard deviations."""
        edges, tail = self._tail
        return np.asarray(np.interp(values, edges, tail))

    def quantiles(self, probabilities: np.ndarray) -> np.ndarray:
        """Where the upper tail has these probabilities, (k,)."""
        edges, tail = self._tail
        return np.asarray(np.interp(-np.asarray(probabilities), -tail, edges))

    @cached_property
    def _tail(self) -> tuple[np.ndarray, np.ndarray]:
        one, width = self.contribution, (_REACH - _LEAST) / _POINTS
        place = np.clip(one.values / self.count**0.5, _LEAST, _REACH - 2 * width) / width
        # Each value is split between the two points of the grid next to it, which keeps the mean.
        below = np.floor(place)
        upper, index = place - below, below.astype(np.int64)
        own = np.bincount(index % _POINTS, one.probabilities * (1 - upper), _POINTS)
        own += np.bincount((index + 1) % _POINTS, one.probabilities * upper, _POINTS)
        law = np.fft.irfft(np.fft.rfft(own) ** self.count, _POINTS)
        start = round(_LEAST / width)
        tail = np.cumsum(np.maximum(np.roll(law, -start), 0.0)[::-1])[::-1]
        # The mass of a point lies around it.
        return (start + np.arange(_POINTS) - 0.5) * width, tail / tail[0]
