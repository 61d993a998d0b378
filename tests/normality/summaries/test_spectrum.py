"""The law of extreme eigenvalues, compared with published quantiles and with exact draws of those eigenvalues."""

import bisect
import math

import numpy as np
import pytest
from scipy.linalg import eigh_tridiagonal

from noisedim.normality.summaries.spectrum import (
    largest_eigenvalue_p_value,
    smallest_eigenvalue_p_value,
    spectral_edges,
    tracy_widom_tail,
)

# Bejan (2005), Largest eigenvalues and sample covariance matrices, table of the Tracy–Widom law of order 1.
QUANTILES = {
    0.05: -3.18037997,
    0.5: -1.26857461,
    0.9: 0.45014328,
    0.95: 0.97931605,
    0.99: 2.02344928,
    0.995: 2.42241606,
}


@pytest.mark.parametrize("probability", QUANTILES)
def test_published_quantiles(probability):
    # The publication interpolates between points of a differential equation: four digits hold.
    assert tracy_widom_tail(QUANTILES[probability]) == pytest.approx(1 - probability, abs=3e-5)


def test_tail_falls_and_ends():
    values = np.linspace(-11, 12, 60)
    tails = np.array([tracy_widom_tail(value) for value in values])
    assert (np.diff(tails) <= 0).all()
    assert tracy_widom_tail(-100) == 1.0
    assert tracy_widom_tail(100) == 0.0
    # The leading term of the right tail: exp(−2/3 s^(3/2)) / (4 √π s^(3/4)).
    leading = math.exp(-2 / 3 * 9**1.5) / (4 * math.sqrt(math.pi) * 9**0.75)
    assert tracy_widom_tail(9.0) == pytest.approx(leading, rel=0.05)


def extremes(n, dim, count, rng):
    """Exact draws: the tridiagonal matrix with the spectrum of a Wishart matrix (Dumitriu & Edelman 2002)."""
    found = np.empty((count, 2))
    for i in range(count):
        a = np.sqrt(rng.chisquare(n - np.arange(dim)))
        b = np.sqrt(rng.chisquare(dim - 1 - np.arange(dim - 1)))
        diagonal = a**2
        diagonal[1:] += b**2
        ends = [
            eigh_tridiagonal(diagonal, a[:-1] * b, eigvals_only=True, select="i", select_range=(k, k))[0]
            for k in (0, dim - 1)
        ]
        found[i] = ends
    return found / n


@pytest.mark.parametrize(("n", "dim"), [(20, 2), (50, 16), (110, 100), (1000, 64), (10_000, 128)])
def test_rates_on_exact_draws(n, dim):
    draws = extremes(n, dim, 1500, np.random.default_rng([n, dim]))
    # p is monotone in the eigenvalue, so that the number of p ≤ 0.05 is found by bisection among the sorted draws.
    smallest = bisect.bisect_right(np.sort(draws[:, 0]), 0.05, key=lambda v: smallest_eigenvalue_p_value(v, n, dim))
    largest = bisect.bisect_right(np.sort(draws[:, 1])[::-1], 0.05, key=lambda v: largest_eigenvalue_p_value(v, n, dim))
    for count in (smallest, largest):
        # 0.05 ± 0.015 of error (designed for 30%), and four standard deviations of 1,500 draws.
        assert abs(count / 1500 - 0.05) < 0.015 + 4 * math.sqrt(0.05 * 0.95 / 1500)


def test_rows_and_columns_change_places():
    # ZᵀZ and ZZᵀ have the same nonzero eigenvalues.
    assert largest_eigenvalue_p_value(2.0, 100, 40) == pytest.approx(
        largest_eigenvalue_p_value(2.0 * 100 / 40, 40, 100)
    )


def test_edges_are_those_of_many_rows():
    z = np.random.default_rng(0).standard_normal((4000, 1000))
    values = np.linalg.eigvalsh(z.T @ z / 4000)
    np.testing.assert_allclose(spectral_edges(4000, 1000), [values[0], values[-1]], rtol=0.02)


def test_a_spike_beyond_the_threshold_is_seen_and_one_below_is_not():
    rng = np.random.default_rng(1)
    z = rng.standard_normal((2000, 200))
    for extra, seen in ((3.0, True), (0.2, False)):
        spiked = z * np.where(np.arange(200) == 0, math.sqrt(1 + extra * math.sqrt(0.1)), 1)
        value = float(np.linalg.eigvalsh(spiked.T @ spiked / 2000)[-1])
        assert (largest_eigenvalue_p_value(value, 2000, 200) < 1e-3) is seen
