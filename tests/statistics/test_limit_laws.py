"""Limit laws: exact moments, other ways to the same eigenvalues, and the shipped tables far out in n."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import comb

from noisedim.statistics import scaling
from noisedim.statistics.intervals import clopper_pearson
from noisedim.statistics.limit_laws import Spectrum, limit_quantiles, limit_spectrum, limit_tail
from noisedim.statistics.null_laws import normal_null
from noisedim.statistics.null_quantiles import PROBABILITIES, table_p_values

VERY_MANY = 10**12


@pytest.mark.parametrize("dim", [1, 2, 3, 16, 64, 65, 128, 512])
def test_traces_are_the_exact_moments(dim):
    mean, deviation = scaling.bhep_moments(VERY_MANY, dim, scaling.bhep_beta(dim))
    bhep = limit_spectrum("bhep", dim)
    assert math.sqrt(2 * bhep.square) == pytest.approx(deviation, rel=1e-9)
    assert bhep.trace == pytest.approx(mean, rel=2e-4)  # many tiny eigenvalues of high degree are left out
    mehler = limit_spectrum("mehler", dim)
    exact = scaling.mehler_moments(VERY_MANY, dim, scaling.mehler_test_sigma(dim))[1]
    assert math.sqrt(2 * mehler.square) == pytest.approx(exact, rel=1e-9)
    energy = limit_spectrum("energy", dim)
    # A kernel with a kink: quadrature is less exact on the line.
    assert math.sqrt(2 * energy.square) == pytest.approx(
        scaling.energy_moments(VERY_MANY, dim)[1], rel=5e-3 if dim == 1 else 2e-4
    )


@pytest.mark.parametrize("dim", [1, 3, 16])
def test_mehlers_eigenvalues_are_powers_with_binomial_multiplicities(dim):
    r = scaling.mehler_ratio(scaling.mehler_test_sigma(dim))
    orders = np.arange(1, 60)
    expected = Spectrum.of(r**orders, comb(orders + dim - 1, dim - 1))
    values = np.array([-1.0, 0.5, 2.0, 4.0, 6.0])
    np.testing.assert_allclose(limit_tail("mehler", dim, values), expected.tail(values), atol=2e-7)


def test_energy_on_the_line_is_a_brownian_bridge():
    # 2∫(F_n − Φ)² dx: the eigenvalues of 2(Φ(min) − ΦΦ) on L²(dx), by another quadrature.
    x, step = np.linspace(-7, 7, 1400, retstep=True)
    low = stats.norm.cdf(np.minimum.outer(x, x)) - np.outer(stats.norm.cdf(x), stats.norm.cdf(x))
    expected = np.sort(np.linalg.eigvalsh(2 * low * step))[::-1][:5]
    found = limit_spectrum("energy", 1)
    eigenvalues = np.sort(found.weights)[::-1][:5] * math.sqrt(2 * found.square)
    np.testing.assert_allclose(eigenvalues, expected, atol=2e-3)


@pytest.mark.parametrize("degrees", [1.0, 5.0, 200.0])
def test_inversion_is_exact_for_a_chi_square(degrees):
    law = Spectrum.of(np.array([0.7]), np.array([degrees]))
    # One degree has a density that is infinite at its end, which is hard to invert: not what tests are like.
    values = np.array([-0.3, 0.5, 2.0, 5.0]) if degrees > 1 else np.array([0.5, 2.0, 5.0])
    exact = stats.chi2.sf(values * math.sqrt(2 * degrees) + degrees, degrees)
    np.testing.assert_allclose(law.tail(values), exact, atol=2e-3 if degrees == 1 else 1e-6)
    if degrees > 1:
        p = np.array([0.9, 0.05, 0.001])
        np.testing.assert_allclose(law.tail(law.quantiles(p)), p, rtol=1e-3)


@pytest.mark.parametrize("dim", [1, 4])
def test_samples_follow_them(dim):
    draws = 2000
    found = normal_null(500, dim, draws, np.random.default_rng([dim, 31]), composite=False)
    for test in ("bhep", "mehler", "energy", "covariance"):
        for p in (0.5, 0.05):
            (quantile,) = limit_quantiles(test, dim, np.array([p]))
            interval = clopper_pearson(int((found[test] > quantile).sum()), draws, level=1 - 1e-5)
            assert interval.lower <= 1.06 * p, (test, p)
            assert interval.upper >= 0.94 * p, (test, p)


def test_unknown_laws_are_not_made_up():
    assert limit_quantiles("henze_zirkler", 2, np.array([0.05])) is None
    assert limit_spectrum("covariance", 2) is None


@pytest.mark.parametrize("test", ["bhep", "mehler", "energy", "covariance", "mardia_kurtosis"])
def test_tables_meet_them_for_very_many_rows(test):
    for dim in (1, 2, 5, 16, 100):
        quantiles = limit_quantiles(test, dim, np.array(PROBABILITIES))
        for p, allowed in ((0.05, 0.01), (0.01, 0.02), (0.001, 0.05)):
            value = float(quantiles[PROBABILITIES.index(p)])
            upper, _ = table_p_values(test, value, 1_000_000, dim)
            assert upper == pytest.approx(p, rel=allowed), (dim, p)
