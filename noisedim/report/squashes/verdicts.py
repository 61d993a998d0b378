"""Which map into [0, 1]^d brings the embedding closest to the uniform prior? Decided from distances, paired by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from noisedim.report.records import EncoderRecord
from noisedim.statistics.intervals import Interval, student_t

__all__ = ["DEFAULT", "SquashDifference", "SquashesVerdict", "squashes_verdict"]

DEFAULT = "normal-cdf"


@dataclass(frozen=True)
class SquashDifference:
    """Distance from the prior with one map minus that with the default map, at one noise level.

    Attributes:
        level: ε.
        squash: which map.
        interval: sliced W₂, mean over seeds; above 0 the default map is closer.
    """

    level: float
    squash: str
    interval: Interval

    @property
    def sign(self) -> int:
        """1 if the default map is decided to be closer, −1 if farther, 0 if undecided."""
        return int(self.interval.lower > 0) - int(self.interval.upper < 0)


@dataclass(frozen=True)
class SquashesVerdict:
    """The other maps compared with the default map, the largest noise first."""

    differences: tuple[SquashDifference, ...]

    @property
    def outcome(self) -> Literal["yes", "no", "in part", "not decided", "not measured"]:
        """Yes: the default map is closer than every other one at every level; no: closer than none, farther than some."""
        signs = [difference.sign for difference in self.differences]
        if not signs:
            return "not measured"
        if min(signs) > 0:
            return "yes"
        if max(signs) > 0:
            return "in part"
        return "no" if max(signs) < 0 else "not decided"


def squashes_verdict(records: Sequence[EncoderRecord]) -> SquashesVerdict:
    """Compare every map with the default map at every level."""
    found = []
    for level in sorted({record.level for record in records}, reverse=True):
        by_map: dict[str, dict[int, float]] = {}
        for record in records:
            if record.level == level and record.squash is not None:
                by_map.setdefault(record.squash, {})[record.seed] = record.sliced_w2
        default = by_map.pop(DEFAULT, {})
        for squash, own in by_map.items():
            differences = [own[seed] - default[seed] for seed in own if seed in default]
            if differences:
                found.append(SquashDifference(level, squash, student_t(differences)))
    return SquashesVerdict(tuple(found))
