"""The closed forms against mpmath at 60 digits, and the laws they must obey."""

import math

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim.errors import InvalidInputError
from noisedim.theory import bounds

mpmath.mp.dps = 60

LEVELS = [1e-8, 1e-5, 3e-3, 0.05, 0.3, 0.5, 0.7, 1.0, 1.7, 5.0, 1e2, 1e5, 1e8]
DIMS = [1, 2, 16, 1000, 100_000]
# Logarithms and exponentials of numbers with |log| <= 40 lose at most about 40 units in the last place.
RELATIVE = 4e-14

levels = st.floats(-18, 18).map(math.exp)
dims = st.integers(1, 100_000)
few = settings(max_examples=25, deadline=None)


def exact(number: float) -> mpmath.mpf:
    return mpmath.mpf(number)


def close(value: float, oracle: mpmath.mpf, scale: float | mpmath.mpf = 0) -> None:
    error = abs(exact(float(value)) - oracle)
    assert error <= RELATIVE * max(abs(oracle), abs(exact(float(scale)))), (value, float(oracle), float(error))


# ---------------------------------------------------------------- values


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("level", LEVELS)
def test_capacities_match_mpmath(dim: int, level: float) -> None:
    close(bounds.gaussian_capacity(dim, level), exact(dim) / 2 * mpmath.log(1 + exact(level) ** -2))
    close(bounds.uniform_capacity(dim, level), dim * mpmath.log(1 + 1 / (2 * exact(level))))


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("per_coordinate", [1e-16, 1e-9, 1e-3, 0.4, 1.0, 7.0, 18.0])
def test_noise_levels_match_mpmath(dim: int, per_coordinate: float) -> None:
    capacity = dim * per_coordinate
    share = exact(capacity) / dim
    close(bounds.sigma_for_capacity(dim, capacity), 1 / mpmath.sqrt(mpmath.expm1(2 * share)))
    close(bounds.epsilon_for_capacity(dim, capacity), 1 / (2 * mpmath.expm1(share)))


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("epsilon", LEVELS)
def test_uniform_information_is_the_entropy_of_the_trapezoid(dim: int, epsilon: float) -> None:
    # U + Z has a trapezoidal density: a plateau of width |1-2e|, two ramps of width min(1, 2e), height 1/max(1, 2e).
    width = 2 * exact(epsilon)
    height, ramp, plateau = 1 / max(mpmath.mpf(1), width), min(mpmath.mpf(1), width), abs(1 - width)
    # -integral of p log p over a ramp from 0 to h of width w is w (h/4 - (h/2) log h).
    entropy = -plateau * height * mpmath.log(height) + 2 * ramp * (height / 4 - height / 2 * mpmath.log(height))
    close(bounds.uniform_information(dim, epsilon), dim * (entropy - mpmath.log(width)))


@pytest.mark.parametrize("sigma", LEVELS)
@pytest.mark.parametrize("correlation", [0.0, 1e-9, 1e-3, 0.5, 0.9, 1 - 1e-9, 1.0, -0.7, -1.0])
def test_correlated_information_is_the_log_determinant(sigma: float, correlation: float) -> None:
    variance, rho = exact(sigma) ** 2, exact(correlation)
    # I = 1/2 log( var(Y) var(X') / det cov(Y, X') ), from the 2 x 2 covariance.
    oracle = mpmath.log((1 + variance) / (1 + variance - rho**2)) / 2
    for dim in (1, 7, 100_000):
        close(bounds.correlated_gaussian_information(dim, sigma, correlation), dim * oracle)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("level", LEVELS)
def test_kl_upper_bounds_match_mpmath(dim: int, level: float) -> None:
    information, noise_information = 0.37 * dim, 0.11 * dim
    capacity = exact(dim) / 2 * mpmath.log(1 + exact(level) ** -2)
    close(bounds.gaussian_noisy_kl_upper_bound(information, dim, level), capacity - exact(information), capacity)
    capacity = dim * mpmath.log(1 + 1 / (2 * exact(level)))
    close(bounds.uniform_noisy_kl_upper_bound(information, dim, level), capacity - exact(information), capacity)
    rest = exact(noise_information) - exact(information)
    scale = dim * max(1, abs(math.log(level)))
    oracle = rest - dim * mpmath.log(exact(level))
    close(bounds.gaussian_kl_upper_bound(noise_information, information, dim, level), oracle, scale)
    oracle = rest - dim * mpmath.log(2 * exact(level))
    close(bounds.uniform_kl_upper_bound(noise_information, information, dim, level), oracle, scale)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("error", [1e-12, 0.3, 17.0, 1e9])
