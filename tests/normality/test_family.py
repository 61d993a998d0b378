"""The family-wise procedure: Holm's where tests are independent, its level on fresh samples, and for parts of the tests."""

import numpy as np
import pytest
from scipy import stats

from noisedim.normality.audit.measure import read_audit
from noisedim.normality.battery import run_battery
from noisedim.normality.family import independent_tests, largest_battery
from noisedim.normality.tests import TESTS
from noisedim.normality.tests.base import ImpossibilityTest
from noisedim.statistics.combining import holm


def test_no_test_is_counted_more_often_than_there_are_independent_ones():
    p = np.array([0.01, 0.02, 0.2, 0.9])
    np.testing.assert_allclose(holm(p, most=lambda p: np.full(len(p), 2.0)), [0.02, 0.04, 0.4, 0.9])
    np.testing.assert_array_equal(holm(p, most=lambda p: np.full(len(p), 9.0)), holm(p))


@pytest.mark.parametrize("null", ["simple", "composite"])
def test_the_count_rises_with_the_dimension_and_into_the_tail(null):
    p = np.logspace(-8, 0, 400)
    before = 0.0
    for dim in (1, 2, 8, 16, 64, 4096):
        count = independent_tests(p, null, dim)
        assert (np.diff(count * p) > 0).all()  # a smaller p is never adjusted to a larger one
        assert count[0] == largest_battery(null, dim)
        assert count[-1] >= before
        before = count[-1]
    assert independent_tests(p, null, 2, others=2)[-1] == independent_tests(p, null, 2)[-1] + 2


def test_a_part_of_the_tests_is_adjusted_by_no_more_than_the_whole():
    z = np.random.default_rng(0).standard_normal((300, 2))
    whole, part = run_battery(z), run_battery(z, budget=1e-9)
    assert len(part.rows) < len(whole.rows) == largest_battery("simple", 2)
    adjusted = dict(zip((row.name for row in whole.rows), whole.adjusted(), strict=True))
    for row, value in zip(part.rows, part.adjusted(), strict=True):
        assert row.outcome.p_value <= value <= max(1.0, adjusted[row.name])
    assert len(repr(whole).splitlines()) == 1
    assert "23 tests of the simple null" in repr(whole)


def test_tests_of_the_impossible_take_little_of_the_level():
    """Without the tests over pairs and those beyond their tables, two of 5 tests: a sixteenth of the level, not two fifths."""
    light = {test.name for test in TESTS if test.weight < 1}
    assert light == {"atoms", "atoms_composite", "near_duplicates", "near_duplicates_composite"}
    z = np.random.default_rng(1).standard_normal((200, 128))
    battery = run_battery(z, null="composite", budget=1e-9)
    rows = [row for row in battery.rows if not isinstance(row.test, ImpossibilityTest)]
    names = [row.name for row in rows]
    assert len(rows) == 5
    assert light & set(names) == {"atoms_composite", "near_duplicates_composite"}
    p = np.array([row.outcome.p_value for row in rows])
    least = int(np.argmin(p))
    assert names[least] not in light
    assert battery.adjusted().min() == pytest.approx(3.2 * p[least])
    # What they look for is seen all the same.
    z[1] = z[0]
    assert run_battery(z, null="composite", budget=1e-9).adjusted().min() < 1e-9


def test_the_shipped_audit_of_the_family_holds_its_level_and_wastes_little():
    cells = read_audit(family=True)["cells"]
    assert len(cells) >= 20
    for cell in cells:
        # A rate above the level would have to be explained by chance at 1 in 10,000.
        assert stats.binom.sf(cell["counts"]["battery"][0] - 1, cell["trials"], 0.05) > 1e-4, cell
    small = [cell for cell in cells if cell["dim"] <= 16]
    rate = sum(cell["counts"]["battery"][0] for cell in small) / sum(cell["trials"] for cell in small)
    assert 0.035 <= rate <= 0.05
