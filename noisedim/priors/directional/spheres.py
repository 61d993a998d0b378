"""Uniform laws of round bodies: the ball by its radius, the sphere by its angles."""

import math
from typing import Any, final

import numpy as np
import torch

from noisedim.checks import one_of, positive
from noisedim.priors.arrays import check_sizes, digits_held, half_steps, rounding_tolerance
from noisedim.priors.directional.interface import UnitSpherePrior, off_seams, off_spheres
from noisedim.priors.directional.sphere_angles import log_sphere_area, sphere_from_normal, sphere_to_normal
from noisedim.priors.mapped import MappedPrior
from noisedim.priors.special import attach

__all__ = ["BallPrior", "SpherePrior"]

# Below this logarithm a probability has left float64's comfortable range, and a series is used.
_LEAST_LOG = -500.0
_SERIES_TERMS = 400
_TINY = 1e-300
# The noise that stays on the sphere.
_DIRECTIONAL = "von-mises-fisher"


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
        check_sizes("radius", location=self.radius, scale=self.radius)
        self.support_words = f"norms up to {self.radius:g}"

    def __repr__(self) -> str:
        return f"BallPrior(dim={self.dim}, radius={self.radius:g})"

    @property
    def law(self) -> str:
        return f"the uniform law on the ball of radius {self.radius:g}"

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        return ~(_norms(z.double())[:, 0] <= self.radius * (1 + rounding_tolerance(z)))

    def off_the_edges(self, z: np.ndarray) -> np.ndarray:
        digits = digits_held(torch.from_numpy(z))
        norms = np.sqrt(np.square(z).sum(1))
        near = norms > self.radius * (1 - 2.0**-digits)
        if not near.any():
            return z
        # Rounding takes some rows onto the surface or over it. As many as it leaves farther out than one standard deviation
        # of its own below the surface, the law has there: all of them are put at that depth.
        steps, _ = half_steps(z[near], digits)
        spread = np.sqrt(np.square(z[near] * steps).sum(1) / 3) / norms[near]
        moved = z.copy()
        moved[near] *= np.minimum(1, (self.radius - spread) / norms[near])[:, None]
        return moved

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
    r"""Uniform on the sphere of dimension d and radius R, which lies in R^{d+1}, with noise of one of two kinds.

    It has no density in R^{d+1}, but one with respect to its own surface measure, and d coordinates: :meth:`to_normal`
    takes a point (n, d+1) to its hyperspherical angles, which are independent, and each angle to N(0, 1) by the
    probability integral transform. Embeddings have d + 1 columns.

    ``noise="von-mises-fisher"`` trains on the sphere itself, through
    :class:`~noisedim.priors.directional.interface.UnitSpherePrior`: an encoder of d + 1 outputs, each row brought to length
    1, and noise of von Mises and Fisher's law about it. No point of the sphere differs from another.

    ``noise="normal"`` (default) trains an encoder of d outputs through the Gaussian channel, before the map. What every map
    of this kind pays: it is smooth everywhere but on a half great sphere of dimension d − 1, the seam where the last angle
    jumps from π to −π, which far points of N(0, I) approach from both sides.

    Args:
        dim: dimension d >= 1 of the sphere itself: 1 for the circle, 2 for the surface of the ball in space.
        radius: R > 0.
        noise: ``"normal"`` or ``"von-mises-fisher"``.

    >>> prior = SpherePrior(2)
    >>> prior.from_normal(torch.zeros(1, 2)).shape
    torch.Size([1, 3])
    >>> round(SpherePrior(2, noise="von-mises-fisher").capacity(0.3), 4)  # nats, at the concentration 1/0.3²
    2.1011
    """

    name = "sphere"
    optional_fields = ("radius", "noise")
    references = ("directional-statistics",)

    def __init__(self, dim: int, *, radius: float = 1.0, noise: str = "normal") -> None:
        self.noise_law = one_of("noise", noise, ("normal", _DIRECTIONAL))
        super().__init__(dim, channel_prior=UnitSpherePrior(dim) if noise == _DIRECTIONAL else None)
        self.radius = positive("radius", radius)
        check_sizes("radius", location=self.radius, scale=self.radius)
        self.support_words = f"norms of {self.radius:g}, up to 0.0001 of it"

    def __repr__(self) -> str:
        noise = "" if self.noise_law == "normal" else f", noise={self.noise_law!r}"
        return f"SpherePrior(dim={self.dim}, radius={self.radius:g}{noise})"

    @property
    def ambient_dim(self) -> int:
        return self.dim + 1

    @property
    def law(self) -> str:
        return f"the uniform law on the sphere of radius {self.radius:g}"

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        return off_spheres(z, self.dim + 1, self.radius)

    def off_the_edges(self, z: np.ndarray) -> np.ndarray:
        return off_seams(z, self.dim + 1)

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        return sphere_to_normal(z, self.dim)

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        return sphere_from_normal(z, self.dim, self.radius)

    def from_channel(self, z: torch.Tensor) -> torch.Tensor:
        return z * self.radius if self.noise_law == _DIRECTIONAL else self.from_normal(z)

    def to_channel(self, z: torch.Tensor) -> torch.Tensor:
        return self.channel_prior.to_channel(z / self.radius) if self.noise_law == _DIRECTIONAL else self.to_normal(z)

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        area = log_sphere_area(self.dim) + self.dim * math.log(self.radius)
        return torch.where(self.outside(z), -math.inf, 0 * z.sum(1) - area)

    def _sample(self, n: int, generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
        direction = torch.randn((n, self.dim + 1), generator=generator, dtype=torch.float64, device=device)
        return direction / _norms(direction) * self.radius

    def spec(self) -> dict[str, Any]:
        noise = {} if self.noise_law == "normal" else {"noise": self.noise_law}
        return {"prior": self.name, "dim": self.dim, "radius": self.radius, **noise}


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
