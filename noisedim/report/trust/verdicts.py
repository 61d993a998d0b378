"""Are false alarms as rare as the battery says, and does it see other laws? Decided from the audit's counts alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from noisedim.report.trust.cells import LEVELS, SLICED, TAIL_LEVELS, Cell
from noisedim.statistics.intervals import Interval, clopper_pearson

__all__ = ["CalibrationVerdict", "PowerVerdict", "Rejections", "calibration_verdict", "power_verdict", "tail_excesses"]

# A departure counts as seen if the lower limit of the power is at least this.
POWER = 0.8
_ALPHA = 0.05
SHOWN = 0.06
"""A battery whose rate is 0.05 cannot be shown to stay at or below it; one point more can."""


@dataclass(frozen=True)
class Rejections:
    """How often a single test rejected the null at one level, in one cell."""

    test: str
    level: float
    n: int
    dim: int
    count: int
    trials: int


@dataclass(frozen=True)
class CalibrationVerdict:
    """False alarms on samples of the null itself.

    Attributes:
        trials: number of samples.
        cells: number of nulls and shapes of sample.
        family_rates: smallest and largest rate of the whole battery over the cells.
        pooled: the battery's rate by number of rows, over dimensions and nulls, in intervals that hold jointly with 95%.
        has_family_excess: whether the battery's rate exceeds 0.05 in some cell, in intervals that hold jointly.
        rates: number of rates of single tests.
        outside: number of them whose level lies outside the 99% interval.
        excesses: those above their level in intervals that hold jointly.
    """

    trials: int
    cells: int
    family_rates: tuple[float, float]
    pooled: Mapping[int, Interval]
    has_family_excess: bool
    rates: int
    outside: int
    excesses: tuple[Rejections, ...]

    @property
    def undecided(self) -> tuple[int, ...]:
        """The numbers of rows for which a rate of at most :data:`SHOWN` is not shown."""
        return tuple(n for n, interval in self.pooled.items() if interval.upper > SHOWN)

    @property
    def outcome(self) -> Literal["yes", "no", "yes in part", "not decided"]:
        """Yes: at most :data:`SHOWN` is shown, which is more than not being refuted; no: an excess of 0.05 is."""
        if self.excesses or self.has_family_excess:
            return "no"
        if not self.undecided:
            return "yes"
        return "yes in part" if len(self.undecided) < len(self.pooled) else "not decided"


@dataclass(frozen=True)
class PowerVerdict:
    """Rejections of laws that are not N(0, I), at 0.05.

    Attributes:
        n, dim: shape of a sample.
        trials: smallest number of samples of a law.
        rates: the battery's rate by law.
        limits: its lower limits by law, in intervals that hold jointly with 95%.
        sliced: smallest and largest rate of a sliced test over the laws; None if it was not run.
    """

    n: int
    dim: int
    trials: int
    rates: Mapping[str, float]
    limits: Mapping[str, float]
    sliced: tuple[float, float] | None

    @property
    def weak(self) -> tuple[str, ...]:
        """The laws for which a power of :data:`POWER` is not shown."""
        return tuple(law for law, limit in self.limits.items() if limit < POWER)

    @property
    def seen(self) -> dict[str, float]:
        """The lower limits of those for which it is shown."""
        return {law: limit for law, limit in self.limits.items() if limit >= POWER}

    @property
    def outcome(self) -> Literal["yes", "in part"]:
        """Whether the power is shown for every law."""
        return "in part" if self.weak else "yes"


def calibration_verdict(cells: Sequence[Cell], whole: Sequence[Cell] | None = None) -> CalibrationVerdict:
    """Decide from the cells whose samples are of the null.

    Args:
        cells: counts of single tests.
        whole: counts of whole batteries, if they were made by samples of their own.
    """
    whole = cells if whole is None else whole
    every = _every(cells, LEVELS)
    family = [cell.rate("battery", level=1 - _ALPHA / len(whole)) for cell in whole]
    return CalibrationVerdict(
        trials=sum(cell.trials for cell in whole),
        cells=len(whole),
        family_rates=(min(rate.estimate for rate in family), max(rate.estimate for rate in family)),
        pooled=_pooled(whole),
        has_family_excess=any(rate.lower > _ALPHA for rate in family),
        rates=len(every),
        outside=sum(own.level not in clopper_pearson(own.count, own.trials, level=0.99) for own in every),
        excesses=_excesses(every),
    )


def tail_excesses(cells: Sequence[Cell]) -> tuple[Rejections, ...]:
    """Of the cells of null tables, what lies above its level in intervals that hold jointly."""
    return _excesses(_every(cells, TAIL_LEVELS))


def _every(cells: Sequence[Cell], levels: Sequence[float]) -> list[Rejections]:
    return [
        Rejections(name, level, cell.n, cell.dim, counts[at], cell.trials)
        for cell in cells
        for name, counts in cell.single_tests.items()
        for at, level in enumerate(levels)
    ]


def _excesses(every: Sequence[Rejections]) -> tuple[Rejections, ...]:
    """All intervals hold jointly: without any excess, at most one audit in twenty shows one."""
    joint = 1 - _ALPHA / max(1, len(every))
    return tuple(own for own in every if clopper_pearson(own.count, own.trials, level=joint).lower > own.level)


def _pooled(cells: Sequence[Cell]) -> dict[int, Interval]:
    counts: dict[int, tuple[int, int]] = {}
    for cell in sorted(cells, key=lambda cell: cell.n):
        rejected, trials = counts.get(cell.n, (0, 0))
        counts[cell.n] = rejected + cell.counts["battery"][0], trials + cell.trials
    return {n: clopper_pearson(*own, level=1 - _ALPHA / len(counts)) for n, own in counts.items()}


def power_verdict(cells: Sequence[Cell]) -> PowerVerdict:
    """Decide from the cells whose samples are of other laws, besides one of N(0, I)."""
    others = [cell for cell in cells if cell.law != "prior"]
    level = 1 - _ALPHA / max(1, len(others))
    sliced = [cell.rate(SLICED).estimate for cell in others if SLICED in cell.counts]
    return PowerVerdict(
        n=cells[0].n,
        dim=cells[0].dim,
        trials=min(cell.trials for cell in others),
        rates={cell.law: cell.rate("battery").estimate for cell in others},
        limits={cell.law: cell.rate("battery", level=level).lower for cell in others},
        sliced=(min(sliced), max(sliced)) if sliced else None,
    )
