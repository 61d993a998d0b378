"""Samples of the test statistics' null laws, many at once, scaled as :mod:`noisedim.normality.null_moments` says.

Most pair sums are made in float32, which is four times faster; what that changes is far below a standard deviation
(tests/normality/nulls/test_null_samples.py compares each with the statistic that users get, in float64).
"""

import math

import numpy as np
import torch

from noisedim.normality import null_moments

__all__ = [
    "COMPOSITE_TESTS",
    "ONE_DIMENSIONAL_TESTS",
    "SIMPLE_TESTS",
    "TWO_SIDED_TESTS",
    "UNIFORM_TESTS",
    "normal_null",
    "one_dimensional_null",
    "uniform_null",
]

SIMPLE_TESTS = ("bhep", "mehler", "energy", "covariance", "hermite")
COMPOSITE_TESTS = (
    "henze_zirkler",
    "bhep_composite",
    "energy_composite",
    "hermite_composite",
    "mardia_skewness",
    "mardia_kurtosis",
)
TWO_SIDED_TESTS = ("mardia_kurtosis",)
UNIFORM_TESTS = ("smooth", "smooth_pairs")
ONE_DIMENSIONAL_TESTS = ("dagostino", "shapiro")

# Pairs of rows at once: 4 MiB of float32 stay in the second-level cache.
_PAIRS = 1_000_000


