"""Parameters of priors from numbers of any kind, refused with one sentence; values that a float format has rounded."""

from typing import Any

import numpy as np
import torch

from noisedim.checks import real_numbers
from noisedim.errors import InvalidInputError

__all__ = [
    "SINGLE_EPS",
    "check_sizes",
    "covariance_factor",
    "digits_held",
    "half_steps",
    "least_step",
    "numbers",
    "off_edges",
    "rounding_tolerance",
]

SINGLE_EPS = float(torch.finfo(torch.float32).eps)
"""How far, relatively, a value of single precision may be from what it was: so much outside of an edge is at the edge."""

# A covariance whose correlations have a smaller eigenvalue than this is singular to working precision.
_LEAST_EIGENVALUE = 1e-10
_LARGEST = 1e30
_MOST_WIDTHS = 1e10
# Spacing of the floats about 0, by their binary digits: bfloat16, float16, float32; float64 is taken for exact.
_LEAST_STEPS = {8: 2.0**-133, 11: 2.0**-24, 24: 2.0**-149, 53: 0.0}


def digits_held(z: torch.Tensor) -> int:
    """Binary digits of the shortest float format that holds all values: bfloat16, float16, float32 or float64."""
    mantissas = torch.frexp(torch.nan_to_num(z.detach().double(), posinf=0.0, neginf=0.0))[0]
    return next((own for own in (8, 11, 24) if bool((mantissas * 2.0**own % 1 == 0).all())), 53)


def rounding_tolerance(z: torch.Tensor) -> float:
    """How far beyond an edge of the support, relatively, rounding may have taken values that :func:`digits_held` of z hold."""
    return max(SINGLE_EPS, 2.0 ** -digits_held(z))


def least_step(z: np.ndarray) -> float:
    """Spacing about 0 of the shortest float format that holds all values; 0 for float64."""
    return _LEAST_STEPS[digits_held(torch.from_numpy(z))]


