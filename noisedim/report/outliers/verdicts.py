"""Is the class that was left out found? Decided from the records; nothing here phrases or reads files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from noisedim.downstream.outliers import DETECTOR_WORDS
from noisedim.report.outliers.records import PIXELS, OutlierVariant
from noisedim.statistics.differences import Difference, paired_differences
from noisedim.statistics.intervals import Interval, clopper_pearson, student_t

__all__ = [
    "CHANCE",
    "FITTED_DETECTORS",
    "DetectorChoice",
    "FalseAlarmRate",
    "FalseAlarms",
    "FittedDetectors",
    "NormDetection",
    "VariantDetection",
    "false_alarm_rate",
    "false_alarms",
    "fitted_detectors",
    "norm_detection",
]

CHANCE = 0.5
"""AUROC of a detector that knows nothing."""
FITTED_DETECTORS = tuple(DETECTOR_WORDS)
"""Detectors that are fitted to the embeddings of training images."""


def _matched(variants: Sequence[OutlierVariant]) -> list[OutlierVariant]:
    return [variant for variant in variants if variant.is_matched]


@dataclass(frozen=True)
class VariantDetection:
    """How well the norm of one variant's embeddings tells the class left out from usual images.

    Attributes:
        variant: whose.
        auroc: mean over classes left out, with its t-interval.
        mean_square_outliers, mean_square_usual: ‖z‖²/d of the class and of usual images, means over classes left out.
    """

    variant: OutlierVariant
    auroc: Interval
    mean_square_outliers: float
    mean_square_usual: float

    @property
    def sign(self) -> int:
        """1 where the interval lies above chance, −1 where it lies below, else 0."""
        return int(self.auroc.lower > CHANCE) - int(self.auroc.upper < CHANCE)


@dataclass(frozen=True)
class NormDetection:
    """Whether the norm under the known prior finds a class that was never seen, by variant."""

    variants: tuple[VariantDetection, ...]

    @property
    def above(self) -> int:
        """How many variants are decided to be above chance."""
        return sum(found.sign > 0 for found in self.variants)

    @property
    def below(self) -> int:
        """How many variants are decided to be below chance."""
        return sum(found.sign < 0 for found in self.variants)

    @property
    def outcome(self) -> Literal["all above", "some above", "all below", "some below", "undecided"]:
        """Above chance in one variant or more, else below it, else undecided."""
        if self.above:
            return "all above" if self.above == len(self.variants) else "some above"
        if self.below:
            return "all below" if self.below == len(self.variants) else "some below"
        return "undecided"


def norm_detection(variants: Sequence[OutlierVariant]) -> NormDetection | None:
    """Whether the norm tells the class left out from usual images better than chance; None without records."""
    matched = _matched(variants)
    if not matched:
        return None

    def mean_square(variant: OutlierVariant, task: str) -> float:
        return student_t([record.mean_square[task] for record in variant.records if record.mean_square]).estimate

    return NormDetection(
        tuple(
            VariantDetection(
                variant,
                student_t(list(variant.areas("norm").values())),
                mean_square(variant, "class"),
                mean_square(variant, "usual"),
            )
            for variant in matched
        )
    )


@dataclass(frozen=True)
class FalseAlarmRate:
    """How often usual images have a p-value at or below a level.

    Attributes:
        variant: whose embeddings.
        level: the nominal one.
        rate: share of images, mean over classes left out, with its t-interval.
    """

    variant: OutlierVariant
    level: float
    rate: Interval

    @property
    def sign(self) -> int:
        """1 where false alarms are decided to be more frequent than the level, −1 where less, else 0."""
        return int(self.rate.lower > self.level) - int(self.rate.upper < self.level)


@dataclass(frozen=True)
class FalseAlarms:
    """Whether usual images have p ≤ level as often as the level says, with nothing fitted.

    Attributes:
        rates: by variant and level.
        rejected: by variant: in how many runs the battery rejects the prior for usual images, and of how many.
    """

    rates: tuple[FalseAlarmRate, ...]
    rejected: tuple[tuple[OutlierVariant, int, int], ...]

    @property
    def outcome(self) -> Literal["more", "fewer", "no difference seen"]:
        """More at any level, else fewer at any, else neither is decided."""
        signs = [found.sign for found in self.rates]
        return "more" if max(signs) > 0 else "fewer" if any(signs) else "no difference seen"


def false_alarm_rate(variant: OutlierVariant, p_value: str, place: int) -> FalseAlarmRate:
    """The rate of ``variant``'s false alarms by one p-value at the level in ``place``."""
    level = variant.nominal[place]
    counts = [(record.false_alarms or {})[p_value][place] for record in variant.records]
    if not any(counts):
        # No scatter between classes is no certainty; usual images overlap between them, so one class's count.
        return FalseAlarmRate(variant, level, clopper_pearson(0, min(record.n for record in variant.records)))
    rates = [count / record.n for count, record in zip(counts, variant.records, strict=True)]
    return FalseAlarmRate(variant, level, student_t(rates))


