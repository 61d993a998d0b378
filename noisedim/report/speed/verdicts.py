"""Faster than a peer, slower, or as fast? Decided from the interval of the median ratio; nothing here phrases."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from noisedim.report.speed.records import PeerTiming

__all__ = ["EQUIVALENCE_MARGIN", "PeerVerdict", "peer_verdicts"]

EQUIVALENCE_MARGIN = 0.1
"""Times that differ by less than this share are called equal, if the whole interval says so."""


@dataclass(frozen=True)
class PeerVerdict:
    """How our time compares with a peer's."""

    timing: PeerTiming

    @property
    def outcome(self) -> Literal["faster", "slower", "as fast", "undecided"]:
        """Faster or slower where the interval excludes 1; as fast where it lies within the margin around 1."""
        lower, upper = self.timing.lower, self.timing.upper
        if upper < 1:
            return "faster"
        if lower > 1:
            return "slower"
        within = lower >= 1 - EQUIVALENCE_MARGIN and upper <= 1 + EQUIVALENCE_MARGIN
        return "as fast" if within else "undecided"


def peer_verdicts(timings: Iterable[PeerTiming]) -> list[PeerVerdict]:
    """One verdict per benchmark that has a peer."""
    return [PeerVerdict(timing) for timing in timings]
