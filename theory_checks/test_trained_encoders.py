"""The inequalities of Theorems 3.4 and 3.5 on encoders that noisedim trained (digits, both priors, several capacities), and
Statement 3.7 on what becomes of their embeddings when they are mapped to other priors.

Two questions of one encoder, which was trained on four fifths of the images:

- X uniform over the held-out images. This law is known, so n is ours to choose: information, divergence and their bounds are
  estimated from noise draws alone and can be decided. Information cannot exceed log of the number of images, the ceiling.
- X from the population that the held-out images are a sample of, embeddings clipped to a ball. 360 images bound the
  information from below by little, from above by the capacity and what so few images leave open, and nothing bounds the
  divergence from above. The rows say so: *inconclusive*, unless a bound is broken.

Held-out embeddings do not have the moments that training fixed: the capacity then is C + (E‖f(X)‖² − d)/(2(1+σ²)), by the same
proof. Runs are short; what they are checked for holds of any encoder. Δ is 0.05 nats here, and no power is claimed: how much
the pointwise information of a trained encoder varies is not known before it is trained. Statement 3.7 is checked without
sampling: the noisy law over the held-out images is a known mixture, and its divergences are integrals over the plane.
"""

import functools
import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy import special, stats

from noisedim.data import load_images, second_view, stratified_fold
from noisedim.priors import BallPrior, GaussianMixturePrior, Prior, ProductPrior
from noisedim.statistics.intervals import Interval
from noisedim.theory import bounds, dual
from noisedim.training import TrainConfig, embed
from noisedim.training.config import DataConfig, NoiseConfig
from noisedim.training.loop import Trainer
from noisedim.verification import Trial, check

_STEPS, _DRAWS, _DELTA = 400, 40_000, 0.05
_VIEWS = 20_000
_SCORES, _WIDE, _WIDE_UNIFORM, _TOP = 5.0, 0.7, 0.2, 0.5
_RADIUS, _BANDWIDTH = 4.0, 0.2
_RUNS = {
    f"{prior},C={capacity:g}": (prior, capacity)
    for prior, capacity in (("normal", 2.0), ("normal", 4.6), ("normal", 8.0), ("uniform", 2.0), ("uniform", 4.8))
}


@dataclass(frozen=True)
class _Embedded:
    """Embeddings after some steps.

    Attributes:
        held_out: of images that trained nothing, (n, d).
        chosen: indices of images drawn from these, (m,).
        views: of a second view of each image drawn, (m, d).
        trained: of the images that trained.
    """

    held_out: np.ndarray
    chosen: np.ndarray
    views: np.ndarray
    trained: np.ndarray


def _embeddings(
    prior: str, capacity: float, moments: tuple[int, ...], seed: int, *, views: int = 0
) -> tuple[TrainConfig, list[_Embedded]]:
    """The encoder after each number of steps in ``moments``, the last of which is the end of the run.

    ``views``: how many images to draw and change; each held-out image once if omitted.
    """
    config = TrainConfig(
        data=DataConfig(fold=0),
        prior=prior,
        noise=NoiseConfig(capacity=capacity),
        steps=_STEPS,
        seed=seed,
    )
    digits = load_images("digits")
    assert digits.labels is not None
    train_index, held_out = stratified_fold(digits.labels.numpy(), 0)
    images = digits.images[torch.from_numpy(train_index)]
    unseen = digits.images[torch.from_numpy(held_out)]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order, whoever else is at work: one seed, one result
    try:
        with warnings.catch_warnings():
            # The theorem holds of any encoder, also of one whose channel is wider than its batches can see.
            warnings.filterwarnings("ignore", message="the channel's capacity of")
            trainer = Trainer(config, images, device="cpu")
        found = []
        for moment in moments:
            while trainer.steps_done < moment:
                trainer.step()
            trainer.finish()
            generator = torch.Generator().manual_seed(seed + 1 + moment)
            chosen = torch.arange(len(unseen))
            if views > len(unseen):
                chosen = torch.randint(len(unseen), (views,), generator=generator)
            changed = second_view(
                unseen[chosen].float(), config.augmentation, config.augmentation_probability, generator
            )
            parts = [embed(trainer.model, part).double().numpy() for part in (unseen, changed, images)]
            found.append(_Embedded(parts[0], chosen.numpy(), parts[1], parts[2]))
            trainer.model.train()
    finally:
        torch.set_num_threads(threads)
    return config, found


