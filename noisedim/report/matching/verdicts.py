"""Do more training images match better on unseen ones, and when does the battery stop rejecting?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.report.matching.plan import IMAGES
from noisedim.runs.studies.long_study import Label, StudyRecord
from noisedim.runs.studies.trained_scores import ASSESSED_ROWS
from noisedim.statistics.equivalence import CrossedMean, crossed_mean

__all__ = ["ALPHA", "PRIMARY", "MatchingVerdict", "matching_verdict", "root", "squared_distance", "where"]

ALPHA = 0.05
PRIMARY: dict[str, Label] = {
    "images": IMAGES[-1],
    "steps": 1000,
    "objective": "adaptive-dual",
    "sigma": 1.0,
    "batch": 256,
}
"""The setting around which one factor at a time is changed."""


@dataclass(frozen=True)
class MatchingVerdict:
    """What the records decide.

    Attributes:
        few, many: squared sliced W₂ with the fewest and with all training images; None with fewer than two seeds.
        seeds: of the primary setting.
        rejecting: numbers of test images at which the battery rejects every seed of the primary setting.
    """

    few: CrossedMean | None
    many: CrossedMean | None
    seeds: int
    rejecting: tuple[int, ...]

    @property
    def status(self) -> Literal["supported", "undecided"]:
        """Supported if the two 95% intervals lie apart, which is more than a test of their difference asks."""
        if self.few is None or self.many is None:
            return "undecided"
        return "supported" if self.few.interval().lower > self.many.interval().upper else "undecided"


def matching_verdict(records: Sequence[StudyRecord]) -> MatchingVerdict:
    """Compare the fewest with all training images, at the primary setting."""
    own = where(records)
    few, many = (squared_distance(where(records, images=n)) for n in (IMAGES[0], IMAGES[-1]))
    rejecting = tuple(n for n in ASSESSED_ROWS if own and all(r.whole.get(f"p_{n}", 1.0) <= ALPHA for r in own))
    return MatchingVerdict(few, many, len(own), rejecting)


def where(records: Sequence[StudyRecord], **changed: Label) -> list[StudyRecord]:
    """The records of the primary setting, but for what is ``changed``."""
    wanted = {**PRIMARY, **changed}
    return [record for record in records if record.labels == wanted]


def squared_distance(records: Sequence[StudyRecord]) -> CrossedMean | None:
    """Squared sliced W₂ over seeds and blocks of test images; None with fewer than two seeds."""
    if len(records) < 2:
        return None
    values = np.array([record.values["sliced_w2_squared"] for record in records])
    return crossed_mean(values.mean(1), values)


def root(square: float) -> float:
    """The distance of a debiased square, which may be below 0 near the prior."""
    return float(np.sqrt(max(0.0, square)))
