"""One-dimensional laws that we can integrate: density, distribution function, and where quadrature must look.

:func:`noisedim.theory.sums.add` gives the law of such a variable plus Gaussian or uniform noise. A law draws no numbers
by itself: ``sample`` takes a NumPy generator.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import special

from noisedim.checks import positive
from noisedim.errors import InvalidInputError
from noisedim.theory.quadrature import integrate

__all__ = ["Atoms", "Laplace", "Law", "Mixture", "Normal", "StudentT", "Uniform", "expectation"]

# Deviations beyond which a normal density, below 1e-23 of its height, weighs nothing here.
REACH = 10.5
_NORMAL_STEPS = np.array([-REACH, -5.0, -2.0, 0.0, 2.0, 5.0, REACH])


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise InvalidInputError(f"{name} must be finite; got {value!r}")


class Law(ABC):
    """A probability law on the line.

    Attributes:
        mean, variance: moments.
        atoms: (place, probability) of each atom; empty for a law with a density.
        breakpoints: kinks, peaks and both ends; what lies outside has no weight in any integral of this package.
    """

    @property
    @abstractmethod
    def mean(self) -> float:
        """E X."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """E (X − E X)²."""

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(place, probability) of each atom."""
        return ()

    @property
    @abstractmethod
    def breakpoints(self) -> np.ndarray:
        """Kinks, peaks and both ends."""

    @abstractmethod
    def density(self, x: np.ndarray) -> np.ndarray:
        """Density of the part without atoms, shape of ``x``."""

    @abstractmethod
    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""

    @abstractmethod
    def survival(self, x: np.ndarray) -> np.ndarray:
        """P(X > x), accurate in the upper tail."""

    @abstractmethod
    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """(n,) independent draws."""

    @abstractmethod
    def shifted(self, by: float) -> "Law":
        """The law of X + by."""


@dataclass(frozen=True)
class Normal(Law):
    """N(center, deviation²)."""

    center: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        _finite("center", self.center)
        positive("deviation", self.deviation)

    @property
    def mean(self) -> float:
        return self.center

    @property
    def variance(self) -> float:
        return self.deviation**2

    @property
    def breakpoints(self) -> np.ndarray:
        return self.center + self.deviation * _NORMAL_STEPS

    def density(self, x: np.ndarray) -> np.ndarray:
        u = (x - self.center) / self.deviation
        return np.exp(-u * u / 2) / (self.deviation * math.sqrt(2 * math.pi))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return special.ndtr((x - self.center) / self.deviation)

    def survival(self, x: np.ndarray) -> np.ndarray:
        return special.ndtr((self.center - x) / self.deviation)

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return self.center + self.deviation * generator.standard_normal(n)

    def shifted(self, by: float) -> "Normal":
        return Normal(self.center + by, self.deviation)


@dataclass(frozen=True)
class Uniform(Law):
    """U[low, high]."""

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InvalidInputError(f"expected finite low < high; got {self.low!r} and {self.high!r}")

    @property
    def width(self) -> float:
        """Of the interval."""
        return self.high - self.low

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def variance(self) -> float:
        return self.width**2 / 12

    @property
    def breakpoints(self) -> np.ndarray:
        return np.array([self.low, self.high])

    def density(self, x: np.ndarray) -> np.ndarray:
        return np.where((x >= self.low) & (x <= self.high), 1 / self.width, 0.0)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return np.clip((x - self.low) / self.width, 0, 1)

    def survival(self, x: np.ndarray) -> np.ndarray:
        return np.clip((self.high - x) / self.width, 0, 1)

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return generator.uniform(self.low, self.high, n)

    def shifted(self, by: float) -> "Uniform":
        return Uniform(self.low + by, self.high + by)


