"""How far an embedding is from its prior, cheaply enough for every epoch: one number per question, comparable over time.

O(n·d²) operations and O(n·512) pairs of rows, no null simulation, no framework. Values are estimated without bias where
that is possible, and come with scores in the standard deviations that a sample of the prior would show, so that a curve
over epochs says both how large a departure is and whether it is more than noise.
"""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.normality.summaries.directions import extreme_variances, third_and_fourth_order
from noisedim.normality.summaries.spectrum import (
    largest_eigenvalue_p_value,
    smallest_eigenvalue_p_value,
    spectral_edges,
)
from noisedim.priors import Prior
from noisedim.priors.mapping import mapped_to_normal, prior_of_rows
from noisedim.streams import numpy_stream

__all__ = ["Track", "track"]

_BLOCK = 512
_MINIMUM_ROWS = 20
# Standard deviation, under the prior, of the fine estimate of the divergence: sigma is chosen for it.
_FINE_DEVIATION = 0.01


@dataclass(frozen=True)
class Track:
    """One look at an embedding.

    Attributes:
        n, dim: rows and coordinates.
        d2: Rényi divergence of order 2 from the prior, both with noise σ = d^¼, nats; without bias, so a sample of the prior
            gives values on both sides of 0.
        d2_fine: the same at ``sigma_fine``, the smallest noise at which so many rows say something; sees finer structure.
        sigma_fine: its noise, in standard deviations of the prior.
        mean_norm: norm of the mean; 0 at the prior, about √(d/n) for a sample of it.
        scale: mean square of all values; 1 at the prior.
        smallest_eigenvalue, largest_eigenvalue: of the second moments about 0; between ``smallest_expected`` and
            ``largest_expected`` for a sample of the prior.
        smallest_expected, largest_expected: the edges of Marchenko and Pastur's law.
        effective_rank: exp of the entropy of the spectrum; d at the prior for many rows.
        worst_variance: along the direction of most unusual variance, found on half of the rows and measured on the other;
            1 at the prior.
        worst_skewness, worst_kurtosis: the largest |skewness| and |excess kurtosis| along directions found on half of the
            rows, measured on the other; 0 at the prior.
        norm_spread: variance of the squared norms over 2d; 1 at the prior.
        scores: for each of the above, its distance from the prior in the standard deviations of a sample of the prior.
        distance: the largest of the scores; about 1 to 3 for a sample of the prior.
    """

    n: int
    dim: int
    d2: float
    d2_fine: float
    sigma_fine: float
    mean_norm: float
    scale: float
    smallest_eigenvalue: float
    smallest_expected: float
    largest_eigenvalue: float
    largest_expected: float
    effective_rank: float
    worst_variance: float
    worst_skewness: float
    worst_kurtosis: float
    norm_spread: float
    scores: dict[str, float]

    @property
    def distance(self) -> float:
        """The largest of the scores."""
        return max(self.scores.values())

    def to_dict(self, prefix: str = "") -> dict[str, float]:
        """Flat numbers by name, for ``log_dict``, TensorBoard or Weights & Biases; scores as ``score/NAME``."""
        plain = {name: float(value) for name, value in dataclasses.asdict(self).items() if name != "scores"}
        plain["distance"] = self.distance
        plain |= {f"score/{name}": value for name, value in self.scores.items()}
        return {f"{prefix}{name}": value for name, value in plain.items()}


def track(z: Any, *, prior: Prior | str | Path = "normal", seed: int = 0) -> Track:
    """Measure an embedding against its prior, for a curve over training.

    Args:
        z: (n, d) numbers from NumPy, torch or pandas, n >= 20; every row in the prior's support.
        prior: as for :func:`noisedim.assess`.
        seed: of the split into halves, of the blocks of pairs and of the search for directions.

    Returns: a :class:`Track`; ``track(z).to_dict()`` is what loggers take. For a verdict use :func:`noisedim.assess`.

    Raises: InvalidInputError: for NaN, fewer than 20 rows, or rows off the prior's support.

    >>> look = track(np.random.default_rng(0).standard_normal((2000, 8)))
    >>> abs(look.d2) < 0.01 and look.distance < 5
    True
    """
    z = embedding_matrix("z", z, minimum_rows=_MINIMUM_ROWS)
    points, _ = mapped_to_normal(prior_of_rows(prior, z.shape[1]), z)
    if (largest := float(np.abs(points).max())) > 1e100:
        raise InvalidInputError(f"z must lie within ±1e100, so that squares are finite; got {largest:g}")
    seed = positive_integer("seed", seed, minimum=0)
    rng = numpy_stream(seed, "track")
    n, dim = points.shape
    order = rng.permutation(n)
    values, scores = _second_order(points)
    values |= _divergences(points[order], scores)
    values |= _directions(points[order], rng, scores)
    return Track(n=n, dim=dim, **values, scores=scores)


