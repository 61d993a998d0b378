"""The calibrated statistics of one sample, scaled as their null laws are: what a p-value is looked up by."""

from collections.abc import Callable, Collection

import numpy as np

from noisedim.normality import null_moments
from noisedim.normality.henze_zirkler import bhep_excess, bhep_statistic
from noisedim.normality.mehler import mehler_log_mean
from noisedim.normality.moments import (
    covariance_statistic,
    energy_statistic,
    hermite_statistic,
    mardia_kurtosis,
    mardia_skewness,
)
from noisedim.normality.nulls.null_samples import COMPOSITE_TESTS
from noisedim.normality.uniformity import smooth_pairs_statistic, smooth_statistic

__all__ = ["composite_statistics", "simple_statistics", "uniform_statistics"]


def _scaled(value: float, moments: tuple[float, float]) -> float:
    return (value - moments[0]) / moments[1]


def simple_statistics(z: np.ndarray) -> dict[str, float]:
    """Against N(0, I): ``bhep``, ``mehler``, ``energy``, ``covariance``, ``hermite``; (n, d) float64."""
    n, dim = z.shape
    beta, sigma = null_moments.bhep_beta(dim), null_moments.mehler_test_sigma(dim)
    return {
        "bhep": _scaled(bhep_statistic(z, beta=beta), null_moments.bhep_moments(n, dim, beta)),
        "mehler": n * mehler_log_mean(z, sigma) / null_moments.mehler_moments(n, dim, sigma)[1],
        "energy": _scaled(energy_statistic(z), null_moments.energy_moments(n, dim)),
        "covariance": _scaled(covariance_statistic(z), null_moments.covariance_moments(n, dim)),
        "hermite": _scaled(hermite_statistic(z), null_moments.hermite_moments(n, dim)),
    }


def composite_statistics(white: np.ndarray, only: Collection[str] = COMPOSITE_TESTS) -> dict[str, float]:
    """Against any normal law, of rows that :func:`~noisedim.normality.whitening.whiten` made."""
    n, dim = white.shape
    narrow, wide = null_moments.henze_zirkler_beta(n, dim), null_moments.bhep_beta(dim)
    measures: dict[str, Callable[[], float]] = {
        "henze_zirkler": lambda: _scaled(bhep_excess(white, narrow), null_moments.narrow_moments(n, dim)),
        "bhep_composite": lambda: _scaled(bhep_excess(white, wide), null_moments.henze_zirkler_moments(n, dim, wide)),
        "energy_composite": lambda: _scaled(energy_statistic(white), null_moments.energy_composite_moments(n, dim)),
        "hermite_composite": lambda: _scaled(hermite_statistic(white), null_moments.hermite_moments(n, dim)),
        "mardia_skewness": lambda: _scaled(
            mardia_skewness(white, white=white), null_moments.mardia_skewness_moments(n, dim)
        ),
        "mardia_kurtosis": lambda: _scaled(
            mardia_kurtosis(white, white=white), null_moments.mardia_kurtosis_moments(n, dim)
        ),
    }
    return {name: measure() for name, measure in measures.items() if name in only}


def uniform_statistics(u: np.ndarray) -> dict[str, float]:
    """Against U[0, 1]^d: ``smooth``, and from two dimensions on ``smooth_pairs``."""
    n, dim = u.shape
    found = {"smooth": _scaled(smooth_statistic(u), null_moments.smooth_moments(n, dim))}
    if dim > 1:
        found["smooth_pairs"] = _scaled(smooth_pairs_statistic(u), null_moments.smooth_pairs_moments(n, dim))
    return found