@dataclass(frozen=True)
class Laplace(Law):
    """Density exp(−|x−center|/scale)/(2·scale); the default scale gives variance 1."""

    center: float = 0.0
    scale: float = math.sqrt(0.5)

    def __post_init__(self) -> None:
        _finite("center", self.center)
        positive("scale", self.scale)

    @property
    def mean(self) -> float:
        return self.center

    @property
    def variance(self) -> float:
        return 2 * self.scale**2

    @property
    def breakpoints(self) -> np.ndarray:
        return self.center + self.scale * np.array([-60, -20, -8, -3, -1, 0, 1, 3, 8, 20, 60.0])

    def density(self, x: np.ndarray) -> np.ndarray:
        return np.exp(-np.abs(x - self.center) / self.scale) / (2 * self.scale)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        u = (x - self.center) / self.scale
        return np.where(u < 0, np.exp(np.minimum(u, 0)) / 2, 1 - np.exp(-np.maximum(u, 0)) / 2)

    def survival(self, x: np.ndarray) -> np.ndarray:
        return self.cdf(2 * self.center - x)

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return generator.laplace(self.center, self.scale, n)

    def shifted(self, by: float) -> "Laplace":
        return Laplace(self.center + by, self.scale)


@dataclass(frozen=True)
class StudentT(Law):
    """Student's t about ``center``, with ``degrees`` >= 3, scaled to variance 1 unless ``scale`` is given.

    Fewer degrees are refused: the tails then carry more of the variance than quadrature reaches.
    """

    degrees: float
    center: float = 0.0
    scale: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.degrees) and self.degrees >= 3):
            raise InvalidInputError(f"degrees must be finite and >= 3; got {self.degrees!r}")
        _finite("center", self.center)
        if self.scale is None:
            object.__setattr__(self, "scale", math.sqrt((self.degrees - 2) / self.degrees))
        positive("scale", self.scale)

    @property
    def _unit(self) -> float:
        return float(self.scale)  # type: ignore[arg-type]

    @property
    def mean(self) -> float:
        return self.center

    @property
    def variance(self) -> float:
        return self._unit**2 * self.degrees / (self.degrees - 2)

    @property
    def breakpoints(self) -> np.ndarray:
        # Doubling steps until what the tail adds to the variance, x^(2-degrees), is below 1e-14.
        steps = 2.0 ** np.arange(-1, math.ceil(47 / (self.degrees - 2)) + 2)
        return self.center + self._unit * math.sqrt(self.degrees) * np.concatenate([-steps[::-1], [0.0], steps])

    def density(self, x: np.ndarray) -> np.ndarray:
        nu = self.degrees
        u = (x - self.center) / self._unit
        log_height = special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2) - math.log(nu * math.pi) / 2
        return np.exp(log_height - (nu + 1) / 2 * np.log1p(u * u / nu)) / self._unit

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return special.stdtr(self.degrees, (x - self.center) / self._unit)

    def survival(self, x: np.ndarray) -> np.ndarray:
        return special.stdtr(self.degrees, (self.center - x) / self._unit)

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return self.center + self._unit * generator.standard_t(self.degrees, n)

    def shifted(self, by: float) -> "StudentT":
        return StudentT(self.degrees, self.center + by, self.scale)


def _weights(weights: tuple[float, ...] | None, count: int) -> tuple[float, ...]:
    if count < 1:
        raise InvalidInputError("a law must have at least one part; got none")
    given = (1.0 / count,) * count if weights is None else tuple(float(weight) for weight in weights)
    if len(given) != count or not all(weight >= 0 for weight in given) or abs(math.fsum(given) - 1) > 1e-12:
        raise InvalidInputError(f"expected {count} weights >= 0 that add up to 1; got {given}")
    return given


