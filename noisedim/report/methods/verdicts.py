"""From the records of the methods' runs to decisions: who matches the prior better at a stated accuracy, and by how much.

Each method is a curve: accuracy against distance from the prior, as its own dial turns. Compared is the least distance at an
accuracy or more, along the interpolated curve; the error holds the choice of seeds and of test images.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from statistics import median
from typing import Literal

import numpy as np

from noisedim.report.methods.plan import FOLD
from noisedim.runs.studies.long_study import StudyRecord
from noisedim.statistics.equivalence import CrossedMean, crossed_mean, more_images_needed, seeds_needed
from noisedim.statistics.intervals import Interval

__all__ = [
    "ALPHA",
    "LEAST_SQUARE",
    "Comparison",
    "Curve",
    "Decision",
    "Leader",
    "best_accuracy",
    "compare_curves",
    "curves_of",
    "decide",
    "distance_at",
    "leader_at",
    "match_at",
    "relative_seconds",
    "together",
]

ALPHA = 0.05
MATCH_MARGIN = log(1.1)
"""Distances within 10% of each other are called equivalent."""
ACCURACY_MARGIN = 0.01
"""Accuracies within one point of each other are called equivalent."""
LEAST_SQUARE = 1e-4
"""Squared distances below this, 0.01 standard deviations, count as this: a perfect match for 10,000 images."""

Decision = Literal["better", "worse", "equivalent", "undecided"]


@dataclass(frozen=True, eq=False)
class Curve:
    """A method in one dimension.

    Attributes:
        method: its name.
        dial: values of its main hyper-parameter, ascending.
        accuracy: (dials, seeds, blocks).
        squared: squared sliced W₂ less its bias, likewise.
        seeds: in order.
        own_images: whether each seed is judged by images of its own, so that the scatter over seeds is that over images, too.
    """

    method: str
    dial: tuple[float, ...]
    accuracy: np.ndarray
    squared: np.ndarray
    seeds: tuple[int, ...]
    own_images: bool = False


def curves_of(records: Sequence[StudyRecord], *, dim: int, probe: str = "knn") -> dict[str, Curve]:
    """The curves of all methods in dimension ``dim``, each over the seeds that have all values of its dial."""
    table: dict[str, dict[tuple[float, int], Mapping[str, tuple[float, ...]]]] = {}
    judged = {(record.seed, record.labels.get(FOLD)) for record in records if record.labels["dim"] == dim}
    seeds_judged, folds = ({pair[i] for pair in judged} for i in (0, 1))
    own_images = None not in folds and len(judged) == len(seeds_judged) == len(folds)
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
            found[method] = Curve(method, tuple(dials), accuracy, squared, tuple(seeds), own_images)
    return found


def relative_seconds(records: Sequence[StudyRecord], reference: str, *, dim: int) -> dict[str, float]:
    """Median CPU time of a method's training, over the reference's, by method; of runs made on the reference's machines.

    Args:
        records: of the study, in which methods take turns seed by seed.
        reference: the method whose time is 1.
        dim: of the embedding.
    """
    seconds: dict[str, list[float]] = {}
    machines = {own.environment for own in records if own.labels["method"] == reference}
    for own in records:
        if own.labels["dim"] == dim and own.environment in machines:
            seconds.setdefault(str(own.labels["method"]), []).append(own.seconds)
    if reference not in seconds:
        return {}
    unit = median(seconds[reference])
    return {method: median(own) / unit for method, own in seconds.items()}


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
        difference: of log distances from the prior, or of accuracies; None where one of them does not come up to it,
            which then decides if it is sure.
        decision: of the reference.
        needed: seeds that would decide it with 90% power by the scatter found, if it is undecided; None if no number of
            seeds would, with these test images, or if it is decided.
        more_images: where no number of seeds would: how many times as many test images would, at the least.
        dial_ends: whether it stays undecided because a dial ends before the accuracy: the method that would lose keeps
            more accuracy than wanted at each of its values, so that it might match better there if it were turned further.
    """

    method: str
    wanted: float | None
    difference: CrossedMean | None
    decision: Decision
    needed: int | None = None
    more_images: float | None = None
    dial_ends: bool = False

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


