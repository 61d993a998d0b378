"""Integrals against mpmath and closed forms; the error estimate is honest; what can't be done is said."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim.errors import InvalidInputError
from noisedim.theory.quadrature import QuadratureError, integrate, integrate_plane


@pytest.mark.parametrize(
    ("function", "symbolic", "ends"),
    [
        (np.exp, mpmath.exp, (0, 1)),
        (lambda x: np.exp(-x * x), lambda x: mpmath.exp(-x * x), (-6, 6)),
        (lambda x: 1 / (1 + 25 * x * x), lambda x: 1 / (1 + 25 * x * x), (-1, 1)),
        (lambda x: -x * np.log(x), lambda x: -x * mpmath.log(x), (1e-12, 1)),
        (lambda x: np.cos(40 * x), lambda x: mpmath.cos(40 * x), (0, 3)),
    ],
)
def test_against_mpmath(function, symbolic, ends: tuple[float, float]) -> None:
    found = integrate(function, ends)
    exact = mpmath.quad(symbolic, np.linspace(*ends, 41).tolist())
    assert abs(found.value - float(exact)) <= max(found.error, 1e-14)
    assert found.error <= 1e-12 * max(1, abs(found.value))


def test_kinks_at_breakpoints_cost_nothing_and_others_are_found() -> None:
    assert integrate(np.abs, [-1, 0, 2]).value == pytest.approx(2.5, abs=1e-14)
    assert integrate(lambda x: np.abs(x - 0.3), [-1, 2], tolerance=1e-10).value == pytest.approx(2.29, abs=1e-10)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=8), st.floats(-4, 0), st.floats(0.5, 4))
@settings(max_examples=50, deadline=None)
def test_polynomials_are_exact(coefficients: list[float], low: float, width: float) -> None:
    polynomial = np.polynomial.Polynomial(coefficients)
    primitive = polynomial.integ()
    exact = primitive(low + width) - primitive(low)
    size = max(1.0, abs(primitive(low + width)), abs(primitive(low)))
    assert integrate(polynomial, [low, low + width]).value == pytest.approx(exact, abs=1e-12 * size)


def test_order_of_breakpoints_does_not_matter() -> None:
    assert integrate(np.exp, [1, 0, 0.5]).value == integrate(np.exp, [0, 0.5, 1]).value


@pytest.mark.parametrize("points", [[1.0], [1.0, 1.0], [0.0, math.inf], []])
def test_bad_breakpoints_are_refused(points: list[float]) -> None:
    with pytest.raises(InvalidInputError, match="two or more distinct finite numbers"):
        integrate(np.exp, points)


def test_what_is_not_finite_is_said() -> None:
    with pytest.raises(QuadratureError, match="not finite everywhere"), np.errstate(divide="ignore"):
        integrate(lambda x: np.where(np.abs(x) < 0.9, np.inf, 0.0), [-1, 1])


def test_out_of_reach_is_said_with_what_was_reached() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(QuadratureError, match="expected an integral to within 1.0e-12; reached"):
        integrate(lambda x: rng.random(len(x)), [0, 1])


@pytest.mark.parametrize(
    ("function", "axes", "exact"),
    [
        (lambda p: np.exp(-(p * p).sum(1) / 2), ([-9, 0, 9], [-9, 9]), 2 * math.pi),
        (lambda p: np.abs(p[:, 0]) * p[:, 1] ** 3, ([-1, 0, 2], [0, 1]), 2.5 / 4),
        (lambda p: -np.log(p[:, 0] + p[:, 1]), ([0, 1], [0, 1]), 1.5 - 2 * math.log(2)),
        (
            lambda p: np.exp(-(p[:, 0] ** 2 - 1.6 * p[:, 0] * p[:, 1] + p[:, 1] ** 2)),
            ([-15, 15], [-15, 15]),
            math.pi / 0.6,
        ),
    ],
)
def test_integrals_over_a_rectangle(function, axes, exact: float) -> None:
    found = integrate_plane(function, *axes, tolerance=1e-9)
    assert found.value == pytest.approx(exact, abs=2e-9)
    assert found.error <= 1e-9 * max(1, abs(exact))


def test_a_rectangle_that_cannot_be_integrated_says_so() -> None:
    with pytest.raises(QuadratureError, match="not finite"):
        integrate_plane(lambda p: np.full(len(p), np.nan), [0, 1], [0, 1])
    with pytest.raises(QuadratureError, match="expected an integral to within"):
        integrate_plane(lambda p: np.sign(p[:, 0] - p[:, 1] ** 2), [-1, 1], [-1, 1], tolerance=1e-13)
    with pytest.raises(InvalidInputError, match="two or more distinct"):
        integrate_plane(lambda p: p[:, 0], [0, 0], [0, 1])