def _score(p_value: float) -> float:
    """A p-value as the normal score that has it above; at most 37, where doubles end."""
    from scipy.special import ndtri

    return float(-ndtri(min(max(p_value, 1e-300), 1 - 1e-16)))


def _second_order(z: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
    n, dim = z.shape
    z = z.clip(-1e70, 1e70)  # fourth powers are finite
    mean, squares = z.mean(0), np.einsum("ij,ij->i", z, z)
    spectrum = np.linalg.eigvalsh((z.T @ z if n >= dim else z @ z.T) / n).clip(min=0)
    low, high = spectral_edges(n, dim)
    shares = spectrum[spectrum > 0] / max(float(spectrum.sum()), 1e-300)
    spread = float(squares.var(ddof=1)) / (2 * dim)
    values = {
        "mean_norm": float(np.linalg.norm(mean)),
        "scale": float(squares.mean()) / dim,
        "smallest_eigenvalue": float(spectrum[0]),
        "smallest_expected": low,
        "largest_eigenvalue": float(spectrum[-1]),
        "largest_expected": high,
        "effective_rank": float(np.exp(-(shares * np.log(shares)).sum())),
        "norm_spread": spread,
    }
    scores = {
        "mean_norm": (n * float(mean @ mean) - dim) / math.sqrt(2 * dim),
        "scale": abs(values["scale"] - 1) * math.sqrt(n * dim / 2),
        # Var of a sample variance of χ²: its fourth central moment is 12 d (d + 4).
        "norm_spread": abs(spread - 1) * math.sqrt(n / (2 + 12 / dim)),
    }
    if dim > 1:
        scores["largest_eigenvalue"] = _score(largest_eigenvalue_p_value(float(spectrum[-1]), n, dim))
        if max(n, dim) >= 1.1 * min(n, dim):
            scores["smallest_eigenvalue"] = _score(smallest_eigenvalue_p_value(float(spectrum[0]), n, dim))
    return values, scores


def _divergences(z: np.ndarray, scores: dict[str, float]) -> dict[str, float]:
    """Both divergences from the pairs within blocks of rows, which are in random order."""
    n, dim = z.shape
    size = min(n, _BLOCK)
    blocks = n // size
    pairs = blocks * size * (size - 1) / 2
    # E κ² under the prior is (1 − r²)^{−d}, and κ of different pairs is uncorrelated there.
    fine = math.sqrt(-math.expm1(-math.log1p(pairs * _FINE_DEVIATION**2) / dim))
    coarse = 1 / (1 + math.sqrt(dim))
    ratios = {"d2": coarse, "d2_fine": max(coarse, fine)}
    sums = dict.fromkeys(ratios, 0.0)
    for start in range(0, blocks * size, size):
        rows = z[start : start + size]
        inner, squares = rows @ rows.T, np.einsum("ij,ij->i", rows, rows)
        for name, r in ratios.items():
            scale = 1 / (1 - r * r)
            half = (-r * r * scale / 2) * squares - dim / 4 * math.log1p(-r * r)
            kernel = np.exp(np.minimum(r * scale * inner + half[:, None] + half[None, :], 700.0))
            np.fill_diagonal(kernel, 0.0)
            sums[name] += float(kernel.sum())
    found = {}
    for name, r in ratios.items():
        mean = sums[name] / (2 * pairs)
        found[name] = math.log(max(mean, 1e-300)) if math.isfinite(mean) else math.inf
        deviation = math.sqrt(math.expm1(-dim * math.log1p(-r * r)) / pairs)
        scores[name] = (mean - 1) / deviation
    return {**found, "sigma_fine": math.sqrt(1 / ratios["d2_fine"] - 1)}


def _directions(z: np.ndarray, rng: np.random.Generator, scores: dict[str, float]) -> dict[str, float]:
    half = len(z) // 2
    z = z.clip(-1e6, 1e6)  # the search takes fourth powers in single precision
    search, measure = z[:half], z[half:]
    count = len(measure)
    variances = ((measure @ extreme_variances(search).T) ** 2).mean(0)
    worst = variances[np.argmax(np.abs(np.log(np.maximum(variances, 1e-300))))]
    scores["worst_variance"] = abs(float(worst) - 1) * math.sqrt(count / 2)
    along = measure @ third_and_fourth_order(search, rng).T
    along = along - along.mean(0)
    deviation = np.maximum(along.std(0), 1e-70)
    skewness = ((along / deviation) ** 3).mean(0)
    kurtosis = ((along / deviation) ** 4).mean(0) - 3
    found = {
        "worst_variance": float(worst),
        "worst_skewness": float(skewness[np.argmax(np.abs(skewness))]),
        "worst_kurtosis": float(kurtosis[np.argmax(np.abs(kurtosis))]),
    }
    scores["worst_skewness"] = abs(found["worst_skewness"]) * math.sqrt(count / 6)
    scores["worst_kurtosis"] = abs(found["worst_kurtosis"]) * math.sqrt(count / 24)
    return found
