"""The tables of a comparison of methods, and the words that they and the section share."""

from collections.abc import Mapping, Sequence
from math import ceil, exp, floor, log10

from noisedim.document.content import Table
from noisedim.report.methods.plan import CONTESTANTS, REFERENCE, Case
from noisedim.report.methods.verdicts import ALPHA, Comparison, Curve, best_accuracy, distance_at
from noisedim.statistics.equivalence import CrossedMean

__all__ = [
    "comparisons_table",
    "distance_words",
    "images_words",
    "level_words",
    "levels_table",
    "ratio_words",
    "top_words",
    "where_words",
]


def where_words(case: Case, curves: Mapping[str, Curve]) -> str:
    """The case, with the seeds where they are not the first: those before them planned the comparison."""
    first = curves[REFERENCE].seeds[0]
    return f"{case.words}, new seeds {first} to {curves[REFERENCE].seeds[-1]}" if first else case.words


def level_words(accuracy: float) -> str:
    """With two digits, or the three of a level between them."""
    return f"{accuracy:.3f}".removesuffix("0")


def _name(own: Comparison) -> str:
    """Of the method that the reference is compared with."""
    return CONTESTANTS[own.method].words


def ratio_words(own: Comparison, count: int) -> str:
    """The other method, with the ratio of distances or the difference of accuracies, and its interval."""
    return f"{_name(own)} {_effect(own, count)}"


def levels_table(
    case: Case, curves: Mapping[str, Curve], linear: Mapping[str, Curve], times: Mapping[str, float]
) -> Table:
    """Match at each level, best accuracies and time of every method."""
    rows = []
    for method, curve in curves.items():
        row = {
            "method": CONTESTANTS[method].words,
            "family": CONTESTANTS[method].family,
            "seeds": str(len(curve.seeds)),
        }
        for level in case.levels:
            distance = distance_at(curve, level)
            row[f"sliced W₂, 5-NN ≥ {level_words(level)}"] = "—" if distance is None else distance_words(distance)
        row["best 5-NN accuracy"], row["best linear accuracy"] = top_words(curve), top_words(linear[method])
        row["CPU time"] = f"{times[method]:.2f}" if method in times else "—"
        rows.append(row)
    return Table(
        rows,
        f"{where_words(case, curves)}: least sliced W₂ to the prior where the 5-NN accuracy is the level or more, and the best "
        "accuracy; — where a curve does not reach it. CPU time: median of a training with its map, over the adaptive dual's",
    )


def top_words(curve: Curve) -> str:
    """A curve's best accuracy, with half of its 95% interval."""
    top = best_accuracy(curve)
    if top is None:
        return f"{float(curve.accuracy.mean((1, 2)).max()):.3f}"
    ends = top.interval()
    return f"{top.estimate:.3f} ± {(ends.upper - ends.lower) / 2:.3f}"


def distance_words(own: CrossedMean) -> str:
    """A distance from its logarithm, with its 95% interval."""
    ends = own.interval()
    return f"{exp(ends.estimate):.3f} [{exp(ends.lower):.3f}, {exp(ends.upper):.3f}]"


def images_words(compared: Sequence[Comparison], images: int) -> str:
    """How many test images would decide comparisons that no number of seeds would; there are ``images``."""
    times = [own.more_images for own in compared if own.needed is None and own.more_images is not None]
    if not times:
        return "more test images"
    least = images * max(times)
    # Rounded up to two digits: a plan is no more exact.
    unit = 10 ** (floor(log10(least)) - 1)
    return f"{ceil(least / unit) * unit:,} test images"


def comparisons_table(where: str, comparisons: Sequence[Comparison], *, images: int) -> Table:
    """What is decided of the reference against each method, by ``images`` test images."""
    rows: dict[str, dict[str, str]] = {}
    for own in comparisons:
        row = rows.setdefault(own.method, {"compared with": _name(own)})
        what = "best accuracy" if own.wanted is None else f"match at {level_words(own.wanted)}"
        row[what] = " ".join(filter(None, (own.decision, _effect(own, len(comparisons)), _needs(own, images))))
    return Table(
        list(rows.values()),
        f"{where}: the adaptive dual is better, worse or equivalent, its distance over the other's or the difference of "
        f"accuracies; all {len(comparisons)} intervals and decisions hold together at 95%. In parentheses: what would decide "
        f"with 90% power; where no number of seeds would, the fewest test images that could, instead of {images:,}",
    )


def _effect(own: Comparison, count: int) -> str:
    if own.difference is None:
        return ""
    ratio = own.ratio(comparisons=count)
    if own.wanted is not None and ratio is not None:
        return f"× {ratio.estimate:.2f} [{ratio.lower:.2f}, {ratio.upper:.2f}]"
    ends = own.difference.interval(level=1 - ALPHA / count)
    return f"{ends.estimate:+.3f} [{ends.lower:+.3f}, {ends.upper:+.3f}]"


def _needs(own: Comparison, images: int) -> str:
    if own.decision != "undecided":
        return ""
    if own.difference is None:
        return "(not reached)"
    if own.dial_ends:
        return "(a dial turned further)"
    return f"({images_words([own], images)})" if own.needed is None else f"({own.needed} seeds)"