def test_reconstruction_bound_matches_mpmath(dim: int, error: float) -> None:
    oracle = exact(3.25) - exact(dim) / 2 * mpmath.log(2 * mpmath.pi * mpmath.e * exact(error) / dim)
    scale = dim * max(1.0, abs(math.log(error / dim)))
    close(bounds.reconstruction_information_lower_bound(3.25, error, dim), oracle, scale)


def test_reconstruction_bound_is_attained_by_the_gaussian_channel() -> None:
    # X ~ N(0, s I), Y = X + N(0, I): the posterior mean errs by d s/(1+s) and I = d/2 log(1+s).
    for dim in (1, 2, 9):
        for s in (0.1, 3.0, 100.0):
            entropy = dim / 2 * math.log(2 * math.pi * math.e * s)
            bound = bounds.reconstruction_information_lower_bound(entropy, dim * s / (1 + s), dim)
            assert bound == pytest.approx(dim / 2 * math.log1p(s), rel=1e-12)


def test_perfect_reconstruction_gives_infinity() -> None:
    assert bounds.reconstruction_information_lower_bound(3.0, 0.0, 2) == math.inf


# ---------------------------------------------------------------- laws


@few
@given(dims, st.floats(1e-9, 17.0))
def test_noise_levels_invert_capacities(dim: int, per_coordinate: float) -> None:
    capacity = dim * per_coordinate
    sigma, epsilon = bounds.sigma_for_capacity(dim, capacity), bounds.epsilon_for_capacity(dim, capacity)
    assert bounds.gaussian_capacity(dim, sigma) == pytest.approx(capacity, rel=1e-12)
    assert bounds.uniform_capacity(dim, epsilon) == pytest.approx(capacity, rel=1e-12)


@few
@given(dims, levels, st.floats(1.0001, 10))
def test_more_noise_less_information(dim: int, level: float, factor: float) -> None:
    for function in (bounds.gaussian_capacity, bounds.uniform_capacity, bounds.uniform_information):
        assert function(dim, level * factor) < function(dim, level)
    # Little noise changes this one by less than rounding does.
    louder, quieter = (bounds.correlated_gaussian_information(dim, s, 0.8) for s in (level * factor, level))
    assert louder < quieter * (1 + 1e-14)
    assert bounds.correlated_gaussian_information(dim, level + 1, 0.8) < quieter


@few
@given(dims, levels)
def test_information_adds_over_coordinates(dim: int, level: float) -> None:
    for function in (bounds.gaussian_capacity, bounds.uniform_capacity, bounds.uniform_information):
        assert function(dim, level) == pytest.approx(dim * function(1, level), rel=1e-15)


@few
@given(dims, levels, st.floats(-1, 1))
def test_information_stays_between_zero_and_the_capacity(dim: int, level: float, correlation: float) -> None:
    information = bounds.correlated_gaussian_information(dim, level, correlation)
    assert 0 <= information <= bounds.gaussian_capacity(dim, level) * (1 + 1e-13)
    assert information == bounds.correlated_gaussian_information(dim, level, -correlation)
    assert 0 < bounds.uniform_information(dim, level) <= bounds.uniform_capacity(dim, level) * (1 + 1e-13)


@few
@given(levels)
def test_full_correlation_reaches_the_capacity(sigma: float) -> None:
    assert bounds.correlated_gaussian_information(3, sigma, 1.0) == pytest.approx(
        bounds.gaussian_capacity(3, sigma), rel=1e-13
    )


def test_uniform_information_joins_smoothly_at_a_half() -> None:
    below, at, above = bounds.uniform_information(1, np.array([0.5 - 1e-9, 0.5, 0.5 + 1e-9]))
    assert at == pytest.approx(0.5, abs=1e-15)
    assert (at - below) / (above - at) == pytest.approx(1, abs=1e-6)