def normal_null(
    n: int,
    dim: int,
    count: int,
    rng: np.random.Generator,
    *,
    simple: bool = True,
    composite: bool = True,
) -> dict[str, np.ndarray]:
    """``count`` draws of the scaled statistics under N(0, I), by test, each (count,).

    Args:
        n, dim: shape of a sample; ``composite`` needs n > dim.
        count: how many samples.
        rng: their source.
        simple, composite: which tests.
    """
    parts: dict[str, list[np.ndarray]] = {}
    at_once = max(1, min(_PAIRS // (n * n), 4_000_000 // (n * dim)))
    for start in range(0, count, at_once):
        batch = rng.standard_normal((min(at_once, count - start), n, dim))
        found: dict[str, np.ndarray] = {}
        if simple:
            found |= _simple(batch)
        if composite:
            found |= _composite(batch)
        for name, values in found.items():
            parts.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in parts.items()}


def _scaled(values: np.ndarray, moments: tuple[float, float]) -> np.ndarray:
    return (values - moments[0]) / moments[1]


def _simple(batch: np.ndarray) -> dict[str, np.ndarray]:
    _, n, dim = batch.shape
    points = torch.from_numpy(batch)
    norms = points.square().sum(2)
    return {
        "bhep": _scaled(_bhep(points, norms), null_moments.bhep_moments(n, dim, null_moments.bhep_beta(dim))),
        "mehler": _mehler(points, norms),
        "energy": _scaled(_energy(points, norms), null_moments.energy_moments(n, dim)),
        "covariance": _scaled(_covariance(batch), null_moments.covariance_moments(n, dim)),
        "hermite": _scaled(_hermite(batch), null_moments.hermite_moments(n, dim)),
    }


def _composite(batch: np.ndarray) -> dict[str, np.ndarray]:
    _, n, dim = batch.shape
    centred = batch - batch.mean(1, keepdims=True)
    factor = np.linalg.cholesky(np.swapaxes(centred, 1, 2) @ centred / n)
    white = centred @ np.swapaxes(np.linalg.inv(factor), 1, 2)
    points = torch.from_numpy(white)
    norms = points.square().sum(2)
    beta = null_moments.henze_zirkler_beta(n, dim)
    wide = null_moments.bhep_beta(dim)
    cubes = torch.bmm(points.float(), points.float().transpose(1, 2))
    skewness = cubes.square().mul_(cubes).sum((1, 2)).double().numpy() / n / 6
    kurtosis = norms.square().mean(1).numpy()
    return {
        "henze_zirkler": _scaled(_henze_zirkler(points, norms, beta), null_moments.narrow_moments(n, dim)),
        "bhep_composite": _scaled(
            _henze_zirkler(points, norms, wide, torch.float64), null_moments.henze_zirkler_moments(n, dim, wide)
        ),
        "energy_composite": _scaled(
            _energy(points, norms, torch.float64), null_moments.energy_composite_moments(n, dim)
        ),
        "hermite_composite": _scaled(_hermite(white), null_moments.hermite_moments(n, dim)),
        "mardia_skewness": _scaled(skewness, null_moments.mardia_skewness_moments(n, dim)),
        "mardia_kurtosis": _scaled(kurtosis, null_moments.mardia_kurtosis_moments(n, dim)),
    }


def _pairs(
    points: torch.Tensor, scale: float, weights: torch.Tensor, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Sum over pairs of different rows of exp(scale·⟨a, b⟩ + w_a + w_b), (m, n, d) to (m,)."""
    right, own = points.to(dtype), weights.to(dtype)[:, :, None]
    ones = torch.ones_like(own)
    exponents = torch.bmm(torch.cat([right * scale, own, ones], 2), torch.cat([right, ones, own], 2).transpose(1, 2))
    exponents.diagonal(dim1=1, dim2=2).fill_(-torch.inf)
    return exponents.exp_().sum((1, 2)).double()


def _bhep(points: torch.Tensor, norms: torch.Tensor) -> np.ndarray:
    n, dim = points.shape[1:]
    b = null_moments.bhep_beta(dim) ** 2
    centre = (norms * (-b / (2 * (1 + b)))).exp().sum(1)
    pairs = _pairs(points, b, norms * (-b / 2))
    return np.asarray(1 + pairs / n - 2 * (1 + b) ** (-dim / 2) * centre + n * (1 + 2 * b) ** (-dim / 2))


def _henze_zirkler(
    points: torch.Tensor, norms: torch.Tensor, beta: float, dtype: torch.dtype = torch.float32
) -> np.ndarray:
    """(T − 1)·(1+2β²)^{d/2}: in many dimensions T is 1 and something far below it, which is all that varies."""
    n, dim = points.shape[1:]
    b = beta * beta
    shift = dim / 2 * math.log1p(2 * b)
    centre = (norms * (-b / (2 * (1 + b))) + (shift - dim / 2 * math.log1p(b))).exp().sum(1)
    pairs = _pairs(points, b, norms * (-b / 2) + shift / 2, dtype)
    return np.asarray(pairs / n - 2 * centre + n)


def _mehler(points: torch.Tensor, norms: torch.Tensor) -> np.ndarray:
    n, dim = points.shape[1:]
    sigma = null_moments.mehler_test_sigma(dim)
    r = null_moments.mehler_ratio(sigma)
    constant = -dim / 2 * math.log1p(-r * r)
    pairs = _pairs(points, r / (1 - r * r), norms * (-r * r / (2 * (1 - r * r))) + constant / 2)
    return np.asarray(n * torch.log(pairs / (n * (n - 1)))) / null_moments.mehler_moments(n, dim, sigma)[1]


def _energy(points: torch.Tensor, norms: torch.Tensor, dtype: torch.dtype = torch.float32) -> np.ndarray:
    n, dim = points.shape[1:]
    low, own = points.to(dtype), norms.to(dtype)[:, :, None]
    ones = torch.ones_like(own)
    squares = torch.bmm(torch.cat([-2 * low, own, ones], 2), torch.cat([low, ones, own], 2).transpose(1, 2))
    squares.diagonal(dim1=1, dim2=2).zero_()
    pairs = squares.clamp_min_(0).sqrt_().sum((1, 2)).double()
    mean = torch.from_numpy(null_moments.mean_distance_to_normal(norms.numpy(), dim)).sum(1)
    return np.asarray(2 * mean - n * null_moments.energy_moments(n, dim)[0] - pairs / n)


def _covariance(batch: np.ndarray) -> np.ndarray:
    n, dim = batch.shape[1:]
    return n / 2 * ((np.swapaxes(batch, 1, 2) @ batch / n - np.eye(dim)) ** 2).sum((1, 2))


def _hermite(batch: np.ndarray) -> np.ndarray:
    n = batch.shape[1]
    square = batch * batch
    third = ((square - 3) * batch).mean(1) ** 2 / 6
    fourth = (square * (square - 6) + 3).mean(1) ** 2 / 24
    return n * (third + fourth).sum(1)


def uniform_null(n: int, dim: int, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """``count`` draws of the scaled statistics under U[0, 1]^d, by test; ``smooth_pairs`` from d = 2 on."""
    from noisedim.normality.uniformity import smooth_of_batch, smooth_pairs_of_batch

    parts: dict[str, list[np.ndarray]] = {}
    at_once = max(1, 1_000_000 // (n * dim))
    for start in range(0, count, at_once):
        batch = rng.random((min(at_once, count - start), n, dim))
        parts.setdefault("smooth", []).append(_scaled(smooth_of_batch(batch), null_moments.smooth_moments(n, dim)))
        if dim > 1:
            pairs = _scaled(smooth_pairs_of_batch(batch), null_moments.smooth_pairs_moments(n, dim))
            parts.setdefault("smooth_pairs", []).append(pairs)
    return {name: np.concatenate(values) for name, values in parts.items()}


def one_dimensional_null(n: int, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """``count`` draws of D'Agostino–Pearson's K² and of log(1 − W) of Shapiro–Wilk for n values of a normal law."""
    from scipy import stats

    from noisedim.normality.projections import shapiro_wilk

    parts: dict[str, list[np.ndarray]] = {"dagostino": [], "shapiro": []}
    at_once = max(1, 1_000_000 // n)
    for start in range(0, count, at_once):
        batch = rng.standard_normal((min(at_once, count - start), n))
        parts["dagostino"].append(np.asarray(stats.normaltest(batch, axis=1).statistic))
        parts["shapiro"].append(np.log1p(-shapiro_wilk(batch, axis=1)[0]))
    return {name: np.concatenate(values) for name, values in parts.items()}
