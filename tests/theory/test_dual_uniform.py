"""The leaky dual's closed forms: ends, gradients, the search, and what is refused."""

import math

import numpy as np
import pytest
import torch

from noisedim.errors import InvalidInputError
from noisedim.theory.bounds import uniform_capacity
from noisedim.theory.dual import uniform_dual_kernel
from noisedim.theory.dual_uniform import (
    best_leakage,
    largest_leaky_dual,
    leaky_alignment,
    leaky_kernel,
    leaky_positives,
)


def rows(n: int = 5, dim: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim))


def test_it_is_finite_where_the_uniform_kernel_is_not() -> None:
    a, b = np.array([[0.0, 0.5]]), np.array([[1.0, 0.5]])
    assert uniform_dual_kernel(a, b, 0.1)[0, 0] == -math.inf
    assert leaky_kernel(a, b, 0.1, 0.2)[0, 0] == pytest.approx(math.log(0.2) + math.log(0.2 + 0.8 * 6))
    assert leaky_positives(a, b, 0.1, 0.2)[0] == pytest.approx(math.log(0.2) + math.log(0.2 + 0.8 * 6))


def test_full_leakage_says_nothing() -> None:
    np.testing.assert_array_equal(leaky_kernel(rows(), rows(seed=1), 0.1, 1.0), np.zeros((5, 5)))
    np.testing.assert_allclose(leaky_positives(rows(), rows(seed=1), 0.1, 1.0), np.zeros(5), atol=1e-15)


def test_equal_views_leave_the_capacity() -> None:
    assert leaky_alignment(3, 1.0, 0.2) == pytest.approx(uniform_capacity(3, 0.2))
    assert leaky_alignment(3, 0.0, 0.2) == 0
    assert best_leakage(1.0, 0.2) == 0
    assert best_leakage(0.0, 0.2) == 1
    z = rows()
    assert leaky_positives(z, z, 0.2, 1e-14).mean() == pytest.approx(uniform_capacity(2, 0.2), abs=1e-10)


@pytest.mark.parametrize("leakage", [1e-3, 0.5])
def test_gradients_match_finite_differences(leakage: float) -> None:
    a, b = (torch.tensor(rows(3, 2, seed), requires_grad=True) for seed in (4, 5))
    assert torch.autograd.gradcheck(lambda a, b: leaky_kernel(a, b, 0.4, leakage), (a, b))
    assert torch.autograd.gradcheck(lambda a, b: leaky_positives(a, b, 0.4, leakage), (a, b))


def test_a_leakage_may_be_a_tensor() -> None:
    a, b = (torch.tensor(rows(3, 2, seed)) for seed in (4, 5))
    for function in (leaky_kernel, leaky_positives):
        eta = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
        found = function(a, b, 0.3, eta)
        torch.testing.assert_close(found, function(a, b, 0.3, 0.2), rtol=1e-12, atol=1e-12)
        assert not found.requires_grad
        assert function(a.float(), b.float(), 0.3, eta).dtype == torch.float32
        for bad in (torch.tensor(1.5), torch.tensor(0.0), torch.tensor([0.5, 0.6]), torch.tensor(1)):
            with pytest.raises(InvalidInputError, match="leakage"):
                function(a, b, 0.3, bad)


def test_the_search_beats_every_leakage_of_a_grid() -> None:
    z = rows(20)
    z_prime = np.clip(z + 0.05 * np.random.default_rng(2).standard_normal(z.shape), 0, 1)
    value, leakage = largest_leaky_dual(z, z_prime, 0.1)
    for eta in np.geomspace(1e-6, 1, 200):
        log_mean = float(np.log(np.exp(leaky_kernel(z, z_prime, 0.1, eta)).mean()))
        assert leaky_positives(z, z_prime, 0.1, eta).mean() - log_mean <= value + 1e-9
    assert 0.01 < leakage < 1
    assert 0 < value < math.log(20)


def test_unrelated_views_have_nothing_to_say() -> None:
    value, leakage = largest_leaky_dual([[0.0], [0.0]], [[1.0], [1.0]], 0.1)
    assert value == pytest.approx(0.0, abs=1e-9)
    assert 0 < leakage <= 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: leaky_kernel(rows(), rows(), 0.1, 0.0), "leakage"),
        (lambda: leaky_kernel(rows(), rows(), 0.1, 1.5), "leakage"),
        (lambda: leaky_kernel(rows(), rows(), -0.1, 0.5), "epsilon"),
        (lambda: leaky_kernel(rows(), rows(dim=3), 0.1, 0.5), "same dimension"),
        (lambda: leaky_positives(rows(3), rows(4), 0.1, 0.5), "one row an image"),
        (lambda: leaky_positives(rows(), rows(), 0.1, math.nan), "leakage"),
        (lambda: best_leakage(1.2, 0.1), "overlap"),
        (lambda: leaky_alignment(2, math.nan, 0.1), "overlap"),
        (lambda: largest_leaky_dual([[2.0]], [[0.5]], 0.1), r"z must lie in \[0, 1\]"),
        (lambda: largest_leaky_dual([[0.5]], [[-0.5]], 0.1), r"z_prime must lie in \[0, 1\]"),
    ],
)
def test_bad_input_is_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()
