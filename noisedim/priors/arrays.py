"""Parameters of priors from numbers of any kind, refused with one sentence."""

from typing import Any

import numpy as np
import torch

from noisedim.checks import real_numbers
from noisedim.errors import InvalidInputError

__all__ = ["SINGLE_EPS", "check_sizes", "covariance_factor", "digits_held", "numbers"]

SINGLE_EPS = float(torch.finfo(torch.float32).eps)
"""How far, relatively, a value of single precision may be from what it was: so much outside of an edge is at the edge."""

# A covariance whose correlations have a smaller eigenvalue than this is singular to working precision.
_LEAST_EIGENVALUE = 1e-10
_LARGEST = 1e30
_MOST_WIDTHS = 1e10


def digits_held(z: torch.Tensor) -> int:
    """Binary digits of the shortest float format that holds all values: bfloat16, float16, float32 or float64."""
    mantissas = torch.frexp(z.detach().double())[0]
    return next((own for own in (8, 11, 24) if bool((mantissas * 2.0**own % 1 == 0).all())), 53)


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