@dataclass(frozen=True)
class Atoms(Law):
    """Finitely many points; equally likely unless ``weights`` are given."""

    points: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", tuple(float(point) for point in self.points))
        for point in self.points:
            _finite("points", point)
        object.__setattr__(self, "weights", _weights(self.weights, len(self.points)))

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        return tuple(pair for pair in zip(self.points, self.weights or (), strict=True) if pair[1] > 0)

    @property
    def mean(self) -> float:
        return math.fsum(place * weight for place, weight in self.atoms)

    @property
    def variance(self) -> float:
        return math.fsum((place - self.mean) ** 2 * weight for place, weight in self.atoms)

    @property
    def breakpoints(self) -> np.ndarray:
        return np.array([place for place, _ in self.atoms])

    def density(self, x: np.ndarray) -> np.ndarray:
        return np.zeros_like(x, dtype=np.float64)

    def _mass(self, chosen: np.ndarray) -> np.ndarray:
        return chosen @ np.array([weight for _, weight in self.atoms])

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return self._mass(np.asarray(x)[..., None] >= self.breakpoints)

    def survival(self, x: np.ndarray) -> np.ndarray:
        return self._mass(np.asarray(x)[..., None] < self.breakpoints)

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return generator.choice(np.array(self.points), size=n, p=np.array(self.weights))

    def shifted(self, by: float) -> "Atoms":
        return Atoms(tuple(point + by for point in self.points), self.weights)


@dataclass(frozen=True)
class Mixture(Law):
    """One of several laws, chosen by ``weights`` (equal unless given)."""

    parts: tuple[Law, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        object.__setattr__(self, "weights", _weights(self.weights, len(self.parts)))

    @property
    def _pairs(self) -> list[tuple[Law, float]]:
        return [pair for pair in zip(self.parts, self.weights or (), strict=True) if pair[1] > 0]

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        together: dict[float, float] = {}
        for part, weight in self._pairs:
            for place, probability in part.atoms:
                together[place] = together.get(place, 0.0) + weight * probability
        return tuple(sorted(together.items()))

    @property
    def mean(self) -> float:
        return math.fsum(weight * part.mean for part, weight in self._pairs)

    @property
    def variance(self) -> float:
        return math.fsum(weight * (part.variance + (part.mean - self.mean) ** 2) for part, weight in self._pairs)

    @property
    def breakpoints(self) -> np.ndarray:
        return np.unique(np.concatenate([part.breakpoints for part, _ in self._pairs]))

    def _blend(self, values: Callable[[Law], np.ndarray]) -> np.ndarray:
        return np.sum([weight * values(part) for part, weight in self._pairs], axis=0)

    def density(self, x: np.ndarray) -> np.ndarray:
        return self._blend(lambda part: part.density(x))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return self._blend(lambda part: part.cdf(x))

    def survival(self, x: np.ndarray) -> np.ndarray:
        return self._blend(lambda part: part.survival(x))

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        chosen = generator.choice(len(self.parts), size=n, p=np.array(self.weights))
        values = np.empty(n)
        for k, part in enumerate(self.parts):
            here = chosen == k
            values[here] = part.sample(int(here.sum()), generator)
        return values

    def shifted(self, by: float) -> "Mixture":
        return Mixture(tuple(part.shifted(by) for part in self.parts), self.weights)


def expectation(
    function: Callable[[float], float], law: Law, *, tolerance: float = 1e-11, kinks: Iterable[float] = ()
) -> float:
    """E function(X), the atoms summed and the rest integrated; ``function`` takes one number.

    ``kinks``: where it bends or changes fast, beside the law's own breakpoints; quadrature does not see what happens
    between its nodes.

    >>> round(expectation(lambda x: x * x, Laplace()), 10)
    1.0
    """
    total = math.fsum(weight * function(place) for place, weight in law.atoms)
    if math.fsum(weight for _, weight in law.atoms) > 1 - 1e-12:
        return total

    def weighted(x: np.ndarray) -> np.ndarray:
        density = law.density(x)
        return np.array([p * function(float(v)) if p > 0 else 0.0 for v, p in zip(x, density, strict=True)])

    ends = law.breakpoints.min(), law.breakpoints.max()
    inside = [kink for kink in kinks if ends[0] < kink < ends[1]]
    return total + integrate(weighted, [*law.breakpoints, *inside], tolerance=tolerance).value
