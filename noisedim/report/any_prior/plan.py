"""Which embeddings are compared under which priors, and how the record of each is made. All routes share their seeds.

Routes:

- ``mapped``: the closed-form dual for N(0, I), mapped to the target after training. With noise before the map this is also
  direct training for the target, bit for bit (:class:`~noisedim.priors.MappedPrior`): one run serves every target.
- ``cube``: the paper's direct training for the uniform law (Theorem 3.5) at the same capacity.
- ``own``: noise in the target's own coordinates (:class:`~noisedim.report.any_prior.own_noise.OwnNoise`).
"""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np
import torch

from noisedim.assessment import assess
from noisedim.downstream import probe_scores
from noisedim.errors import InvalidInputError
from noisedim.files import write_json_atomically
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.priors import (
    BallPrior,
    GaussianMixturePrior,
    GaussianPrior,
    Prior,
    ProductPrior,
    SpherePrior,
    UniformPrior,
)
from noisedim.report.any_prior.own_noise import OwnNoise
from noisedim.report.any_prior.records import DivergenceBias, RouteRecord, TargetRoutes
from noisedim.runs.split import RunSplit, split_images
from noisedim.runs.store import RunStore
from noisedim.runs.sweep import available_cores
from noisedim.schema import read_record
from noisedim.streams import stream
from noisedim.training import NoiseConfig, TrainConfig, embed
from noisedim.training.loop import Trainer

__all__ = [
    "EPSILON",
    "ROUTES",
    "SHOWN_TARGETS",
    "TARGETS",
    "capacity",
    "make_routes",
    "measured_target",
    "target_prior",
]

EPSILON = 0.1
"""The uniform prior's default noise; the normal's is of the same capacity."""
ROUTES = {
    "normal": ("mapped",),
    "uniform": ("mapped", "cube"),
    "gamma-beta": ("mapped", "own"),
    "disc": ("mapped", "own"),
    "mixture": ("mapped",),
}
"""Routes by target."""
TARGETS = tuple(ROUTES)
SHOWN_TARGETS = ("gamma-beta", "mixture", "disc", "sphere")
"""Targets of the pictures."""
# Increased when what is recorded changes, so that old records are made again.
_FORMAT = 3

Records = Mapping[str, Mapping[str, tuple[RouteRecord, ...]]]


@cache
def target_prior(name: str) -> Prior:
    """The prior called ``name``, one of :data:`TARGETS` or :data:`SHOWN_TARGETS`."""
    from scipy import stats

    match name:
        case "normal":
            return GaussianPrior(2)
        case "uniform":
            return UniformPrior(2)
        case "gamma-beta":
            return ProductPrior([stats.gamma(2.0), stats.beta(2.0, 3.0)])
        case "disc":
            return BallPrior(2)
        case "sphere":
            return SpherePrior(2)
        case "mixture":
            covariances = [[[1, 0.8], [0.8, 1]], [[0.2, 0], [0, 1]], [[2, -1], [-1, 1]]]
            return GaussianMixturePrior([0.2, 0.5, 0.3], [[-3, 0], [2, 1], [0, 4]], covariances)
    raise InvalidInputError(f"expected one of {sorted({*TARGETS, *SHOWN_TARGETS})}; got {name!r}")


def capacity(dim: int) -> float:
    """Of all channels, nats."""
    return UniformPrior(dim).capacity(EPSILON)


@dataclass(frozen=True)
class _Run:
    """One training, and the targets that it serves.

    Attributes:
        route: which one.
        config: of the training.
        own: the target in whose coordinates the noise is; None for the channel's own.
        targets: under which its embedding is judged.
    """

    route: str
    config: TrainConfig
    own: str | None
    targets: tuple[str, ...]


def _serving(route: str) -> tuple[str, ...]:
    return tuple(target for target, routes in ROUTES.items() if route in routes)


def _runs(normal: TrainConfig, seeds: int, own_noise_seeds: int) -> list[_Run]:
    """Every training; the longest come first."""
    each = [replace(normal, seed=seed) for seed in range(seeds)]
    cubes = [replace(config, prior="uniform", noise=NoiseConfig(epsilon=EPSILON)) for config in each]
    return [
        *(_Run("own", seed, name, (name,)) for name in _serving("own") for seed in each[:own_noise_seeds]),
        *(_Run("cube", cube, None, _serving("cube")) for cube in cubes),
        *(_Run("mapped", seed, None, _serving("mapped")) for seed in each),
    ]


