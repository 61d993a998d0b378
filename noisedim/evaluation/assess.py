"""Does an embedding follow its prior? A battery of tests with one family-wise error, effect sizes, the paper's index.

The uniform prior is brought to the normal by the probability integral transform; all tests are against N(0, I).
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.checks import embedding_matrix, one_of, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.evaluation.clustering import label_silhouette
from noisedim.evaluation.probes import cross_validated_scores
from noisedim.priors import PRIOR_NAMES
from noisedim.statistics import normality
from noisedim.statistics.calibration import calibrated_p_value, simulations_for
from noisedim.statistics.distances import (
    TEST_SIGMA,
    effective_rank,
    mehler_divergence,
    mehler_log_mean,
    sliced_wasserstein,
)
from noisedim.statistics.henze_zirkler import bhep_statistic, henze_zirkler_statistic
from noisedim.statistics.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Assessment", "TestResult", "assess"]

_MINIMUM_ROWS = 20
_SIMULATIONS = 999


@dataclass(frozen=True)
class TestResult:
    """One test of the battery.

    Attributes:
        name: what is tested.
        null: ``simple`` (the law is N(0, I)) or ``composite`` (it is some normal law).
        statistic: what was measured; large values depart from the null.
        p_value: exact or calibrated by simulation.
        adjusted_p_value: after Holm over the battery.
        words: what a small p means.
    """

    __test__ = False  # not a test case, whatever pytest thinks of the name

    name: str
    null: str
    statistic: float
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
        downstream: with labels, cross-validated accuracies by probe and the ``silhouette`` of the classes; else empty.
    """

    prior: str
    n: int
    dim: int
    alpha: float
    results: tuple[TestResult, ...]
    effects: dict[str, Interval | float]
    index: dict[str, Interval]
    downstream: dict[str, float] = field(default_factory=dict)

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
            "downstream": dict(self.downstream),
        }

    def to_json(self) -> str:
        """JSON with everything."""
        return json.dumps(self.to_dict(), indent=1)


def assess(
    z: Any,
    *,
    prior: str = "normal",
    alpha: float = 0.05,
    seed: int = 0,
    labels: Any = None,
    simulations: int | None = None,
) -> Assessment:
    """Test an embedding against its prior.

    Args:
        z: (n, d) numbers from NumPy, torch or pandas, n >= 20 and n > d; in [0, 1] for the uniform prior.
        prior: ``normal`` for N(0, I), ``uniform`` for U[0, 1]^d.
        alpha: family-wise error rate: a sample of the prior is rejected at most this often.
        seed: of random projections, of the index's parts and of folds.
        labels: integers, (n,): also measure what the embedding is worth to classifiers.
        simulations: null samples of calibrated tests; cached, so that a second call of this shape is fast. If omitted,
            999, or as many more as a small ``alpha`` needs.

    Returns: an :class:`Assessment`.

    Raises: InvalidInputError: for NaN, too few rows, constant or dependent coordinates, values outside [0, 1] for the
        uniform prior, labels that do not match, ``alpha`` not strictly between 0 and 1, or fewer simulations than a
        rejection at ``alpha`` takes.

    >>> assess(np.random.default_rng(0).standard_normal((100, 2)), simulations=199).n
    100
    """
    one_of("prior", prior, PRIOR_NAMES)
    z = embedding_matrix("z", z, minimum_rows=_MINIMUM_ROWS)
    n, dim = z.shape
    simulations = _enough_simulations(alpha, simulations, tests=10 if dim > 1 else 9)
    if prior == "uniform":
        points = _to_normal(z)
    else:
        points = z
    measured = _battery(points, seed, simulations)
    adjusted = normality.holm([outcome.p_value for _, _, outcome, _ in measured])
    results = tuple(
        TestResult(name, null, outcome.statistic, outcome.p_value, float(p), words)
        for (name, null, outcome, words), p in zip(measured, adjusted, strict=True)
    )
    part = max(50, dim + 1)
    index = normality.paper_indices(points, part_size=part, seed=seed) if n >= 2 * part else {}
    downstream = {}
    if labels is not None:
        downstream = {**cross_validated_scores(z, labels, seed=seed), "silhouette": label_silhouette(z, labels)}
    return Assessment(prior, n, dim, float(alpha), results, _effects(points, seed), index, downstream)


def _enough_simulations(alpha: float, simulations: int | None, *, tests: int) -> int:
    needed = simulations_for(alpha, tests) - 1
    if simulations is None:
        return max(_SIMULATIONS, needed)
    simulations = positive_integer("simulations", simulations)
    if simulations < needed:
        raise InvalidInputError(
            f"{tests} tests at alpha={alpha:g} need at least {needed} simulations to reject anything; got {simulations}"
        )
    return simulations


def _battery(z: np.ndarray, seed: int, simulations: int) -> list[tuple[str, str, normality.Outcome, str]]:
    """Each test's name, null, outcome and words, against N(0, I)."""
    n, dim = z.shape
    rng = np.random.default_rng([seed, 5])

    def calibrated(test: str, statistic: float) -> normality.Outcome:
        p_value = calibrated_p_value(test, statistic, n, dim, simulations=simulations)
        return normality.Outcome(statistic, p_value)

    tests = [
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
            calibrated("mehler", n * mehler_log_mean(z, TEST_SIGMA)),
            "some Hermite moment differs from the prior's",
        ),
        ("mean", "simple", normality.mean_test(z), "the mean is not 0"),
        ("variances", "simple", normality.variances_test(z), "a coordinate's variance is not 1"),
        ("coordinates", "simple", normality.coordinates_test(z), "a coordinate's law is not N(0, 1)"),
        ("norms", "simple", normality.norms_test(z), "norms do not follow the chi-square law"),
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
        tests.append(("correlations", "simple", normality.correlations_test(z), "two coordinates are correlated"))
    return tests


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
    return {
        "d2": mehler_divergence(z, TEST_SIGMA),
        "sliced_w2": sliced_wasserstein(z, seed=seed),
        "mean_error": float(np.abs(z.mean(0)).max()),
        "variance_error": normality.variances_test(z).statistic,
        "correlation_error": normality.correlations_test(z).statistic if z.shape[1] > 1 else 0.0,
        "effective_rank": effective_rank(z),
    }
