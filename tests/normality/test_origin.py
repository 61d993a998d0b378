"""What is said of a p-value's origin is so: samples and errors are those of the tables and of simulations."""

import json
from importlib.resources import files

import numpy as np
import pytest

from noisedim.assessment import assess
from noisedim.normality.nulls.null_samples import SIMULATIONS
from noisedim.normality.nulls.null_surfaces import table_error
from noisedim.normality.p_values import BOUND, CERTAIN, EXACT, calibrated_p_value, origin_of
from noisedim.normality.tests import calibrated_tests


def test_tables_say_their_samples_and_the_error_at_the_level_nearest_to_p():
    with np.load(files("noisedim.normality.nulls") / "tables.npz") as loaded:
        about = json.loads(str(loaded["about"]))["tests"]["bhep"]
    for p, level in ((0.3, "0.05"), (0.04, "0.05"), (0.012, "0.01"), (0.001, "0.001")):
        origin = origin_of("bhep", p, 500, 4)
        assert (origin.method, origin.samples) == ("table", about["samples"])
        assert origin.relative_error == table_error("bhep")[level]
        assert f"{about['samples']:,} samples" in origin.words
    tail = origin_of("bhep", 2e-6, 500, 4)
    assert (tail.method, tail.relative_error) == ("tail", None)
    assert "not below 1e-06" in tail.words


def test_worst_of_several_is_judged_by_the_single_one():
    # p = 0.002 of the worst of eight is a single one of 0.00025, beyond the tables.
    assert origin_of("shapiro", 0.002, 500, 1, count=8, over="sidak").method == "tail"
    assert origin_of("shapiro", 0.002, 500, 1, count=8, over="bonferroni").method == "tail"
    assert origin_of("shapiro", 0.002, 500, 1).method == "table"
    assert "a bound" in origin_of("shapiro", 0.2, 500, 1, count=8, over="bonferroni").words
    # A two-sided test's p is twice a tail's.
    assert origin_of("mardia_kurtosis", 8e-4, 500, 4).method == "tail"
    assert origin_of("mardia_skewness", 8e-4, 500, 4).method == "table"


def test_the_error_of_a_simulation_is_how_its_p_values_spread(tmp_path):
    n, dim, simulations, statistic = 25, 1, 400, 1.0
    found = [
        calibrated_p_value("hermite", statistic, n, dim, simulations=simulations, seed=seed, folder=tmp_path)
        for seed in range(60)
    ]
    stated = origin_of("hermite", float(np.mean(found)), n, dim, simulations=simulations)
    assert (stated.method, stated.samples) == ("simulation", simulations)
    # A standard deviation from 60 values is known to some 9%.
    assert np.std(found) / np.mean(found) == pytest.approx(stated.relative_error, rel=0.4)
    # Beyond the tables' dimensions the default number is made.
    assert origin_of("henze_zirkler", 0.5, 20_000, 100).samples == SIMULATIONS


def test_every_test_of_an_assessment_says_where_its_p_comes_from():
    z = np.random.default_rng(0).standard_normal((300, 3))
    found = {result.name: result.calibrated_by for result in assess(z, n_star=False).results}
    exact = {"mean", "scale", "variances", "coordinates", "norms", "extremes", "worst_variance"}
    assert {name for name, origin in found.items() if origin == EXACT} == exact
    assert found["correlations"] == BOUND
    assert {found[name].method for name in ("bhep", "mehler", "energy", "covariance", "hermite")} <= {"table", "tail"}
    assert found["shapiro_projections"].over == "sidak"
    composite = {result.name: result.calibrated_by for result in assess(z, null="composite", n_star=False).results}
    assert composite["dagostino_projections"].over == "bonferroni"
    simulated = {r.name: r.calibrated_by for r in assess(z[:40, :1], simulations=500, n_star=False).results}
    assert simulated["bhep"].method == "simulation"
    assert simulated["bhep"].samples == 500


@pytest.mark.slow
def test_it_is_said_in_json_table_and_page(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")  # narrower terminals have no room for it
    from noisedim.assessment.table import print_assessment

    z = np.random.default_rng(1).standard_normal((60, 2))
    z = np.column_stack([z, z[:, 0]])
    assessment = assess(z, n_star=False)
    told = json.loads(assessment.to_json())["tests"]
    assert told["rank"]["calibrated_by"]["method"] == CERTAIN.method
    assert told["mean"]["calibrated_by"] == {
        "method": "exact",
        "samples": None,
        "relative_error": None,
        "over": None,
        "words": "exact law",
    }
    frame = assessment.tests.set_index("name")
    assert frame.loc["mean", "calibrated_by"] == "exact law"
    assert frame["calibrated_by"].map(len).min() > 0
    print_assessment(assessment)
    assert "certain" in capsys.readouterr().out
    page = assessment.to_html()
    assert "p comes from" in page
    assert "null table, " in page


def test_no_table_is_said_to_be_exact():
    # What the noise of the cells would hide is not claimed.
    for test in calibrated_tests():
        at_05, at_01, at_001 = (table_error(test.name)[level] for level in ("0.05", "0.01", "0.001"))
        # Laws that are computed have no noise, but are smoothed.
        least = 0.005 if test.contribution is None else 0.001
        assert least < at_05 < at_01 < at_001
