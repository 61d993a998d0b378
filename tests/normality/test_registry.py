"""The list of tests: consistent with the tables and effect sizes, and a new test takes one file and one line."""

import math
import sys

import numpy as np
import pytest
from scipy import stats

from noisedim.assessment import assess
from noisedim.errors import InvalidInputError
from noisedim.normality import tests
from noisedim.normality.battery import run_battery
from noisedim.normality.effects import EFFECT_WORDS
from noisedim.normality.nulls import build_tables, null_samples, null_surfaces
from noisedim.normality.nulls.build_tables import Cell
from noisedim.normality.nulls.null_samples import null_statistics
from noisedim.normality.nulls.null_surfaces import read_tables, table_p_values, table_reaches
from noisedim.normality.sample_size import sample_size
from noisedim.normality.tests.base import CalibratedTest

# A whole new test: first absolute moments of coordinates.
NEW_FILE = """
import math
import numpy as np
from noisedim.normality.tests.base import CalibratedTest, ChiSquareLimit, SurfaceForm, degenerate_moments

MEAN, VARIANCE = math.sqrt(2 / math.pi), 1 - 2 / math.pi


def statistic(z):
    return len(z) * float(((np.abs(z).mean(0) - MEAN) ** 2).sum()) / VARIANCE


def moments(n, dim):
    # Of g = (|z| - MEAN)/sqrt(VARIANCE): E g^4 by the moments of |z|.
    fourth = (3 - 4 * MEAN * 2 * MEAN + 6 * MEAN**2 - 3 * MEAN**4) / VARIANCE**2
    return degenerate_moments(n, dim, dim * (fourth - 1), dim)


TESTS = (
    CalibratedTest(
        "absolute",
        "simple",
        "a coordinate's first absolute moment is not the normal's",
        "variance_error",
        single=statistic,
        moments=moments,
        limit=ChiSquareLimit(lambda dim: dim),
        table=SurfaceForm(knots=(0.0, 1.0, 2.0), reach=((4, 0, None),)),
    ),
)
"""


@pytest.fixture
def new_test(tmp_path, monkeypatch):
    """The one file and the one line; nothing is left of them afterwards."""
    (tmp_path / "absolute.py").write_text(NEW_FILE)
    monkeypatch.setattr(tests, "__path__", [*tests.__path__, str(tmp_path)])
    monkeypatch.setattr(tests, "TESTS", tests.load((*tests.FILES, "absolute")))
    monkeypatch.setattr(null_samples, "_memory", {})
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path / "cache"))
    yield tests.calibrated("absolute")
    null_surfaces._surfaces.cache_clear()
    null_surfaces._cached.cache_clear()
    del sys.modules["noisedim.normality.tests.absolute"], tests.absolute


def test_a_new_test_is_simulated_and_takes_part_in_the_battery(new_test):
    values = null_statistics("absolute", 60, 2, simulations=2000)
    assert abs(values.mean()) < 5 / math.sqrt(2000)
    assert values.std() == pytest.approx(1, abs=0.15)
    z = np.random.default_rng(0).standard_normal((60, 2))
    assert "tables do not reach" in run_battery(z).left_out["absolute"]
    battery = run_battery(z * [1, 2.0], simulations=399)
    (row,) = [row for row in battery.rows if row.name == "absolute"]
    assert row.words == "a coordinate's first absolute moment is not the normal's"
    assert row.calibrated_by.method == "simulation"
    assert row.outcome.p_value == 1 / 400
    assert sample_size(z, run_battery(z, simulations=399), alpha=0.05)[0].method == "extrapolated"


@pytest.mark.slow
def test_one_command_adds_its_table_and_keeps_the_others(new_test, tmp_path, monkeypatch, capsys):
    cells = [Cell("simple", n, d, 4000) for d in (1, 2, 3, 4) for n in (20, 40, 100, 300)]
    monkeypatch.setattr(build_tables, "plan", lambda: cells)
    before = table_p_values("bhep", 1.5, 50, 2)
    folder, output = tmp_path / "cells", tmp_path / "tables.npz"
    assert build_tables.main(["--cells", str(folder), "--tests", "covariance", "--seconds", "1000"]) == 0
    arguments = ["--cells", str(folder), "--tests", "absolute", "--output", str(output)]
    assert build_tables.main(arguments) == 0
    assert "absolute: relative error of p" in capsys.readouterr().out
    with np.load(folder / f"{cells[0].name}.npz") as stored:  # added to what was there
        assert set(stored.files) == {"covariance", "absolute"}
    with monkeypatch.context() as context:  # nothing is simulated twice
        context.setattr(build_tables, "simulate_cell", lambda *a: pytest.fail("simulated again"))
        assert build_tables.main(arguments) == 0
    with pytest.raises(InvalidInputError, match="test must be one of"):
        build_tables.main(["--cells", str(folder), "--tests", "magic"])

    monkeypatch.setattr(null_surfaces, "_FILE", output)
    null_surfaces._surfaces.cache_clear()
    null_surfaces._cached.cache_clear()
    assert table_p_values("bhep", 1.5, 50, 2) == before
    # At 1,000 rows the law is nearly the limit: an independent closed form.
    for p in (0.5, 0.05, 0.01):
        scaled = (stats.chi2.isf(p, 2) - 2) / 2
        assert table_p_values("absolute", scaled, 1000, 2)[0] == pytest.approx(p, rel=0.15)
    rng = np.random.default_rng(1)
    found = {result.name: result for result in assess(rng.choice([-1.0, 1.0], (400, 2)), n_star=False).results}
    assert found["absolute"].p_value < 1e-3
    assert found["absolute"].effect == "variance_error"
    assert found["absolute"].calibrated_by.method in ("table", "tail")


def test_the_list_is_consistent():
    names = [test.name for test in tests.TESTS]
    assert len(names) == len(set(names))
    for test in tests.TESTS:
        assert test.words
        assert test.effect is None or test.effect in EFFECT_WORDS


def test_the_shipped_tables_have_the_forms_that_the_tests_state():
    about, _ = read_tables()
    assert set(about) == {test.name for test in tests.calibrated_tests()}
    for test in tests.calibrated_tests():
        stated, found = test.form, about[test.name]
        assert (found["knots"], found["terms"]) == (list(stated.knots), list(stated.terms)), test.name
        assert found["reach"] == [list(part) for part in stated.reach]
        assert found["stretched"] == stated.stretched
        assert table_reaches(test.name, 200, max(1, test.least_dim))


def test_a_test_needs_a_statistic_and_a_known_name():
    with pytest.raises(InvalidInputError, match="'empty' needs a statistic"):
        CalibratedTest("empty", "simple", "nothing")
    with pytest.raises(InvalidInputError, match="test must be one of"):
        tests.calibrated("magic")
