"""How many independent tests the battery amounts to: fewer than it holds, because tests see the same departures.

Holm's procedure, which holds under any dependence, rejected 1.7% to 3.6% of normal samples at 5% up to d = 16. How many tests
it counts too many was measured on the smallest p-value of whole batteries on 1,500 to 2,000 normal samples of each shape
(n = 50, 200, 1000; d = 1, 2, 8, 16; both nulls): with m tests, P(min p ≤ t) is at most (m − surplus)·t near t = 0.05/m.
Beyond d = 32 the surplus is that of the two tests of equal rows and values, whose p-values are bounds that normal samples
do not bring near a level.

For any part of the tests whose weights sum to r, P(min p/weight ≤ t) ≤ min(r, m − surplus)·t, where m counts all of the
null's tests: leaving tests out keeps the error, weights below 1 raise p-values, and stepping down as Holm does keeps the error
for every test. Tests depend less in the tails: the surplus falls to 0 at p = 1e-4, and below the procedure is Holm's.

Where few tests can be run, as of the composite null at n = 200, d = 128, or n = 1,000, d = 256 and more, two of the 5 or 6 are
those of equal rows and values. Counted in full, they took a third of the level: at most 3% to 3.3% of normal samples could be
rejected at 5%. So they have a weight of a tenth in Holm's procedure, fixed in advance, and their p-values count ten times,
which what they look for does not notice: at n = 200, d = 128 it rejects 3.9% of 1,000 samples, where it rejected 2.6% of the
same. To leave them out where they cannot reach a level (Tarone 1990, Biometrics 46, 515–522) would not be exact: the p-value
of equal rows is continuous, that of equal values has no useful minimum.
"""

import math

import numpy as np

from noisedim.normality.tests import TESTS
from noisedim.normality.tests.base import CalibratedTest, ExactTest, ImpossibilityTest, ProjectionTest, Test

__all__ = ["independent_tests", "largest_battery"]

# By log₂ d, linear between, constant beyond.
_SURPLUS = {
    "simple": ((0.0, 9.0), (1.0, 9.0), (3.0, 6.5), (4.0, 3.5), (5.0, 2.0)),
    "composite": ((0.0, 6.5), (1.0, 4.5), (3.0, 2.5), (4.0, 2.5), (5.0, 2.0)),
}
_INDEPENDENT_BELOW, _FULL_ABOVE = 1e-4, 2e-3


def _takes_part(test: Test, null: str) -> bool:
    if isinstance(test, ImpossibilityTest) or test.null in ("uniform", "one_dimensional"):
        return False
    if isinstance(test, CalibratedTest):
        return test.null == null or test.in_every_battery
    if isinstance(test, ProjectionTest):
        return test.onto == "random" or test.null == null
    return isinstance(test, ExactTest) and test.null == null


def largest_battery(null: str, dim: int, *, uniform: bool = False) -> int:
    """How many tests a battery of this null can hold in ``dim`` dimensions; with ``uniform``, those of U[0, 1]^d besides."""
    others = sum(test.null == "uniform" and dim >= test.least_dim for test in TESTS) if uniform else 0
    return sum(_takes_part(test, null) and dim >= test.least_dim for test in TESTS) + others


def independent_tests(p_values: np.ndarray, null: str, dim: int, *, others: int = 0) -> np.ndarray:
    """m such that P(min p ≤ p) ≤ m·p over all tests of this null, for each of the p-values.

    Args:
        p_values: (k,) of tests.
        null: ``simple`` or ``composite``.
        dim: coordinates.
        others: tests beyond those of the null, which are counted in full.
    """
    levels, surplus = zip(*_SURPLUS[null], strict=True)
    most = float(np.interp(math.log2(dim), levels, surplus))
    logs = np.log(np.maximum(p_values, 1e-300))
    ends = math.log(_INDEPENDENT_BELOW), math.log(_FULL_ABOVE)
    return np.asarray(largest_battery(null, dim) + others - np.interp(logs, ends, (0.0, most)))
