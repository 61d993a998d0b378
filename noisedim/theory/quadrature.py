"""One-dimensional integrals with an error estimate: adaptive Gauss–Legendre panels, vectorised."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from noisedim.errors import InvalidInputError, NoisedimError

__all__ = ["Integral", "QuadratureError", "integrate"]

_NODES = 16
_ROUNDS = 40
_MOST_PANELS = 20_000


class QuadratureError(NoisedimError, ArithmeticError):
    """An integral could not be computed to the accuracy asked for; says what was reached."""


@dataclass(frozen=True)
class Integral:
    """A value with an estimate of its absolute error.

    The error is the change that halving every panel made, which the halved value itself is much closer than.
    """

    value: float
    error: float


@lru_cache
def _rule(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return places, weights


def _panels(function: Callable[[np.ndarray], np.ndarray], left: np.ndarray, right: np.ndarray) -> np.ndarray:
    places, weights = _rule(_NODES)
    half, middle = (right - left) / 2, (right + left) / 2
    points = middle[:, None] + half[:, None] * places
    values = np.asarray(function(points.ravel()), dtype=np.float64).reshape(points.shape)
    if not np.isfinite(values).all():
        raise QuadratureError("the integrand is not finite everywhere between the breakpoints")
    return half * (values @ weights)


def integrate(
    function: Callable[[np.ndarray], np.ndarray], breakpoints: Iterable[float], *, tolerance: float = 1e-12
) -> Integral:
    """Integrate a function from the first breakpoint to the last.

    Args:
        function: takes an (m,) array and returns one; smooth between neighbouring breakpoints.
        breakpoints: where the function has kinks, jumps or narrow peaks, and both ends; sorted here.
        tolerance: largest accepted absolute error, relative to the integral where that exceeds 1.

    Returns: the integral and its error estimate, which is within the tolerance.

    Raises:
        InvalidInputError: for fewer than two distinct finite breakpoints.
        QuadratureError: if the integrand is not finite or the tolerance is not reached.

    >>> integrate(np.exp, [0.0, 1.0]).value - (np.e - 1) < 1e-15
    True
    """
    edges = np.unique(np.asarray(list(breakpoints), dtype=np.float64))
    if len(edges) < 2 or not np.isfinite(edges).all():
        raise InvalidInputError(f"breakpoints must hold two or more distinct finite numbers; got {edges.tolist()}")
    left, right = edges[:-1], edges[1:]
    coarse = _panels(function, left, right)
    settled_value: list[float] = []
    settled_error: list[float] = []
    for _ in range(_ROUNDS):
        middle = (left + right) / 2
        halves = _panels(function, np.concatenate([left, middle]), np.concatenate([middle, right]))
        first, second = np.split(halves, 2)
        errors = np.abs(first + second - coarse)
        value = math.fsum([*settled_value, *halves])
        error = math.fsum([*settled_error, *errors])
        allowed = tolerance * max(1.0, abs(value))
        if error <= allowed:
            return Integral(value, error)
        # Settle the panels that, all together, use at most half of the allowance.
        split = errors > allowed / (4 * len(errors))
        # A panel whose error is rounding gains nothing from splitting.
        split &= errors > 4e-16 * np.abs(coarse)
        if not split.any() or 2 * split.sum() > _MOST_PANELS:
            break
        settled_value += (first + second)[~split].tolist()
        settled_error += errors[~split].tolist()
        left, middle, right = left[split], middle[split], right[split]
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
        coarse = np.concatenate([first[split], second[split]])
    raise QuadratureError(f"expected an integral to within {allowed:.1e}; reached {error:.1e} at value {value:.6g}")
