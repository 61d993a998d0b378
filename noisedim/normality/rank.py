"""The effective rank without the bias that few rows give it, and its interval.

A sample's spectrum is more spread than the law's, so that its entropy is too small: for n rows of N(0, I) by about d/2n. The
bias of any spectrum is computed to second order in the covariance's error and scaled so that it is right for the prior,
where the exact law of a sample's eigenvalues (the tridiagonal form of a Wishart matrix) gives it without drawing rows.
"""

import math
from functools import lru_cache

import numpy as np

from noisedim.normality.summaries.moments import correlation, standardised_blocks
from noisedim.statistics.intervals import Interval
from noisedim.streams import numpy_stream

__all__ = ["rank_interval", "spectral_entropy", "wishart_eigenvalues"]

# Shares of the largest eigenvalue below this are rounding.
_LEAST_SHARE = 1e-15
_LARGEST = 1e70


def wishart_eigenvalues(degrees: int, dim: int, rng: np.random.Generator) -> np.ndarray:
    """The min(degrees, dim) nonzero eigenvalues of XᵀX for ``degrees`` rows X of N(0, I_dim), drawn exactly; O(d²).

    Source: Dumitriu & Edelman (2002), Journal of Mathematical Physics 43, 5830–5847.
    """
    from scipy.linalg import eigvalsh_tridiagonal

    large, small = max(degrees, dim), min(degrees, dim)
    main = rng.chisquare(large - np.arange(small))
    other = rng.chisquare(small - 1 - np.arange(small - 1))
    # B Bᵀ of the lower bidiagonal B with these squares on its diagonals.
    diagonal = main.copy()
    diagonal[1:] += other
    return np.asarray(eigvalsh_tridiagonal(diagonal, np.sqrt(main[:-1] * other))).clip(min=0)


def spectral_entropy(spectrum: np.ndarray) -> float:
    """Entropy, in nats, of the shares of (k,) non-negative numbers, not all 0; those that are rounding are left out."""
    shares = spectrum[spectrum > _LEAST_SHARE * spectrum.max()] / spectrum.sum()
    return -float((shares * np.log(shares)).sum())


def _lost_entropy(spectrum: np.ndarray, n: int) -> float:
    """Entropy that n rows lose on average, to second order.

    Σᵢⱼ λᵢλⱼ(1 + δᵢⱼ)·Lᵢⱼ / (2n Σλ), where L is the divided difference of log.
    """
    values = spectrum[spectrum > _LEAST_SHARE * spectrum.max()] / spectrum.max()
    logs = np.log(values)
    gap, middle = values[:, None] - values, (values[:, None] + values) / 2
    near = np.abs(gap) < 1e-6 * middle
    slope = np.where(near, 1 / middle, (logs[:, None] - logs) / np.where(near, 1.0, gap))
    product = np.outer(values, values) * slope
    return float(product.sum() + product.trace()) / (2 * n * float(values.sum()))


@lru_cache(maxsize=256)
def _at_prior(n: int, dim: int) -> tuple[float, float]:
    """By how much the second-order loss is to be scaled at the prior, and the corrected entropy's standard deviation there."""
    draws = max(4, min(64, 6000 // min(n, dim)))
    rng = numpy_stream(0, f"effective rank at the prior, n = {n}, d = {dim}")
    spectra = [wishart_eigenvalues(n - 1, dim, rng) for _ in range(draws)]
    entropies = np.array([spectral_entropy(spectrum) for spectrum in spectra])
    losses = np.array([_lost_entropy(spectrum, n - 1) for spectrum in spectra])
    scale = (math.log(dim) - float(entropies.mean())) / max(float(losses.mean()), 1e-300)
    # Student's t with so few draws, and the noise of their mean.
    return scale, float((entropies + scale * losses).std(ddof=1)) * math.sqrt(1 + 1 / draws) * (1 + 2 / draws)


def _spectrum_and_influence(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of the covariance, and each row's influence on the entropy of their shares, (n,)."""
    n, dim = z.shape
    found = correlation(z)
    scales = found.scales / max(float(found.scales.max()), 1e-300)  # so that no square overflows or underflows
    if n > dim:
        values, vectors = np.linalg.eigh(found.matrix * np.outer(scales, scales))
        # Single precision is enough for a standard error.
        weights, onto = (part.astype(np.float32) for part in (_weights(values), scales[:, None] * vectors))
        influence = np.empty(n)
        for block, rows in standardised_blocks(z):
            influence[block] = (rows.astype(np.float32) @ onto) ** 2 @ weights
    else:
        centred = np.concatenate([rows * scales for _, rows in standardised_blocks(z)])
        values, vectors = np.linalg.eigh(centred @ centred.T / n)
        weights = _weights(values)
        influence = n * (vectors**2) @ (weights * values)
    return values.clip(min=0), influence - float(influence.mean())


def _weights(values: np.ndarray) -> np.ndarray:
    """The entropy's derivative by each eigenvalue; 0 for those that are 0 but for rounding."""
    total = float(values.clip(min=0).sum())
    counted = values > _LEAST_SHARE * values.max()
    if total == 0:
        return np.zeros_like(values)
    logs = np.log(np.where(counted, values, 1.0) / total)
    return np.where(counted, -(logs + spectral_entropy(values.clip(min=0))) / total, 0.0)


def rank_interval(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """exp of the entropy of the covariance's normalised spectrum, with the bias of n rows removed; 0 for constant rows.

    For a sample of the prior it is d on average. The interval adds the influence of rows and the scatter at the prior.
    """
    from scipy.special import ndtri

    n, dim = z.shape
    values, influence = _spectrum_and_influence(z)
    if float(values.max()) <= 0:
        return Interval(0.0, 0.0, 0.0, level, n, "constant rows")
    if dim == 1:
        return Interval(1.0, 1.0, 1.0, level, n, "one coordinate")
    scale, at_prior = _at_prior(n, dim)
    entropy = spectral_entropy(values) + scale * _lost_entropy(values, max(1, n - 1))
    half = float(ndtri((1 + level) / 2)) * math.hypot(float(influence.std()) / math.sqrt(n), at_prior)
    ends = (min(float(dim), max(1.0, math.exp(entropy + side * half))) for side in (-1, 0, 1))
    lower, estimate, upper = ends
    return Interval(estimate, lower, upper, level, n, "influence function, and the law at the prior")
