"""The battery: which tests there are, against which null, what a small p of each means, and one family-wise error.

Slices, coordinates, pairs of coordinates, norms, extremes and joint tests each see what others are blind to
(statistics.md, rule 9). Holm's procedure holds the family-wise error over all of them, whatever their dependence.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.normality import exact_tests
from noisedim.normality.exact_tests import Outcome
from noisedim.normality.nulls.null_samples import COMPOSITE_TESTS
from noisedim.normality.nulls.null_surfaces import table_reaches
from noisedim.normality.p_value_origin import BOUND, CERTAIN, EXACT, Origin, origin_of
from noisedim.normality.p_values import calibrated_p_value
from noisedim.normality.projections import directions_tested, projections_test, rows_tested
from noisedim.normality.standardised import composite_statistics, simple_statistics, uniform_statistics
from noisedim.normality.whitening import whiten
from noisedim.statistics import combining

__all__ = ["NULLS", "Battery", "Row", "run_battery"]

NULLS = ("simple", "composite")

_WORDS = {
    "rank": "coordinates are constant or linearly dependent, which has probability 0 under the prior",
    "mean": "the mean is not 0",
    "scale": "the mean square of all values is not 1",
    "variances": "a coordinate's variance is not 1",
    "coordinates": "a coordinate's law is not N(0, 1)",
    "norms": "norms do not follow the chi-square law",
    "extremes": "the farthest row is farther out than the prior's ever are",
    "correlations": "two coordinates are correlated",
    "covariance": "the covariance is not I",
    "hermite": "coordinates' third or fourth moments are not the normal's",
    "bhep": "the joint law is not N(0, I) (characteristic functions)",
    "mehler": "some Hermite moment differs from the prior's",
    "energy": "the joint law is not N(0, I) (distances)",
    "henze_zirkler": "the joint law is no normal law (characteristic functions, narrow kernel)",
    "mardia_skewness": "third moments of the joint law are no normal law's",
    "mardia_kurtosis": "Mahalanobis distances are spread unlike a normal law's",
    "dagostino_projections": "a projection's skewness or kurtosis is not the normal's",
    "shapiro_projections": "a projection's order statistics are not the normal's",
    "bhep_composite": "the joint law is no normal law (characteristic functions, wide kernel)",
    "energy_composite": "the joint law is no normal law (distances)",
    "hermite_composite": "whitened coordinates' third or fourth moments are not the normal's",
    "smooth": "a coordinate's law is not U[0, 1]",
    "smooth_pairs": "two coordinates depend on each other",
}
_NO_TABLE = "the null tables do not reach this n and d; `simulations` calibrates it, where it has anything to say"
_COMPOSITE_IN_SIMPLE = ("henze_zirkler", "mardia_skewness", "mardia_kurtosis")


@dataclass(frozen=True)
class Row:
    """One test.

    Attributes:
        name: what is tested.
        null: ``simple``, ``composite`` or ``uniform``.
        outcome: what came out.
        words: what a small p means.
        calibrated_by: where p comes from.
    """

    name: str
    null: str
    outcome: Outcome
    words: str
    calibrated_by: Origin


@dataclass(frozen=True)
class Battery:
    """All tests of one sample.

    Attributes:
        rows: the tests.
        left_out: tests that say nothing at this n and d, with the reason.
        cause: why coordinates are degenerate; ``None`` if they are not.
    """

    rows: tuple[Row, ...]
    left_out: dict[str, str]
    cause: str | None

    @property
    def p_values(self) -> np.ndarray:
        """In the order of the rows."""
        return np.array([row.outcome.p_value for row in self.rows])

    def adjusted(self) -> np.ndarray:
        """Holm's, in the order of the rows. ``rank`` has no false alarm to pay for and is not counted."""
        counted = np.array([row.name != "rank" for row in self.rows])
        adjusted = self.p_values.copy()
        adjusted[counted] = combining.holm(adjusted[counted])
        return adjusted