# ---------------------------------------------------------------- kinds of input

ELEMENTWISE = [
    (bounds.gaussian_capacity, (3, 0.4)),
    (bounds.uniform_capacity, (3, 0.4)),
    (bounds.sigma_for_capacity, (3, 2.0)),
    (bounds.epsilon_for_capacity, (3, 2.0)),
    (bounds.uniform_information, (3, 0.4)),
    (bounds.correlated_gaussian_information, (3, 0.4, 0.9)),
    (bounds.gaussian_noisy_kl_upper_bound, (1.5, 3, 0.4)),
    (bounds.uniform_noisy_kl_upper_bound, (1.5, 3, 0.4)),
    (bounds.gaussian_kl_upper_bound, (0.2, 1.5, 3, 0.4)),
    (bounds.uniform_kl_upper_bound, (0.2, 1.5, 3, 0.4)),
    (bounds.reconstruction_information_lower_bound, (1.5, 0.7, 3)),
]
names = pytest.mark.parametrize(
    ("function", "arguments"), ELEMENTWISE, ids=[function.__name__ for function, _ in ELEMENTWISE]
)


@names
def test_the_answer_comes_in_kind(function, arguments) -> None:
    scalar = function(*arguments)
    assert type(scalar) is float
    array = function(*(np.array([value, value]) for value in arguments))
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, [scalar, scalar])
    tensor = function(*arguments[:-1], torch.tensor(arguments[-1], dtype=torch.float64))
    assert isinstance(tensor, torch.Tensor)
    assert tensor.dtype == torch.float64
    assert tensor.item() == scalar
    # Single precision in, double precision out: the argument is rounded, the formula is not.
    rounded = [float(np.float32(value)) for value in arguments]
    assert function(*(torch.tensor(value, dtype=torch.float32) for value in arguments)).item() == function(*rounded)


@names
def test_arguments_broadcast(function, arguments) -> None:
    grid = np.array([[1.0], [0.75]])
    last = arguments[-1] * grid if isinstance(arguments[-1], float) else np.array([[1], [2]])
    first = np.array([1, 2, 5]) if isinstance(arguments[0], int) else arguments[0] * np.array([1.0, 1.5, 0.5])
    answer = function(first, *arguments[1:-1], last)
    assert answer.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            one = function(first[j].item(), *arguments[1:-1], last[i, 0].item())
            assert answer[i, j] == pytest.approx(one, rel=1e-15)


@names
def test_shapes_that_do_not_broadcast_are_refused(function, arguments) -> None:
    first = np.full(2, arguments[0])
    last = np.full(3, arguments[-1])
    with pytest.raises(InvalidInputError, match="broadcast"):
        function(first, *arguments[1:-1], last)


@names
def test_gradients_pass(function, arguments) -> None:
    tensors = [
        torch.tensor(float(value), dtype=torch.float64, requires_grad=isinstance(value, float)) for value in arguments
    ]
    assert torch.autograd.gradcheck(function, tensors)


def test_gradients_are_finite_where_branches_meet() -> None:
    for rho in (-1.0, 0.0, 1.0):
        sigma = torch.tensor([1e-6, 0.5, 1e6], dtype=torch.float64, requires_grad=True)
        correlation = torch.full((3,), rho, dtype=torch.float64, requires_grad=True)
        bounds.correlated_gaussian_information(4, sigma, correlation).sum().backward()
        assert torch.isfinite(sigma.grad).all()
        assert torch.isfinite(correlation.grad).all()
    epsilon = torch.tensor([1e-6, 0.5, 1e6], dtype=torch.float64, requires_grad=True)
    bounds.uniform_information(4, epsilon).sum().backward()
    assert torch.isfinite(epsilon.grad).all()


@pytest.mark.parametrize("level", LEVELS)
def test_gradients_of_the_capacities_match_their_derivatives(level: float) -> None:
    # At sigma = 1 and at epsilon = 1/2 the argument of log(1 + e^v) is exactly 0.
    exact_level = exact(level)
    for function, oracle in [
        (bounds.gaussian_capacity, -3 / (exact_level * (1 + exact_level**2))),
        (bounds.uniform_capacity, -3 / (exact_level * (1 + 2 * exact_level))),
        (bounds.uniform_information, 3 * (1 - 1 / exact_level if level <= 0.5 else -1 / (4 * exact_level**2))),
    ]:
        tensor = torch.tensor(level, dtype=torch.float64, requires_grad=True)
        function(3, tensor).backward()
        close(tensor.grad.item(), oracle)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("level", [0.0, -1.0, math.nan, math.inf, "wide", None, [[1.0], [1.0, 2.0]], 1j, True])
