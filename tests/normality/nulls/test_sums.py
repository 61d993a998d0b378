"""Laws of sums over coordinates: known closed forms, hermite's law against draws, and its table in the tail."""

import numpy as np
import pytest
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.normality.nulls.null_surfaces import table_p_values
from noisedim.normality.nulls.sums import SumLaw
from noisedim.normality.tests import calibrated, calibrated_tests
from noisedim.normality.tests.base import CalibratedTest, Contribution
from noisedim.normality.tests.hermite import hermite_contribution


def test_a_sum_of_squares_is_chi_square():
    edges = np.linspace(0, 60, 120_001)
    one = Contribution((edges[1:] + edges[:-1] - 2) / np.sqrt(8), np.diff(stats.chi2.cdf(edges, 1)))
    probabilities = np.array([0.95, 0.5, 0.05, 0.001, 0.0005, 1e-4])
    for count in (2, 16, 500):
        law, exact = SumLaw(one, count), stats.chi2(count)
        expected = (exact.isf(probabilities) - count) / np.sqrt(2 * count)
        np.testing.assert_allclose(law.tail(expected), probabilities, rtol=0.02)
        np.testing.assert_allclose(law.quantiles(probabilities), expected, atol=2e-3)


def test_statistics_that_are_sums_are_scaled_as_sums():
    """Mean and variance of d coordinates are d times those of one: the law in d dimensions is the scaled convolution."""
    tests = [test for test in calibrated_tests() if test.contribution is not None]
    assert "hermite" in {test.name for test in tests}
    for test in tests:
        for n, dim in ((20, 3), (1000, 128)):
            mean, deviation = test.moments(n, 1)
            assert test.moments(n, dim) == pytest.approx((dim * mean, dim**0.5 * deviation)), test.name
    with pytest.raises(InvalidInputError, match="is transformed"):
        CalibratedTest(
            name="logarithm",
            null="simple",
            words="none",
            single=np.sum,
            transform=np.log,
            contribution=hermite_contribution,
        )


def hermite(rows):
    """The statistic of each of (m, n, d) samples, by its definition."""
    third, fourth = rows**3 - 3 * rows, rows**4 - 6 * rows**2 + 3
    return rows.shape[1] * (third.mean(1) ** 2 / 6 + fourth.mean(1) ** 2 / 24).sum(1)


@pytest.mark.parametrize(("n", "d", "count"), [(30, 1, 400_000), (250, 1, 100_000), (40, 16, 40_000)])
def test_hermites_law_is_that_of_draws(n, d, count):
    one = hermite_contribution(n)
    assert one.probabilities @ one.values == pytest.approx(0, abs=1e-4)
    assert one.probabilities @ one.values**2 == pytest.approx(1, abs=1e-3)
    rng, test = np.random.default_rng([n, d]), calibrated("hermite")
    law = SumLaw(one, d)
    values = np.concatenate([hermite(rng.standard_normal((count // 50, n, d))) for _ in range(50)])
    values = test.scaled(values, n, d)
    for p in (0.5, 0.05, 0.01, 0.001):
        rate = (values > law.quantiles(np.array([p]))[0]).mean()
        assert abs(rate - p) < 5 * np.sqrt(p / count), (p, rate)


@pytest.mark.parametrize(("n", "d"), [(25, 2000), (220, 128), (1000, 128), (1000, 512)])
def test_hermites_table_holds_in_its_tail(n, d):
    """At n = 1,000, d = 128, a table simulated in cells of 200 to 400 samples stated 7% of a p of .0005."""
    levels = np.array([0.05, 0.01, 0.001, 0.0005, 1e-4])
    stated = [
        table_p_values("hermite", float(q), n, d)[0] for q in SumLaw(hermite_contribution(n), d).quantiles(levels)
    ]
    np.testing.assert_allclose(stated[:4], levels[:4], rtol=0.15)
    assert 0.9 * levels[4] < stated[4] < 2 * levels[4]  # beyond the table: not too small
