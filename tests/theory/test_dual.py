"""The dual's critic and kernels: mpmath, the Hermite series, and the noise integrated out numerically."""

import itertools
import math

import mpmath
import numpy as np
import pytest
import torch

from noisedim.errors import InvalidInputError
from noisedim.theory.bounds import gaussian_capacity, gaussian_dual_critic, gaussian_dual_kernel, uniform_dual_kernel

mpmath.mp.dps = 60
LEVELS = [1e-8, 1e-4, 0.05, 0.3, 1.0, 3.0, 1e3, 1e8]


def points(n: int, dim: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


def exact_rows(x: np.ndarray) -> list[list[mpmath.mpf]]:
    return [[mpmath.mpf(float(value)) for value in row] for row in x]


def inner(a, b):
    return mpmath.fsum(x * y for x, y in zip(a, b, strict=True))


def log_mehler(a, b, sigma) -> mpmath.mpf:
    r = 1 / (1 + mpmath.mpf(sigma) ** 2)
    exponent = (2 * r * inner(a, b) - r**2 * (inner(a, a) + inner(b, b))) / (2 * (1 - r**2))
    return exponent - mpmath.mpf(len(a)) / 2 * mpmath.log(1 - r**2)


@pytest.mark.parametrize("sigma", LEVELS)
@pytest.mark.parametrize("dim", [1, 3, 300])
def test_gaussian_kernel_matches_mpmath(sigma: float, dim: int) -> None:
    a, b = points(3, dim), points(4, dim, seed=1)
    b[0] = a[0] + sigma * points(1, dim, seed=2)[0]  # near enough that kappa is neither 0 nor huge
    kernel = gaussian_dual_kernel(a, b, sigma)
    assert kernel.shape == (3, 4)
    for i, row in enumerate(exact_rows(a)):
        for j, column in enumerate(exact_rows(b)):
            # Scale: the terms that the result is the difference of.
            apart = [p - q for p, q in zip(row, column, strict=True)]
            s = mpmath.mpf(sigma) ** 2
            norms = (inner(row, row) + inner(column, column)) / (2 * (2 + s))
            constant = -mpmath.mpf(dim) / 2 * mpmath.log(1 - 1 / (1 + s) ** 2)
            scale = norms + inner(apart, apart) * (1 + s) / (2 * s * (2 + s)) + constant
            error = abs(mpmath.mpf(float(kernel[i, j])) - log_mehler(row, column, sigma))
            assert error <= 2e-13 * scale, (i, j, float(error / scale))


@pytest.mark.parametrize("sigma", LEVELS)
def test_gaussian_critic_matches_mpmath(sigma: float) -> None:
    x, y = points(3, 2), points(4, 2, seed=1)
    y[0] = x[0] + sigma * points(1, 2, seed=2)[0]
    critic = gaussian_dual_critic(x, y, sigma)
    assert critic.shape == (3, 4)
    s = mpmath.mpf(sigma) ** 2
    for i, row in enumerate(exact_rows(x)):
        for j, column in enumerate(exact_rows(y)):
            apart = [p - q for p, q in zip(row, column, strict=True)]
            first, second = inner(column, column) / (2 * (1 + s)), inner(apart, apart) / (2 * s)
            assert abs(mpmath.mpf(float(critic[i, j])) - (first - second)) <= 2e-13 * (first + second)


def test_gaussian_critic_is_the_pointwise_information_up_to_the_capacity() -> None:
    from scipy import stats

    sigma, x, y = 0.4, points(5, 3), points(6, 3, seed=1)
    channel = stats.norm(scale=sigma).logpdf(y[None] - x[:, None]).sum(-1)
    marginal = stats.norm(scale=math.hypot(1, sigma)).logpdf(y).sum(-1)
    np.testing.assert_allclose(
        gaussian_dual_critic(x, y, sigma) + gaussian_capacity(3, sigma), channel - marginal, rtol=1e-11, atol=1e-11
    )


@pytest.mark.parametrize("epsilon", LEVELS)
@pytest.mark.parametrize("dim", [1, 3, 300])
def test_uniform_kernel_matches_mpmath(epsilon: float, dim: int) -> None:
    rng = np.random.default_rng(0)
    a = rng.uniform(size=(3, dim))
    b = np.concatenate([np.clip(a[:2] + epsilon * rng.uniform(-1.9, 1.9, size=(2, dim)), 0, 1), a[2:]])
    kernel = uniform_dual_kernel(a, b, epsilon)
    width = 2 * mpmath.mpf(epsilon)
    for i, row in enumerate(exact_rows(a)):
        for j, column in enumerate(exact_rows(b)):
            ratios = [abs(p - q) / width for p, q in zip(row, column, strict=True)]
            if any(ratio >= 1 for ratio in ratios):
                assert kernel[i, j] == -math.inf
                continue
            logs = [mpmath.log1p(-ratio) for ratio in ratios]
            constant = dim * mpmath.log1p(1 / width)
            # |a-b| itself is rounded once: an error of eps·|a-b|/width, amplified by 1/(1-ratio).
            scale = constant + mpmath.fsum(abs(v) + 1 / (1 - t) * t for v, t in zip(logs, ratios, strict=True))
            assert abs(mpmath.mpf(float(kernel[i, j])) - (constant + mpmath.fsum(logs))) <= 1e-12 * scale


def hermite(order: int, x: np.ndarray) -> np.ndarray:
    """Orthonormal (probabilists') Hermite polynomial."""
    coefficients = np.zeros(order + 1)
    coefficients[order] = 1
    return np.polynomial.hermite_e.hermeval(x, coefficients) / math.sqrt(math.factorial(order))


@pytest.mark.parametrize("sigma", [0.7, 1.0, 2.0])
def test_gaussian_kernel_is_its_hermite_series(sigma: float) -> None:
    a, b = points(4, 2), points(5, 2, seed=1)
    r = 1 / (1 + sigma**2)
    # |h_n(x)| <= k e^{x²/4} with k < 1.09 (Cramér); the tail of the series is then below 1e-10 from this order on.
    top = 8 + math.ceil(math.log(1e-14) / math.log(r))
    one = [[hermite(n, side[:, k]) for n in range(top)] for side, k in ((a, 0), (b, 0), (a, 1), (b, 1))]
    series = np.zeros((4, 5))
    for n, m in itertools.product(range(top), repeat=2):
        if n + m < top:
            series += r ** (n + m) * np.outer(one[0][n] * one[2][m], one[1][n] * one[3][m])
    np.testing.assert_allclose(np.exp(gaussian_dual_kernel(a, b, sigma)), series, rtol=1e-8)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 4.0])
