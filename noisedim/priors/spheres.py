"""Uniform laws of round bodies: the ball by its radius, the sphere by its angles."""

import math
from typing import Any, final

import numpy as np
import torch

from noisedim.checks import positive
from noisedim.priors.arrays import SINGLE_EPS, digits_held
from noisedim.priors.mapped import MappedPrior
from noisedim.priors.special import FARTHEST, LOG_ROOT_TAU, attach, normal_distribution, signs

__all__ = ["BallPrior", "SpherePrior"]

# Below this logarithm a probability has left float64's comfortable range, and a series is used.
_LEAST_LOG = -500.0
_SERIES_TERMS = 400
# How far off the sphere a row may be, relative to the radius: decimals in a file, single precision.
_TOLERANCE = 1e-4
_TINY = 1e-300
_POLISH = 3
_FARTHEST = FARTHEST - 1


@final
class BallPrior(MappedPrior):
    r"""Uniform on the ball of radius R in R^d.

    The map keeps directions: z goes to :math:`R\,F(\|z\|)^{1/d}\,z/\|z\|` with F the χ law's distribution function
    for d degrees of freedom, so that it commutes with rotations.

    Args:
        dim: d >= 1.
        radius: R > 0.

    >>> prior = BallPrior(2)
    >>> bool(prior.from_normal(torch.tensor([[3.0, 4.0]])).norm() < 1)
    True
    """

    name = "ball"
    optional_fields = ("radius",)

    def __init__(self, dim: int, *, radius: float = 1.0) -> None:
        super().__init__(dim)
        self.radius = positive("radius", radius)
        self.support_words = f"norms up to {self.radius:g}"

    def __repr__(self) -> str:
        return f"BallPrior(dim={self.dim}, radius={self.radius:g})"

    @property
    def law(self) -> str:
        return f"the uniform law on the ball of radius {self.radius:g}"

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        return ~(_norms(z.double())[:, 0] <= self.radius * (1 + SINGLE_EPS))

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        norms = _norms(z)
        share = (norms / self.radius).clamp(max=1 - 2**-53)
        values = torch.from_numpy(_chi_quantiles(self.dim, share.detach().cpu().numpy())).to(z.device)
        # F(t) = share^d, so dt/dshare = d·share^(d−1)/F′(t).
        slope = torch.exp(
            math.log(self.dim) + (self.dim - 1) * share.detach().log() - _log_chi_density(self.dim, values)
        )
        return z / norms * attach(share, values, slope)

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        norms = _norms(z)
        logs = torch.from_numpy(_log_chi_distribution(self.dim, norms.detach().cpu().numpy())).to(z.device)
        share = torch.exp(logs / self.dim)
        slope = torch.exp(
            _log_chi_density(self.dim, norms.detach()) - (self.dim - 1) * share.log() - math.log(self.dim)
        )
        return z / norms * (self.radius * attach(norms, share, slope))

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        d = self.dim
        volume = d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1) + d * math.log(self.radius)
        return torch.where(self.outside(z), -math.inf, 0 * z.sum(1) - volume)

    def _sample(self, n: int, generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
        direction = torch.randn((n, self.dim), generator=generator, dtype=torch.float64, device=device)
        share = torch.rand((n, 1), generator=generator, dtype=torch.float64, device=device) ** (1 / self.dim)
        return direction / _norms(direction) * (self.radius * share)

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "dim": self.dim, "radius": self.radius}


