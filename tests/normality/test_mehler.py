"""Effect sizes against closed forms."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from noisedim.errors import InvalidInputError
from noisedim.normality.mehler import log_mean_kernel, mehler_divergence
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.summaries.spectrum import effective_rank
from noisedim.theory.bounds import gaussian_dual_kernel


def renyi_2(variance, sigma):
    """D₂(N(0, v+σ²) ‖ N(0, 1+σ²)) by quadrature, nats."""
    p, q = stats.norm(0, math.sqrt(variance + sigma**2)), stats.norm(0, math.sqrt(1 + sigma**2))
    return math.log(integrate.quad(lambda x: math.exp(2 * p.logpdf(x) - q.logpdf(x)), -30, 30)[0])


@pytest.mark.parametrize("sigma", [0.5, 1.0])
@pytest.mark.parametrize("variance", [1.0, 0.5, 1.4])
def test_mehler_divergence_is_renyis(variance, sigma):
    z = math.sqrt(variance) * np.random.default_rng(0).standard_normal((4000, 1))
    found = mehler_divergence(z, sigma, level=0.999999)
    assert found.lower - 0.01 <= renyi_2(variance, sigma) <= found.upper + 0.01


def test_mean_kernel_agrees_with_the_kernel_matrix():
    z = np.random.default_rng(1).standard_normal((1500, 3))
    for sigma in (0.03, 0.3, 1.0):
        kernel = np.exp(gaussian_dual_kernel(z, z, sigma))
        expected = (kernel.sum() - np.trace(kernel)) / (1500 * 1499) - 1
        assert math.expm1(log_mean_kernel(z, sigma)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def log_mean(z, sigma):
    """By the definition, without the diagonal, in logs."""
    kernel = gaussian_dual_kernel(z, z, sigma)
    return special.logsumexp(kernel[~np.eye(len(z), dtype=bool)]) - math.log(len(z) * (len(z) - 1))


def outlier(n, d, at):
    z = np.random.default_rng(4).standard_normal((n, d))
    z[0] = at
    return z


@pytest.mark.parametrize(
    "z",
    [
        outlier(300, 2, 9.0),  # κ(a, a) = e^54: a subtracted diagonal leaves no digit of the rest
        outlier(300, 128, 1.0),  # κ(a, a) = e^43 for every row
        outlier(1500, 64, 1.0),
        100 + outlier(200, 2, 1.0),  # e^3333
        1e4 * outlier(100, 3, 1.0),
        np.array([[5.0, 0], [-5.0, 0], [0, 5.0]]),
    ],
)
def test_mean_kernel_of_outliers_and_of_many_dimensions(z):
    expected = log_mean(z, 1.0)
    assert log_mean_kernel(z, 1.0) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    found = mehler_divergence(z, 1.0)
    assert found.estimate == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert math.isfinite(found.lower)
    assert found.lower <= found.estimate <= found.upper


def test_jackknife_is_that_of_the_definition():
    z = outlier(30, 2, 1.0)
    logs = np.array([log_mean(np.delete(z, i, axis=0), 0.7) for i in range(30)])
    half = stats.t.ppf(0.975, 29) * math.sqrt(29 / 30 * ((logs - logs.mean()) ** 2).sum())
    found = mehler_divergence(z, 0.7)
    assert (found.upper - found.lower) / 2 == pytest.approx(half, rel=1e-9)


def test_bad_input():
    with pytest.raises(InvalidInputError, match=r"within ±1e\+100"):
        mehler_divergence(outlier(50, 2, 1e200), 1.0)
    with pytest.raises(InvalidInputError, match="sigma must be a finite number > 0"):
        mehler_divergence(outlier(50, 2, 1.0), 0.0)


def test_effective_rank():
    rng = np.random.default_rng(3)
    assert effective_rank(rng.standard_normal((5000, 8))) == pytest.approx(8, abs=0.05)
    line = rng.standard_normal((100, 1)) @ np.ones((1, 5))
    assert effective_rank(line) == pytest.approx(1, abs=1e-6)
    assert effective_rank(np.ones((10, 3))) == 0.0


def test_directions_are_unit_vectors():
    unit = random_directions(5, 100, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1)
    assert random_directions(1, 7, np.random.default_rng(0)).shape == (1, 1)
