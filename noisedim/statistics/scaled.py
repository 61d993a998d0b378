"""The calibrated statistics of one sample, scaled as their null laws are: what a p-value is looked up by."""

from collections.abc import Callable, Collection

import numpy as np

from noisedim.statistics import scaling
from noisedim.statistics.distances import mehler_log_mean
from noisedim.statistics.henze_zirkler import bhep_excess, bhep_statistic
from noisedim.statistics.moments import (
    covariance_statistic,
    energy_statistic,
    hermite_statistic,
    mardia_kurtosis,
    mardia_skewness,
)
from noisedim.statistics.null_laws import COMPOSITE_TESTS
from noisedim.statistics.uniformity import smooth_pairs_statistic, smooth_statistic

__all__ = ["composite_statistics", "simple_statistics", "uniform_statistics"]


def _scaled(value: float, moments: tuple[float, float]) -> float:
    return (value - moments[0]) / moments[1]


def simple_statistics(z: np.ndarray) -> dict[str, float]:
    """Against N(0, I): ``bhep``, ``mehler``, ``energy``, ``covariance``, ``hermite``; (n, d) float64."""
    n, dim = z.shape
    beta, sigma = scaling.bhep_beta(dim), scaling.mehler_test_sigma(dim)
    return {
        "bhep": _scaled(bhep_statistic(z, beta=beta), scaling.bhep_moments(n, dim, beta)),
        "mehler": n * mehler_log_mean(z, sigma) / scaling.mehler_moments(n, dim, sigma)[1],
        "energy": _scaled(energy_statistic(z), scaling.energy_moments(n, dim)),
        "covariance": _scaled(covariance_statistic(z), scaling.covariance_moments(n, dim)),
        "hermite": _scaled(hermite_statistic(z), scaling.hermite_moments(n, dim)),
    }


def composite_statistics(white: np.ndarray, only: Collection[str] = COMPOSITE_TESTS) -> dict[str, float]:
    """Against any normal law, of rows that :func:`~noisedim.statistics.henze_zirkler.whiten` made."""
    n, dim = white.shape
    narrow, wide = scaling.henze_zirkler_beta(n, dim), scaling.bhep_beta(dim)
    measures: dict[str, Callable[[], float]] = {
        "henze_zirkler": lambda: _scaled(bhep_excess(white, narrow), scaling.narrow_moments(n, dim)),
        "bhep_composite": lambda: _scaled(bhep_excess(white, wide), scaling.henze_zirkler_moments(n, dim, wide)),
        "energy_composite": lambda: _scaled(energy_statistic(white), scaling.energy_composite_moments(n, dim)),
        "hermite_composite": lambda: _scaled(hermite_statistic(white), scaling.hermite_moments(n, dim)),
        "mardia_skewness": lambda: _scaled(
            mardia_skewness(white, white=white), scaling.mardia_skewness_moments(n, dim)
        ),
        "mardia_kurtosis": lambda: _scaled(
            mardia_kurtosis(white, white=white), scaling.mardia_kurtosis_moments(n, dim)
        ),
    }
    return {name: measure() for name, measure in measures.items() if name in only}


def uniform_statistics(u: np.ndarray) -> dict[str, float]:
    """Against U[0, 1]^d: ``smooth``, and from two dimensions on ``smooth_pairs``."""
    n, dim = u.shape
    found = {"smooth": _scaled(smooth_statistic(u), scaling.smooth_moments(n, dim))}
    if dim > 1:
        found["smooth_pairs"] = _scaled(smooth_pairs_statistic(u), scaling.smooth_pairs_moments(n, dim))
    return found
