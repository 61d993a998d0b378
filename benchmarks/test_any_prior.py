"""Any prior: train for N(0, I) and map afterwards, or train for the target itself? Both routes on the same seeds.

Routes:

- ``mapped``: the closed-form dual for N(0, I), mapped to the target when training is over. With noise before the map this is
  direct training for the target, too, to the bit (:class:`~noisedim.priors.MappedPrior`): one run serves every target.
- ``cube``: the paper's direct training for the uniform law (Theorem 3.5) at the same capacity.
- ``own``: noise in the target's own coordinates. With noise Z ~ N(0, s²I) there, and q the law of target + Z,
  I(f(X′); Y) + E log q(Y) ≤ −h(Z) with equality only for Y ~ q, for any density: Lemma 3.1 and KL(Y ‖ q) ≥ 0, without a
  constraint on f. Its dual is that of Theorem 4.1 with q in place of the normal law: the alignment of the views, plus
  log E φ(Y − f(X₂))/q(Y), which is the Rényi divergence D₂(Y ‖ q). Here q is the mean over draws of the target.
"""

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed, parallel_config
from scipy import stats

from noisedim.assessment import assess
from noisedim.downstream import probe_scores
from noisedim.files import read_json, write_json_atomically
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.objectives import Objective, ObjectiveValue
from noisedim.priors import BallPrior, GaussianMixturePrior, GaussianPrior, Prior, ProductPrior, UniformPrior
from noisedim.runs.split import RunSplit, split_images
from noisedim.runs.sweep import available_cores
from noisedim.training import NoiseConfig, TrainConfig, embed
from noisedim.training.loop import Trainer

# The uniform prior's default noise and the normal's of the same capacity.
EPSILON = 0.1
TARGETS: dict[str, Prior] = {
    "normal": GaussianPrior(2),
    "uniform": UniformPrior(2),
    "gamma-beta": ProductPrior([stats.gamma(2.0), stats.beta(2.0, 3.0)]),
    "disc": BallPrior(2),
    "mixture": GaussianMixturePrior(
        [0.2, 0.5, 0.3], [[-3, 0], [2, 1], [0, 4]], [[[1, 0.8], [0.8, 1]], [[0.2, 0], [0, 1]], [[2, -1], [-1, 1]]]
    ),
}
# Routes by target, and of how many seeds: noise of its own costs twice a step.
ROUTES = {
    "normal": ("mapped",),
    "uniform": ("mapped", "cube"),
    "gamma-beta": ("mapped", "own"),
    "disc": ("mapped", "own"),
    "mixture": ("mapped",),
}
MOST_OWN_SEEDS = 3
# Raised when what is recorded changes, so that old records are made again.
FORMAT = 3


class OwnNoise(Objective):
    """The dual with noise in the coordinates of ``target``; takes latents u, as the channel of N(0, I) hands them out."""

    def __init__(self, target: Prior, *, draws: int = 1, reference: int = 512, seed: int = 0) -> None:
        super().__init__()
        self.target = target
        self.draws = draws
        self.reference = target.sample(reference, generator=torch.Generator().manual_seed(seed))
        self.scale = float(self.reference.var(0).mean().sqrt())

    def forward(self, u, u_prime, channel, *, generator=None, estimate=True):
        z, z_prime = self.target.from_normal(torch.cat([u, u_prime])).chunk(2)
        n, dim = z.shape
        sigma = channel.level * self.scale
        noise = torch.randn((self.draws, n, dim), generator=generator, dtype=z.dtype)
        y = (z + sigma * noise).reshape(-1, dim)
        squares = torch.cdist(y, torch.cat([z, self.reference])).square() / (-2 * sigma**2)
        own, reference = squares[:, :n], squares[:, n:]
        log_q = torch.logsumexp(reference, 1) - math.log(len(self.reference))
        pairs = (own - log_q[:, None]).reshape(self.draws, n, n)
        pairs = pairs.masked_fill(torch.eye(n, dtype=torch.bool), -math.inf)
        divergence = torch.logsumexp(pairs.flatten(), 0) - math.log(self.draws * n * (n - 1))
        return ObjectiveValue.without_bound((z - z_prime).square().sum(1).mean() / (2 * sigma**2) + divergence)


def _trained(config: TrainConfig, own: str | None, split: RunSplit) -> tuple[torch.Tensor, float]:
    """Latents of all images, on the side of N(0, I), and the seconds that training took; ``own`` noise of that target."""
    began = time.perf_counter()
    images = split.images.images
    trainer = Trainer(config, images[torch.from_numpy(split.train)], device="cpu")
    if own is not None:
        trainer.objective = OwnNoise(TARGETS[own], seed=config.seed)
    while not trainer.finished:
        trainer.step()
    trainer.finish()
    z = embed(trainer.model, images).double()
    return trainer.model.channel.prior.to_normal(z), time.perf_counter() - began