def _log_densities(prior: str, y: np.ndarray, centres: np.ndarray, level: float) -> tuple[np.ndarray, float]:
    """log p(y) of the law "a centre, each as likely, plus noise", and the log of the noise density's height."""
    dim = y.shape[1]
    parts = []
    if prior == "normal":
        height = -dim / 2 * math.log(2 * math.pi * level**2)
        for block in np.array_split(y, max(1, len(y) // 2000)):
            squares = (block**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * block @ centres.T
            exponents = -np.maximum(squares, 0) / (2 * level**2)
            most = exponents.max(1)
            parts.append(most + np.log(np.exp(exponents - most[:, None]).sum(1)))
    else:
        height = -dim * math.log(2 * level)
        for block in np.array_split(y, max(1, len(y) // 2000)):
            inside = np.ones((len(block), len(centres)), dtype=bool)
            for axis in range(dim):
                inside &= np.abs(block[:, axis, None] - centres[None, :, axis]) <= level
            with np.errstate(divide="ignore"):
                parts.append(np.log(inside.sum(1)))
    return np.concatenate(parts) + height - math.log(len(centres)), height


def _log_reference(prior: str, y: np.ndarray, level: float) -> np.ndarray:
    dim = y.shape[1]
    if prior == "normal":
        return -(y**2).sum(1) / (2 * (1 + level**2)) - dim / 2 * math.log(2 * math.pi * (1 + level**2))
    return np.full(len(y), -dim * math.log1p(2 * level))


def _noise(prior: str, shape: tuple[int, ...], level: float, rng: np.random.Generator) -> np.ndarray:
    return level * (rng.standard_normal(shape) if prior == "normal" else rng.uniform(-1, 1, shape))


def _capacity(prior: str, z: np.ndarray, level: float) -> float:
    """The bound (5) or (6), with the second moment that these embeddings have."""
    dim = z.shape[1]
    if prior == "uniform":
        return float(bounds.uniform_capacity(dim, level))
    excess = (float((z**2).sum(1).mean()) - dim) / (2 * (1 + level**2))
    return float(bounds.gaussian_capacity(dim, level)) + excess


def _information(trial: Trial, prior: str, z: np.ndarray, level: float) -> tuple[Interval, np.ndarray]:
    """I(X; f(X)+Z) for X uniform over the rows of z: interval, and the sampled y.

    log p(y|x)/p(y) is at most log n. Below −8 it is cut off: E (−8−V)₊ ≤ e^(−8), since P(V < −v) ≤ e^(−v).
    """
    chosen = trial.rng.integers(len(z), size=_DRAWS)
    noise = _noise(prior, (_DRAWS, z.shape[1]), level, trial.rng)
    y = z[chosen] + noise
    log_p, height = _log_densities(prior, y, z, level)
    channel = height - (noise**2).sum(1) / (2 * level**2) if prior == "normal" else np.full(_DRAWS, height)
    values = np.maximum(channel - log_p, -8.0)
    found = trial.betting_interval(values, -8.0, math.log(len(z)) + 1e-9)
    lower = found.lower - math.exp(-8)
    return Interval(found.estimate, lower, found.upper, found.level, found.n, found.method), y


def _log_mean_kernel(prior: str, a: np.ndarray, b: np.ndarray, level: float) -> float:
    kernel = dual.gaussian_dual_kernel if prior == "normal" else dual.uniform_dual_kernel
    return math.log(float(np.exp(kernel(a, b, level)).mean()))


def _bound(trial: Trial, prior: str, stage: _Embedded, level: float) -> tuple[float, float]:
    """An interval for a lower bound on I(f(X′); Y), X uniform over the held-out images and X′ a fresh view of it.

    Donsker–Varadhan's bound of a fixed critic, cut off: Theorem 4.1's for the normal prior, a quadratic for the uniform
    one. At more noise than the channel has, as views are further apart than that: I at σ is at least I at more.
    """
    z, top = stage.held_out, 2.0 if prior == "normal" else 0.0
    own, others = z[stage.chosen], z[trial.rng.integers(len(z), size=len(stage.chosen))]
    if prior == "normal":
        wide = max(level, _WIDE)
        noise = wide * trial.rng.standard_normal(own.shape)
    else:
        # U[−ε, ε] with more of its kind: the sum of two, the second making up the width.
        wide = max(level, _WIDE_UNIFORM)
        noise = _noise(prior, own.shape, level, trial.rng) + (wide - level) * trial.rng.uniform(-1, 1, own.shape)

    def scores(y: np.ndarray) -> np.ndarray:
        squares = ((y - stage.views) ** 2).sum(1)
        if prior == "normal":
            return np.clip((y**2).sum(1) / (2 * (1 + wide**2)) - squares / (2 * wide**2), -4.0, top)
        return np.clip(-squares / (2 * _WIDE_UNIFORM**2), -4.0, 0.0)

    positive = trial.betting_interval(scores(own + noise), -4.0, top)
    negative = trial.betting_interval(np.exp(scores(others + noise)), math.exp(-4.0), math.exp(top))
    return positive.lower - math.log(negative.upper), positive.upper - math.log(negative.lower)


@check("trained-encoders", cases=_RUNS, role="trained", intervals=8)
def over_held_out_images(trial: Trial, case: tuple[str, float]) -> None:
    """X uniform over the held-out images: I ≤ C and ≤ log n, KL between its estimates, the gap falling with training."""
    prior, nominal = case
    seed = int(trial.rng.integers(2**31))
    moments = (0, _STEPS // 2, _STEPS)
    config, stages = _embeddings(prior, nominal, moments, seed, views=_VIEWS)
    level = config.noise.target(config.build_prior())
    # The certified gap C − J while training goes on.
    nominal_capacity = _capacity(prior, np.full((1, config.dim), 1.0), level)
    gaps = []
    for stage in stages:
        low, high = _bound(trial, prior, stage, level)
        gaps.append((nominal_capacity - high, nominal_capacity - low))
    falls = (gaps[-1][0] - gaps[0][1], gaps[-1][1] - gaps[0][0])
    words = "certified gap C − J at the end less that at the start, and 0"
    trial.sampled_at_most(words, *falls, 0.0, delta=0.0, n=_VIEWS, power=False)

    state = functools.partial(trial.sampled_at_most, delta=_DELTA, n=_DRAWS, power=False)
    z = stage.held_out
    capacity = _capacity(prior, z, level)
    information, y = _information(trial, prior, z, level)
    ends = information.lower, information.upper
    state("I(f(X); Y) ≥ I(f(X′); Y) and the capacity", *ends, capacity)
    state("I(f(X); Y) and the ceiling log n", *ends, math.log(len(z)))
    bound = nominal_capacity - gaps[-1][1], nominal_capacity - gaps[-1][0]
    state("J − I(f(X); Y) and 0", bound[0] - information.upper, bound[1] - information.lower, 0.0, n=_VIEWS)
    # KL(Y ‖ reference) = capacity − I(f(X); Y). From above by D₂, from below by a test function.
    low, high = capacity - information.upper, capacity - information.lower
    renyi = _log_mean_kernel(prior, z, z, level)
    state("KL(Y ‖ reference) and D₂", low, high, renyi)
    score = _log_densities(prior, y, stage.trained, level)[0] - _log_reference(prior, y, level)
    # E over the reference of e^score is at most 1 + e^(−5): the images that trained chose the score, these judge it.
    least = trial.betting_interval(np.clip(score, -_SCORES, _SCORES), -_SCORES, _SCORES)
    from_below = least.lower - math.log1p(math.exp(-_SCORES))
    words = "KL(Y ‖ reference) and its estimate from below"
    trial.sampled_at_least(words, low, high, from_below, delta=_DELTA, n=_DRAWS, power=False)
    trial.details |= {
        "level": level,
        "capacity": capacity,
        "information": list(ends),
        "kl": [low, high],
        "kl from below": from_below,
        "renyi": renyi,
        "gaps": [list(gap) for gap in gaps],
        "steps": list(moments),
        "images": len(z),
    }


def _clipped(z: np.ndarray) -> np.ndarray:
    return z * np.minimum(1, _RADIUS / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12))


@check(
    "trained-encoders",
    cases={name: run for name, run in _RUNS.items() if run[0] == "normal"},
    role="trained",
    intervals=4,
)
def over_the_population(trial: Trial, case: tuple[str, float]) -> None:
    """X from the population, f clipped to a ball: what 360 images bound, with intervals that hold, and what stays open."""
    prior, nominal = case
    seed = int(trial.rng.integers(2**31))
    config, (stage,) = _embeddings(prior, nominal, (_STEPS,), seed)
    sigma = config.noise.target(config.build_prior())
    z, views, trained = (_clipped(part) for part in (stage.held_out, stage.views, stage.trained))
    n, dim = z.shape
    # Any critic bounds I from below: Theorem 4.1's, cut off, and at more noise than the channel has, as views
    # are further apart than its noise. I at σ is at least I at any larger noise.
    wide = max(sigma, _WIDE)
    noisy = z[:, None, :] + _noise(prior, (n, 64, dim), wide, trial.rng)
    half = n // 2
    order = trial.rng.permutation(n)

    def scores(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        squares = ((y - x[:, None, :]) ** 2).sum(2)
        return np.clip((y**2).sum(2) / (2 * (1 + wide**2)) - squares / (2 * wide**2), -2.0, _TOP)

    # Averaged over noise, one value an image; disjoint pairs of images are independent.
    positive = trial.betting_interval(scores(views, noisy).mean(1), -2.0, _TOP)
    apart = np.exp(scores(views[order[:half]], noisy[order[half : 2 * half]])).mean(1)
    negative = trial.betting_interval(apart, math.exp(-2.0), math.exp(_TOP))
    lower = max(0.0, positive.lower - math.log(negative.upper))
    # Any density q bounds I from above: I(f(X′); Y) ≤ I(f(X); Y) ≤ E log p(Y | X)/q(Y) = C − E R, R = log q/p₀, with p₀ the
    # prior's noisy law and C of the population's own second moment; and KL(Y ‖ p₀) ≥ E R. Half of q is p₀, so that
    # R ≥ −log 2, half is fitted to the images that trained; cutting off large R is on the safe side.
    y = (z[:, None, :] + _noise(prior, (n, 64, dim), sigma, trial.rng)).reshape(-1, dim)
    log_prior = _log_reference(prior, y, sigma)
    log_fitted, _ = _log_densities(prior, y, trained, math.hypot(sigma, _BANDWIDTH))
    ratio = np.minimum(np.logaddexp(log_fitted, log_prior) - math.log(2) - log_prior, _SCORES)
    least = trial.betting_interval(ratio.reshape(n, 64).mean(1), -math.log(2) - 1e-9, _SCORES).lower
    # What so few images leave open of the second moment, and of C with it.
    second = trial.betting_interval((z**2).sum(1), 0.0, _RADIUS**2)
    capacity = bounds.gaussian_capacity(dim, sigma) + (second.upper - dim) / (2 * (1 + sigma**2))
    state = functools.partial(trial.sampled_at_most, delta=_DELTA, n=n, power=False)
    reason = (
        f"at α = {trial.alpha:.0e} {n} images bound I between {lower:.2f} and C + {-least:.2f} nats, C ≤ {capacity:.2f}; "
        f"from below no bound that holds for every law exceeds about log n = {math.log(n):.2f}"
    )
    state("I(f(X′); Y) − C and 0", lower - capacity, -least, 0.0, reason=reason)
    kl_lower = max(0.0, least)
    reason = (
        f"{n} images bound KL from below by {kl_lower:.2f} nats; from above only the claim itself does: with I ≥ "
        f"{lower:.2f}, KL ≤ {capacity - lower:.2f}"
    )
    state("KL(Y ‖ N) and C − I", kl_lower, math.inf, capacity - lower, reason=reason)
    trial.details |= {
        "information from below": lower,
        "information less capacity, from above": -least,
        "kl from below": kl_lower,
        "capacity": capacity,
        "images": n,
    }


# --------------------------------------------------------------------- Statement 3.7

_MAPPED = {name: run for name, run in _RUNS.items() if name in ("normal,C=2", "normal,C=4.6")}
# Between far centres p·log p is rougher than p: the mass comes out to 1e-12, the divergence to about 1e-6.
_QUADRATURE, _FAR = 1e-5, 7.0


def _log_noisy_density(y: np.ndarray, z: np.ndarray, sigma: float) -> np.ndarray:
    """log-density of (f(X)+Z)/√(1+σ²), X uniform over the rows of z: its reference is N(0, I)."""
    scale = math.sqrt(1 + sigma**2)
    return _log_densities("normal", y, z / scale, sigma / scale)[0]


def _plane(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    return np.stack(np.meshgrid(xs, ys, indexing="ij"), -1).reshape(-1, 2)


def _target_grids() -> dict[str, tuple[Prior, np.ndarray, np.ndarray]]:
    """Priors, with points of their own plane and weights of a quadrature after a substitution that suits each."""
    t, s = np.linspace(-13, 4.2, 400), np.linspace(-14, 10.5, 400)
    product = ProductPrior([stats.gamma(2.0), stats.beta(2.0, 3.0)])
    points = np.stack([np.exp(_plane(t, s)[:, 0]), special.expit(_plane(t, s)[:, 1])], 1)
    weights = points[:, 0] * points[:, 1] * (1 - points[:, 1]) * (t[1] - t[0]) * (s[1] - s[0])
    found: dict[str, tuple[Prior, np.ndarray, np.ndarray]] = {"gamma × beta": (product, points, weights)}
    # The disc in polar coordinates, its radius as a hyperbolic tangent.
    nodes, own = np.polynomial.legendre.leggauss(300)
    t, angle = 6.25 * (nodes + 1), np.linspace(0, 2 * np.pi, 360, endpoint=False)
    plane = _plane(t, angle)
    radius = np.tanh(plane[:, 0])
    points = radius[:, None] * np.stack([np.cos(plane[:, 1]), np.sin(plane[:, 1])], 1)
    weights = radius / np.cosh(plane[:, 0]) ** 2 * np.repeat(6.25 * own, len(angle)) * (angle[1] - angle[0])
    found["disc"] = BallPrior(2), points, weights
    x, y = np.linspace(-13, 11, 480), np.linspace(-12, 14, 520)
    mixture = GaussianMixturePrior(
        [0.2, 0.5, 0.3], [[-3, 0], [2, 1], [0, 4]], [[[1, 0.8], [0.8, 1]], [[0.2, 0], [0, 1]], [[2, -1], [-1, 1]]]
    )
    found["mixture"] = mixture, _plane(x, y), np.full(len(x) * len(y), (x[1] - x[0]) * (y[1] - y[0]))
    return found


def _log_density_after(prior: Prior, w: np.ndarray, z: np.ndarray, sigma: float) -> np.ndarray:
    """log-density at w of the mapped noisy law: that before the map, times the Jacobian of the way back."""
    points = torch.from_numpy(w).requires_grad_()
    back = prior.to_normal(points)
    rows = [torch.autograd.grad(back[:, j].sum(), points, retain_graph=True)[0] for j in range(2)]
    jacobian = torch.stack(rows, 1).slogdet().logabsdet.numpy()
    y = back.detach().numpy()
    # Held-out embeddings are within 4; the density beyond is nothing to a divergence, and costs as much.
    near = np.abs(y).max(1) < _FAR
    found = np.full(len(w), -np.inf)
    found[near] = _log_noisy_density(y[near], z, sigma) + jacobian[near]
    return found


def _divergence(log_p: np.ndarray, log_q: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """KL(p ‖ q) and the mass of p, by quadrature."""
    seen = (log_p > -200) & np.isfinite(log_q)
    p = np.exp(log_p[seen]) * weights[seen]
    return float((p * (log_p[seen] - log_q[seen])).sum()), float(p.sum())


@check("statement-3.7", cases=_MAPPED, role="trained")
def mapped_embeddings(trial: Trial, case: tuple[str, float]) -> None:
    """KL of the noisy law of a trained encoder: the same to every prior that N(0, I) is mapped to, less on what loses."""
    prior, nominal = case
    seed = int(trial.rng.integers(2**31))
    config, (stage,) = _embeddings(prior, nominal, (_STEPS,), seed)
    sigma, z = config.noise.target(config.build_prior()), stage.held_out
    line = np.linspace(-7, 7, 421)
    step, points = line[1] - line[0], _plane(line, line)
    log_p, log_q = _log_noisy_density(points, z, sigma), -(points**2).sum(1) / 2 - math.log(2 * math.pi)
    before, mass = _divergence(log_p, log_q, np.full(len(points), step**2))
    trial.equal("mass of the noisy law", mass, 1.0, tolerance=_QUADRATURE)
    after = {}
    for name, (target, own, weights) in _target_grids().items():
        log_after = _log_density_after(target, own, z, sigma)
        after[name], mass = _divergence(log_after, target.log_prob(torch.from_numpy(own)).numpy(), weights)
        trial.equal(f"mass after the map to {name}", mass, 1.0, tolerance=_QUADRATURE)
        trial.equal(f"KL to {name} after the map, and to N(0, I) before", after[name], before, tolerance=_QUADRATURE)
    # Maps that lose something: one coordinate, and cells of equal probability under the prior.
    scale = math.sqrt(1 + sigma**2)
    for axis in range(2):
        apart = (line[:, None] - z[:, axis] / scale) * scale / sigma
        log_one = special.logsumexp(-(apart**2) / 2, axis=1) - math.log(len(z) * sigma / scale * math.sqrt(2 * math.pi))
        one, _ = _divergence(log_one, stats.norm.logpdf(line), np.full(len(line), step))
        trial.at_most(f"KL of coordinate {axis + 1} and of both", one, before, slack=_QUADRATURE)
    previous = 0.0
    for cells in (2, 4, 16):
        edges = np.concatenate([[-np.inf], special.ndtri(np.arange(1, cells) / cells), [np.inf]])
        shares = np.diff(special.ndtr((edges[:, None, None] - z / scale) * scale / sigma), axis=0)
        mass_of = (np.einsum("in,jn->ij", shares[:, :, 0], shares[:, :, 1]) / len(z)).ravel()
        used = mass_of > 0
        coarse = float((mass_of[used] * np.log(mass_of[used] * cells**2)).sum())
        trial.at_most("KL over cells and over finer ones", previous, coarse)
        trial.at_most("KL over cells and of the law", coarse, before, slack=_QUADRATURE)
        previous = coarse
    trial.details |= {"kl before": before, "kl after": after, "kl over 256 cells": previous, "images": len(z)}
