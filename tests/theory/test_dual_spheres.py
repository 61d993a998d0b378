"""Duals on spheres and tori: mpmath, gradients, the inverse of the capacity, and what is refused."""

import math

import mpmath
import numpy as np
import pytest
import torch

from noisedim.errors import InvalidInputError
from noisedim.theory.spheres.dual_spheres import (
    concentration_for_sphere_capacity,
    concentration_for_torus_capacity,
    sphere_capacity,
    sphere_kernel,
    sphere_positives,
    torus_capacity,
    torus_kernel,
    torus_positives,
)
from noisedim.theory.spheres.sphere_means import log_sphere_mean, mean_resultant


def directions(n: int, dim: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal((n, dim + 1))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.mark.parametrize("dim", [1, 2, 5, 60, 103, 1000])
@pytest.mark.parametrize("t", [0.0, 1e-3, 1.0, 20.0, 400.0, 1e8])
def test_normaliser_matches_mpmath(dim: int, t: float) -> None:
    with mpmath.workdps(50):
        order = mpmath.mpf(dim - 1) / 2
        if t < 1e3:
            value = mpmath.hyp0f1(order + 1, mpmath.mpf(t) ** 2 / 4)
            slope = mpmath.mpf(t) / (2 * (order + 1)) * mpmath.hyp0f1(order + 2, mpmath.mpf(t) ** 2 / 4) / value
            log = mpmath.log(value)
        else:
            bessel = mpmath.besseli(order, t)
            slope = mpmath.besseli(order + 1, t) / bessel
            log = mpmath.log(bessel) + mpmath.loggamma(order + 1) - order * mpmath.log(mpmath.mpf(t) / 2)
    assert log_sphere_mean(t, dim) == pytest.approx(float(log), rel=1e-12, abs=1e-14)
    assert mean_resultant(t, dim) == pytest.approx(float(slope), rel=1e-12)


def test_circle_and_sphere_have_their_textbook_forms() -> None:
    from scipy import special

    t = np.array([0.5, 2.0, 30.0])
    np.testing.assert_allclose(log_sphere_mean(t, 1), np.log(special.ive(0, t)) + t, rtol=1e-13)
    np.testing.assert_allclose(mean_resultant(t, 2), 1 / np.tanh(t) - 1 / t, rtol=1e-12)


@pytest.mark.parametrize("concentration", [0.3, 5.0, 200.0])
def test_gradients_match_finite_differences(concentration: float) -> None:
    # The kernel takes its rows as they are, so finite differences step off the sphere: only along it are they compared.
    raw = [torch.tensor(directions(3, 3, seed), requires_grad=True) for seed in (1, 2)]

    def on_sphere(values: torch.Tensor) -> torch.Tensor:
        return values / values.norm(dim=1, keepdim=True)

    for function in (sphere_kernel, sphere_positives):
        assert torch.autograd.gradcheck(
            lambda a, b, f=function: f(on_sphere(a), on_sphere(b), concentration), tuple(raw), atol=1e-4, rtol=1e-4
        )
    angles = [torch.tensor(np.random.default_rng(s).uniform(-3, 3, (3, 2)), requires_grad=True) for s in (1, 2)]
    for function in (torus_kernel, torus_positives):
        assert torch.autograd.gradcheck(
            lambda a, b, f=function: f(a, b, concentration), tuple(angles), atol=1e-4, rtol=1e-4
        )


def test_antipodes_have_finite_gradients() -> None:
    a = torch.tensor([[1.0, 0.0, 0.0]], requires_grad=True)
    sphere_kernel(a, -a.detach(), 3.0).sum().backward()
    assert torch.isfinite(a.grad).all()
    angle = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
    torus_kernel(angle, torch.full((1, 1), math.pi, dtype=torch.float64), 3.0).sum().backward()
    assert torch.isfinite(angle.grad).all()


def test_kernels_are_largest_for_equal_points_and_keep_dtypes() -> None:
    a = directions(6, 2)
    kernel = sphere_kernel(a, a, 8.0)
    np.testing.assert_allclose(kernel, kernel.T, rtol=1e-12)
    assert (kernel <= np.diag(kernel)[:, None] + 1e-12).all()
    single = torch.tensor(a, dtype=torch.float32)
    assert sphere_kernel(single, single, 8.0).dtype == torch.float32
    np.testing.assert_allclose(sphere_kernel(single, single, 8.0), kernel, atol=2e-4)
    assert torus_kernel(single, single, 8.0).dtype == torch.float32


@pytest.mark.parametrize("dim", [1, 2, 16, 511])
@pytest.mark.parametrize("capacity", [1e-3, 0.5, 5.0, 12.0])
def test_concentration_is_the_inverse_of_the_capacity(dim: int, capacity: float) -> None:
    concentration = concentration_for_sphere_capacity(dim, capacity)
    assert sphere_capacity(dim, concentration) == pytest.approx(capacity, rel=1e-7)
    concentration = concentration_for_torus_capacity(dim, capacity)
    assert torus_capacity(dim, concentration) == pytest.approx(capacity, rel=1e-7)


def test_capacity_grows_as_half_a_log_a_dimension() -> None:
    for dim in (1, 2, 7):
        growth = sphere_capacity(dim, 1e6) - sphere_capacity(dim, 1e4)
        assert growth == pytest.approx(dim / 2 * math.log(100), rel=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sphere_kernel([[1.0, 1.0]], [[1.0, 0.0]], 1.0), "a must have rows of norm 1"),
        (lambda: sphere_kernel([[1.0, 0.0]], [[2.0, 0.0]], 1.0), "b must have rows of norm 1"),
        (lambda: sphere_kernel([[1.0]], [[1.0]], 1.0), "two or more dimensions"),
        (lambda: sphere_kernel([[1.0, 0.0]], [[1.0, 0.0, 0.0]], 1.0), "same dimension"),
        (lambda: sphere_kernel([[1.0, 0.0]], [[1.0, 0.0]], 0.0), "concentration"),
        (lambda: sphere_positives(directions(2, 2), directions(3, 2), 1.0), "one row an image"),
        (lambda: torus_kernel([[0.0]], [[0.0]], math.inf), "concentration"),
        (lambda: torus_positives([[0.0]], [[0.0], [1.0]], 1.0), "one row an image"),
        (lambda: sphere_capacity(0, 1.0), "dim"),
        (lambda: sphere_capacity(2, 0.0), "concentration must be finite and > 0"),
        (lambda: torus_capacity(2, math.nan), "concentration"),
        (lambda: log_sphere_mean(-1.0, 2), "t must be finite and >= 0"),
        (lambda: concentration_for_sphere_capacity(2, 100.0), "out of float64's reach"),
        (lambda: concentration_for_torus_capacity(2, -1.0), "capacity"),
    ],
)
def test_bad_input_is_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()
