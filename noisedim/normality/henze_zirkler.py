"""The Henze–Zirkler test of multivariate normality, blocked and in float64, with a calibrated p-value."""

from dataclasses import dataclass
from typing import Any

from noisedim.checks import embedding_matrix
from noisedim.normality.p_values import calibrated_p_value
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests.pairs.bhep import bhep_statistic
from noisedim.normality.tests.pairs.henze_zirkler import HENZE_ZIRKLER, henze_zirkler_beta, henze_zirkler_moments

__all__ = ["HenzeZirklerResult", "henze_zirkler", "henze_zirkler_statistic"]


@dataclass(frozen=True)
class HenzeZirklerResult:
    """Statistic and its p-value, calibrated at this n and d."""

    statistic: float
    p_value: float
    n: int
    dim: int


def henze_zirkler_statistic(z: Any) -> float:
    """The Henze–Zirkler statistic: large where rows do not look like any normal law.

    Args:
        z: (n, d) numbers, n > d, with non-singular covariance.

    Returns: T, unchanged by invertible affine maps of the rows.

    Raises: InvalidInputError: for NaN, n <= d, constant or linearly dependent coordinates.

    Source: Henze & Zirkler (1990), Communications in Statistics – Theory and Methods 19, 3595–3617.

    >>> import numpy as np
    >>> round(henze_zirkler_statistic(np.random.default_rng(0).standard_normal((50, 2))), 2) < 1.2
    True
    """
    white = whiten(embedding_matrix("z", z, minimum_rows=2))
    return bhep_statistic(white, henze_zirkler_beta(*white.shape))


def henze_zirkler(z: Any, *, simulations: int | None = None, seed: int = 0) -> HenzeZirklerResult:
    """The Henze–Zirkler test with a p-value calibrated at this n and d.

    Args:
        z: (n, d) numbers, n > d, with non-singular covariance.
        simulations: calibrate by this many null samples of exactly this n and d, made once and cached; p is at least
            1/(B+1). If omitted, p comes from the null tables where they reach (for d ≤ 32, n from 20 and 2d to 100,000;
            for d ≤ 128, n from 3d to 10,000), and is simulated elsewhere.
        seed: of the null samples.

    Returns: statistic and p-value; small p: not normal, whatever mean and covariance.

    Raises: InvalidInputError: as :func:`henze_zirkler_statistic`.

    Source: as :func:`henze_zirkler_statistic`.

    >>> import numpy as np
    >>> henze_zirkler(np.random.default_rng(0).uniform(size=(300, 2))).p_value < 1e-4
    True
    """
    z = embedding_matrix("z", z, minimum_rows=2)
    n, dim = z.shape
    scaled = HENZE_ZIRKLER.statistic(whiten(z))
    beta, (mean, deviation) = henze_zirkler_beta(n, dim), henze_zirkler_moments(n, dim)
    statistic = 1 + (mean + deviation * scaled) * (1 + 2 * beta * beta) ** (-dim / 2)
    p_value = calibrated_p_value(HENZE_ZIRKLER.name, scaled, n, dim, simulations=simulations, seed=seed)
    return HenzeZirklerResult(statistic, p_value, n, dim)
