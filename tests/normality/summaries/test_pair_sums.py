"""Sums over pairs in single precision: how far from double, in units of what each statistic varies by under its null."""

import numpy as np
import pytest
import torch

from noisedim.normality.henze_zirkler import henze_zirkler_statistic
from noisedim.normality.summaries import pair_sums
from noisedim.normality.summaries.pair_sums import distance_sum, pair_sum
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests import calibrated_tests
from noisedim.streams import numpy_stream


def rows(law: str, n: int, dim: int) -> np.ndarray:
    rng = numpy_stream(n + dim, f"test of pair sums, {law}")
    if law == "normal":
        return rng.standard_normal((n, dim))
    if law == "t with 5 degrees":
        return rng.standard_t(5, (n, dim)) / np.sqrt(5 / 3)
    return rng.standard_normal((10, dim))[rng.integers(0, 10, n)] + 0.05 * rng.standard_normal((n, dim))


def in_both(monkeypatch, name: str, z: np.ndarray) -> tuple[float, float, float]:
    """The statistic in single and in double precision, and its standard deviation under the null."""
    (test,) = [test for null in ("simple", "composite") for test in calibrated_tests(null) if test.name == name]
    if test.null == "composite":
        z = whiten(z)
    single = test.single(z)
    with monkeypatch.context() as patch:
        patch.setattr(pair_sums, "_SINGLE_ROWS", (len(z) + 1, 0))
        double = test.single(z)
    return single, double, test.moments(*z.shape)[1]


@pytest.mark.parametrize("dim", [3, 16, 64, 128])
@pytest.mark.parametrize("name", ["bhep", "energy", "henze_zirkler"])
def test_rounding_is_a_thousandth_of_the_nulls_scatter(monkeypatch, name, dim):
    single, double, deviation = in_both(monkeypatch, name, rows("normal", 4096, dim))
    assert single != double
    assert abs(single - double) < 1e-3 * deviation


@pytest.mark.slow
def test_rounding_in_the_far_corner(monkeypatch):
    """Of the range of rows and coordinates, where the sum is the largest and varies the least."""
    single, double, deviation = in_both(monkeypatch, "bhep", rows("normal", 12_288, 128))
    assert 0 < abs(single - double) < 2e-3 * deviation


def test_a_block_of_the_largest_exponents_is_finite():
    z = torch.zeros(2048, 3, dtype=torch.float64)
    weights = torch.full((2048,), 74.9 / 2, dtype=torch.float64)
    found = pair_sum(z, weights, single=True)
    assert found != pair_sum(z, weights)  # in single precision indeed
    assert found == pytest.approx(2048 * 2047 * np.exp(74.9), rel=1e-5)


@pytest.mark.parametrize("law", ["t with 5 degrees", "clusters"])
@pytest.mark.parametrize("name", ["bhep", "energy", "henze_zirkler"])
def test_rounding_is_nothing_where_the_law_departs(monkeypatch, name, law):
    single, double, deviation = in_both(monkeypatch, name, rows(law, 4096, 16))
    assert abs(double) > 5 * deviation
    assert single == pytest.approx(double, rel=1e-5)


@pytest.mark.parametrize("name", ["bhep_composite", "energy_composite"])
def test_statistics_that_vary_little_stay_double(monkeypatch, name):
    single, double, _ = in_both(monkeypatch, name, rows("normal", 2048, 64))
    assert single == double


@pytest.mark.parametrize(
    "change", ["few rows", "many rows", "few dimensions", "many dimensions", "a row far out", "a large exponent"]
)
def test_outside_its_range_all_is_double(change):
    n = {"few rows": 2047, "many rows": 12_289}.get(change, 2048)
    z = torch.from_numpy(rows("normal", n, {"few dimensions": 2, "many dimensions": 129}.get(change, 8)))
    weights = -z.square().sum(1) / 2
    if change == "a row far out":
        z[0, 0] = 30.0
    elif change == "a large exponent":
        weights[0] += 60
        weights[1] += 60
    assert pair_sum(z, weights, single=True) == pair_sum(z, weights)
    if change != "a large exponent":
        assert distance_sum(z, single=True) == distance_sum(z)


def test_the_statistic_that_is_asked_for_is_double(monkeypatch):
    z = rows("normal", 2048, 4)
    found = henze_zirkler_statistic(z)
    monkeypatch.setattr(pair_sums, "_SINGLE_ROWS", (10**6, 0))
    assert found == henze_zirkler_statistic(z)
