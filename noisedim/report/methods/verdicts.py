"""From the records of the methods' runs to decisions: who matches the prior better at a stated accuracy, and by how much.

Each method is a curve: accuracy against distance from the prior, as its own dial turns. Curves are compared at one
accuracy, where they are interpolated; the error holds the choice of seeds and of test images.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Literal

import numpy as np

from noisedim.runs.long_study import StudyRecord
from noisedim.statistics.equivalence import CrossedMean, crossed_mean, seeds_needed
from noisedim.statistics.intervals import Interval

__all__ = [
    "ALPHA",
    "LEAST_SQUARE",
    "Comparison",
    "Curve",
    "Decision",
    "compare_curves",
    "curves_of",
    "decide",
    "match_at",
]

ALPHA = 0.05
MATCH_MARGIN = log(1.1)
"""Distances within 10% of each other are called equivalent."""
ACCURACY_MARGIN = 0.01
"""Accuracies within one point of each other are called equivalent."""
LEAST_SQUARE = 1e-4
"""Squared distances below this, 0.01 standard deviations, count as this: a perfect match for 10,000 images."""

Decision = Literal["better", "worse", "equivalent", "undecided", "not reached"]


@dataclass(frozen=True, eq=False)
class Curve:
    """A method in one dimension.

    Attributes:
        method: its name.
        dial: values of its main hyper-parameter, ascending.
        accuracy: (dials, seeds, blocks).
        squared: squared sliced W₂ less its bias, likewise.
        seeds: in order.
    """

    method: str
    dial: tuple[float, ...]
    accuracy: np.ndarray
    squared: np.ndarray
    seeds: tuple[int, ...]


def curves_of(records: Sequence[StudyRecord], *, dim: int, probe: str = "knn") -> dict[str, Curve]:
    """The curves of all methods in dimension ``dim``, each over the seeds that have all values of its dial."""
    table: dict[str, dict[tuple[float, int], Mapping[str, tuple[float, ...]]]] = {}
    for record in records:
        if record.labels["dim"] == dim:
            own = table.setdefault(str(record.labels["method"]), {})
            own[float(record.labels["dial"]), record.seed] = record.values
    found = {}
    for method, own in table.items():
        dials = sorted({dial for dial, _ in own})
        seeds = [s for s in sorted({seed for _, seed in own}) if all((dial, s) in own for dial in dials)]
        if seeds:
            accuracy, squared = (
                np.array([[own[dial, seed][score] for seed in seeds] for dial in dials])
                for score in (probe, "sliced_w2_squared")
            )
            found[method] = Curve(method, tuple(dials), accuracy, squared, tuple(seeds))
    return found


def match_at(accuracy: np.ndarray, squared: np.ndarray, wanted: float) -> float:
    """The least log distance from the prior at an accuracy of ``wanted`` or more, along the curve through its points.

    Args:
        accuracy, squared: (dials,) means, in the order of the dial; the curve is straight between neighbours, in accuracy
            and log distance.
        wanted: the accuracy.

    Returns: log of the sliced W₂; infinite where the curve does not come up to ``wanted``.
    """
    logs = np.log(np.maximum(squared, LEAST_SQUARE)) / 2
    reached = accuracy >= wanted
    best = float(logs[reached].min()) if reached.any() else np.inf
    for i in np.flatnonzero(reached[1:] != reached[:-1]):
        share = (wanted - accuracy[i]) / (accuracy[i + 1] - accuracy[i])
        best = min(best, float(logs[i] + share * (logs[i + 1] - logs[i])))
    return best


@dataclass(frozen=True)
class Comparison:
    """One method compared with the reference: reference minus the other, so that below 0 the reference matches better.

    Attributes:
        method: the other one.
        wanted: accuracy at which both are compared; None where the best accuracies themselves are compared.
        difference: of log distances from the prior, or of accuracies; None where one of them does not come up to it.
        decision: of the reference.
        needed: seeds that would decide it with 90% power by the scatter found, if it is undecided; None if no number of
            seeds would, with these test images, or if it is decided.
    """

    method: str
    wanted: float | None
    difference: CrossedMean | None
    decision: Decision
    needed: int | None = None

    def ratio(self, *, comparisons: int) -> Interval | None:
        """Of the distances, the reference's over the other's, at the level that ``comparisons`` leave for each."""
        if self.difference is None:
            return None
        own = self.difference.interval(level=1 - ALPHA / comparisons)
        return Interval(exp(own.estimate), exp(own.lower), exp(own.upper), own.level, own.n, own.method)


def decide(difference: CrossedMean, *, margin: float, comparisons: int, less_is_better: bool) -> Decision:
    """Better, worse or equivalent within ``margin``, with at most ``ALPHA`` of wrong decisions over ``comparisons``.

    Equivalent comes first: a difference that is decided to lie within the margin is no difference of interest.
    """
    alpha = ALPHA / comparisons
    if difference.p_equivalent(margin) <= alpha:
        return "equivalent"
    if difference.p_different() <= alpha:
        return "better" if (difference.estimate < 0) == less_is_better else "worse"
    return "undecided"


Statistic = Callable[[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]], float]


def _jackknifed(reference: Curve, other: Curve, statistic: Statistic) -> CrossedMean | None:
    """A statistic of two curves' means, with the error of seeds and blocks by the jackknife.

    None where it is infinite, or where the curves have fewer than two seeds in common.
    """
    common = [seed for seed in reference.seeds if seed in other.seeds]
    seeds, blocks = len(common), reference.accuracy.shape[2]
    if seeds < 2:
        return None

    def without(seed: int | None, block: int | None) -> float:
        kept = [own for i, own in enumerate(common) if i != seed]
        b = [i for i in range(blocks) if i != block]
        ours, theirs = (
            tuple(
                scores[:, [curve.seeds.index(own) for own in kept]][:, :, b].mean((1, 2))
                for scores in (curve.accuracy, curve.squared)
            )
            for curve in (reference, other)
        )
        return statistic(ours, theirs)  # type: ignore[arg-type]

    whole = without(None, None)
    by_seed = np.array([seeds * whole - (seeds - 1) * without(i, None) for i in range(seeds)])
    by_block = np.array([blocks * whole - (blocks - 1) * without(None, i) for i in range(blocks)])
    if not np.isfinite([whole, *by_seed, *by_block]).all():
        return None
    found = crossed_mean(by_seed, np.tile(by_block, (seeds, 1)))
    # The statistic of all data, not the bias-corrected one: pseudo-values of an interpolated curve are noisy.
    return replace(found, estimate=whole)


def compare_curves(curves: Mapping[str, Curve], reference: str, *, wanted: Sequence[float]) -> tuple[Comparison, ...]:
    """The reference compared with every other method: the match at each accuracy ``wanted``, then the best accuracy.

    One family: all decisions of the returned comparisons are wrong together with a probability of at most ``ALPHA``.
    """
    others = [method for method in curves if method != reference]
    count = len(others) * (len(wanted) + 1)
    found = []
    for method in others:
        ours, theirs = curves[reference], curves[method]
        for level in wanted:

            def distance(
                a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray], level: float = level
            ) -> float:
                return match_at(*a, level) - match_at(*b, level)

            found.append(_compared(method, level, _jackknifed(ours, theirs, distance), MATCH_MARGIN, count, True))
        best = _jackknifed(ours, theirs, lambda a, b: float(a[0].max() - b[0].max()))
        found.append(_compared(method, None, best, ACCURACY_MARGIN, count, False))
    return tuple(found)


def _compared(
    method: str, wanted: float | None, difference: CrossedMean | None, margin: float, count: int, less_is_better: bool
) -> Comparison:
    if difference is None:
        return Comparison(method, wanted, None, "not reached")
    decision = decide(difference, margin=margin, comparisons=count, less_is_better=less_is_better)
    needed = None
    if decision == "undecided":
        own = ([difference.seed_error], [difference.image_error])
        # To tell it from 0 or from the margin, whichever is nearer to being decided.
        target = max(abs(difference.estimate), abs(margin - abs(difference.estimate)))
        needed = seeds_needed(*own, difference.n, margin=target, alpha=ALPHA / count)
    return Comparison(method, wanted, difference, decision, needed)