def _judged(config: TrainConfig, own: str | None, targets: list[str]) -> list[dict[str, Any]]:
    """One run, and its record for each of ``targets``."""
    split = split_images(config)
    u, seconds = _trained(config, own, split)
    return [{**_record(u, TARGETS[name], split, config), "train_seconds": seconds} for name in targets]


def _record(u: torch.Tensor, target: Prior, split: Any, config: TrainConfig) -> dict[str, Any]:
    """What held-out images say: match before and after the map, accuracy in the target's coordinates."""
    z = target.from_normal(u)
    held, labels = split.held_out, split.images.labels.numpy()
    assessment = assess(z[held].numpy(), prior=target, seed=config.seed, n_star=False)
    scores = probe_scores(
        z[split.train].numpy(), labels[split.train], z[held].numpy(), labels[held], names=("knn", "linear")
    )
    effects = assessment.effects
    return {
        "seed": config.seed,
        "n": assessment.n,
        "p_value": assessment.p_value,
        "rejected": assessment.rejected,
        "d2": effects["d2"].estimate,
        "sliced_w2": effects["sliced_w2"].estimate,
        "knn_kl": effects["knn_kl"].estimate,
        "knn_kl_after": _divergence_after(z[held], target),
        **scores,
    }


@pytest.fixture(scope="session")
def by_route(profile, base, store) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Records by target and route; kept beside the runs, so that a second call trains nothing."""
    capacity = UniformPrior(base.dim).capacity(EPSILON)
    normal = replace(base, noise=NoiseConfig(capacity=capacity))
    path = store.root.parent / f"any-prior-{normal.digest()}-{profile.seeds}-{FORMAT}.json"
    if path.is_file():
        return read_json(path)
    seeds = [replace(normal, seed=seed) for seed in range(profile.seeds)]
    cubes = [replace(config, prior="uniform", noise=NoiseConfig(epsilon=EPSILON)) for config in seeds]
    # Of each run: its route, how it trains, and the targets that it serves. The longest come first.
    runs: list[tuple[str, TrainConfig, str | None, list[str]]] = [
        *(("own", seed, name, [name]) for name in _targets("own") for seed in seeds[:MOST_OWN_SEEDS]),
        *(("cube", cube, None, _targets("cube")) for cube in cubes),
        *(("mapped", seed, None, _targets("mapped")) for seed in seeds),
    ]
    with parallel_config(backend="loky", inner_max_num_threads=1):
        made = Parallel(n_jobs=available_cores(), batch_size=1)(delayed(_judged)(*run[1:]) for run in runs)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {
        target: {route: [] for route in routes} for target, routes in ROUTES.items()
    }
    for (route, *_, targets), records in zip(runs, made, strict=True):
        for target, record in zip(targets, records, strict=True):
            found[target][route].append(record)
    write_json_atomically(path, found)
    return found


def _targets(route: str) -> list[str]:
    return [target for target, routes in ROUTES.items() if route in routes]


def _at_prior(target: Prior, n: int) -> dict[str, float]:
    """What the estimates of divergence come to for samples of the target itself: their bias, before and after the map."""
    generator = torch.Generator().manual_seed(0)
    before, after = [], []
    for _ in range(20):
        z = target.sample(n, generator=generator, dtype=torch.float64)
        before.append(neighbour_divergence(target.to_normal(z).numpy()).estimate)
        after.append(_divergence_after(z, target))
    return {"knn_kl": float(np.mean(before)), "knn_kl_after": float(np.mean(after))}


def _divergence_after(z: torch.Tensor, target: Prior) -> float:
    """KL(f(X) ‖ target) = −h(f(X)) − E log p(f(X)), the entropy by neighbours in the target's own coordinates."""
    normal = (z.square().sum(1) / 2 + target.dim / 2 * math.log(2 * math.pi)).mean()
    return neighbour_divergence(z.numpy()).estimate - float(normal + target.log_prob(z).mean())


@pytest.mark.benchmark(group="any prior")
@pytest.mark.parametrize("target", TARGETS)
def test_routes(benchmark, one_thread, profile, base, dataset, target, by_route):
    prior = TARGETS[target]
    benchmark.extra_info |= {
        "question": "any prior",
        "target": target,
        "law": prior.law,
        "data": dataset,
        "protocol": profile.words,
        "capacity": UniformPrior(base.dim).capacity(EPSILON),
        "epsilon": EPSILON,
        "routes": by_route[target],
        "at_prior": _at_prior(prior, by_route[target]["mapped"][0]["n"]),
    }
    assert all(by_route[target][route] for route in ROUTES[target])
    # What is timed: the map of a thousand embeddings, which is all that a prior beyond N(0, I) costs.
    u = torch.randn((1000, prior.dim), generator=torch.Generator().manual_seed(0))
    benchmark.extra_info["rows"] = len(u)
    benchmark.pedantic(prior.from_normal, args=(u,), rounds=5, warmup_rounds=1)
