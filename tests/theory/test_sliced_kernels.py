"""Kernels over all slices: random slices, closed forms in low dimension, gradients, and what is refused."""

import math

import numpy as np
import pytest
import torch
from scipy import special

from noisedim.errors import InvalidInputError
from noisedim.theory.sliced_kernels import (
    epps_pulley_weight,
    slice_weights,
    sliced_epps_pulley,
    sliced_gaussian_kernel,
    sliced_mehler_kernel,
)


def rows(n: int = 4, dim: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


def test_low_dimensions_have_their_textbook_forms() -> None:
    for dim in (1, 2, 3):
        a, b = rows(dim=dim), rows(dim=dim, seed=1)
        s = ((a[:, None] - b[None]) ** 2).sum(2) / 2
        expected = {
            1: np.exp(-s),
            2: special.ive(0, s / 2),
            3: math.sqrt(math.pi) * special.erf(np.sqrt(s)) / (2 * np.sqrt(s)),
        }[dim]
        np.testing.assert_allclose(sliced_gaussian_kernel(a, b, 1.0), expected, rtol=1e-12)


def test_statistic_vanishes_with_the_sample_and_is_never_negative() -> None:
    rng = np.random.default_rng(3)
    small = [sliced_epps_pulley(rng.standard_normal((n, 4))) for n in (20, 100, 500)]
    assert small[0] > small[1] > small[2] > 0
    assert sliced_epps_pulley(rng.uniform(-1, 1, (500, 4))) > 10 * small[2]
    # Far from everything only the prior's own term is left, and each point with itself.
    assert sliced_epps_pulley(1e6 * rows(1)) == pytest.approx(1 + 1 / math.sqrt(3), rel=1e-5)


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_gradients_match_finite_differences(dim: int) -> None:
    a, b = (torch.tensor(rows(3, dim, seed), requires_grad=True) for seed in (1, 2))
    assert torch.autograd.gradcheck(lambda a, b: sliced_gaussian_kernel(a, b, 1.3), (a, b))
    assert torch.autograd.gradcheck(lambda a: sliced_epps_pulley(a, 0.8), (a,))
    assert torch.autograd.gradcheck(lambda a, b: sliced_mehler_kernel(a, b, 0.5), (a, b))


def test_tensors_keep_their_dtype() -> None:
    z = torch.tensor(rows(), dtype=torch.float32)
    assert sliced_gaussian_kernel(z, z, 1.0).dtype == torch.float32
    assert sliced_epps_pulley(z).dtype == torch.float32
    assert isinstance(sliced_epps_pulley(rows()), float)
    assert float(sliced_epps_pulley(z)) == pytest.approx(sliced_epps_pulley(z.double().numpy()), abs=1e-6)


def test_nan_comes_out_as_nan() -> None:
    found = sliced_gaussian_kernel([[math.nan, 0.0], [0.0, 0.0]], [[1.0, 1.0]], 1.0)
    assert np.isnan(found[0, 0])
    assert not np.isnan(found[1, 0])


def test_mehler_of_one_dimension_is_mehler() -> None:
    r = 0.4
    a, b = rows(dim=1), rows(dim=1, seed=1)
    plain = (2 * r * a @ b.T - r * r * (a**2 + b.T**2)) / (2 * (1 - r * r)) - math.log(1 - r * r) / 2
    np.testing.assert_allclose(sliced_mehler_kernel(a, b, r), plain, rtol=1e-12)


def test_mehler_of_far_points_in_many_dimensions_is_finite() -> None:
    a = 3 * rows(3, 512)
    kernel = sliced_mehler_kernel(a, a, 0.9)
    assert np.isfinite(kernel).all()
    np.testing.assert_allclose(kernel, kernel.T, rtol=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 8, 100])
def test_weights_lie_between_nothing_and_one(dim: int) -> None:
    for order in range(7):
        weights = slice_weights(dim, order)
        assert list(weights) == list(range(order, -1, -2))
        assert all(0 < weight <= 1 + 1e-12 for k, weight in weights.items() if dim > 1 or k < 2)
    assert slice_weights(dim, 1)[1] == pytest.approx(1 / dim)
    # Order two: the trace is seen d/…: E (u'Su)² of a multiple of the identity is its square, ‖S‖² is d times that.
    assert slice_weights(dim, 2)[0] == pytest.approx(1 / dim)


def test_epps_pulley_weighs_high_orders_by_their_limit() -> None:
    limit = (2 / 3) ** 60 / math.sqrt(math.pi * 60 * 3)
    assert epps_pulley_weight(60) == pytest.approx(limit, rel=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sliced_gaussian_kernel(rows(), rows(), 0.0), "beta"),
        (lambda: sliced_gaussian_kernel(rows(), rows(dim=2), 1.0), "same dimension"),
        (lambda: sliced_epps_pulley([1.0, 2.0]), "shape"),
        (lambda: sliced_epps_pulley(torch.zeros(0, 2)), "shape"),
        (lambda: sliced_epps_pulley(torch.zeros(2, 2, dtype=torch.int64)), "shape"),
        (lambda: sliced_mehler_kernel(rows(), rows(), 0.0), "correlation"),
        (lambda: sliced_mehler_kernel(rows(), rows(), 1.0), "correlation"),
        (lambda: slice_weights(0, 1), "dim"),
        (lambda: slice_weights(2, -1), "order"),
        (lambda: epps_pulley_weight(0), "order"),
        (lambda: epps_pulley_weight(1, -1.0), "beta"),
    ],
)
def test_bad_input_is_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()
