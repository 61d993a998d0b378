"""Tests of normality: exact levels against their laws, power against negative controls, the index as an index."""

import itertools
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from noisedim.errors import InvalidInputError
from noisedim.normality import projections
from noisedim.normality.henze_zirkler import henze_zirkler
from noisedim.normality.tests import calibrated, exact
from noisedim.normality.tests.shapiro import shapiro_wilk
from noisedim.statistics import combining

DIM = 2
VARIABLE = ("dagostino", "shapiro")
EXACT = {
    "mean": exact.mean,
    "scale": exact.scale,
    "extremes": exact.extremes,
    "variances": exact.variances,
    "coordinates": exact.coordinates,
    "norms": exact.norms,
    "correlations": exact.correlations,
}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_holm_agrees_with_statsmodels(p):
    # statsmodels collects garbage in each call: half a second where all tests are loaded.
    with mock.patch("gc.collect"):
        theirs = multipletests(p, method="holm")[1]
    np.testing.assert_allclose(combining.holm(p), theirs, atol=1e-12)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=6), st.floats(1, 6))
@settings(max_examples=100, deadline=None)
def test_weighted_holm_is_the_closure_of_bonferroni(tests, most):
    """Each set of nulls is tested by Bonferroni, at its level; a null is rejected where all sets that hold it are."""
    p, w = np.array(tests).T
    for bound in (np.inf, most):
        expected = np.zeros(len(p))
        for size in range(1, len(p) + 1):
            for chosen in map(list, itertools.combinations(range(len(p)), size)):
                own = (p[chosen] / w[chosen]).min() * min(w[chosen].sum(), bound)
                expected[chosen] = np.maximum(expected[chosen], min(1.0, own))
        found = combining.holm(p, weights=w, most=lambda q, bound=bound: np.full(len(q), bound))
        np.testing.assert_allclose(found, np.maximum(expected, p), rtol=1e-9)


def test_weighted_holm_keeps_its_level_and_says_what_weights_are():
    # Independent nulls of very different weights: at least one is rejected in 1 − Π(1 − α wᵢ/Σw) of samples, just below α.
    rng, w = np.random.default_rng(0), np.array([1.0, 1.0, 0.1, 0.1])
    rejected = sum((combining.holm(p, weights=w) <= 0.05).any() for p in rng.random((10_000, 4)))
    exact = 1 - np.prod(1 - 0.05 * w / w.sum())
    assert stats.binomtest(int(rejected), 10_000, exact).pvalue > 1e-6
    np.testing.assert_array_equal(combining.holm([0.02, 0.5], weights=[1, 1]), combining.holm([0.02, 0.5]))
    for bad in ([1.0], [1.0, 0.0], [1.0, 2.0], [1.0, np.nan]):
        with pytest.raises(InvalidInputError, match="weights"):
            combining.holm([0.1, 0.2], weights=bad)


@pytest.mark.parametrize("name", EXACT)
def test_level_under_the_prior(name):
    # 2,000 samples: the rate of p <= 0.05 must not exceed its upper Clopper–Pearson limit at 1e-6; where the test is not
    # a Bonferroni bound, p is uniform.
    rng = np.random.default_rng(0)
    p = np.array([EXACT[name](rng.standard_normal((40, DIM))).p_value for _ in range(2000)])
    assert stats.binomtest(int((p <= 0.05).sum()), 2000, 0.05, alternative="greater").pvalue > 1e-6
    if name != "correlations" or DIM == 2:  # beyond two dimensions, Bonferroni's bound
        assert stats.kstest(p, "uniform").pvalue > 1e-6


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("mean", lambda z: z + np.array([0.15, 0])),
        ("variances", lambda z: z * [1.1, 1]),
        ("variances", lambda z: z * [0.9, 1]),
        ("coordinates", lambda z: np.column_stack([z[:, 0], np.sign(z[:, 1])])),
        ("norms", lambda z: z / np.linalg.norm(z, axis=1, keepdims=True) * np.sqrt(2)),
        ("correlations", lambda z: np.column_stack([z[:, 0], 0.2 * z[:, 0] + z[:, 1]])),
    ],
)
def test_negative_controls_fail(name, spoil):
    z = np.random.default_rng(1).standard_normal((3000, 2))
    assert EXACT[name](z).p_value > 1e-6
    assert EXACT[name](spoil(z)).p_value < 1e-6
    assert EXACT[name](spoil(z)).statistic > EXACT[name](z).statistic


