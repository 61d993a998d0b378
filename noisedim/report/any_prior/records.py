"""What one seed says under one target prior, and all routes to that prior: as benchmarks' JSON holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["DivergenceBias", "Measure", "RouteRecord", "TargetRoutes"]

Measure = Literal["d2", "sliced_w2", "knn", "linear"]


@dataclass(frozen=True, kw_only=True)
class RouteRecord:
    """One seed on one route to a prior, judged on held-out images.

    Attributes:
        seed: of the run.
        n: images that judge.
        p_value, rejected: the battery's, under the target.
        d2, sliced_w2: distances from N(0, I), after the target's bijection to it.
        knn_kl, knn_kl_after: KL from the prior by nearest neighbours, nats, before and after the map to the target.
        knn, linear: accuracies in the target's own coordinates.
        train_seconds: how long the run trained.
    """

    seed: int
    n: int
    p_value: float
    rejected: bool
    d2: float
    sliced_w2: float
    knn_kl: float
    knn_kl_after: float
    knn: float
    linear: float
    train_seconds: float


@dataclass(frozen=True)
class DivergenceBias:
    """What the estimates of KL come to for samples of the target itself, before and after the map, nats."""

    knn_kl: float
    knn_kl_after: float


@dataclass(frozen=True, kw_only=True)
class TargetRoutes:
    """All routes to one target prior.

    Attributes:
        target: key of :data:`~noisedim.report.any_prior.plan.TARGETS`.
        law: its name.
        data: the data set.
        protocol: in one sentence.
        capacity: of the channels, nats.
        routes: records by route, one per seed.
        at_prior: bias of the estimates of KL.
    """

    target: str
    law: str
    data: str
    protocol: str
    capacity: float
    routes: Mapping[str, tuple[RouteRecord, ...]]
    at_prior: DivergenceBias

    def values(self, route: str, measure: Measure) -> dict[int, float]:
        """A measure by seed."""
        return {record.seed: getattr(record, measure) for record in self.routes[route]}
