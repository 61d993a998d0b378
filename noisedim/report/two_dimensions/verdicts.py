"""Which condition reaches the paper's accuracy in two dimensions?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.report.two_dimensions.plan import CONDITIONS
from noisedim.runs.studies.long_study import StudyRecord
from noisedim.statistics.intervals import Interval, clopper_pearson

__all__ = ["PAPER", "SUPERVISED", "Reached", "TwoDimensionsVerdict", "reached", "two_dimensions_verdict"]

PAPER = (0.95, 0.99)
"""Accuracies in two dimensions, read off the paper's Figure 1."""
SUPERVISED = ("label", "label-clean", "convnet-label")
WITHOUT_NOISE = ("vae",)


@dataclass(frozen=True)
class Reached:
    """What one condition came to at its best budget, chosen by the same test images, in its favour.

    Attributes:
        condition: its name.
        steps: of that budget.
        longest: of its longest budget.
        accuracy: 5-NN accuracy on test images, the best run's interval by Clopper and Pearson over the images.
        seeds: how many runs have that budget.
        training: of the same run, the same classifier's accuracy on training images.
        seconds: CPU time of the longest run.
    """

    condition: str
    steps: int
    longest: int
    accuracy: Interval
    seeds: int
    training: float
    seconds: float

    @property
    def is_paper(self) -> bool:
        """Whether the interval lies at or above the paper's least accuracy, or holds it."""
        return self.accuracy.upper >= PAPER[0]


def reached(records: Sequence[StudyRecord]) -> dict[str, Reached]:
    """By condition, in the plan's order, what its best budget gave."""
    found = {}
    for condition in CONDITIONS:
        own = [record for record in records if record.labels["condition"] == condition]
        if not own:
            continue
        best = max(own, key=lambda record: float(np.mean(record.values["knn"])))
        steps = int(best.labels["steps"])
        alike = [record for record in own if record.labels["steps"] == steps]
        accuracy = clopper_pearson(round(float(np.mean(best.values["knn"])) * best.n), best.n)
        longest = max(int(record.labels["steps"]) for record in own)
        seconds = max(record.seconds for record in own)
        found[condition] = Reached(condition, steps, longest, accuracy, len(alike), best.whole["training_knn"], seconds)
    return found


@dataclass(frozen=True)
class TwoDimensionsVerdict:
    """What the conditions decide together.

    Attributes:
        best: the most accurate form of noise injection without labels.
        longest: the one of these that was trained longest.
        with_labels: the most accurate one with labels, if there is any.
        status: of "noise injection reaches the paper's accuracy without labels".
    """

    best: Reached
    longest: Reached
    with_labels: Reached | None
    status: Literal["supported", "only when", "undecided"]


def two_dimensions_verdict(found: Mapping[str, Reached]) -> TwoDimensionsVerdict:
    """Supported if a condition without labels reaches it; only when pairs share the class, if only those do."""
    free = [own for name, own in found.items() if name not in (*SUPERVISED, *WITHOUT_NOISE)]
    supervised = [own for name, own in found.items() if name in SUPERVISED]
    with_labels = max(supervised, key=lambda own: own.accuracy.estimate, default=None)
    status: Literal["supported", "only when", "undecided"] = "undecided"
    if any(own.is_paper for own in free):
        status = "supported"
    elif with_labels is not None and with_labels.is_paper:
        status = "only when"
    best = max(free, key=lambda own: own.accuracy.estimate)
    return TwoDimensionsVerdict(best, max(free, key=lambda own: own.longest), with_labels, status)