def test_bad_noise_levels_are_refused(level) -> None:
    calls = [
        lambda: bounds.gaussian_capacity(2, level),
        lambda: bounds.uniform_capacity(2, level),
        lambda: bounds.uniform_information(2, level),
        lambda: bounds.correlated_gaussian_information(2, level, 0.5),
        lambda: bounds.gaussian_noisy_kl_upper_bound(1.0, 2, level),
        lambda: bounds.uniform_noisy_kl_upper_bound(1.0, 2, level),
        lambda: bounds.gaussian_kl_upper_bound(0.1, 1.0, 2, level),
        lambda: bounds.uniform_kl_upper_bound(0.1, 1.0, 2, level),
        lambda: bounds.sigma_for_capacity(2, level),
        lambda: bounds.epsilon_for_capacity(2, level),
    ]
    for call in calls:
        with pytest.raises(InvalidInputError):
            call()


@pytest.mark.parametrize("dim", [0, -1, 1.5, math.nan, math.inf, "two", True])
def test_bad_dimensions_are_refused(dim) -> None:
    for function, arguments in ELEMENTWISE:
        with pytest.raises(InvalidInputError):
            function(*(dim if isinstance(value, int) else value for value in arguments))


def test_other_bad_numbers_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"correlation must be in \[-1, 1\]; got 1.5"):
        bounds.correlated_gaussian_information(2, 0.1, 1.5)
    for correlation in (math.nan, -1.01):
        with pytest.raises(InvalidInputError):
            bounds.correlated_gaussian_information(2, 0.1, correlation)
    with pytest.raises(InvalidInputError, match=r"mean_squared_error must be >= 0; got -1\.0"):
        bounds.reconstruction_information_lower_bound(1.0, -1.0, 2)
    for call in (
        lambda: bounds.gaussian_noisy_kl_upper_bound(math.nan, 2, 0.1),
        lambda: bounds.gaussian_kl_upper_bound(math.nan, 1.0, 2, 0.1),
        lambda: bounds.gaussian_kl_upper_bound(1.0, math.nan, 2, 0.1),
        lambda: bounds.uniform_kl_upper_bound(math.nan, 1.0, 2, 0.1),
        lambda: bounds.reconstruction_information_lower_bound(math.nan, 1.0, 2),
        lambda: bounds.reconstruction_information_lower_bound(1.0, math.nan, 2),
    ):
        with pytest.raises(InvalidInputError):
            call()


def test_the_offending_entry_of_an_array_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"sigma must be finite and > 0; got -3.0"):
        bounds.gaussian_capacity(2, np.array([0.1, -3.0]))


def test_the_public_names_are_those_promised() -> None:
    import noisedim

    promised = {
        "gaussian_capacity": "dim sigma",
        "uniform_capacity": "dim epsilon",
        "sigma_for_capacity": "dim capacity",
        "epsilon_for_capacity": "dim capacity",
        "uniform_information": "dim epsilon",
        "correlated_gaussian_information": "dim sigma correlation",
        "gaussian_noisy_kl_upper_bound": "information dim sigma",
        "uniform_noisy_kl_upper_bound": "information dim epsilon",
        "gaussian_kl_upper_bound": "noise_information information dim sigma",
        "uniform_kl_upper_bound": "noise_information information dim epsilon",
        "reconstruction_information_lower_bound": "entropy mean_squared_error dim",
        "gaussian_dual_critic": "x y sigma",
        "gaussian_dual_kernel": "a b sigma",
        "uniform_dual_kernel": "a b epsilon",
    }
    import inspect

    assert set(noisedim.bounds.__all__) == set(promised)
    for name, arguments in promised.items():
        function = getattr(noisedim.bounds, name)
        assert list(inspect.signature(function).parameters) == arguments.split()
