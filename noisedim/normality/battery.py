"""The battery: all tests that a sample's shape allows, and one family-wise error over them.

Projections, coordinates, pairs of coordinates, norms, extremes and joint tests each see what others are blind to
(statistics.md, rule 9). The family-wise error over all of them is controlled by Holm's procedure, with as many tests as
they amount to (:mod:`noisedim.normality.family`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from noisedim.checks import embedding_matrix, one_of
from noisedim.normality import tests
from noisedim.normality.family import independent_tests
from noisedim.normality.nulls.null_surfaces import table_reaches
from noisedim.normality.p_values import BOUND, CERTAIN, EXACT, Origin, calibrated_p_value, limit_reaches, origin_of
from noisedim.normality.projections import (
    axes_test,
    directions_tested,
    found_directions_test,
    projections_test,
    rows_tested,
)
from noisedim.normality.summaries.sharing import forget, sharing
from noisedim.normality.summaries.whitening import DegenerateCoordinatesError, whiten, whitening_factor
from noisedim.normality.tests.base import CalibratedTest, ExactTest, ImpossibilityTest, Outcome, ProjectionTest, Test
from noisedim.progress import completed_step
from noisedim.statistics import combining
from noisedim.streams import numpy_stream

__all__ = ["BUDGET", "NULLS", "Battery", "Row", "pair_seconds", "run_battery"]

NULLS = ("simple", "composite")
# Rows of a half, on which a test of one variable has its table.
_LEAST_HALF = 20

# Tests in a battery's repr.
_MOST_SHOWN = 3

_NO_TABLE = "the null tables do not reach this n and d; pass `simulations` to calibrate the test"
_ROUNDED = "the rows were rounded before they were mapped to N(0, I), so that equal values say nothing"
# Rough estimates, not measured on this machine: seconds per pair, and per pair and coordinate, on one core.
_PER_PAIR, _PER_PRODUCT = 6e-9, 6e-11
BUDGET = 5.0
"""Default budget in seconds for the tests that sum over all pairs of rows."""


@dataclass(frozen=True)
class Row:
    """One test.

    Attributes:
        test: what was tested.
        null: ``simple``, ``composite`` or ``uniform``.
        outcome: statistic and p-value.
        words: what a small p means.
        calibrated_by: where p comes from.
    """

    test: Test
    null: str
    outcome: Outcome
    words: str
    calibrated_by: Origin

    @property
    def name(self) -> str:
        """Of the test."""
        return self.test.name


@dataclass(frozen=True)
class Battery:
    """All tests of one sample.

    Attributes:
        rows: one per test.
        left_out: tests that cannot be run at this n and d, with the reason.
        cause: why coordinates are degenerate; ``None`` if they are not.
        null: ``simple`` or ``composite``.
        dim: coordinates.
    """

    rows: tuple[Row, ...]
    left_out: dict[str, str]
    cause: str | None
    null: str
    dim: int

    @property
    def p_values(self) -> np.ndarray:
        """In the order of the rows."""
        return np.array([row.outcome.p_value for row in self.rows])

    def adjusted(self) -> np.ndarray:
        """Family-wise p-values in the order of the rows; tests that cannot raise a false alarm are not counted."""
        counted = np.array([not isinstance(row.test, ImpossibilityTest) for row in self.rows])
        others = sum(row.test.null == "uniform" for row in self.rows)

        def most(p_values: np.ndarray) -> np.ndarray:
            return independent_tests(p_values, self.null, self.dim, others=others)

        adjusted = self.p_values.copy()
        weights = np.array([row.test.weight for row in self.rows])
        adjusted[counted] = combining.holm(adjusted[counted], most=most, weights=weights[counted])
        return adjusted

    def __repr__(self) -> str:
        tests = sorted(
            zip(self.adjusted(), self.rows, strict=True), key=lambda pair: (pair[0], pair[1].outcome.p_value)
        )
        listed = ", ".join(f"{row.name} {value:.3g}" for value, row in tests[:_MOST_SHOWN])
        left_out = f"; {len(self.left_out)} left out" if self.left_out else ""
        return f"<Battery: {len(self.rows)} tests of the {self.null} null{left_out}; smallest adjusted p: {listed}>"


def pair_seconds(n: int, dim: int) -> float:
    """About how long one test takes that sums over all pairs of n rows, one core, seconds."""
    return n * n / 2 * (_PER_PAIR + _PER_PRODUCT * dim)


def run_battery(
    z: np.ndarray,
    *,
    null: str = "simple",
    uniform: np.ndarray | None = None,
    seed: int = 0,
    simulations: int | None = None,
    rounded: bool = False,
    budget: float = BUDGET,
) -> Battery:
    """Run all tests that this shape allows, of N(0, I) (``simple``) or of any normal law (``composite``).

    Args:
        z: (n, d) numbers, 20 rows or more.
        null: ``simple`` or ``composite``.
        uniform: the same rows before the probability integral transform, to be tested directly against U[0, 1]^d as well.
        seed: of random projections.
        simulations: null samples for the calibrated tests; if omitted, the shipped tables are used where they reach.
        rounded: the rows were rounded to fewer digits than float64 has and then mapped to N(0, I): tests of equal values
            say nothing.
        budget: seconds that the tests over all pairs of rows may take together; if they are estimated to take longer, they
            are left out, and the reason says how long they would take.

    Raises: InvalidInputError: for anything but a finite matrix of at least 20 rows, or an unknown null.
    """
    one_of("null", null, NULLS)
    z = embedding_matrix("z", z, minimum_rows=20)
    with sharing():
        run = _run(z, null, uniform, seed, simulations, rounded, budget)
    return Battery(tuple(run.rows), run.left_out, run.cause, null, z.shape[1])


def _run(
    z: np.ndarray,
    null: str,
    uniform: np.ndarray | None,
    seed: int,
    simulations: int | None,
    rounded: bool,
    budget: float,
) -> "_Run":
    cause = _degeneracy(z)
    run = _Run(z, cause, null, numpy_stream(seed, "battery"), simulations, rounded, budget)
    for test in tests.TESTS:
        if isinstance(test, ImpossibilityTest) and cause is not None:
            words = f"{cause} (probability 0 under any normal law)"
            run.rows.append(Row(test, null, Outcome(test.measure(z), 0.0), words, CERTAIN))
    for test in tests.TESTS:
        if isinstance(test, ExactTest) and test.null == null:
            run.exact(test)
    if null == "simple":
        run.calibrated(tests.calibrated_tests("simple"), z)
    if uniform is not None:
        run.calibrated(tests.calibrated_tests("uniform"), embedding_matrix("uniform", uniform))
    run.composite()
    for test in tests.TESTS:
        if isinstance(test, ProjectionTest) and cause is None and (test.onto == "random" or test.null == null):
            run.projections(test)
    return run


@dataclass
class _Run:
    """The rows so far, and what the tests are run on."""

    z: np.ndarray
    cause: str | None
    null: str
    rng: np.random.Generator
    simulations: int | None
    rounded: bool
    budget: float

    def __post_init__(self) -> None:
        self.rows: list[Row] = []
        self.left_out: dict[str, str] = {}

    def add(self, test: Test, outcome: Outcome, origin: Origin) -> None:
        words = f"{test.words} ({outcome.note})" if outcome.note else test.words
        self.rows.append(Row(test, test.null, outcome, words, origin))
        completed_step(test.name)

    def exact(self, test: ExactTest) -> None:
        n, dim = self.z.shape
        if dim < test.least_dim or not test.defined(n, dim) or (test.needs_variation and self.cause is not None):
            return
        if test.sees_rounding and self.rounded:
            self.left_out[test.name] = _ROUNDED
            return
        origin = EXACT if test.relative_error is None else Origin("limit", None, test.relative_error)
        self.add(test, test.outcome(self.z), BOUND if test.bound else origin)

    @cached_property
    def dear(self) -> str | None:
        """Why tests over pairs are left out; None if they fit the budget."""
        n, dim = self.z.shape
        chosen = [test for null in {"simple", self.null} for test in tests.calibrated_tests(null) if test.over_pairs]
        seconds = len(chosen) * pair_seconds(n, dim)
        if seconds <= self.budget:
            return None
        return f"the tests over all pairs of rows take about {seconds:.0f} s here, more than the budget of {self.budget:g} s"

    def composite(self) -> None:
        n, dim = self.z.shape
        chosen = [t for t in tests.calibrated_tests("composite") if t.in_every_battery or self.null == "composite"]
        if n <= dim:
            reason = f"whitening needs more rows than coordinates; got n={n}, d={dim}"
            self.left_out |= {test.name: reason for test in chosen}
        else:
            # As large as the rows: made when it is needed, and released then.
            self.calibrated(chosen, whiten(self.z) if self.cause is None else None)
        forget(whiten, self.z)

    def calibrated(self, chosen: Sequence[CalibratedTest], rows: np.ndarray | None) -> None:
        """Tests of ``rows``; without rows (they cannot be whitened), only what the tables do not reach is noted."""
        n, dim = self.z.shape
        for test in chosen:
            if dim < test.least_dim:
                continue
            if test.over_pairs and self.dear is not None:
                self.left_out[test.name] = self.dear
            elif self.simulations is None and not self._has_law(test.name):
                self.left_out[test.name] = _NO_TABLE
            elif rows is not None:
                statistic = test.statistic(rows)
                p_value = calibrated_p_value(test.name, statistic, n, dim, simulations=self.simulations)
                origin = origin_of(test.name, p_value, n, dim, simulations=self.simulations)
                self.add(test, Outcome(statistic, p_value), origin)

    def _has_law(self, name: str) -> bool:
        n, dim = self.z.shape
        return table_reaches(name, n, dim) or limit_reaches(name, n, dim)

    def projections(self, test: ProjectionTest) -> None:
        simple = self.null == "simple"
        n, dim = self.z.shape
        rows, count = rows_tested(n), directions_tested(dim)
        if test.onto == "axes":
            outcome, count = axes_test(self.z, test.variable), dim
        elif test.search is not None:
            if n // 2 < (_LEAST_HALF if simple else max(_LEAST_HALF, 2 * dim)) or dim < test.least_dim:
                return
            rows, count = rows_tested(n - n // 2), min(3, dim)
            stream = numpy_stream(0, test.name)
            outcome = found_directions_test(self.z, test.variable, test.search, stream, independent=simple)
        else:
            outcome = projections_test(self.z, test.variable, self.rng, independent=simple)
        origin = CERTAIN
        if outcome.p_value > 0:
            over: Literal["sidak", "bonferroni"] = "sidak" if simple and test.onto != "axes" else "bonferroni"
            origin = origin_of(test.variable.name, outcome.p_value, rows, 1, count=count, over=over)
        self.add(test, outcome, origin)


def _degeneracy(z: np.ndarray) -> str | None:
    """Why rows cannot be whitened, if their coordinates are constant or, for n > d, linearly dependent."""
    n, dim = z.shape
    if n > dim:
        try:
            whitening_factor(z)
        except DegenerateCoordinatesError as error:
            return error.cause
        return None
    constant = np.flatnonzero(z.min(0) == z.max(0))
    return DegenerateCoordinatesError.constant(constant, dim).cause if len(constant) else None
