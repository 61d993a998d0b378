"""All tests of normality. A new one is a file in this folder and a line in :data:`FILES`.

The file ends with ``TESTS``, the records of its tests (:mod:`~noisedim.normality.tests.base`). The battery, null samples,
tables, the audit, the sample size, the origin of p-values and the assessment read them from here. A calibrated test works at
once where ``simulations`` are given; ``python -m noisedim.normality.nulls.build_tables --tests NAME`` adds its null table.
"""

from collections.abc import Iterable
from importlib import import_module

from noisedim.checks import one_of
from noisedim.normality.tests.base import CalibratedTest, Test

__all__ = ["FILES", "TESTS", "calibrated", "calibrated_tests", "load"]

FILES = (
    "exact",
    "pairs.henze_zirkler",
    "pairs.bhep",
    "pairs.mehler",
    "pairs.energy",
    "covariance",
    "hermite",
    "mardia",
    "smooth",
    "dagostino",
    "shapiro",
    "eigenvalues",
    "worst_directions",
    "near_duplicates",
    "atoms",
)


def load(files: Iterable[str]) -> tuple[Test, ...]:
    """The records of these files, in order."""
    return tuple(test for name in files for test in import_module(f"{__name__}.{name}").TESTS)


TESTS = load(FILES)


def calibrated_tests(null: str | None = None) -> tuple[CalibratedTest, ...]:
    """Calibrated tests of this null, or all."""
    return tuple(t for t in TESTS if isinstance(t, CalibratedTest) and (null is None or t.null == null))


def calibrated(name: str) -> CalibratedTest:
    """The calibrated test of this name.

    Raises: InvalidInputError: if there is none.
    """
    tests = {test.name: test for test in calibrated_tests()}
    return tests[one_of("test", name, tests)]