def run_battery(
    z: np.ndarray,
    *,
    null: str = "simple",
    uniform: np.ndarray | None = None,
    seed: int = 0,
    simulations: int | None = None,
) -> Battery:
    """All tests that this shape allows, of N(0, I) (``simple``) or of any normal law (``composite``).

    Args:
        z: (n, d) float64, finite, 20 rows or more.
        null: ``simple`` or ``composite``.
        uniform: the same rows before the probability integral transform, to be tested against U[0, 1]^d directly too.
        seed: of random projections.
        simulations: null samples of the calibrated tests; the shipped tables where they reach, if omitted.
    """
    collected = _Collected(z.shape[0], z.shape[1], simulations)
    white, cause = _whitened(z)
    rng = np.random.default_rng([seed, 5])
    if cause is not None:
        words = f"{cause}: no normal law does that"
        collected.add("rank", null, Outcome(_rank(z), 0.0), CERTAIN, words)
    if null == "simple":
        _simple(z, collected, cause)
    if uniform is not None:
        for name, value in uniform_statistics(uniform).items():
            collected.calibrated(name, "uniform", value)
    _composite(z, white, collected, wide=null == "composite")
    if cause is None:
        for test in ("dagostino", "shapiro"):
            outcome = projections_test(z, test, rng, independent=null == "simple")
            collected.add(f"{test}_projections", "composite", outcome, _of_projections(test, z, outcome, null))
    return Battery(tuple(collected.rows), collected.left_out, cause)


class _Collected:
    def __init__(self, n: int, dim: int, simulations: int | None) -> None:
        self.n, self.dim, self.simulations = n, dim, simulations
        self.rows: list[Row] = []
        self.left_out: dict[str, str] = {}

    def add(self, name: str, null: str, outcome: Outcome, origin: Origin, words: str | None = None) -> None:
        self.rows.append(Row(name, null, outcome, _WORDS[name] if words is None else words, origin))

    def calibrated(self, name: str, null: str, statistic: float) -> None:
        if self.simulations is None and not table_reaches(name, self.n, self.dim):
            self.left_out[name] = _NO_TABLE
            return
        p_value = calibrated_p_value(name, statistic, self.n, self.dim, simulations=self.simulations)
        origin = origin_of(name, p_value, self.n, self.dim, simulations=self.simulations)
        self.add(name, null, Outcome(statistic, p_value), origin)


def _simple(z: np.ndarray, collected: _Collected, cause: str | None) -> None:
    exact = ("mean", "scale", "variances", "coordinates", "norms", "extremes")
    for name in exact:
        collected.add(name, "simple", getattr(exact_tests, f"{name}_test")(z), EXACT)
    if z.shape[1] > 1 and cause is None:
        collected.add("correlations", "simple", exact_tests.correlations_test(z), BOUND)
    for name, value in simple_statistics(z).items():
        collected.calibrated(name, "simple", value)


def _composite(z: np.ndarray, white: np.ndarray | None, collected: _Collected, *, wide: bool) -> None:
    n, dim = z.shape
    names = [name for name in COMPOSITE_TESTS if wide or name in _COMPOSITE_IN_SIMPLE]
    possible = []
    for name in names:
        if n <= dim:
            collected.left_out[name] = f"whitening needs more rows than coordinates; there are {n} and {dim}"
        elif collected.simulations is None and not table_reaches(name, n, dim):
            collected.left_out[name] = _NO_TABLE
        else:
            possible.append(name)
    if white is not None and possible:
        for name, value in composite_statistics(white, possible).items():
            collected.calibrated(name, "composite", value)


def _of_projections(test: str, z: np.ndarray, outcome: Outcome, null: str) -> Origin:
    if outcome.p_value == 0:
        return CERTAIN
    over: Literal["sidak", "bonferroni"] = "sidak" if null == "simple" else "bonferroni"
    return origin_of(test, outcome.p_value, rows_tested(len(z)), 1, count=directions_tested(z.shape[1]), over=over)


def _whitened(z: np.ndarray) -> tuple[np.ndarray | None, str | None]:
    """Whitened rows, or why there are none; neither where n <= d and no coordinate is constant."""
    n, dim = z.shape
    if n > dim:
        try:
            return whiten(z), None
        except InvalidInputError as error:
            return None, _cause_in_words(str(error))
    constant = np.flatnonzero((z == z[0]).all(0))
    if len(constant):
        return None, f"{len(constant)} of {dim} coordinates are constant, the first is {constant[0]}"
    return None, None


def _cause_in_words(message: str) -> str:
    """What :func:`whiten` found, without what it expected."""
    return message.removeprefix("expected coordinates that vary; ").removeprefix(
        "expected linearly independent coordinates; "
    )


def _rank(z: np.ndarray) -> float:
    centred = z - z.mean(0)
    peak = np.abs(centred).max(0)
    return float(np.linalg.matrix_rank(centred / np.where(peak > 0, peak, 1.0), tol=1e-8 * len(z) ** 0.5))