def test_gaussian_kernel_integrates_the_noise_out(sigma: float) -> None:
    # kappa(a, b) = integral of N(y; a, s) N(y; b, s) / N(y; 0, 1+s) dy, so that E kappa is E_Y p_Y/q_Y.
    from scipy import integrate, stats

    for a, b in [(0.0, 0.0), (1.0, 1.2), (-0.5, 0.4), (2.0, 1.7)]:

        def integrand(y: float, a: float = a, b: float = b) -> float:
            channel = stats.norm.logpdf(y, a, sigma) + stats.norm.logpdf(y, b, sigma)
            return math.exp(channel - stats.norm.logpdf(y, 0, math.hypot(1, sigma)))

        # The integrand is a Gaussian bump about their middle, of width at most sigma·(1 + sigma).
        middle, reach = (a + b) / 2, 9 * sigma * (1 + sigma)
        value, error = integrate.quad(integrand, middle - reach, middle + reach, points=[middle], epsabs=0, limit=400)
        assert error < 1e-7 * value + 1e-12
        assert math.exp(gaussian_dual_kernel([[a]], [[b]], sigma)[0, 0]) == pytest.approx(value, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("epsilon", [0.05, 0.3, 0.5, 2.0])
def test_uniform_kernel_integrates_the_noise_out(epsilon: float) -> None:
    # kappa(a, b) = integral of the two boxes' product over the density 1/(1+2e) of U[-e, 1+e], per coordinate.
    for a, b in [(0.1, 0.1), (0.4, 0.45), (0.0, 1.0), (0.3, 0.25)]:
        low, high = max(a, b) - epsilon, min(a, b) + epsilon
        value = max(0.0, high - low) * (1 + 2 * epsilon) / (2 * epsilon) ** 2
        kernel = uniform_dual_kernel([[a, a]], [[b, a]], epsilon)[0, 0]
        expected = math.log(value * (1 + 2 * epsilon) / (2 * epsilon)) if value > 0 else -math.inf
        assert kernel == pytest.approx(expected, rel=1e-12)


def test_kernels_are_symmetric_and_multiply_over_coordinates() -> None:
    for kernel, level, a, b in [
        (gaussian_dual_kernel, 0.6, points(5, 3), points(4, 3, seed=1)),
        (uniform_dual_kernel, 0.6, np.random.default_rng(0).random((5, 3)), np.random.default_rng(1).random((4, 3))),
    ]:
        whole = kernel(a, b, level)
        np.testing.assert_allclose(whole, kernel(b, a, level).T, rtol=1e-13)
        parts = sum(kernel(a[:, [k]], b[:, [k]], level) for k in range(3))
        np.testing.assert_allclose(whole, parts, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("level", [0.02, 0.3, 3.0])
def test_gradients_match_finite_differences(level: float) -> None:
    a = torch.tensor(points(3, 2) * level + 0.5, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(points(4, 2, seed=1) * level * 0.3 + 0.5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: gaussian_dual_kernel(a, b, level), (a, b))
    assert torch.autograd.gradcheck(lambda a, b: gaussian_dual_critic(a, b, level), (a, b))
    c = torch.tensor([[0.5, 0.5], [0.51, 0.52]], dtype=torch.float64, requires_grad=True)
    e = torch.tensor([[0.505, 0.495]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c, e: uniform_dual_kernel(c, e, level), (c, e))


def test_gradients_reach_the_noise_level() -> None:
    sigma = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    a, b = torch.tensor(points(3, 2)), torch.tensor(points(4, 2, seed=1))
    assert torch.autograd.gradcheck(lambda s: gaussian_dual_kernel(a, b, s), (sigma,))
    assert torch.autograd.gradcheck(lambda s: gaussian_dual_critic(a, b, s), (sigma,))


def test_uniform_kernel_is_minus_infinity_with_finite_gradients() -> None:
    # Eighths, so that a distance of exactly 2e is one in floating point too.
    a = torch.tensor([[0.0, 0.5], [0.5, 0.5]], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([[1.0, 0.5], [0.5, 0.75], [0.5, 0.625]], dtype=torch.float64, requires_grad=True)
    kernel = uniform_dual_kernel(a, b, 0.125)
    values = kernel.detach().numpy()
    assert (values[0] == -math.inf).all()
    assert values[1, 0] == -math.inf
    assert values[1, 1] == -math.inf  # |a-b| = 2e: the boxes only touch
    assert math.isfinite(values[1, 2])
    # As in the dual: a log-mean-exp over pairs, some of which do not overlap.
    torch.logsumexp(kernel.flatten(), 0).backward()
    assert torch.isfinite(a.grad).all()
    assert torch.isfinite(b.grad).all()
    assert a.grad[1, 1] != 0
    assert (a.grad[0] == 0).all()


@pytest.mark.parametrize("function", [gaussian_dual_critic, gaussian_dual_kernel, uniform_dual_kernel])
def test_answers_come_in_kind(function) -> None:
    a, b = points(3, 2) / 5, points(4, 2, seed=1) / 5
    reference = function(a, b, 0.9)
    assert isinstance(reference, np.ndarray)
    assert reference.dtype == np.float64
    np.testing.assert_array_equal(function(a.tolist(), b.tolist(), 0.9), reference)
    double = function(torch.tensor(a), torch.tensor(b), 0.9)
    assert double.dtype == torch.float64
    np.testing.assert_allclose(double.numpy(), reference, rtol=1e-13)
    single = function(torch.tensor(a, dtype=torch.float32), torch.tensor(b, dtype=torch.float32), 0.9)
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), reference, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(function(a, b, torch.tensor(0.9, dtype=torch.float64)), reference, rtol=1e-13)


@pytest.mark.parametrize("function", [gaussian_dual_critic, gaussian_dual_kernel, uniform_dual_kernel])
@pytest.mark.parametrize("level", [0.0, -1.0, math.nan, math.inf, "wide", None, True, np.array([0.1, 0.2])])
def test_bad_levels_are_refused(function, level) -> None:
    with pytest.raises(InvalidInputError):
        function([[0.0]], [[0.0]], level)
    if isinstance(level, float | np.ndarray | bool):
        with pytest.raises(InvalidInputError):
            function([[0.0]], [[0.0]], torch.as_tensor(level))


@pytest.mark.parametrize("function", [gaussian_dual_critic, gaussian_dual_kernel])
def test_levels_without_a_finite_square_are_refused(function) -> None:
    rows = [[0.0, 1.0], [0.5, -1.0]]
    for level in (1e-320, 1e-170, 1e170):
        for given in (level, torch.tensor(level, dtype=torch.float64)):
            with pytest.raises(InvalidInputError, match=r"sigma must lie between 1e-150 and 1e\+150"):
                function(rows, rows, given)
    for level in (1e-150, 1e150):
        assert not np.isnan(function(rows, rows, level)).any()


@pytest.mark.parametrize("function", [gaussian_dual_critic, gaussian_dual_kernel, uniform_dual_kernel])
def test_nan_comes_out_as_nan(function) -> None:
    found = function([[math.nan, 0.5], [0.5, 0.5]], [[0.5, 0.4], [0.5, 0.9]], 0.1)
    assert np.isnan(found[0]).all()
    assert not np.isnan(found[1]).any()


@pytest.mark.parametrize("function", [gaussian_dual_critic, gaussian_dual_kernel, uniform_dual_kernel])
@pytest.mark.parametrize("level", [0.04, 0.4])  # distances by differences, and by products of matrices
def test_of_two_dtypes_the_wider_is_kept(function, level: float) -> None:
    a, b = points(3, 2) / 30 + 0.5, points(4, 2, seed=1) / 30 + 0.5
    single, half = torch.tensor(a, dtype=torch.float32), torch.tensor(a, dtype=torch.bfloat16)
    for first, second in [(single, torch.tensor(b)), (single, b), (single, b.tolist()), (b, single)]:
        found = function(first, second, level)
        assert found.dtype == torch.float64
        wide = function(*(torch.as_tensor(value, dtype=torch.float64) for value in (first, second)), level)
        np.testing.assert_allclose(found, wide, rtol=1e-13)
    # Half precision is worked out in single: the answer is rounded once.
    found = function(half, half, level)
    assert found.dtype == torch.bfloat16
    np.testing.assert_allclose(found.double(), function(half.double(), half.double(), level), rtol=2**-7, atol=1e-3)


@pytest.mark.parametrize("function", [gaussian_dual_critic, gaussian_dual_kernel, uniform_dual_kernel])
@pytest.mark.parametrize(
    ("a", "b"),
    [([0.0], [[0.0]]), ([[0.0]], [[0.0, 1.0]]), ([[0.0]], [["x"]]), (np.zeros((2, 0)), np.zeros((2, 0))), (0.0, 0.0)],
    ids=["vector", "dimensions differ", "text", "no coordinates", "scalars"],
)
def test_bad_shapes_are_refused(function, a, b) -> None:
    with pytest.raises(InvalidInputError):
        function(a, b, 0.5)
