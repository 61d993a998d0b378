"""Points of a sphere and independent normal variables: hyperspherical angles, each by the probability integral transform."""

import math

import numpy as np
import torch

from noisedim.priors.special import FARTHEST, LOG_ROOT_TAU, attach, normal_distribution, signs

__all__ = ["log_sphere_area", "sphere_from_normal", "sphere_to_normal"]

_TINY = 1e-300
_POLISH = 3
_FARTHEST = FARTHEST - 1


def log_sphere_area(dim: int) -> float:
    """log of the area of the unit sphere of dimension ``dim``."""
    half = (dim + 1) / 2
    return math.log(2) + half * math.log(math.pi) - math.lgamma(half)


def sphere_to_normal(z: torch.Tensor, dim: int) -> torch.Tensor:
    """Points (n, dim + 1) of a sphere of any radius to dim independent normal variables, if they are uniform; float64."""
    # Squared norms of what follows each coordinate: near a pole they keep the digits that 1 − x² would lose.
    rest = z.square().flip(1).cumsum(1).flip(1)
    columns = []
    for i in range(dim - 1):
        side = signs(z[:, i])
        angle = torch.atan2(rest[:, i + 1].clamp_min(_TINY).sqrt(), side * z[:, i])
        columns.append(side * _angle_to_normal(angle, dim - i))
    # The last angle, as its distance from the seam: half of the circle is at most 2π·½ away.
    side = signs(z[:, -1])
    angle = torch.atan2(side * z[:, -1], -z[:, -2])
    tail = (angle / (2 * math.pi)).clamp_min(_TINY)
    columns.append(-side * torch.special.ndtri(tail))
    return torch.stack(columns, 1)


def sphere_from_normal(z: torch.Tensor, dim: int, radius: float = 1.0) -> torch.Tensor:
    """The inverse of :func:`sphere_to_normal`, (n, dim) to (n, dim + 1), onto the sphere of this radius; float64."""
    # Farther out there are no probabilities left in float64.
    z = z.clamp(-_FARTHEST, _FARTHEST)
    scale = torch.full_like(z[:, 0], radius)
    columns = []
    for i in range(dim - 1):
        angle = _angle_from_normal(z[:, i], dim - i)
        columns.append(scale * signs(z[:, i]) * torch.cos(angle))
        scale = scale * torch.sin(angle)
    side = signs(z[:, -1])
    angle = 2 * math.pi * normal_distribution(-side * z[:, -1])
    columns += [-scale * torch.cos(angle), scale * side * torch.sin(angle)]
    return torch.stack(columns, 1)


def _angle_to_normal(angle: torch.Tensor, m: int) -> torch.Tensor:
    """|z| of a polar angle in [0, π/2] from the nearer pole of the sphere of dimension m >= 2; differentiable.

    The angle's density is sin^(m−1)/B(m/2, ½); the share of the sphere within it of one pole is ½·I_{sin²}(m/2, ½).
    """
    points = angle.detach().cpu().numpy()
    values = _normal_of_angle(points, m)
    return attach(
        angle, *(torch.from_numpy(own).to(angle.device) for own in (values, -_angle_slope(points, values, m)))
    )


def _angle_from_normal(z: torch.Tensor, m: int) -> torch.Tensor:
    """The polar angle from the nearer pole for z of either sign; differentiable, the inverse of :func:`_angle_to_normal`."""
    from scipy.special import betaincinv, erf, ndtr

    points = z.detach().cpu().numpy()
    size = np.abs(points)
    sine = np.sqrt(betaincinv(m / 2, 0.5, 2 * np.maximum(ndtr(-size), _TINY)))
    cosine = np.sqrt(betaincinv(0.5, m / 2, erf(size / math.sqrt(2))))
    angle = np.arctan2(sine, cosine)
    # scipy's inverse has few digits far out: Newton's method on z gives the others back.
    for _ in range(_POLISH):
        found = _normal_of_angle(angle, m)
        angle = np.clip(angle + (found - size) / _angle_slope(angle, found, m), _TINY, math.pi / 2)
    slope = 1 / _angle_slope(angle, size, m)
    return attach(z, *(torch.from_numpy(own).to(z.device) for own in (angle, np.where(points >= 0, -slope, slope))))


def _normal_of_angle(angle: np.ndarray, m: int) -> np.ndarray:
    from scipy.special import betainc, erfinv, ndtri

    near = betainc(m / 2, 0.5, np.sin(angle) ** 2) / 2
    # Near the equator the tail is ½ less something small, which z is proportional to.
    middle = math.sqrt(2) * erfinv(betainc(0.5, m / 2, np.cos(angle) ** 2))
    return np.asarray(np.where(near < 0.25, -ndtri(np.maximum(near, _TINY)), middle))


def _angle_slope(angle: np.ndarray, z: np.ndarray, m: int) -> np.ndarray:
    """−dz/dangle: the density of the angle over that of z."""
    with np.errstate(divide="ignore"):
        logs = (m - 1) * np.log(np.sin(angle)) - _log_beta(m) + z * z / 2 + LOG_ROOT_TAU
    return np.asarray(np.exp(logs))


def _log_beta(m: int) -> float:
    return math.lgamma(m / 2) + math.lgamma(0.5) - math.lgamma((m + 1) / 2)
