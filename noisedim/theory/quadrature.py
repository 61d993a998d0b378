"""Integrals over a line or a rectangle with an error estimate: adaptive Gauss–Legendre panels, vectorised."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from noisedim.errors import InvalidInputError, NoisedimError

__all__ = ["Integral", "QuadratureError", "integrate", "integrate_plane"]

_NODES = 16
_ROUNDS = 40
_MOST_PANELS = 20_000
_PLANE_NODES = 12
_MOST_TILES = 20_000


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


def _tiles(function: Callable[[np.ndarray], np.ndarray], tiles: np.ndarray) -> np.ndarray:
    """The integral over each tile; tiles: (m, 4), left, right, bottom, top."""
    places, weights = _rule(_PLANE_NODES)
    values = np.empty(len(tiles))
    for start in range(0, len(tiles), 500):
        part = tiles[start : start + 500]
        half_x, half_y = (part[:, 1] - part[:, 0]) / 2, (part[:, 3] - part[:, 2]) / 2
        x = (part[:, 1] + part[:, 0])[:, None] / 2 + half_x[:, None] * places
        y = (part[:, 3] + part[:, 2])[:, None] / 2 + half_y[:, None] * places
        points = np.stack(np.broadcast_arrays(x[:, :, None], y[:, None, :]), -1)
        found = np.asarray(function(points.reshape(-1, 2)), dtype=np.float64).reshape(points.shape[:-1])
        if not np.isfinite(found).all():
            raise QuadratureError("the integrand is not finite everywhere in the rectangle")
        values[start : start + 500] = half_x * half_y * np.einsum("tij,i,j->t", found, weights, weights)
    return values


def _quarters(tiles: np.ndarray) -> np.ndarray:
    """Each tile cut in four, (4m, 4), quarter by quarter."""
    left, right, bottom, top = tiles.T
    x, y = (left + right) / 2, (bottom + top) / 2
    corners = [(left, x, bottom, y), (x, right, bottom, y), (left, x, y, top), (x, right, y, top)]
    return np.concatenate([np.stack(corner, 1) for corner in corners])


def integrate_plane(
    function: Callable[[np.ndarray], np.ndarray],
    first: Iterable[float],
    second: Iterable[float],
    *,
    tolerance: float = 1e-10,
) -> Integral:
    """Integrate a function of two variables over a rectangle.

    Args:
        function: takes an (m, 2) array of points and returns (m,); smooth between neighbouring breakpoints.
        first, second: breakpoints of each variable and both ends, as for :func:`integrate`.
        tolerance: largest accepted absolute error, relative to the integral where that exceeds 1.

    Returns: the integral and its error estimate, which is within the tolerance.

    Raises:
        InvalidInputError: for fewer than two distinct finite breakpoints of a variable.
        QuadratureError: if the integrand is not finite or the tolerance is not reached.

    >>> abs(integrate_plane(lambda p: p[:, 0] * p[:, 1] ** 2, [0, 1], [0, 3]).value - 4.5) < 1e-14
    True
    """
    axes = [np.unique(np.asarray(list(breaks), dtype=np.float64)) for breaks in (first, second)]
    for edges in axes:
        if len(edges) < 2 or not np.isfinite(edges).all():
            raise InvalidInputError(f"breakpoints must hold two or more distinct finite numbers; got {edges.tolist()}")
    low_x, low_y = np.meshgrid(axes[0][:-1], axes[1][:-1], indexing="ij")
    high_x, high_y = np.meshgrid(axes[0][1:], axes[1][1:], indexing="ij")
    tiles = np.stack([low_x.ravel(), high_x.ravel(), low_y.ravel(), high_y.ravel()], 1)
    coarse = _tiles(function, tiles)
    settled_value = settled_error = 0.0
    for _ in range(_ROUNDS):
        quarters = _quarters(tiles)
        fine = _tiles(function, quarters)
        sums = fine.reshape(4, -1).sum(0)
        errors = np.abs(sums - coarse)
        value = settled_value + math.fsum(fine)
        error = settled_error + math.fsum(errors)
        allowed = tolerance * max(1.0, abs(value))
        if error <= allowed:
            return Integral(value, error)
        split = (errors > allowed / (4 * len(errors))) & (errors > 4e-16 * np.abs(coarse))
        if not split.any() or 4 * split.sum() > _MOST_TILES:
            break
        settled_value += math.fsum(sums[~split])
        settled_error += math.fsum(errors[~split])
        chosen = np.tile(split, 4)
        tiles, coarse = quarters[chosen], fine[chosen]
    raise QuadratureError(f"expected an integral to within {allowed:.1e}; reached {error:.1e} at value {value:.6g}")
