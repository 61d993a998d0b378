"""Null laws: exact moments against simulation, float32 simulation against the users' float64, tables against fresh samples."""

import itertools

import numpy as np
import pytest
from scipy import integrate, special, stats

from noisedim.normality.nulls import build_tables
from noisedim.normality.nulls.build_tables import Cell, _cell_quantiles, build, simulate_cell
from noisedim.normality.nulls.null_samples import draw_statistics
from noisedim.normality.nulls.null_surfaces import (
    FLOOR,
    PROBABILITIES,
    ordered_outward,
    p_values_at,
    table_error,
    table_p_values,
    table_reaches,
)
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests import calibrated, calibrated_tests
from noisedim.normality.tests.mardia import mardia_kurtosis, mardia_skewness
from noisedim.normality.tests.pairs.energy import energy_statistic, mean_distance_to_normal


class Given:
    """A source of random numbers that gives what it was given."""

    def __init__(self, batch):
        self.batch = batch

    def standard_normal(self, shape):
        return self.batch

    def random(self, shape):
        return self.batch


@pytest.mark.parametrize(("n", "d"), [(40, 1), (60, 2), (300, 16), (300, 100)])
def test_simulated_statistics_are_those_of_users(n, d):
    batch = np.random.default_rng(1).standard_normal((2, n, d))
    for null, given in (("simple", batch), ("composite", batch), ("uniform", special.ndtr(batch))):
        found = draw_statistics(null, n, d, 2, Given(given))
        assert set(found) == {test.name for test in calibrated_tests(null) if test.least_dim <= d}
        for name, values in found.items():
            for value, z in zip(values, given, strict=True):
                expected = calibrated(name).statistic(whiten(z) if null == "composite" else z)
                assert value == pytest.approx(expected, abs=1e-9 * abs(expected) if null == "uniform" else 2e-3), name


@pytest.mark.parametrize(("n", "d"), [(20, 1), (30, 3), (25, 40)])
def test_simple_statistics_have_the_moments_that_the_scaling_says(n, d):
    found = draw_statistics("simple", n, d, 20_000, np.random.default_rng(2))
    found |= draw_statistics("uniform", n, d, 20_000, np.random.default_rng(3))
    for name, values in found.items():
        assert abs(values.mean()) < 7 * values.std() / np.sqrt(len(values)) or name == "mehler", name
        # Variances of heavy-tailed statistics are noisy: five of their own standard errors.
        error = np.sqrt(((values - values.mean()) ** 4).mean() / len(values))
        assert values.var() == pytest.approx(1, abs=5 * error) or name == "mehler", (
            name
        )  # mehler: the log of what is scaled


@pytest.mark.parametrize("d", [1, 2, 7, 120])
def test_mean_distance_to_normal(d):
    for square in (0.0, 0.7 * d, 3.0 * d):
        law = stats.ncx2(d, square) if square else stats.chi2(d)
        expected = integrate.quad(
            lambda w, law=law: np.sqrt(w) * law.pdf(w), 0, 40 * d + 200, limit=400, points=[d + square]
        )[0]
        assert mean_distance_to_normal(np.array([square]), d)[0] == pytest.approx(expected, rel=1e-7)
    far = np.array([1e12])
    assert mean_distance_to_normal(far, d)[0] == pytest.approx(1e6, rel=1e-9)


def test_energy_is_the_definition_and_mardia_too():
    rng = np.random.default_rng(4)
    z = rng.standard_normal((50, 3)) + 0.3
    others = rng.standard_normal((200_000, 3))
    between = np.mean([np.linalg.norm(others - row, axis=1).mean() for row in z])
    within = np.linalg.norm(z[:, None] - z, axis=2).mean()
    among = np.linalg.norm(others[:100_000] - others[100_000:], axis=1).mean()
    assert energy_statistic(z) == pytest.approx(50 * (2 * between - within - among), abs=0.5)
    w = (z - z.mean(0)) @ np.linalg.inv(np.cov(z.T, bias=True)) @ (z - z.mean(0)).T
    assert mardia_skewness(whiten(z)) == pytest.approx(50 / 6 * (w**3).mean())
    assert mardia_kurtosis(whiten(z)) == pytest.approx((np.diag(w) ** 2).mean())


def test_energy_in_one_dimension_is_cramers_distance():
    # n·2∫(F_n − Φ)² dx.
    x = np.sort(np.random.default_rng(5).standard_normal(30))

    def square(t):
        return (np.searchsorted(x, t, side="right") / 30 - special.ndtr(t)) ** 2

    pieces = [-12.0, *x, 12.0]
    total = sum(integrate.quad(square, a, b)[0] for a, b in itertools.pairwise(pieces))
    assert energy_statistic(x[:, None]) == pytest.approx(30 * 2 * total, rel=1e-7)