@final
class SpherePrior(MappedPrior):
    r"""Uniform on the sphere of dimension d and radius R, which lies in R^{d+1}.

    It has no density in R^{d+1}, but one with respect to its own surface measure, and d coordinates: :meth:`to_normal`
    takes a point (n, d+1) to its hyperspherical angles, which are independent, and each angle to N(0, 1) by the
    probability integral transform. An encoder of d outputs is trained; embeddings have d + 1 columns.

    What every map of this kind pays: it is smooth everywhere but on a half great sphere of dimension d − 1, the seam where
    the last angle jumps from π to −π, which far points of N(0, I) approach from both sides.

    Args:
        dim: dimension d >= 1 of the sphere itself: 1 for the circle, 2 for the surface of the ball in space.
        radius: R > 0.

    >>> prior = SpherePrior(2)
    >>> prior.from_normal(torch.zeros(1, 2)).shape
    torch.Size([1, 3])
    """

    name = "sphere"
    optional_fields = ("radius",)

    def __init__(self, dim: int, *, radius: float = 1.0) -> None:
        super().__init__(dim)
        self.radius = positive("radius", radius)
        self.support_words = f"norms of {self.radius:g}, up to {_TOLERANCE:g} of it"

    def __repr__(self) -> str:
        return f"SpherePrior(dim={self.dim}, radius={self.radius:g})"

    @property
    def ambient_dim(self) -> int:
        return self.dim + 1

    @property
    def law(self) -> str:
        return f"the uniform law on the sphere of radius {self.radius:g}"

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        # Unit vectors that were rounded to float16 or bfloat16 are off the sphere by up to half a unit of their last digit.
        tolerance = max(_TOLERANCE, 2.0 ** -digits_held(z))
        return ~((_norms(z.double())[:, 0] / self.radius - 1).abs() <= tolerance)

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        # Squared norms of what follows each coordinate: near a pole they keep the digits that 1 − x² would lose.
        rest = z.square().flip(1).cumsum(1).flip(1)
        columns = []
        for i in range(self.dim - 1):
            side = signs(z[:, i])
            angle = torch.atan2(rest[:, i + 1].clamp_min(_TINY).sqrt(), side * z[:, i])
            columns.append(side * _angle_to_normal(angle, self.dim - i))
        # The last angle, as its distance from the seam: half of the circle is at most 2π·½ away.
        side = signs(z[:, -1])
        angle = torch.atan2(side * z[:, -1], -z[:, -2])
        tail = (angle / (2 * math.pi)).clamp_min(_TINY)
        columns.append(-side * torch.special.ndtri(tail))
        return torch.stack(columns, 1)

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        # Farther out there are no probabilities left in float64.
        z = z.clamp(-_FARTHEST, _FARTHEST)
        scale = torch.full_like(z[:, 0], self.radius)
        columns = []
        for i in range(self.dim - 1):
            angle = _angle_from_normal(z[:, i], self.dim - i)
            columns.append(scale * signs(z[:, i]) * torch.cos(angle))
            scale = scale * torch.sin(angle)
        side = signs(z[:, -1])
        angle = 2 * math.pi * normal_distribution(-side * z[:, -1])
        columns += [-scale * torch.cos(angle), scale * side * torch.sin(angle)]
        return torch.stack(columns, 1)

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        half = (self.dim + 1) / 2
        area = math.log(2) + half * math.log(math.pi) - math.lgamma(half) + self.dim * math.log(self.radius)
        return torch.where(self.outside(z), -math.inf, 0 * z.sum(1) - area)

    def _sample(self, n: int, generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
        direction = torch.randn((n, self.dim + 1), generator=generator, dtype=torch.float64, device=device)
        return direction / _norms(direction) * self.radius

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "dim": self.dim, "radius": self.radius}


def _norms(z: torch.Tensor) -> torch.Tensor:
    """Euclidean norms, (n, 1), with a finite gradient at 0."""
    return z.square().sum(1, keepdim=True).clamp_min(_TINY).sqrt()


def _log_chi_density(dim: int, t: torch.Tensor) -> torch.Tensor:
    return (1 - dim / 2) * math.log(2) - math.lgamma(dim / 2) + (dim - 1) * t.log() - t * t / 2


def _log_chi_distribution(dim: int, t: np.ndarray) -> np.ndarray:
    """log P(χ <= t)."""
    from scipy.special import gammainc, gammaincc, gammaln

    a, x = dim / 2, t * t / 2
    with np.errstate(divide="ignore"):
        logs = np.where(x < a, np.log(gammainc(a, x)), np.log1p(-gammaincc(a, x)))
    far = logs < _LEAST_LOG
    if far.any():
        # The series of the lower incomplete gamma function; here x is well below a, and its terms fall fast.
        small = x[far]
        term, total = np.ones_like(small), np.ones_like(small)
        for k in range(1, _SERIES_TERMS):
            term = term * small / (a + k)
            total += term
        logs[far] = a * np.log(small) - small - gammaln(a + 1) + np.log(total)
    return logs


def _chi_quantiles(dim: int, share: np.ndarray) -> np.ndarray:
    """t with P(χ <= t) = share^d, from the side of the nearer tail."""
    from scipy.special import gammainccinv, gammaincinv

    a, log_p = dim / 2, dim * np.log(share)
    upper = -np.expm1(log_p)
    x = np.where(upper < 0.5, gammainccinv(a, upper), gammaincinv(a, np.exp(np.maximum(log_p, _LEAST_LOG))))
    far = log_p < _LEAST_LOG
    if far.any():
        # log P is concave in log x: Newton's method from the first term of the series.
        from scipy.special import gammaln

        logs = np.minimum((log_p[far] + gammaln(a + 1)) / a, np.log(a))
        for _ in range(30):
            t = np.sqrt(2 * np.exp(logs))
            value = _log_chi_distribution(dim, t)
            # d log P/d log x = x^a e^(−x)/(Γ(a) P)
            slope = np.exp(a * logs - np.exp(logs) - gammaln(a) - value)
            logs = logs - (value - log_p[far]) / slope
        x[far] = np.exp(logs)
    return np.sqrt(2 * x)


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
