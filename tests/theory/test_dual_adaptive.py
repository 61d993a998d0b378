"""The adaptive dual's closed forms: ends, answers in kind, gradients, and what is refused."""

import math

import numpy as np
import pytest
import torch

from noisedim.errors import InvalidInputError
from noisedim.theory.bounds import correlated_gaussian_information, gaussian_capacity
from noisedim.theory.dual import gaussian_dual_kernel
from noisedim.theory.dual_adaptive import (
    adaptive_critic,
    adaptive_gaussian_dual,
    adaptive_kernel,
    adaptive_sigma,
    best_correlation,
    gaussian_log_mean_kernel,
    gaussian_positives,
    tilted_row_bound,
)


def rows(n: int = 4, dim: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


@pytest.mark.parametrize("sigma", [1e-6, 0.1, 3.0])
def test_correlation_one_is_theorem_4_1(sigma: float) -> None:
    a = rows()
    b = a + sigma * rows(seed=1)
    assert adaptive_sigma(sigma, 1.0) == sigma
    np.testing.assert_array_equal(adaptive_kernel(a, b, sigma, 1.0), gaussian_dual_kernel(a, b, sigma))
    plain = (
        gaussian_capacity(3, sigma)
        - ((a - b) ** 2).sum(1) / (2 * sigma**2)
        + ((a**2).sum(1) - 3) / (2 * (1 + sigma**2))
    )
    np.testing.assert_allclose(gaussian_positives(a, b, sigma), plain, rtol=1e-9)


@pytest.mark.parametrize("m", [0.0, 0.5, 0.99, 1.0])
def test_the_best_critic_gives_the_information(m: float) -> None:
    assert adaptive_gaussian_dual(4, 0.2, m, m) == pytest.approx(correlated_gaussian_information(4, 0.2, m), rel=1e-12)
    grid = np.linspace(0, 1, 101)
    assert (adaptive_gaussian_dual(4, 0.2, grid, m) <= correlated_gaussian_information(4, 0.2, m) + 1e-12).all()


def test_weak_critics_say_nothing() -> None:
    z, z_prime = rows(), rows(seed=1)
    assert np.abs(gaussian_positives(z, z_prime, 0.3, 1e-9)).max() < 1e-7
    assert np.abs(adaptive_kernel(z, z_prime, 0.3, 1e-9)).max() < 1e-7


@pytest.mark.parametrize("correlation", [0.3, 1.0])
def test_gradients_match_finite_differences(correlation: float) -> None:
    z, z_prime = (torch.tensor(rows(3, 2, seed), requires_grad=True) for seed in (2, 3))
    assert torch.autograd.gradcheck(lambda a, b: gaussian_positives(a, b, 0.5, correlation), (z, z_prime))
    assert torch.autograd.gradcheck(lambda a, b: adaptive_kernel(a, b, 0.5, correlation), (z, z_prime))
    assert torch.autograd.gradcheck(lambda a, b: adaptive_critic(a, b, 0.5, correlation), (z, z_prime))


def test_tensors_keep_their_dtype() -> None:
    z = torch.tensor(rows(), dtype=torch.float32)
    for value in (gaussian_positives(z, z, 0.5, 0.9), adaptive_kernel(z, z, 0.5, 0.9), adaptive_critic(z, z, 0.5, 0.9)):
        assert value.dtype == torch.float32
    assert gaussian_positives(z.tolist(), z.tolist(), 0.5).dtype == np.float64


def test_a_correlation_may_be_a_tensor() -> None:
    z, z_prime = torch.tensor(rows()), torch.tensor(rows(seed=1))
    for function in (gaussian_positives, adaptive_kernel, adaptive_critic, tilted_row_bound):
        rho = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        found = function(z, z_prime, 0.4, rho)
        torch.testing.assert_close(found, function(z, z_prime, 0.4, 0.7), rtol=1e-12, atol=1e-12)
        assert not found.requires_grad
        assert function(z.float(), z_prime.float(), 0.4, rho).dtype == torch.float32
        for bad in (torch.tensor(1.5), torch.tensor(0.0), torch.tensor([0.5, 0.6]), torch.tensor(1)):
            with pytest.raises(InvalidInputError, match="correlation"):
                function(z, z_prime, 0.4, bad)


def test_mean_kernel_is_infinite_from_its_edge_on() -> None:
    assert gaussian_log_mean_kernel(np.eye(3), 0.4) == 0
    assert math.isfinite(gaussian_log_mean_kernel([[2.2499]], 0.5))
    assert gaussian_log_mean_kernel([[2.25]], 0.5) == math.inf
    assert math.isfinite(gaussian_log_mean_kernel([[2.25]], 0.5, 0.9))
    assert gaussian_log_mean_kernel(np.zeros((2, 2)), 1.0) == pytest.approx(-math.log(1 - 0.25))


def test_best_correlation_takes_the_sign_of_the_views() -> None:
    assert best_correlation(1.0, 1.0, -0.4, 0.2) == pytest.approx(-0.4)
    assert best_correlation(1.0, 1.0, 1.0, 0.2) == pytest.approx(1.0)


@pytest.mark.parametrize("correlation", [0.0, -0.5, 1.0001, math.nan, "high", True])
def test_correlations_out_of_range_are_refused(correlation) -> None:
    for call in (
        lambda: adaptive_sigma(0.5, correlation),
        lambda: adaptive_kernel([[0.0]], [[0.0]], 0.5, correlation),
        lambda: adaptive_critic([[0.0]], [[0.0]], 0.5, correlation),
        lambda: gaussian_positives([[0.0]], [[0.0]], 0.5, correlation),
        lambda: gaussian_log_mean_kernel([[1.0]], 0.5, correlation),
    ):
        with pytest.raises(InvalidInputError, match="correlation"):
            call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gaussian_positives(rows(3), rows(4), 0.5), "one row an image each"),
        (lambda: gaussian_positives(rows(3), rows(3), -1.0), "sigma"),
        (lambda: gaussian_log_mean_kernel([[1.0, 0.5]], 1.0), "symmetric"),
        (lambda: gaussian_log_mean_kernel([[1.0, 2.0], [2.0, 1.0]], 1.0), "no negative eigenvalue"),
        (lambda: best_correlation(1.0, 1.0, 1.5, 0.3), "m\\^2"),
        (lambda: best_correlation(-1.0, 1.0, 0.0, 0.3), "v >= 0"),
        (lambda: best_correlation(1.0, 1.0, math.nan, 0.3), "moments"),
        (lambda: adaptive_gaussian_dual(2.5, 0.3, 0.5, 0.5), "dim"),
        (lambda: adaptive_gaussian_dual(2, 0.3, 1.5, 0.5), "correlations"),
        (lambda: adaptive_gaussian_dual(2, 0.0, 0.5, 0.5), "sigma"),
    ],
)
def test_bad_input_is_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()