Means = tuple[np.ndarray, np.ndarray]


def _jackknifed(curves: Sequence[Curve], statistic: Callable[..., float]) -> CrossedMean | None:
    """A statistic of curves' mean accuracies and squared distances, with the error of seeds and blocks by the jackknife.

    Where each seed has images of its own, seeds alone: their scatter holds that of the images.
    None where it is infinite, or where the curves have fewer than two seeds in common.
    """
    common = [seed for seed in curves[0].seeds if all(seed in curve.seeds for curve in curves)]
    seeds, blocks = len(common), curves[0].accuracy.shape[2]
    if seeds < 2:
        return None

    def without(seed: int | None, block: int | None) -> float:
        kept = [own for i, own in enumerate(common) if i != seed]
        b = [i for i in range(blocks) if i != block]

        def means(curve: Curve) -> Means:
            rows = [curve.seeds.index(own) for own in kept]
            accuracy, squared = (scores[:, rows][:, :, b].mean((1, 2)) for scores in (curve.accuracy, curve.squared))
            return accuracy, squared

        return statistic(*(means(curve) for curve in curves))

    whole = without(None, None)
    if not np.isfinite(whole):
        return None
    by_seed = np.array([seeds * whole - (seeds - 1) * without(i, None) for i in range(seeds)])
    own_images = curves[0].own_images
    by_block = [] if own_images else [blocks * whole - (blocks - 1) * without(None, i) for i in range(blocks)]
    if not np.isfinite([*by_seed, *by_block]).all():
        return None
    found = crossed_mean(by_seed, None if own_images else np.tile(by_block, (seeds, 1)))
    # The statistic of all data, not the bias-corrected one: pseudo-values of an interpolated curve are noisy.
    return replace(found, estimate=whole)


def distance_at(curve: Curve, wanted: float) -> CrossedMean | None:
    """Log of the least sliced W₂ at an accuracy of ``wanted`` or more; None where the curve does not surely come up to it."""
    return _jackknifed([curve], lambda own: match_at(own[0], own[1], wanted))


@dataclass(frozen=True)
class Leader:
    """The method with the smallest estimated distance at an accuracy; that it is the smallest is not a decision.

    Attributes:
        method: its name.
        wanted: the accuracy.
        distance: log of its sliced W₂ there.
        dial: the value of its dial next to that place.
    """

    method: str
    wanted: float
    distance: CrossedMean
    dial: float


def leader_at(curves: Mapping[str, Curve], wanted: float) -> Leader | None:
    """The :class:`Leader` at an accuracy of ``wanted``; None where no curve surely comes up to it."""
    found = []
    for method, curve in curves.items():
        distance = distance_at(curve, wanted)
        if distance is not None:
            reached = np.flatnonzero(curve.accuracy.mean((1, 2)) >= wanted)
            best = reached[curve.squared.mean((1, 2))[reached].argmin()]
            found.append(Leader(method, wanted, distance, curve.dial[best]))
    return min(found, key=lambda own: own.distance.estimate) if found else None


def together(comparisons: Sequence[Comparison]) -> Literal["supported", "contradicted", "only when", "undecided"]:
    """Whether the reference is better than all: contradicted by one that is decided better, undecided by one that is open.

    With some equivalent, it holds only when compared with the others.
    """
    decisions = {own.decision for own in comparisons}
    if "worse" in decisions:
        return "contradicted"
    return "undecided" if "undecided" in decisions else "only when" if "equivalent" in decisions else "supported"


def best_accuracy(curve: Curve) -> CrossedMean | None:
    """The largest accuracy over the dial."""
    return _jackknifed([curve], lambda own: float(own[0].max()))