def make_routes(base: TrainConfig, store: RunStore, *, seeds: int, own_noise_seeds: int) -> Records:
    """Records by target and route; kept next to the runs, so that a second call trains nothing.

    Args:
        base: what the runs of ``pytest benchmarks`` have in common.
        store: the folder whose parent keeps the records.
        seeds: of each route.
        own_noise_seeds: of those with noise of their own.
    """
    from joblib import Parallel, delayed, parallel_config

    normal = replace(base, noise=NoiseConfig(capacity=capacity(base.dim)))
    path = store.root.parent / f"any-prior-{normal.digest()}-{seeds}-{own_noise_seeds}-{_FORMAT}.json"
    if path.is_file():
        return read_record(path, Records, surplus="ignored")  # type: ignore[type-abstract]
    runs = _runs(normal, seeds, own_noise_seeds)
    with parallel_config(backend="loky", inner_max_num_threads=1):
        made = Parallel(n_jobs=available_cores(), batch_size=1)(delayed(_judged)(run) for run in runs)
    found: dict[str, dict[str, list[RouteRecord]]] = {
        target: {route: [] for route in routes} for target, routes in ROUTES.items()
    }
    for run, records in zip(runs, made, strict=True):
        for target, record in zip(run.targets, records, strict=True):
            found[target][run.route].append(record)
    plain = {
        target: {route: [asdict(record) for record in records] for route, records in routes.items()}
        for target, routes in found.items()
    }
    write_json_atomically(path, plain)
    return {target: {route: tuple(records) for route, records in routes.items()} for target, routes in found.items()}


def measured_target(name: str, records: Records, base: TrainConfig, *, protocol: str) -> TargetRoutes:
    """All that is known of one target: its routes, and the bias of the estimates of KL at as many rows."""
    prior, routes = target_prior(name), records[name]
    return TargetRoutes(
        target=name,
        law=prior.law,
        data=base.data.name,
        protocol=protocol,
        capacity=capacity(base.dim),
        routes=routes,
        at_prior=_at_prior(prior, routes["mapped"][0].n),
    )


def _judged(run: _Run) -> list[RouteRecord]:
    """One training, and its record for each of the targets it serves."""
    split = split_images(run.config)
    latents, seconds = _trained(run, split)
    return [_record(latents, target_prior(name), split, run.config, seconds) for name in run.targets]


def _trained(run: _Run, split: RunSplit) -> tuple[torch.Tensor, float]:
    """Latents of all images, on the side of N(0, I), and the seconds that training took."""
    began = time.perf_counter()
    images = split.images.images
    trainer = Trainer(run.config, images[torch.from_numpy(split.train)], device="cpu")
    if run.own is not None:
        trainer.objective = OwnNoise(target_prior(run.own), seed=run.config.seed)
    while not trainer.finished:
        trainer.step()
    trainer.finish()
    z = embed(trainer.model, images).double()
    return trainer.model.channel.prior.to_normal(z), time.perf_counter() - began


def _record(
    latents: torch.Tensor, target: Prior, split: RunSplit, config: TrainConfig, train_seconds: float
) -> RouteRecord:
    """What held-out images say: match before and after the map, accuracy in the target's coordinates."""
    if split.images.labels is None:
        raise InvalidInputError(f"accuracy needs labels; {split.images.name} has none")
    z = target.from_normal(latents)
    held, labels = split.held_out, split.images.labels.numpy()
    assessment = assess(z[held].numpy(), prior=target, seed=config.seed, n_star=False)
    scores = probe_scores(
        z[split.train].numpy(), labels[split.train], z[held].numpy(), labels[held], names=("knn", "linear")
    )
    effects = assessment.effects
    return RouteRecord(
        seed=config.seed,
        n=assessment.n,
        p_value=assessment.p_value,
        rejected=assessment.rejected,
        d2=effects["d2"].estimate,
        sliced_w2=effects["sliced_w2"].estimate,
        knn_kl=effects["knn_kl"].estimate,
        knn_kl_after=_divergence_after(z[held], target),
        train_seconds=train_seconds,
        **scores,
    )


def _at_prior(target: Prior, n: int) -> DivergenceBias:
    """What the estimates of divergence come to for samples of the target itself: their bias, before and after the map."""
    generator = stream(0, "target sample")
    before, after = [], []
    for _ in range(20):
        z = target.sample(n, generator=generator, dtype=torch.float64)
        before.append(neighbour_divergence(target.to_normal(z).numpy()).estimate)
        after.append(_divergence_after(z, target))
    return DivergenceBias(float(np.mean(before)), float(np.mean(after)))


def _divergence_after(z: torch.Tensor, target: Prior) -> float:
    """KL(f(X) ‖ target) = −h(f(X)) − E log p(f(X)), the entropy by neighbours in the target's own coordinates."""
    normal = (z.square().sum(1) / 2 + target.dim / 2 * math.log(2 * math.pi)).mean()
    return neighbour_divergence(z.numpy()).estimate - float(normal + target.log_prob(z).mean())