def test_gaussian_marginals_with_another_joint_law():
    # Uncorrelated standard normal marginals, not jointly normal: only tests of the joint law may see it.
    rng = np.random.default_rng(2)
    x = rng.standard_normal(2000)
    z = np.column_stack([x, x * rng.choice([-1, 1], 2000)])
    assert exact.coordinates(z).p_value > 1e-6
    assert exact.norms(z).p_value < 1e-6


def test_index_is_about_one_half_for_the_prior_and_low_far_from_it(tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    rng = np.random.default_rng(4)
    normal = projections.paper_indices(rng.standard_normal((2000, 2)))
    assert set(normal) == {"dagostino", "shapiro", "henze_zirkler"}
    for interval in normal.values():
        assert interval.n == 40
        # The mean of 40 p-values of standard deviation 0.29 at most: 0.3 is beyond six standard errors.
        assert interval.estimate == pytest.approx(0.5, abs=0.3)
    for interval in projections.paper_indices(rng.uniform(-1, 1, (2000, 2))).values():
        assert interval.estimate < 0.35


def test_the_interval_of_an_index_is_of_p_values():
    z = np.random.default_rng(8).standard_normal((100, 2))
    for parts in (1, 2):  # Student's t on one degree of freedom reaches far beyond
        for interval in projections.paper_indices(z, parts=parts, joint=False).values():
            assert 0 <= interval.lower <= interval.estimate <= interval.upper <= 1


def test_index_is_no_test():
    # t with 10 degrees of freedom: the index is far from zero, although the whole sample is rejected beyond doubt.
    z = np.random.default_rng(5).standard_t(10, (5000, 1)) / np.sqrt(10 / 8)
    p = stats.normaltest(z[:, 0]).pvalue
    parts = stats.normaltest(z[:, 0].reshape(-1, 50), axis=1).pvalue
    assert p < 1e-6
    assert parts.mean() > 0.25


@pytest.mark.parametrize("n", [12, 20, 51, 1797, 5000])
def test_shapiro_wilk_agrees_with_scipy(n):
    rng = np.random.default_rng(n)
    x = np.stack([rng.standard_normal(n), rng.exponential(size=n), 1e6 + rng.uniform(size=n)])
    w, p = shapiro_wilk(x, axis=1)
    for i, row in enumerate(x):
        reference = stats.shapiro(row)
        assert w[i] == pytest.approx(reference.statistic, abs=1e-8)
        assert p[i] == pytest.approx(reference.pvalue, rel=1e-5)
    np.testing.assert_array_equal(shapiro_wilk(x.T, axis=0)[1], p)


def test_shapiro_wilk_has_no_p_value_where_none_was_fitted():
    w, p = shapiro_wilk(np.random.default_rng(0).standard_normal(5001))
    assert 0.99 < w < 1
    assert np.isnan(p)


def test_index_of_parts_that_no_normal_law_has(tmp_path, monkeypatch):
    # A coordinate that is nearly always zero is constant in most parts: no error, but a low index.
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    rng = np.random.default_rng(9)
    z = rng.standard_normal((500, 2))
    z[:, 1] *= rng.random(500) < 0.02
    index = projections.paper_indices(z, parts=7)
    assert index["henze_zirkler"].n == 7
    assert index["henze_zirkler"].estimate < 0.05
    constant = projections.paper_indices(np.full((100, 2), 0.1))
    assert [interval.estimate for interval in constant.values()] == [0, 0, 0]


@pytest.mark.parametrize("scale", [1e-200, 1e9, 1e200])
def test_index_and_correlations_at_any_scale(scale, tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    z = np.random.default_rng(10).standard_normal((200, 2))
    near, far = (projections.paper_indices(x) for x in (z, scale * z))
    for name, interval in near.items():
        assert far[name].estimate == pytest.approx(interval.estimate, rel=1e-6)
    assert exact.correlations(scale * z).statistic == pytest.approx(exact.correlations(z).statistic)


@pytest.mark.parametrize("test", VARIABLE)
def test_projection_statistics_do_not_depend_on_place_and_scale(test):
    z = np.random.default_rng(6).standard_normal((200, 3))
    a, b = (projections.projections_test(x, calibrated(test), np.random.default_rng(0)) for x in (z, 5 * z + 2))
    assert a.statistic == pytest.approx(b.statistic, rel=1e-6)
    assert a.p_value == pytest.approx(b.p_value, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("test", VARIABLE)
@pytest.mark.parametrize(("n", "d"), [(20, 30), (100, 3)])
def test_level_of_projections(test, n, d):
    # Orthogonal projections of N(0, I) are independent: p is uniform, whatever d, up to the tables' stated error.
    rng = np.random.default_rng(12)
    p = [projections.projections_test(rng.standard_normal((n, d)), calibrated(test), rng).p_value for _ in range(1500)]
    assert stats.kstest(p, "uniform").pvalue > 1e-6


def test_a_constant_projection_is_no_normal_laws():
    z = np.zeros((30, 1))
    assert projections.projections_test(z, calibrated("shapiro"), np.random.default_rng(0)).p_value == 0.0


@pytest.mark.parametrize(("name", "reference"), [("coordinates", "norm"), ("norms", None)])
def test_kolmogorov_smirnov_agrees_with_scipy(name, reference):
    z = np.random.default_rng(13).standard_normal((300, 1)) * 1.1
    values, law = (z[:, 0], reference) if reference else (z[:, 0] ** 2, stats.chi2(1).cdf)
    expected = stats.kstest(values, law)
    assert EXACT[name](z).statistic == pytest.approx(expected.statistic)
    assert EXACT[name](z).p_value == pytest.approx(expected.pvalue, rel=1e-9)


@given(st.floats(1e-9, 1), st.integers(1, 500))
@settings(max_examples=50, deadline=None)
def test_sidak_is_below_bonferroni_and_exact_for_independent_values(p, count):
    assert combining.sidak(p, count) <= combining.bonferroni(p, count) + 1e-15
    assert combining.sidak(p, count) == pytest.approx(1 - (1 - p) ** count, rel=1e-6, abs=1e-12)


def test_bad_input():
    with pytest.raises(InvalidInputError, match="at least 2 coordinates"):
        exact.correlations(np.zeros((5, 1)))
    with pytest.raises(InvalidInputError, match="coordinate 1 is constant"):
        exact.correlations(np.column_stack([np.arange(5.0), np.ones(5)]))
    with pytest.raises(InvalidInputError, match="at least 50 rows for parts=1 of part_size=50; got 30"):
        projections.paper_indices(np.zeros((30, 2)))
    with pytest.raises(InvalidInputError, match="part_size must be an integer >= 65"):
        projections.paper_indices(np.zeros((300, 64)))
    with pytest.raises(InvalidInputError, match="at least 250 rows for parts=5"):
        projections.paper_indices(np.zeros((249, 2)), parts=5)
    with pytest.raises(InvalidInputError, match="at most 5000"):
        projections.paper_indices(np.zeros((9000, 2)), part_size=5001)
    with pytest.raises(InvalidInputError, match="at least 12 values; got 11"):
        shapiro_wilk(np.arange(11.0))


@pytest.mark.parametrize("dim", [1, 3])
def test_the_index_takes_henze_and_zirklers_test_of_each_part(dim):
    parts = np.random.default_rng(dim).gamma(2, size=(5, 40, dim))
    parts[3] = 1e90 * parts[0] - 1e91
    found = projections._joint_p_values(parts)
    assert found == pytest.approx([henze_zirkler(part).p_value for part in parts], rel=1e-6)
    parts[1, :, 0], parts[2] = 7.0, parts[2, :, :1] * np.arange(1, dim + 1)
    degenerate = projections._joint_p_values(parts)
    assert list(np.flatnonzero(degenerate == 0)) == ([1] if dim == 1 else [1, 2])
    assert degenerate[[0, 3, 4]] == pytest.approx(found[[0, 3, 4]])