def half_steps(z: np.ndarray, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """How far what rounds to each value reaches, towards 0 and away from it, in the format of so many :func:`digits_held`."""
    mantissa, exponent = np.frexp(z)
    outward = np.where(z == 0, 0.0, np.ldexp(0.5, exponent - digits))
    # Below a power of two floats are twice as dense.
    inward = np.where(np.abs(mantissa) == 0.5, outward / 2, outward)
    least = _LEAST_STEPS[digits] / 2
    return np.maximum(inward, least), np.maximum(outward, least)


def off_edges(z: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Values to which what lies at an edge may have been rounded, as the middle of what rounds to them and lies inside.

    No sample of a continuous law is at an edge, but kept in float16 one value in 4,000 of U[0, 1] is 1 exactly, which N(0, 1)
    would have at 8. The middle of what rounds to 1, a quarter of an ulp inside, is about as rare as such values are. About 0
    floats are finer, and what is at an edge there came from a grid (random numbers or a squash in half precision): between two
    finite edges a value goes at least as far inside, in units of the width, as from 1 in U[0, 1].

    Args:
        z: (n, d) float64, rounded before to the shortest float format that holds all of it; float64 is only clipped.
        low: (d,) lower edges, −∞ for none.
        high: (d,) upper edges, ∞ for none.

    Returns: (n, d) in [low, high].
    """
    digits = digits_held(torch.from_numpy(z))
    with np.errstate(invalid="ignore"):  # an infinite edge compares with NaN, which is near nothing
        reach = [_LEAST_STEPS[digits] + 2.0 ** (1 - digits) * np.abs(edge) for edge in (low, high)]
        near = (z <= low + reach[0]) | (z >= high - reach[1])
    if not near.any():
        return z
    columns = np.nonzero(near)[1]
    moved = z.copy()
    moved[near] = _inside(z[near].clip(low[columns], high[columns]), low[columns], high[columns], digits)
    return moved


def _inside(z: np.ndarray, low: np.ndarray, high: np.ndarray, digits: int) -> np.ndarray:
    """Values (m,) in [low, high] near an edge, as :func:`off_edges` moves them."""
    if digits == 53:
        return z
    inward, outward = half_steps(z, digits)
    below, above = np.where(z > 0, inward, outward), np.where(z < 0, inward, outward)
    bounded = np.isfinite(low) & np.isfinite(high)
    grid = np.where(bounded, high - low, 0.0) * 2.0 ** -(digits + 2)
    over, under = z + above >= high, z - below <= low
    moved = np.where(over, np.minimum((high + z - below) / 2, high - grid), z)
    moved = np.where(under, np.maximum((low + z + above) / 2, low + grid), moved)
    # A support narrower than what rounds to one value has one middle.
    both = over & under
    moved[both] = (low[both] + high[both]) / 2
    return moved


def numbers(name: str, value: Any, *, ndim: int) -> torch.Tensor:
    """A finite float64 tensor with ``ndim`` axes, none empty, on the CPU."""
    array = real_numbers(name, value)
    if array.ndim != ndim or array.size == 0 or not bool(np.isfinite(array).all()):
        raise InvalidInputError(
            f"{name} must be finite real numbers with {ndim} axes, none empty; got shape {array.shape}"
            + ("" if bool(np.isfinite(array).all()) else " with NaN or infinity")
        )
    return torch.from_numpy(array.copy())


def check_sizes(name: str, *, location: Any, scale: Any) -> None:
    """Refuse a law whose values overflow, vanish, or lie so far out that float64 does not tell them apart.

    Args:
        name: of the law or its parameter, for the message.
        location: values about which the law lies, of any shape.
        scale: its widths, of a shape that fits.

    Raises: InvalidInputError: for values beyond ±1e30 (float32 ends at 3e38), widths outside of 1e-30 to 1e30, or values
        more than 1e10 widths from 0.
    """
    places, widths = np.abs(np.asarray(location, dtype=np.float64)), np.asarray(scale, dtype=np.float64)
    farthest, least, widest = float(places.max()), float(widths.min()), float(widths.max())
    if not (farthest <= _LARGEST and widest <= _LARGEST and least >= 1 / _LARGEST):
        raise InvalidInputError(
            f"{name} must make values within ±{_LARGEST:g} and widths from {1 / _LARGEST:g}; got values of {farthest:.3g} "
            f"and widths from {least:.3g} to {widest:.3g}"
        )
    if (most := float((places / widths).max())) > _MOST_WIDTHS:
        raise InvalidInputError(
            f"{name} must make values that float64 tells apart, within {_MOST_WIDTHS:g} widths of 0; got one {most:.3g} widths "
            "from it"
        )


def covariance_factor(name: str, covariance: torch.Tensor) -> torch.Tensor:
    """The lower Cholesky factor of a covariance matrix (d, d).

    Raises: InvalidInputError: if it is not square, symmetric and positive definite. A singular one has no density.
    """
    if covariance.shape[0] != covariance.shape[1]:
        raise InvalidInputError(f"{name} must be square; got shape {tuple(covariance.shape)}")
    scale = covariance.diagonal()
    if not bool((scale > 0).all()):
        raise InvalidInputError(f"{name} must have variances > 0; got {scale.tolist()}")
    correlation = covariance / scale.sqrt()[:, None] / scale.sqrt()
    if not bool(torch.allclose(correlation, correlation.T, rtol=0, atol=1e-9)):
        raise InvalidInputError(f"{name} must be symmetric; got {covariance.tolist()}")
    least = float(torch.linalg.eigvalsh((correlation + correlation.T) / 2)[0])
    if least < _LEAST_EIGENVALUE:
        what = "singular: its law has no density" if least > -_LEAST_EIGENVALUE else "not positive definite"
        raise InvalidInputError(
            f"{name} must be positive definite; got one that is {what} (least eigenvalue of the correlations {least:.2g})"
        )
    return torch.linalg.cholesky((covariance + covariance.T) / 2)
