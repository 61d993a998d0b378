"""Against published figures and other implementations, on real data; what affine maps may not change."""

import math

import numpy as np
import pingouin
import pytest
from scipy import stats
from sklearn.datasets import load_iris, load_wine
from statsmodels.stats.stattools import jarque_bera

from noisedim.normality.henze_zirkler import henze_zirkler
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests import calibrated_tests
from noisedim.normality.tests.hermite import hermite_statistic
from noisedim.normality.tests.mardia import mardia_kurtosis, mardia_skewness
from noisedim.normality.tests.pairs.energy import energy_statistic


def test_iris_setosa_as_in_r():
    # R's MVN on the 50 flowers of Iris setosa: Korkmaz, Goksuluk & Zararsiz (2014), The R Journal 6(2), 151–162, and the
    # vignette of its version 5: Mardia 25.66434 (p .1772) and 1.294992, Henze–Zirkler .9488453 (p .04995), and energy's
    # E-statistic 1.203397, which whitens by the unbiased covariance.
    z = load_iris().data[:50]
    n, d = z.shape
    assert mardia_skewness(whiten(z)) == pytest.approx(25.6643445196298, rel=1e-10)
    assert stats.chi2.sf(mardia_skewness(whiten(z)), d * (d + 1) * (d + 2) / 6) == pytest.approx(0.1772, abs=1e-4)
    kurtosis = (mardia_kurtosis(whiten(z)) - d * (d + 2)) / math.sqrt(8 * d * (d + 2) / n)
    assert kurtosis == pytest.approx(1.29499223711605, rel=1e-10)
    found = henze_zirkler(z)
    assert found.statistic == pytest.approx(0.9488453, abs=1e-7)
    assert found.p_value == pytest.approx(0.04995, abs=0.004)  # theirs is the log-normal approximation
    assert energy_statistic(whiten(z) * math.sqrt((n - 1) / n)) == pytest.approx(1.203397, abs=1e-6)


@pytest.mark.parametrize("data", [load_iris().data, load_wine().data[:, :6]])
def test_one_coordinate_is_what_scipy_and_statsmodels_say(data):
    for column in data.T:
        x = column[:, None]
        n = len(x)
        assert mardia_skewness(whiten(x)) == pytest.approx(n / 6 * stats.skew(column) ** 2)
        assert mardia_kurtosis(whiten(x)) == pytest.approx(stats.kurtosis(column) + 3)
        # Of standardised values, third and fourth Hermite moments are skewness and excess kurtosis: Jarque–Bera.
        assert hermite_statistic(whiten(x)) == pytest.approx(jarque_bera(column)[0])
        assert hermite_statistic(whiten(x)) == pytest.approx(stats.jarque_bera(column).statistic)


@pytest.mark.parametrize("data", [load_iris().data, load_wine().data])
def test_calibrated_p_is_near_the_log_normal_one(data):
    centred = data - data.mean(0)
    assert henze_zirkler(data).p_value == pytest.approx(pingouin.multivariate_normality(centred).pval, abs=0.02)


@pytest.mark.parametrize("d", [1, 3, 8])
def test_rotations_places_and_scales_change_no_affine_invariant_statistic(d):
    rng = np.random.default_rng(d)
    z = rng.standard_normal((300, d))
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]

    def statistics(rows):
        return {test.name: test.statistic(whiten(rows)) for test in calibrated_tests("composite")}

    reference = statistics(z)
    for moved in (z @ rotation, z + 1e8, 1e-9 * z, (z + 5).astype(np.float32).astype(np.float64)):
        found = statistics(moved)
        for name in reference:
            if name == "hermite_composite":  # of the coordinates of one whitening: not invariant under rotation
                continue
            assert found[name] == pytest.approx(reference[name], rel=1e-4, abs=1e-5), name
