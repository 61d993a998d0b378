"""Does knowing the prior pay, and is what is generated any good? Decided from numbers; nothing here phrases or reads files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.statistics.combining import holm
from noisedim.statistics.equivalence import CrossedMean, crossed_mean
from noisedim.statistics.intervals import Interval, student_t

__all__ = [
    "ALPHA",
    "MARGIN",
    "ControlVerdict",
    "EquivalenceVerdict",
    "FidelityVerdict",
    "HarmVerdict",
    "LawGap",
    "LawVerdicts",
    "LikenessVerdict",
    "fidelity_verdict",
    "law_gap",
    "law_verdicts",
    "likeness_verdict",
]

MARGIN = 1.0
"""Of equivalence, in lost classes; fixed before the runs that judge: what real images lose by lacking one class."""
ALPHA = 0.05


@dataclass(frozen=True)
class LawGap:
    """By how much images are farther from real ones with conditions from a law than with encoded ones, in lost classes.

    Attributes:
        name: whose encoder, and which law.
        values: one per seed.
        here: their mean over seeds, for these images.
        anywhere: the same, its error also for the choice of the images.
    """

    name: str
    values: tuple[float, ...]
    here: CrossedMean
    anywhere: CrossedMean


def law_gap(name: str, values: Sequence[float], influences: Sequence[np.ndarray]) -> LawGap:
    """The gap from one value per seed and what each of the n real images contributes to it, (n,) per seed."""
    return LawGap(name, tuple(values), crossed_mean(values), crossed_mean(values, np.stack(list(influences))))


@dataclass(frozen=True)
class EquivalenceVerdict:
    """Whether conditions from a law are as good as encoded ones.

    Attributes:
        gap: the difference.
        p_value: that it is the margin or more; after Holm.
        p_value_here: the same for these images alone, not adjusted.
    """

    gap: LawGap
    p_value: float
    p_value_here: float

    @property
    def outcome(self) -> Literal["equivalent", "not equivalent", "equivalent here", "undecided"]:
        """Equivalent within ±``MARGIN``, or beyond it, or within it for these images only."""
        interval = self.gap.anywhere.interval(level=1 - 2 * ALPHA)
        if self.p_value <= ALPHA:
            return "equivalent"
        if interval.lower > MARGIN or interval.upper < -MARGIN:
            return "not equivalent"
        return "equivalent here" if self.p_value_here <= ALPHA else "undecided"

    @property
    def is_closer(self) -> bool:
        """Whether images from the law are closer to real ones than those from encoded conditions are."""
        return self.gap.anywhere.interval(level=1 - 2 * ALPHA).upper < 0


@dataclass(frozen=True)
class HarmVerdict:
    """Whether conditions from a law are worse than encoded ones.

    Attributes:
        gap: the difference.
        p_value: that it is 0 or less; after Holm.
        p_equivalent: that it is the margin or more; not adjusted.
    """

    gap: LawGap
    p_value: float
    p_equivalent: float

    @property
    def outcome(self) -> Literal["harm", "no harm", "undecided"]:
        """Harm where the gap is above 0; no harm where it is within the margin instead."""
        if self.p_value <= ALPHA:
            return "harm"
        return "no harm" if self.p_equivalent <= ALPHA else "undecided"


@dataclass(frozen=True)
class ControlVerdict:
    """Whether the comparison notices a law that is wrong on purpose.

    Attributes:
        gap: the difference.
        p_value: that it is 0 or less; after Holm.
    """

    gap: LawGap
    p_value: float

    @property
    def is_noticed(self) -> bool:
        """Whether the gap is above 0."""
        return self.p_value <= ALPHA


@dataclass(frozen=True)
class LawVerdicts:
    """The four answers about laws of conditions; their p-values are Holm's over the four.

    Attributes:
        matched: c from the prior, on encoders that match it.
        raw: c from N(0, I) on encoders without matching, for their output as it comes.
        standardised: the same after their output was standardised.
        wide: c from a law twice too wide, on encoders that match the prior.
    """

    matched: EquivalenceVerdict
    raw: HarmVerdict
    standardised: HarmVerdict
    wide: ControlVerdict


def law_verdicts(matched: LawGap, raw: LawGap, standardised: LawGap, wide: LawGap) -> LawVerdicts:
    """The answers from the four gaps, as :class:`LawVerdicts` names them."""
    p = holm(
        [
            matched.anywhere.p_equivalent(MARGIN),
            raw.anywhere.p_above(0),
            standardised.anywhere.p_above(0),
            wide.anywhere.p_above(0),
        ]
    )
    return LawVerdicts(
        EquivalenceVerdict(matched, float(p[0]), matched.here.p_equivalent(MARGIN)),
        HarmVerdict(raw, float(p[1]), raw.anywhere.p_equivalent(MARGIN)),
        HarmVerdict(standardised, float(p[2]), standardised.anywhere.p_equivalent(MARGIN)),
        ControlVerdict(wide, float(p[3])),
    )


@dataclass(frozen=True)
class LikenessVerdict:
    """Whether unconditional images are like real ones.

    Attributes:
        distance: kernel distance in lost classes, mean over seeds with its t-interval.
        missing: by seed, how many classes no image belongs to.
    """

    distance: Interval
    missing: tuple[int, ...]

    @property
    def outcome(self) -> Literal["alike", "not alike", "partly alike"]:
        """Alike: closer than one lost class with no class missing. Not alike: farther, or classes missing in each seed."""
        if self.distance.upper < MARGIN and not any(self.missing):
            return "alike"
        return "not alike" if self.distance.lower > MARGIN or all(self.missing) else "partly alike"


def likeness_verdict(distances: Sequence[float], missing: Sequence[int]) -> LikenessVerdict:
    """From kernel distances in lost classes and numbers of missing classes, one of each per seed."""
    return LikenessVerdict(student_t(distances), tuple(missing))


@dataclass(frozen=True)
class FidelityVerdict:
    """Whether images have the embedding that was asked for.

    Attributes:
        error: E‖f(G(c, z)) − c‖², mean over seeds with its t-interval.
        noise: dσ², what the encoder's own channel adds: the threshold.
    """

    error: Interval
    noise: float

    @property
    def outcome(self) -> Literal["within noise", "beyond noise", "undecided"]:
        """Which side of the channel's noise the error's interval lies on."""
        if self.error.upper < self.noise:
            return "within noise"
        return "beyond noise" if self.error.lower > self.noise else "undecided"


def fidelity_verdict(errors: Sequence[float], *, noise: float) -> FidelityVerdict:
    """From one error per seed and the channel's noise."""
    return FidelityVerdict(student_t(errors), noise)
