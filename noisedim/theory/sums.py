"""The law of X + Z for independent X and Gaussian or uniform noise Z: closed forms, and one convolution by quadrature."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from noisedim.errors import InvalidInputError
from noisedim.theory.laws import REACH, Atoms, Laplace, Law, Mixture, Normal, StudentT, Uniform

__all__ = ["add"]


@dataclass(frozen=True)
class _Sum(Law):
    """X + Z for a law X without atoms and noise Z; the density is the subclass's."""

    law: Law
    noise: Law

    @property
    def mean(self) -> float:
        return self.law.mean + self.noise.mean

    @property
    def variance(self) -> float:
        return self.law.variance + self.noise.variance

    @property
    def breakpoints(self) -> np.ndarray:
        pairs = itertools.product(self.law.breakpoints, self.noise.breakpoints)
        return np.unique([first + second for first, second in pairs])

    def cdf(self, x: np.ndarray) -> np.ndarray:
        raise InvalidInputError(f"a distribution function is not available for {self!r}")

    def survival(self, x: np.ndarray) -> np.ndarray:
        return self.cdf(x)

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return self.law.sample(n, generator) + self.noise.sample(n, generator)

    def shifted(self, by: float) -> "Law":
        return type(self)(self.law.shifted(by), self.noise)


@dataclass(frozen=True)
class _PlusUniform(_Sum):
    noise: Uniform

    def density(self, x: np.ndarray) -> np.ndarray:
        low, high = x - self.noise.high, x - self.noise.low
        # The difference of two small tails, not of two numbers near 1.
        upper = x - self.noise.mean > self.law.mean
        below = self.law.cdf(high) - self.law.cdf(low)
        above = self.law.survival(low) - self.law.survival(high)
        return np.maximum(np.where(upper, above, below), 0) / self.noise.width


@dataclass(frozen=True)
class _LaplacePlusNormal(_Sum):
    law: Laplace
    noise: Normal

    def density(self, x: np.ndarray) -> np.ndarray:
        b, s = self.law.scale, self.noise.deviation
        y = x - self.mean

        def half(y: np.ndarray) -> np.ndarray:
            u = (s / b - y / s) / math.sqrt(2)
            scaled = np.exp(-y * y / (2 * s * s)) * special.erfcx(np.maximum(u, 0))
            plain = np.exp(np.minimum(s * s / (2 * b * b) - y / b, 700)) * special.erfc(np.minimum(u, 0))
            return np.where(u > 0, scaled, plain)

        return (half(y) + half(-y)) / (4 * b)


@dataclass(frozen=True)
class _StudentPlusNormal(_Sum):
    law: StudentT
    noise: Normal

    def density(self, x: np.ndarray) -> np.ndarray:
        # The t density is analytic at distance √ν·scale from its centre's vertical line: panels no longer than that,
        # nor than a deviation of the noise, make 20 Gauss–Legendre nodes accurate to rounding.
        s = self.noise.deviation
        count = math.ceil(2 * REACH * s / min(s, 2 * self.law._unit * math.sqrt(self.law.degrees)))
        edges = np.linspace(-REACH * s, REACH * s, count + 1)
        places, weights = np.polynomial.legendre.leggauss(20)
        half = (edges[1] - edges[0]) / 2
        z = (edges[:-1, None] + half * (1 + places)).ravel()
        mass = np.tile(half * weights, count) * Normal(0, s).density(z)
        flat = np.asarray(x, dtype=np.float64).ravel() - self.noise.center
        rows = max(1, 2_000_000 // len(z))
        parts = [self.law.density(flat[i : i + rows, None] - z) @ mass for i in range(0, len(flat), rows)]
        return np.concatenate(parts).reshape(np.shape(x))


def add(law: Law, noise: Law) -> Law:
    """The law of X + Z for independent X ~ ``law`` and Gaussian or uniform noise Z ~ ``noise``.

    Raises: InvalidInputError: if the noise is neither :class:`Normal` nor :class:`Uniform`.

    >>> add(Normal(0, 3), Normal(1, 4))
    Normal(center=1, deviation=5.0)
    >>> float(add(Uniform(0, 1), Uniform(-0.5, 0.5)).density(np.array([0.0]))[0])
    0.5
    """
    if not isinstance(noise, Normal | Uniform):
        raise InvalidInputError(f"noise must be Normal or Uniform; got {noise!r}")
    if isinstance(law, Mixture):
        return Mixture(tuple(add(part, noise) for part in law.parts), law.weights)
    if isinstance(law, Atoms):
        places = tuple(noise.shifted(point) for point in law.points)
        return places[0] if len(places) == 1 else Mixture(places, law.weights)
    if isinstance(noise, Uniform):
        return _PlusUniform(law, noise)
    if isinstance(law, Normal):
        return Normal(law.center + noise.center, math.hypot(law.deviation, noise.deviation))
    if isinstance(law, Uniform):
        return _PlusUniform(noise, law)  # a sum has no order
    if isinstance(law, Laplace):
        return _LaplacePlusNormal(law, noise)
    if isinstance(law, StudentT):
        return _StudentPlusNormal(law, noise)
    raise InvalidInputError(f"the sum of {law!r} and Gaussian noise is not available")
