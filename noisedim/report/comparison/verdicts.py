"""Who matches, at what cost, and who matches best? Decided from one row per method; nothing here phrases or reads files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from noisedim.report.benchmarks import MethodRow
from noisedim.statistics.intervals import student_t
from noisedim.statistics.ranking import Difference, Place, paired_differences, rank

__all__ = [
    "PLAIN",
    "CostVerdict",
    "Duel",
    "EqualAccuracyVerdict",
    "MatchVerdict",
    "MoreAccurate",
    "cost_verdict",
    "equal_accuracy_verdict",
    "match_verdict",
    "mean_of",
    "places",
]

PLAIN = "infomax"
"""The method without noise that costs are measured against."""


def mean_of(row: MethodRow, name: str) -> float:
    """Mean of a measure over seeds."""
    return student_t(list(row.values(name).values())).estimate


def _repeated(rows: Sequence[MethodRow]) -> dict[str, MethodRow]:
    # A method with a single seed that trained cannot be paired.
    return {row.method: row for row in rows if len(row.records) > 1}


@dataclass(frozen=True)
class MatchVerdict:
    """Which methods' held-out embeddings show no departure from the prior in most seeds.

    Attributes:
        most: methods that pass in more than half of their seeds.
        half_or_fewer: the others that have a seed.
    """

    most: tuple[MethodRow, ...]
    half_or_fewer: tuple[MethodRow, ...]

    @property
    def outcome(self) -> Literal["not measured", "all", "some", "none"]:
        """How many forms of noise injection pass in most seeds."""
        good = sum(row.injects_noise for row in self.most)
        total = good + sum(row.injects_noise for row in self.half_or_fewer)
        if not total:
            return "not measured"
        return "all" if good == total else "some" if good else "none"


def match_verdict(rows: Sequence[MethodRow]) -> MatchVerdict:
    """Methods by whether most of their seeds pass; a seed that failed does not pass."""
    alive = [row for row in rows if row.records]
    return MatchVerdict(
        tuple(row for row in alive if 2 * row.passed > row.seeds),
        tuple(row for row in alive if 2 * row.passed <= row.seeds),
    )


@dataclass(frozen=True)
class CostVerdict:
    """5-NN accuracy of each form of noise injection minus that of plain Deep InfoMax, paired by seed.

    Attributes:
        differences: by form, with its row; Holm over them.
    """

    differences: tuple[tuple[MethodRow, Difference], ...]

    @property
    def outcome(self) -> Literal["all lose", "some lose", "none loses", "undecided"]:
        """How many forms are decided to be less accurate; undecided where nothing is decided at all."""
        signs = [difference.sign() for _, difference in self.differences]
        if not any(signs):
            return "undecided"
        lost = signs.count(-1)
        return "all lose" if lost == len(signs) else "some lose" if lost else "none loses"


def cost_verdict(rows: Sequence[MethodRow]) -> CostVerdict | None:
    """What injected noise costs in accuracy; None without the runs to compare."""
    named = _repeated(rows)
    ours = [name for name, row in named.items() if row.injects_noise]
    if PLAIN not in named or not ours:
        return None
    values = {name: named[name].values("knn") for name in [*ours, PLAIN]}
    found = paired_differences(values, [(name, PLAIN) for name in ours])
    return CostVerdict(tuple((named[difference.first], difference) for difference in found))


@dataclass(frozen=True)
class Duel:
    """The best-matching form of noise injection that is as accurate as another method, against that method.

    Attributes:
        ours, theirs: the two.
        d2: ours minus theirs; its p-value is Holm's over the duels, which tells whether even the best form is worse.
        chosen_p_value: Holm's over every form that could have been chosen, which tells whether the chosen one is better.
    """

    ours: MethodRow
    theirs: MethodRow
    d2: Difference
    chosen_p_value: float

    @property
    def outcome(self) -> Literal["better", "worse", "not decided"]:
        """Which matches the prior better, at 5%."""
        if self.d2.interval.estimate < 0:
            return "better" if self.chosen_p_value <= 0.05 else "not decided"
        return "worse" if self.d2.adjusted_p_value <= 0.05 else "not decided"


@dataclass(frozen=True)
class MoreAccurate:
    """A method more accurate than every form of noise injection, against the most accurate of these.

    Attributes:
        theirs, ours: the two.
        knn, d2: theirs minus ours, paired by seed, not adjusted.
    """

    theirs: MethodRow
    ours: MethodRow
    knn: Difference
    d2: Difference


@dataclass(frozen=True)
class EqualAccuracyVerdict:
    """At equal accuracy, whether some form of noise injection matches the prior best.

    Attributes:
        duels: one per other method that a form of noise injection reaches in accuracy.
        pairs: how many pairs of a form and a method were looked at to choose them.
        unmatched: methods more accurate than every form, beyond the intervals.
    """

    duels: tuple[Duel, ...]
    pairs: int
    unmatched: tuple[MoreAccurate, ...]

    def count(self, outcome: Literal["better", "worse", "not decided"]) -> int:
        """How many duels end so."""
        return sum(duel.outcome == outcome for duel in self.duels)

    @property
    def outcome(self) -> Literal["best", "not best", "best of some", "undecided"]:
        """Not best where any duel is lost or any method is out of reach; best where every duel is won."""
        if self.count("worse") or self.unmatched:
            return "not best"
        if not self.count("not decided"):
            return "best"
        return "best of some" if self.count("better") else "undecided"


def equal_accuracy_verdict(rows: Sequence[MethodRow]) -> EqualAccuracyVerdict | None:
    """Each other method against the best-matching form whose accuracy interval reaches its own; None without both."""
    named = _repeated(rows)
    ours = {name: row for name, row in named.items() if row.injects_noise}
    others = {name: row for name, row in named.items() if not row.injects_noise}
    if not ours or not others:
        return None
    values = {name: row.values("d2") for name, row in named.items()}
    accuracy = {name: student_t(list(row.values("knn").values())) for name, row in named.items()}
    reach = {
        other: sorted(
            (own for own in ours if accuracy[own].upper >= accuracy[other].lower),
            key=lambda own: mean_of(named[own], "d2"),
        )
        for other in others
    }
    met = {other: forms for other, forms in reach.items() if forms}
    looked_at = paired_differences(values, [(own, other) for other, forms in met.items() for own in forms])
    chosen = {(pair.first, pair.second): pair.adjusted_p_value for pair in looked_at}
    found = paired_differences(values, [(forms[0], other) for other, forms in met.items()])
    return EqualAccuracyVerdict(
        tuple(Duel(named[d.first], named[d.second], d, chosen[d.first, d.second]) for d in found),
        len(looked_at),
        tuple(_more_accurate(row, list(ours.values())) for other, row in others.items() if other not in met),
    )


def _more_accurate(theirs: MethodRow, ours: Sequence[MethodRow]) -> MoreAccurate:
    best = max(ours, key=lambda row: mean_of(row, "knn"))
    knn, d2 = (
        paired_differences({"theirs": theirs.values(name), "ours": best.values(name)})[0] for name in ("knn", "d2")
    )
    return MoreAccurate(theirs, best, knn, d2)


def places(rows: Sequence[MethodRow], name: str, *, larger_is_better: bool) -> Mapping[str, Place]:
    """Places by method among those with two values or more; empty where nothing can be compared."""
    values = {method: row.values(name) for method, row in _repeated(rows).items()}
    values = {method: own for method, own in values.items() if len(own) > 1}
    if len(values) < 2:
        return {}
    return {place.name: place for place in rank(values, larger_is_better=larger_is_better)}
