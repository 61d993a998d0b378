"""Henze–Zirkler against pingouin and a plain double loop; its laws of invariance; refusals."""

import math
import subprocess
import sys

import numpy as np
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import distance
from sklearn.datasets import load_iris

from noisedim.errors import InvalidInputError
from noisedim.normality.henze_zirkler import henze_zirkler, henze_zirkler_statistic
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests.pairs.bhep import bhep_excess, bhep_statistic
from noisedim.normality.tests.pairs.henze_zirkler import henze_zirkler_beta


def sample(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + rng.standard_normal(d)


@pytest.mark.parametrize(("n", "d"), [(20, 2), (50, 2), (300, 5), (700, 3), (1300, 16)])
def test_agrees_with_pingouin_on_centred_data(n, d):
    z = sample(n, d)
    reference = pingouin.multivariate_normality(z - z.mean(0)).hz
    assert henze_zirkler_statistic(z) == pytest.approx(reference, rel=1e-8)


def test_agrees_with_pingouin_on_iris():
    z = load_iris().data
    assert henze_zirkler_statistic(z) == pytest.approx(pingouin.multivariate_normality(z - z.mean(0)).hz, rel=1e-8)


def test_simple_null_is_the_definition():
    # T = n∫|φ_n(t) − e^{−‖t‖²/2}|² w(t) dt with w the density of N(0, β²I): here by a plain double loop of its closed form.
    z, n, d = sample(30, 2), 30, 2
    beta2 = (((2 * d + 1) * n / 4) ** (1 / (d + 4)) / np.sqrt(2)) ** 2
    double = sum(np.exp(-beta2 / 2 * ((a - b) ** 2).sum()) for a in z for b in z) / n**2
    single = sum(np.exp(-beta2 * (a**2).sum() / (2 * (1 + beta2))) for a in z) / n
    expected = n * (double - 2 * (1 + beta2) ** (-d / 2) * single + (1 + 2 * beta2) ** (-d / 2))
    assert bhep_statistic(z, henze_zirkler_beta(n, d)) == pytest.approx(expected, rel=1e-10)


@given(st.integers(0, 1000), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_affine_maps_change_nothing(seed, d):
    z = sample(60, d, seed)
    rng = np.random.default_rng(seed + 1)
    a = rng.standard_normal((d, d)) + 3 * np.eye(d)
    assert henze_zirkler_statistic(z @ a + 7) == pytest.approx(henze_zirkler_statistic(z), rel=1e-6)


def test_a_huge_offset_changes_nothing():
    z = sample(400, 3)
    assert henze_zirkler_statistic(z + 1e8) == pytest.approx(henze_zirkler_statistic(z), rel=1e-6)
    assert henze_zirkler_statistic((z + 1e3).astype(np.float32)) == pytest.approx(henze_zirkler_statistic(z), rel=1e-2)


@given(st.sampled_from([1e-200, 1e-3, 1e9, 1e200]), st.integers(0, 100))
@settings(max_examples=12, deadline=None)
def test_no_scale_is_too_large_or_too_small(scale, seed):
    z = sample(50, 2, seed)
    assert henze_zirkler_statistic(scale * z) == pytest.approx(henze_zirkler_statistic(z), rel=1e-6)


def bhep_by_differences(z):
    n, d = z.shape
    beta2 = (((2 * d + 1) * n / 4) ** (1 / (d + 4)) / np.sqrt(2)) ** 2
    double = np.exp(-beta2 / 2 * distance.cdist(z, z, "sqeuclidean")).sum() / n
    single = np.exp(-beta2 * (z**2).sum(1) / (2 * (1 + beta2))).sum()
    return double - 2 * (1 + beta2) ** (-d / 2) * single + n * (1 + 2 * beta2) ** (-d / 2)


@pytest.mark.parametrize("n", [60, 700])
@pytest.mark.parametrize("place", [np.s_[:], np.s_[:2], np.s_[5]])
def test_simple_null_far_from_the_origin(n, place):
    # Expanding ‖a − b‖² loses these: all rows at 1e9, two neighbours there, one outlier.
    z = np.random.default_rng(0).standard_normal((n, 2))
    z[place] += 1e9
    beta = henze_zirkler_beta(n, 2)
    assert bhep_statistic(z, beta) == pytest.approx(bhep_by_differences(z), rel=1e-9)
    assert bhep_statistic(1e9 * z, beta) == pytest.approx(bhep_by_differences(1e9 * z), rel=1e-9)


@pytest.mark.slow
def test_extra_memory_is_bounded():
    # Peak memory of the statistic besides its input: far below n² doubles (800 MB).
    script = """
import resource, sys
import numpy as np, scipy.linalg
from noisedim.normality.henze_zirkler import henze_zirkler_statistic
henze_zirkler_statistic(np.random.default_rng(0).standard_normal((3000, 16)))
z = np.random.default_rng(0).standard_normal((10_000, 16))
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
henze_zirkler_statistic(z)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before)
"""
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert int(out) < 100e6


def test_what_varies_keeps_its_digits_in_many_dimensions():
    # At d = 100 the statistic is 1 and some 1e-20: float64 holds that only apart from the 1.
    z = sample(300, 100)
    white, n = whiten(z), 300
    beta2 = henze_zirkler_beta(n, 100) ** 2
    pairs = np.exp(-beta2 / 2 * distance.pdist(white, "sqeuclidean")).sum() * 2
    centre = np.exp(-beta2 * (white**2).sum(1) / (2 * (1 + beta2))).sum()
    expected = pairs / n - 2 * (1 + beta2) ** -50.0 * centre + n * (1 + 2 * beta2) ** -50.0
    assert abs(expected) < 1e-15
    assert bhep_excess(white, math.sqrt(beta2)) * (1 + 2 * beta2) ** -50.0 == pytest.approx(expected, rel=1e-9)
    assert henze_zirkler_statistic(z) == pytest.approx(1.0, abs=1e-13)


def test_whitening():
    white = whiten(sample(200, 4))
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(white.T @ white / 200, np.eye(4), atol=1e-10)


def test_result_and_negative_controls(tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    rng = np.random.default_rng(0)
    result = henze_zirkler(rng.standard_normal((150, 2)), simulations=199)
    assert (result.n, result.dim) == (150, 2)
    assert 1 / 200 <= result.p_value <= 1
    for law in (rng.uniform(-1, 1, (150, 2)), rng.choice([-1.0, 1.0], (150, 2)), rng.standard_t(2, (150, 2))):
        assert henze_zirkler(law, simulations=199).p_value == 1 / 200
        assert henze_zirkler(law).p_value < 1e-3
    assert henze_zirkler(rng.standard_normal((30, 20)), simulations=99).p_value > 0  # n < 2d: no table, simulated


def test_result_holds_the_statistic():
    z = load_iris().data
    assert henze_zirkler(z).statistic == pytest.approx(henze_zirkler_statistic(z), rel=1e-12)
    assert henze_zirkler(z).p_value < 1e-4


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((5, 6)), "more rows than coordinates; got n=5, d=6"),
        (np.column_stack([np.arange(9.0), np.ones(9)]), "1 of 2 coordinates are constant, the first is 1"),
        (np.column_stack([np.arange(9.0), np.arange(9.0)]), "2 coordinates have rank 1; coordinate 1 repeats"),
        (np.arange(27.0).reshape(9, 3) ** 2 @ np.array([[1, 0, 1], [0, 1, 1], [0, 0, 0]]), "3 coordinates have rank 2"),
        (np.full((9, 2), np.nan), "9 of 9 rows hold NaN"),
        (np.arange(9.0), r"shape \(n, d\)"),
        (np.zeros((0, 2)), "at least 2 rows; got 0"),
    ],
)
def test_bad_input(z, message):
    with pytest.raises(InvalidInputError, match=message):
        henze_zirkler_statistic(z)
