"""The battery: all tests that a sample's shape allows, and one family-wise error over them.

Projections, coordinates, pairs of coordinates, norms, extremes and joint tests each see what others are blind to
(statistics.md, rule 9). Holm's procedure controls the family-wise error over all of them, whatever their dependence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.checks import embedding_matrix, one_of
from noisedim.normality import tests
from noisedim.normality.nulls.null_surfaces import table_reaches
from noisedim.normality.p_values import BOUND, CERTAIN, EXACT, Origin, calibrated_p_value, origin_of
from noisedim.normality.projections import directions_tested, projections_test, rows_tested
from noisedim.normality.tests.base import CalibratedTest, ExactTest, ImpossibilityTest, Outcome, ProjectionTest, Test
from noisedim.normality.whitening import DegenerateCoordinatesError, whiten
from noisedim.progress import completed_step
from noisedim.statistics import combining
from noisedim.streams import numpy_stream

__all__ = ["NULLS", "Battery", "Row", "run_battery"]

NULLS = ("simple", "composite")

_NO_TABLE = "the null tables do not reach this n and d; pass `simulations` to calibrate the test"


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
    """

    rows: tuple[Row, ...]
    left_out: dict[str, str]
    cause: str | None

    @property
    def p_values(self) -> np.ndarray:
        """In the order of the rows."""
        return np.array([row.outcome.p_value for row in self.rows])

    def adjusted(self) -> np.ndarray:
        """Adjusted by Holm, in the order of the rows; tests that cannot raise a false alarm are not counted."""
        counted = np.array([not isinstance(row.test, ImpossibilityTest) for row in self.rows])
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
    """Run all tests that this shape allows, of N(0, I) (``simple``) or of any normal law (``composite``).

    Args:
        z: (n, d) numbers, 20 rows or more.
        null: ``simple`` or ``composite``.
        uniform: the same rows before the probability integral transform, to be tested directly against U[0, 1]^d as well.
        seed: of random projections.
        simulations: null samples for the calibrated tests; if omitted, the shipped tables are used where they reach.

    Raises: InvalidInputError: for anything but a finite matrix of at least 20 rows, or an unknown null.
    """
    one_of("null", null, NULLS)
    z = embedding_matrix("z", z, minimum_rows=20)
    white, cause = _whitened(z)
    run = _Run(z, white, cause, null, numpy_stream(seed, "battery"), simulations)
    for test in tests.TESTS:
        if isinstance(test, ImpossibilityTest) and cause is not None:
            words = f"{cause} (probability 0 under any normal law)"
            run.rows.append(Row(test, null, Outcome(test.measure(z), 0.0), words, CERTAIN))
    if null == "simple":
        for test in tests.TESTS:
            if isinstance(test, ExactTest):
                run.exact(test)
        run.calibrated(tests.calibrated_tests("simple"), z)
    if uniform is not None:
        run.calibrated(tests.calibrated_tests("uniform"), embedding_matrix("uniform", uniform))
    run.composite()
    for test in tests.TESTS:
        if isinstance(test, ProjectionTest) and cause is None:
            run.projections(test)
    return Battery(tuple(run.rows), run.left_out, cause)


@dataclass
class _Run:
    """The rows so far, and what the tests are run on."""

    z: np.ndarray
    white: np.ndarray | None
    cause: str | None
    null: str
    rng: np.random.Generator
    simulations: int | None

    def __post_init__(self) -> None:
        self.rows: list[Row] = []
        self.left_out: dict[str, str] = {}

    def add(self, test: Test, outcome: Outcome, origin: Origin) -> None:
        self.rows.append(Row(test, test.null, outcome, test.words, origin))
        completed_step(test.name)

    def exact(self, test: ExactTest) -> None:
        if self.z.shape[1] >= test.least_dim and not (test.needs_variation and self.cause is not None):
            self.add(test, test.outcome(self.z), BOUND if test.bound else EXACT)

    def composite(self) -> None:
        n, dim = self.z.shape
        chosen = [t for t in tests.calibrated_tests("composite") if t.in_every_battery or self.null == "composite"]
        if n <= dim:
            reason = f"whitening needs more rows than coordinates; got n={n}, d={dim}"
            self.left_out |= {test.name: reason for test in chosen}
        else:
            self.calibrated(chosen, self.white)

    def calibrated(self, chosen: Sequence[CalibratedTest], rows: np.ndarray | None) -> None:
        """Tests of ``rows``; without rows (they cannot be whitened), only what the tables do not reach is noted."""
        n, dim = self.z.shape
        for test in chosen:
            if dim < test.least_dim:
                continue
            if self.simulations is None and not table_reaches(test.name, n, dim):
                self.left_out[test.name] = _NO_TABLE
            elif rows is not None:
                statistic = test.statistic(rows)
                p_value = calibrated_p_value(test.name, statistic, n, dim, simulations=self.simulations)
                origin = origin_of(test.name, p_value, n, dim, simulations=self.simulations)
                self.add(test, Outcome(statistic, p_value), origin)

    def projections(self, test: ProjectionTest) -> None:
        simple = self.null == "simple"
        outcome = projections_test(self.z, test.variable, self.rng, independent=simple)
        origin = CERTAIN
        if outcome.p_value > 0:
            over: Literal["sidak", "bonferroni"] = "sidak" if simple else "bonferroni"
            n, count = rows_tested(len(self.z)), directions_tested(self.z.shape[1])
            origin = origin_of(test.variable.name, outcome.p_value, n, 1, count=count, over=over)
        self.add(test, outcome, origin)


def _whitened(z: np.ndarray) -> tuple[np.ndarray | None, str | None]:
    """Whitened rows, or why they cannot be whitened; neither if n <= d and no coordinate is constant."""
    n, dim = z.shape
    if n > dim:
        try:
            return whiten(z), None
        except DegenerateCoordinatesError as error:
            return None, error.cause
    constant = np.flatnonzero((z == z[0]).all(0))
    return None, DegenerateCoordinatesError.constant(constant, dim).cause if len(constant) else None