def compare_curves(curves: Mapping[str, Curve], reference: str, *, wanted: Sequence[float]) -> tuple[Comparison, ...]:
    """The reference compared with every other method: the match at each accuracy ``wanted``, then the best accuracy.

    One family: all decisions of the returned comparisons are wrong together with a probability of at most ``ALPHA``.
    """
    others = [method for method in curves if method != reference]
    count = len(others) * (len(wanted) + 1)
    # In a cross-validation all images have judged: more seeds would share them.
    more_seeds = not curves[reference].own_images
    found = []
    for method in others:
        ours, theirs = curves[reference], curves[method]
        # Which curves have to come down to an accuracy for a decision; the winner's could only win by more.
        against = {"better": [theirs], "worse": [ours], "equivalent": [ours, theirs]}
        for level in wanted:

            def distance(a: Means, b: Means, level: float = level) -> float:
                ends = match_at(*a, level), match_at(*b, level)
                return ends[0] - ends[1] if np.isfinite(ends).all() else np.inf

            difference = _jackknifed([ours, theirs], distance)
            if difference is None:
                found.append(Comparison(method, level, None, _by_reach(ours, theirs, level, count)))
                continue
            own = _compared(method, level, difference, MATCH_MARGIN, count, more_seeds, less_is_better=True)
            if not all(_comes_down_to(curve, level) for curve in against.get(own.decision, [ours, theirs])):
                own = replace(own, decision="undecided", needed=None, more_images=None, dial_ends=True)
            found.append(own)
        best = _jackknifed([ours, theirs], lambda a, b: float(a[0].max() - b[0].max()))
        if best is not None:
            found.append(_compared(method, None, best, ACCURACY_MARGIN, count, more_seeds, less_is_better=False))
    return tuple(found)


def _comes_down_to(curve: Curve, level: float) -> bool:
    """Whether a curve holds what its method can do at an accuracy: one of its values has no more, or it has no dial."""
    return len(curve.dial) == 1 or bool((curve.accuracy.mean((1, 2)) <= level).any())


def _by_reach(ours: Curve, theirs: Curve, level: float, count: int) -> Decision:
    """Where only one of two curves comes up to an accuracy, it is the better one there, if that is sure."""
    tops = best_accuracy(ours), best_accuracy(theirs)
    if tops[0] is None or tops[1] is None:
        return "undecided"
    mine, other = (top.interval(level=1 - ALPHA / count) for top in tops if top is not None)
    if mine.lower >= level > other.upper:
        return "better"
    return "worse" if other.lower >= level > mine.upper else "undecided"


def _compared(
    method: str,
    wanted: float | None,
    difference: CrossedMean,
    margin: float,
    count: int,
    more_seeds: bool,
    *,
    less_is_better: bool,
) -> Comparison:
    decision = decide(difference, margin=margin, comparisons=count, less_is_better=less_is_better)
    if decision != "undecided":
        return Comparison(method, wanted, difference, decision)
    # To tell it from 0 or from the margin, whichever is nearer to being decided.
    target = max(abs(difference.estimate), abs(margin - abs(difference.estimate)))
    # A difference from 0 is looked for on both sides.
    alpha = ALPHA / count / (2 if target == abs(difference.estimate) else 1)
    needed = seeds_needed(
        [difference.seed_error],
        [difference.image_error],
        difference.n,
        margin=target,
        alpha=alpha,
        image_degrees=difference.image_degrees,
    )
    more_images = None
    if not more_seeds:
        # Each seed would bring images of its own.
        needed, more_images = None, None if needed is None else needed / difference.n
    elif needed is None:
        more_images = more_images_needed(
            [difference.image_error], margin=target, alpha=alpha, image_degrees=difference.image_degrees
        )
    return Comparison(method, wanted, difference, decision, needed, more_images)
