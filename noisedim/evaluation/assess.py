"""Does an embedding follow its prior? A battery of tests with one family-wise error, effect sizes, the paper's index.

The uniform prior is brought to the normal by the probability integral transform; all tests are against N(0, I).
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.checks import embedding_matrix, one_of, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.priors import PRIOR_NAMES
from noisedim.statistics import normality
from noisedim.statistics.calibration import calibrated_p_value
from noisedim.statistics.distances import (
    TEST_SIGMA,
    effective_rank,
    mehler_divergence,
    mehler_mean_excess,
    sliced_wasserstein,
)
from noisedim.statistics.henze_zirkler import bhep_statistic, henze_zirkler_statistic
from noisedim.statistics.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Assessment", "TestResult", "assess"]

_MINIMUM_ROWS = 20


@dataclass(frozen=True)
class TestResult:
    """One test of the battery.

    Attributes:
        name: what is tested.
        null: ``simple`` (the law is N(0, I)) or ``composite`` (it is some normal law).
        p_value: exact or calibrated by simulation.
        adjusted_p_value: after Holm over the battery.
        words: what a small p means.
    """

    __test__ = False  # not a test case, whatever pytest thinks of the name

    name: str
    null: str
    p_value: float
    adjusted_p_value: float
    words: str


@dataclass(frozen=True)
class Assessment:
    """Whether an embedding follows its prior, how sure that is, and how far off it is.

    Attributes:
        prior: ``normal`` or ``uniform``.
        n, dim: rows and coordinates.
        alpha: family-wise error rate of the battery.
        results: the tests.
        effects: effect sizes by name: ``d2`` (nats, with interval, at noise σ = 1), ``sliced_w2`` (standard
            deviations), ``mean_error``, ``variance_error``, ``correlation_error`` (largest absolute ones),
            ``effective_rank``.
        index: the paper's averaged p-values with intervals; empty if there are too few rows. Not tests.
    """

    prior: str
    n: int
    dim: int
    alpha: float
    results: tuple[TestResult, ...]
    effects: dict[str, Interval | float]
    index: dict[str, Interval]

    @property
    def p_value(self) -> float:
        """The least adjusted p: at or below alpha, some departure was found."""
        return min(result.adjusted_p_value for result in self.results)

    @property
    def rejected(self) -> bool:
        """Whether a departure from the prior was found at family-wise level alpha."""
        return self.p_value <= self.alpha

    @property
    def tests(self) -> "pd.DataFrame":
        """The battery as a table, one row a test."""
        import pandas as pd

        return pd.DataFrame([dataclasses.asdict(result) for result in self.results])

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it."""
        return {
            "prior": self.prior,
            "n": self.n,
            "dim": self.dim,
            "alpha": self.alpha,
            "p_value": self.p_value,
            "rejected": self.rejected,
            "tests": {result.name: dataclasses.asdict(result) for result in self.results},
            "effects": {
                name: dataclasses.asdict(effect) if isinstance(effect, Interval) else effect
                for name, effect in self.effects.items()
            },
            "index": {name: dataclasses.asdict(interval) for name, interval in self.index.items()},
        }

    def to_json(self) -> str:
        """JSON with everything."""
        return json.dumps(self.to_dict(), indent=1)


def assess(z: Any, *, prior: str = "normal", alpha: float = 0.05, seed: int = 0, simulations: int = 999) -> Assessment:
    """Test an embedding against its prior.

    Args:
        z: (n, d) numbers from NumPy, torch or pandas, n >= 20 and n > d; in [0, 1] for the uniform prior.
        prior: ``normal`` for N(0, I), ``uniform`` for U[0, 1]^d.
        alpha: family-wise error rate: a sample of the prior is rejected at most this often.
        seed: of random projections and of the index's parts.
        simulations: null samples of calibrated tests; cached, so that a second call of this shape is fast.

    Returns: an :class:`Assessment`.

    Raises: InvalidInputError: for NaN, too few rows, constant or dependent coordinates, values outside [0, 1] for the
        uniform prior.

    >>> assess(np.random.default_rng(0).standard_normal((100, 2)), simulations=99).n
    100
    """
    one_of("prior", prior, PRIOR_NAMES)
    unit_interval("alpha", alpha)
    z = embedding_matrix("z", z, minimum_rows=_MINIMUM_ROWS)
    n, dim = z.shape
    if prior == "uniform":
        z = _to_normal(z)
    rng = np.random.default_rng([seed, 5])

    def calibrated(test: str, statistic: float) -> float:
        return calibrated_p_value(test, statistic, n, dim, simulations=simulations)

    tests: list[tuple[str, str, float, str]] = [
        (
            "henze_zirkler",
            "composite",
            calibrated("henze_zirkler", henze_zirkler_statistic(z)),
            "the joint law is no normal law",
        ),
        ("bhep", "simple", calibrated("bhep", bhep_statistic(z)), "the joint law is not N(0, I)"),
        (
            "mehler",
            "simple",
            calibrated("mehler", n * mehler_mean_excess(z, TEST_SIGMA)),
            "some Hermite moment differs from the prior's",
        ),
        ("mean", "simple", normality.mean_p_value(z), "the mean is not 0"),
        ("variances", "simple", normality.variances_p_value(z), "a coordinate's variance is not 1"),
        ("coordinates", "simple", normality.coordinates_p_value(z), "a coordinate's law is not N(0, 1)"),
        ("norms", "simple", normality.norms_p_value(z), "norms do not follow the chi-square law"),
        (
            "dagostino_projections",
            "composite",
            calibrated("dagostino_projections", normality.worst_dagostino(z, rng)),
            "a projection's skewness or kurtosis is not the normal's",
        ),
        (
            "shapiro_projections",
            "composite",
            calibrated("shapiro_projections", normality.worst_shapiro(z, rng)),
            "a projection's order statistics are not the normal's",
        ),
    ]
    if dim > 1:
        tests.append(("correlations", "simple", normality.correlations_p_value(z), "two coordinates are correlated"))
    adjusted = normality.holm([p for _, _, p, _ in tests])
    results = tuple(
        TestResult(name, null, p, float(a), words) for (name, null, p, words), a in zip(tests, adjusted, strict=True)
    )
    part = max(50, dim + 1)
    index = normality.paper_indices(z, part_size=part, seed=seed) if n >= 2 * part else {}
    return Assessment(prior, n, dim, alpha, results, _effects(z, seed), index)


def _to_normal(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    outside = (z < 0) | (z > 1)
    if outside.any():
        row = int(outside.any(axis=1).argmax())
        raise InvalidInputError(
            f"the uniform prior needs values in [0, 1]; {int(outside.sum())} are outside, "
            f"the first in row {row}: {z[row]}"
        )
    # A value of exactly 0 or 1 has an infinite quantile. Half an ulp inside is still far out and stays a departure.
    return ndtri(np.clip(z, 2**-54, 1 - 2**-53))


def _effects(z: np.ndarray, seed: int) -> dict[str, Interval | float]:
    covariance = z.T @ z / len(z)
    off = covariance - np.diag(np.diag(covariance))
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    return {
        "d2": mehler_divergence(z, TEST_SIGMA),
        "sliced_w2": sliced_wasserstein(z, seed=seed),
        "mean_error": float(np.abs(z.mean(0)).max()),
        "variance_error": float(np.abs(np.diag(covariance) - 1).max()),
        "correlation_error": float(np.abs(off / scale).max()),
        "effective_rank": effective_rank(z),
    }
