"""Bounds of one batch: J_B ≤ log B whatever the rows, answers in kind, and what is refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from noisedim.errors import InvalidInputError
from noisedim.theory.bounds import gaussian_capacity, sigma_for_capacity
from noisedim.theory.dual import gaussian_dual_kernel
from noisedim.theory.dual_adaptive import adaptive_kernel, gaussian_positives, tightest_row_bound, tilted_row_bound
from noisedim.theory.dual_batch import (
    least_batch,
    linear_bound,
    log_mean_bias,
    pairs_estimate,
    prior_bias,
    row_bound,
    visible_capacity,
)
from noisedim.theory.dual_uniform import leaky_kernel, leaky_positives
from noisedim.theory.spheres.dual_spheres import sphere_kernel, sphere_positives, torus_kernel, torus_positives

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6)
# Rounding of differences of terms as large as the exponents.
SLACK = 1e-11


def two_batches(low: float, high: float) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    values = st.floats(low, high, allow_nan=False)
    return SHAPES.flatmap(
        lambda shape: st.tuples(
            hnp.arrays(np.float64, shape, elements=values), hnp.arrays(np.float64, shape, elements=values)
        )
    )


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    two_batches(-50, 50),
    st.floats(1e-3, 30),
    st.floats(0.01, 1.0),
    st.booleans(),
)
def test_gaussian_rows_never_exceed_log_batch(batch, sigma: float, correlation: float, same: bool) -> None:
    z, other = batch
    z_prime = z if same else other
    positives = gaussian_positives(z, z_prime, sigma, correlation)
    kernel = adaptive_kernel(z, z_prime, sigma, correlation)
    scale = 1 + np.abs(positives).max() + np.abs(kernel).max()
    assert row_bound(positives, kernel) <= math.log(len(z)) + SLACK * scale


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(two_batches(-20, 20), st.floats(1e-2, 30), st.floats(0.05, 1.0), st.floats(0, 1), st.booleans())
def test_tilted_rows_never_exceed_log_batch(batch, sigma: float, correlation: float, tilt: float, same: bool) -> None:
    z, other = batch
    z_prime = z if same else other
    value = tilted_row_bound(z, z_prime, sigma, correlation, tilt)
    lost = sigma**2 + 1 - correlation**2
    scale = 1 + (np.abs(z).max() + np.abs(z_prime).max()) ** 2 * z.shape[1] / lost
    assert value <= math.log(len(z)) + SLACK * scale
    untilted = row_bound(
        gaussian_positives(z, z_prime, sigma, correlation), adaptive_kernel(z, z_prime, sigma, correlation)
    )
    assert tilted_row_bound(z, z_prime, sigma, correlation) == pytest.approx(untilted, abs=SLACK * scale)


def test_the_tightest_tilt_gives_back_what_jensen_took() -> None:
    z = 100.0 * np.arange(8.0)[:, None] * np.ones((1, 3))
    rows = row_bound(gaussian_positives(z, z, 0.1), gaussian_dual_kernel(z, z, 0.1))
    assert rows < math.log(8) - 0.4
    value, tilt = tightest_row_bound(z, z, 0.1)
    assert math.log(8) - 0.01 < value <= math.log(8) + 1e-9
    assert 0.9 < tilt < 1
    tensor = torch.tensor(z[:3] / 100, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: tilted_row_bound(a, a + 0.1, 0.5, 0.9, 0.3), (tensor,))
    with pytest.raises(InvalidInputError, match="tilt"):
        tilted_row_bound(z, z, 0.1, tilt=1.5)
    with pytest.raises(InvalidInputError, match="one row an image"):
        tilted_row_bound(z, z[:3], 0.1)


@settings(max_examples=150, deadline=None)
@given(two_batches(0, 1), st.floats(1e-3, 5), st.floats(1e-9, 1.0), st.booleans())
def test_uniform_rows_never_exceed_log_batch(batch, epsilon: float, leakage: float, same: bool) -> None:
    z, other = batch
    z_prime = z if same else other
    positives = leaky_positives(z, z_prime, epsilon, leakage)
    kernel = leaky_kernel(z, z_prime, epsilon, leakage)
    assert row_bound(positives, kernel) <= math.log(len(z)) + SLACK * (1 + np.abs(kernel).max())


@settings(max_examples=40, deadline=None)
@given(two_batches(-7, 7), st.floats(1e-3, 1e3), st.booleans())
def test_rows_on_torus_and_sphere_never_exceed_log_batch(batch, concentration: float, same: bool) -> None:
    a, other = batch
    b = a if same else other
    value = row_bound(torus_positives(a, b, concentration), torus_kernel(a, b, concentration))
    assert value <= math.log(len(a)) + SLACK * (1 + concentration * a.shape[1])
    # One more coordinate makes a direction of any row.
    on_sphere = [np.concatenate([v, np.ones((len(v), 1))], 1) for v in (a, b)]
    first, second = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in on_sphere)
    value = row_bound(sphere_positives(first, second, concentration), sphere_kernel(first, second, concentration))
    assert value <= math.log(len(a)) + SLACK * (1 + concentration)


def test_without_the_row_itself_it_is_no_bound() -> None:
    z = np.random.default_rng(0).standard_normal((64, 2))
    sigma = sigma_for_capacity(2, 14.0)
    positives, kernel = gaussian_positives(z, z, sigma), gaussian_dual_kernel(z, z, sigma)
    assert row_bound(positives, kernel) <= math.log(64)
    assert pairs_estimate(positives, kernel) > 20 > gaussian_capacity(2, sigma)


def test_the_three_forms_on_numbers_done_by_hand() -> None:
    positives, kernel = [1.0, 3.0], np.log([[4.0, 1.0], [3.0, 2.0]])
    assert row_bound(positives, kernel) == pytest.approx(2 - math.log(2.5))
    assert linear_bound(positives, kernel) == pytest.approx(2 - 2 + 1)
    assert pairs_estimate(positives, kernel) == pytest.approx(2 - math.log(2))


def test_kernels_that_vanish_are_counted_as_nothing() -> None:
    kernel = np.array([[0.0, -np.inf], [-np.inf, 0.0]])
    assert row_bound([1.0, 1.0], kernel) == pytest.approx(1 + math.log(2))
    assert linear_bound([1.0, 1.0], kernel) == 2.0
    assert pairs_estimate([1.0, 1.0], kernel) == math.inf


@pytest.mark.parametrize("function", [row_bound, linear_bound, pairs_estimate])
def test_tensors_come_back_as_tensors_with_gradients(function) -> None:
    rng = np.random.default_rng(1)
    z, z_prime = (torch.tensor(rng.standard_normal((5, 2)), requires_grad=True) for _ in range(2))

    def whole(z: torch.Tensor, z_prime: torch.Tensor) -> torch.Tensor:
        return function(gaussian_positives(z, z_prime, 0.7), gaussian_dual_kernel(z, z_prime, 0.7))

    assert torch.autograd.gradcheck(whole, (z, z_prime))
    value = whole(z.detach(), z_prime.detach())
    plain = function(
        gaussian_positives(z.detach().numpy(), z_prime.detach().numpy(), 0.7),
        gaussian_dual_kernel(z.detach().numpy(), z_prime.detach().numpy(), 0.7),
    )
    assert isinstance(plain, float)
    assert value.item() == pytest.approx(plain, rel=1e-13)
    single = function(gaussian_positives(z.detach().float(), z_prime.detach().float(), 0.7), torch.zeros(5, 5))
    assert single.dtype == torch.float32


@pytest.mark.parametrize("function", [row_bound, linear_bound, pairs_estimate])
@pytest.mark.parametrize(
    ("positives", "kernel"),
    [([1.0, 2.0], np.zeros((3, 3))), ([[1.0]], np.zeros((1, 1))), ([], np.zeros((0, 0))), (1.0, np.zeros((1, 1)))],
)
def test_shapes_that_do_not_match_are_refused(function, positives, kernel) -> None:
    with pytest.raises(InvalidInputError, match=r"positives must have shape \(n,\) and log_kernel \(n, n\)"):
        function(positives, kernel)


@pytest.mark.parametrize("function", [linear_bound, pairs_estimate])
def test_one_row_has_no_pair(function) -> None:
    with pytest.raises(InvalidInputError, match="n >= 2"):
        function([1.0], [[0.0]])
    assert row_bound([1.0], [[0.25]]) == 0.75


def test_bias_at_the_prior_is_the_figure_that_was_measured() -> None:
    assert prior_bias(2, 1.0, 64) == pytest.approx(-1.93e-4, rel=2e-3)
    assert prior_bias(512, 1e-3, 64) == -math.inf
    assert least_batch(512, 1e-3) == math.inf
    assert prior_bias(3, 1e3, 10) == pytest.approx(-3e-12 / 90, rel=1e-5)  # r² of each coordinate


@pytest.mark.parametrize("dim", [1, 2, 8, 512])
def test_more_rows_see_more(dim: int) -> None:
    seen = [visible_capacity(dim, batch) for batch in (2, 16, 256, 4096)]
    assert seen == sorted(seen)
    assert seen[0] > 0
    for batch, capacity in zip((16, 256), seen[1:3], strict=True):
        assert least_batch(dim, sigma_for_capacity(dim, capacity)) == pytest.approx(batch, rel=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: log_mean_bias(0.0, 0.0, 1.0, 4),
        lambda: log_mean_bias(1.0, -0.1, 1.0, 4),
        lambda: log_mean_bias(1.0, 0.0, 1.0, 1),
        lambda: log_mean_bias(1.0, 0.0, 1.0, 2.5),
        lambda: prior_bias(0, 1.0, 4),
        lambda: prior_bias(2, 0.0, 4),
        lambda: prior_bias(2, 1.0, 1),
        lambda: least_batch(2, math.nan),
        lambda: visible_capacity(2, 1),
        lambda: visible_capacity(0, 10),
    ],
)
def test_arguments_out_of_range_are_refused(call) -> None:
    with pytest.raises(InvalidInputError):
        call()