# Off the cells of the tables: n and d that were not simulated.
@pytest.mark.parametrize(("n", "d"), [(33, 1), (170, 5), (70, 20), (30, 100), (230, 110), (260, 75)])
def test_tables_hold_between_their_cells(n, d):
    count = 2000 if n < 200 else 120
    rng = np.random.default_rng([n, d])
    nulls = ["simple", "uniform", *(["composite"] if n >= 2 * d else []), *(["one_dimensional"] if d == 1 else [])]
    found = {}
    for null in nulls:
        found |= draw_statistics(null, n, d, count, rng)
    for name, values in found.items():
        if not table_reaches(name, n, d):
            continue
        upper, lower = np.array([table_p_values(name, float(value), n, d) for value in values]).T
        for level in (0.05, 0.01):
            slack = 5 * np.sqrt(level / count) + 3 * table_error(name)[str(level)] * level
            assert abs((upper <= level).mean() - level) < slack, (name, level)
            if calibrated(name).two_sided:
                assert abs((lower <= level).mean() - level) < slack, (name, level, "lower")


@pytest.mark.parametrize("d", [1, 3, 16])
def test_tables_meet_the_limit_law_of_many_rows(d):
    # n·b₁/6 is χ² with d(d+1)(d+2)/6 degrees of freedom, and b₂ normal, once there are enough rows.
    degrees = d * (d + 1) * (d + 2) / 6
    for p in (0.05, 0.01):
        scaled = (stats.chi2.isf(p, degrees) - degrees) / np.sqrt(2 * degrees)
        assert table_p_values("mardia_skewness", scaled, 100_000, d)[0] == pytest.approx(p, rel=0.1)
        assert table_p_values("mardia_kurtosis", stats.norm.isf(p), 100_000, d)[0] == pytest.approx(p, rel=0.1)


def test_where_the_tables_reach():
    for name in (test.name for null in ("simple", "uniform") for test in calibrated_tests(null)):
        assert table_reaches(name, 20, 512)
        assert table_reaches(name, 10**7, 2)
        assert not table_reaches(name, 19, 2)
        assert table_reaches(name, 1000, 513) == (name == "hermite")  # a sum, whose law is computed
    for name in (test.name for test in calibrated_tests("composite")):
        assert table_reaches(name, 64, 32)
        assert not table_reaches(name, 63, 32)
    assert table_reaches("henze_zirkler", 100_000, 16)
    assert not table_reaches("henze_zirkler", 100_001, 16)
    assert table_reaches("henze_zirkler", 10_000, 128)
    assert not table_reaches("henze_zirkler", 10_001, 33)
    assert not table_reaches("henze_zirkler", 3 * 100 - 1, 100)  # below, nearest pairs of whitened rows are too few
    assert table_p_values("bhep", 1.0, 19, 2) is None


def test_p_values_fall_with_the_statistic_and_add_up():
    quantiles = stats.norm.ppf(1 - np.array(PROBABILITIES))
    grid = np.linspace(-9, 9, 400)
    upper, lower = np.array([p_values_at(quantiles, x) for x in grid]).T
    assert (np.diff(upper) <= 0).all()
    np.testing.assert_allclose(upper + lower, 1)
    inner = np.abs(grid) < 3.2
    np.testing.assert_allclose(upper[inner], stats.norm.sf(grid[inner]), rtol=0.01)
    assert upper[-1] == FLOOR
    assert (upper >= np.minimum(stats.norm.sf(grid), 0.0005)).all()  # beyond the table: not too small


def test_an_extreme_never_moves_what_is_inside():
    given = np.array([5.0, 1.0, 2.0, 3.0, 4.0, 9.0, 6.0])
    np.testing.assert_array_equal(ordered_outward(given), [1, 1, 2, 3, 4, 9, 9])
    law = stats.gamma(9)
    values = law.rvs(300, random_state=0)
    found = _cell_quantiles(values, np.array(PROBABILITIES))
    assert (np.diff(found) >= 0).all()
    # Of 300 values none is beyond the last quantile: the law's shape stands in.
    np.testing.assert_allclose(found[[0, -1]], law.ppf([0.0005, 0.9995]), rtol=0.15)


def test_a_table_can_be_made(tmp_path, monkeypatch):
    cells = [Cell("one_dimensional", n, 1, 4000) for n in (20, 30, 50, 90, 160, 300, 500)]
    first = simulate_cell(cells[0])
    assert all((np.diff(values) >= 0).all() for values in first.values())
    np.testing.assert_array_equal(simulate_cell(cells[0])["shapiro"], first["shapiro"])  # its stream is its name's
    monkeypatch.setattr(build_tables, "plan", lambda: cells)
    monkeypatch.setattr(build_tables, "_SUM_ROWS", (20,))
    assert build_tables.main(["--cells", str(tmp_path), "--seconds", "0"]) == 1  # some are missing
    assert build_tables.main(["--cells", str(tmp_path), "--output", str(tmp_path / "t.npz")]) == 0
    surface = build(tmp_path, tmp_path / "again.npz")["dagostino"]
    # The limit of K² is χ² with 2 degrees of freedom; at n = 500 nearly so.
    assert surface.quantiles(500, 1)[PROBABILITIES.index(0.05)] == pytest.approx(stats.chi2.ppf(0.95, 2), rel=0.1)
    assert (tmp_path / "again.npz").read_bytes()[:2] == b"PK"