def false_alarms(variants: Sequence[OutlierVariant]) -> FalseAlarms | None:
    """Whether false alarms are as frequent as their level says; None without records."""
    matched = _matched(variants)
    if not matched:
        return None
    rates = [false_alarm_rate(variant, "far", i) for variant in matched for i in range(len(variant.nominal))]
    rejected = [
        (variant, sum(bool(record.rejected) for record in variant.records), len(variant.records)) for variant in matched
    ]
    return FalseAlarms(tuple(rates), tuple(rejected))


@dataclass(frozen=True)
class DetectorChoice:
    """The best detector fitted to one variant's embeddings.

    Attributes:
        variant: whose embeddings.
        detector: key of :data:`FITTED_DETECTORS`.
        against_norm: its AUROC minus the norm's, by class left out.
        pixels_against_neighbours: neighbours among pixels minus among the embeddings; None without a run on pixels.
    """

    variant: OutlierVariant
    detector: str
    against_norm: Difference
    pixels_against_neighbours: Difference | None


@dataclass(frozen=True)
class FittedDetectors:
    """Whether a detector fitted to the same embeddings, or to pixels, finds the class left out better.

    Attributes:
        choices: one per variant.
        pairs: how many differences Holm's adjustment is over.
    """

    choices: tuple[DetectorChoice, ...]
    pairs: int

    @property
    def outcome(self) -> Literal["all better", "some better", "undecided"]:
        """In how many variants the best fitted detector is decided to be better than the norm."""
        better = sum(choice.against_norm.sign() > 0 for choice in self.choices)
        return "all better" if better == len(self.choices) else "some better" if better else "undecided"


def fitted_detectors(variants: Sequence[OutlierVariant]) -> FittedDetectors | None:
    """Fitted detectors against the norm, and pixels against embeddings, paired by class left out; None without records."""
    matched = _matched(variants)
    pixels = next((variant for variant in variants if variant.variant == PIXELS), None)
    if not matched:
        return None
    values: dict[str, dict[int, float]] = {}
    pairs: list[tuple[str, str]] = []
    for variant in matched:
        for detector in ("norm", *FITTED_DETECTORS):
            values[_key(detector, variant)] = variant.areas(detector)
        pairs += [(_key(detector, variant), _key("norm", variant)) for detector in FITTED_DETECTORS]
        if pixels is not None:
            values[PIXELS] = pixels.areas("knn")
            pairs.append((PIXELS, _key("knn", variant)))
    found = dict(zip(pairs, paired_differences(values, pairs), strict=True))
    choices = []
    for variant in matched:
        own = {detector: found[_key(detector, variant), _key("norm", variant)] for detector in FITTED_DETECTORS}
        best = max(own.items(), key=lambda item: item[1].interval.estimate)
        choices.append(DetectorChoice(variant, *best, found.get((PIXELS, _key("knn", variant)))))
    return FittedDetectors(tuple(choices), len(pairs))


def _key(detector: str, variant: OutlierVariant) -> str:
    return f"{detector} of {variant.variant}"
