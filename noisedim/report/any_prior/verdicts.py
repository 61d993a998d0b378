"""Mapped afterwards or trained for: which is closer, more accurate? Decided from the records; nothing here phrases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from noisedim.report.any_prior.records import Measure, TargetRoutes
from noisedim.statistics.differences import Difference, paired_differences
from noisedim.statistics.intervals import Interval, student_t

__all__ = [
    "AccuracyVerdict",
    "DivergenceVerdict",
    "MatchVerdict",
    "RouteDifference",
    "accuracy_verdict",
    "divergence_verdict",
    "match_verdict",
]

Targets = Mapping[str, TargetRoutes]


@dataclass(frozen=True)
class RouteDifference:
    """Of a measure, mapped minus trained for the target, paired by seed.

    Attributes:
        target: which prior.
        route: how the other embedding was trained for it.
        difference: Holm over all targets and routes.
    """

    target: str
    route: str
    difference: Difference


def _trained_for(targets: Targets) -> list[tuple[str, str]]:
    """Target and route of what was trained for a target, where it can be paired with what was mapped."""
    return [
        (target, route)
        for target, own in targets.items()
        for route, records in own.routes.items()
        if route != "mapped" and len(records) > 1
    ]


def _against_mapped(targets: Targets, measure: Measure) -> tuple[RouteDifference, ...]:
    pairs = _trained_for(targets)
    values = {
        f"{target} {route}": own.values(route, measure) for target, own in targets.items() for route in own.routes
    }
    found = paired_differences(values, [(f"{target} mapped", f"{target} {route}") for target, route in pairs])
    return tuple(RouteDifference(*pair, difference) for pair, difference in zip(pairs, found, strict=True))


@dataclass(frozen=True)
class MatchVerdict:
    """Sliced W₂ from the prior: mapped minus trained for it.

    Attributes:
        differences: one per target and route; below 0 the mapped embedding is closer.
        capacity: of the channels, nats.
    """

    differences: tuple[RouteDifference, ...]
    capacity: float

    @property
    def closer(self) -> int:
        """In how many comparisons the mapped embedding is decided to be closer."""
        return sum(own.difference.sign() < 0 for own in self.differences)

    @property
    def farther(self) -> int:
        """In how many it is decided to be farther."""
        return sum(own.difference.sign() > 0 for own in self.differences)

    @property
    def outcome(self) -> Literal["closer", "farther", "both", "some closer", "undecided"]:
        """Closer in all comparisons, or farther in some, or closer in some with the others undecided."""
        if self.closer == len(self.differences):
            return "closer"
        if self.farther:
            return "both" if self.closer else "farther"
        return "some closer" if self.closer else "undecided"


def match_verdict(targets: Targets) -> MatchVerdict | None:
    """Whether mapping afterwards matches the target as well as training for it does; None without records."""
    if not _trained_for(targets):
        return None
    return MatchVerdict(_against_mapped(targets, "sliced_w2"), next(iter(targets.values())).capacity)


@dataclass(frozen=True)
class AccuracyVerdict:
    """5-NN accuracy of mapped embeddings.

    Attributes:
        by_map: by target, mapped minus N(0, I), the same runs; Holm over them.
        by_route: mapped minus trained for the target; Holm over them.
    """

    by_map: Mapping[str, Difference]
    by_route: tuple[RouteDifference, ...]

    @property
    def comparisons(self) -> int:
        """How many there are."""
        return len(self.by_map) + len(self.by_route)

    @property
    def lost(self) -> int:
        """In how many the mapped embedding is decided to be less accurate."""
        every = (*self.by_map.values(), *(own.difference for own in self.by_route))
        return sum(difference.sign() < 0 for difference in every)


def accuracy_verdict(targets: Targets) -> AccuracyVerdict | None:
    """Whether mapping after training costs accuracy; None without records."""
    if not _trained_for(targets) or "normal" not in targets:
        return None
    values = {target: own.values("mapped", "knn") for target, own in targets.items()}
    others = [target for target in targets if target != "normal"]
    moved = paired_differences(values, [(target, "normal") for target in others])
    return AccuracyVerdict(dict(zip(others, moved, strict=True)), _against_mapped(targets, "knn"))


@dataclass(frozen=True)
class DivergenceVerdict:
    """KL from the prior after the map minus before, less the bias of the estimates.

    Attributes:
        intervals: by target, t-intervals over seeds that hold together with 95%.
    """

    intervals: Mapping[str, Interval]

    @property
    def largest(self) -> float:
        """The largest absolute difference that the intervals leave open, nats."""
        return max(max(-interval.lower, interval.upper) for interval in self.intervals.values())


def divergence_verdict(targets: Targets) -> DivergenceVerdict | None:
    """Statement 3.7, as estimates from finite samples have it; None without records."""
    differences: dict[str, list[float]] = {}
    for target, own in targets.items():
        records = own.routes["mapped"]
        if target == "normal" or len(records) < 2:
            continue
        bias = own.at_prior.knn_kl_after - own.at_prior.knn_kl
        differences[target] = [record.knn_kl_after - record.knn_kl - bias for record in records]
    if not differences:
        return None
    level = 1 - 0.05 / len(differences)
    return DivergenceVerdict({target: student_t(own, level=level) for target, own in differences.items()})
