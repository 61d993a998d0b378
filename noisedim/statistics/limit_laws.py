r"""Laws of the scaled statistics for ever more rows: what the null tables are anchored at.

A degenerate statistic n·mean h(z_i, z_j) tends to :math:`\sum_k \lambda_k \chi^2_1`, where λ are the eigenvalues of h under
N(0, I). The kernels here depend on two norms and an angle, so h splits by degree of spherical harmonics into kernels of
norms alone, each with the multiplicity of its degree; those are solved by quadrature (Nyström). Nothing is simulated.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from noisedim.statistics import scaling

__all__ = ["Spectrum", "isotropic_spectrum", "limit_quantiles", "limit_spectrum", "limit_tail"]

Kernel = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From ‖x‖², ‖y‖² and ⟨x, y⟩, which broadcast."""

_RADII = 120
_ANGLES = 96
_DEGREES = 40
# Eigenvalues whose part of the variance is below this are left out.
_LEAST_SHARE = 1e-12
_GRID = np.linspace(-6, 30, 721)


@dataclass(frozen=True)
class Spectrum:
    """The law of Σ λ (χ²_m − m), over the standard deviation of that: mean 0, variance 1.

    Attributes:
        weights: λ, each relative to the standard deviation.
        degrees: m, how often each counts.
        trace: Σ λ m of the kernel itself.
        square: Σ λ² m of the kernel itself.
    """

    weights: np.ndarray
    degrees: np.ndarray
    trace: float
    square: float

    @classmethod
    def of(cls, eigenvalues: np.ndarray, degrees: np.ndarray) -> "Spectrum":
        """From the eigenvalues and their multiplicities."""
        trace, square = float(eigenvalues @ degrees), float(eigenvalues**2 @ degrees)
        kept = eigenvalues**2 * degrees > _LEAST_SHARE * square
        return cls(eigenvalues[kept] / math.sqrt(2 * square), degrees[kept], trace, square)

    def tail(self, values: np.ndarray) -> np.ndarray:
        """P(law > value) at each of (k,) values, by inverting the characteristic function; absolute error about 1e-7.

        Source: Gil-Pelaez (1951), Biometrika 38, 481–482; Imhof (1961), Biometrika 48, 419–426.
        """
        values = np.asarray(values, dtype=np.float64)
        # Sums over an even grid alias at 2π/step, far beyond the law's reach.
        step = 2 * math.pi / 150
        top = 50.0
        while top < 5e4 and self._log_modulus(np.array([top]))[0] > -18:
            top *= 1.3
        u = (np.arange(int(top / step)) + 0.5) * step
        angle = np.zeros_like(u)
        for weight, degree in zip(self.weights, self.degrees, strict=True):
            angle += degree * (np.arctan(2 * weight * u) / 2 - weight * u)
        height = np.exp(self._log_modulus(u)) / u
        return np.array([0.5 + step / math.pi * float(np.sin(angle - u * value) @ height) for value in values])

    def _log_modulus(self, u: np.ndarray) -> np.ndarray:
        total = np.zeros_like(u)
        for weight, degree in zip(self.weights, self.degrees, strict=True):
            total -= degree / 4 * np.log1p((2 * weight * u) ** 2)
        return total

    def quantiles(self, probabilities: np.ndarray) -> np.ndarray:
        """Where the upper tail has these probabilities, from 1e-4 to 1 − 1e-4."""
        from scipy.interpolate import PchipInterpolator
        from scipy.special import ndtri

        tail = self.tail(_GRID)
        sound = (tail > 2e-6) & (tail < 1 - 2e-6)
        # Normal scores are nearly linear in the value, and ascend.
        scores, values = -ndtri(tail[sound]), _GRID[sound]
        rising = np.concatenate([[True], np.diff(np.maximum.accumulate(scores)) > 0])
        return np.asarray(PchipInterpolator(scores[rising], values[rising])(-ndtri(np.asarray(probabilities))))


def isotropic_spectrum(kernel: Kernel, dim: int) -> Spectrum:
    """Eigenvalues under N(0, I) in ``dim`` dimensions of a kernel of norms and angle, less its means over either row.

    By the Funk–Hecke formula: on spherical harmonics of degree l a kernel of the angle acts as a number.
    """
    squares, weights = _squared_norms(dim)
    cosines, shares = _angles(dim)
    norms = np.sqrt(squares)
    root = np.sqrt(weights)
    inner = norms[:, None, None] * norms[None, :, None] * cosines
    values = kernel(squares[:, None, None], squares[None, :, None], inner)
    found, counts = [], []
    total = 0.0
    for degree, harmonic in enumerate(_zonal(dim, cosines)):
        matrix = root[:, None] * (values @ (shares * harmonic)) * root[None, :]
        if degree == 0:
            # Less the mean over x, the mean over y, and the mean of all.
            matrix = matrix - np.outer(root, root @ matrix)
            matrix = matrix - np.outer(matrix @ root, root)
        own = np.linalg.eigvalsh((matrix + matrix.T) / 2)
        count = _multiplicity(dim, degree)
        part = count * float((own**2).sum())
        total += part
        found.append(own)
        counts.append(np.full(len(own), count))
        if degree > 2 and part < 1e-14 * total:
            break
    return Spectrum.of(np.concatenate(found), np.concatenate(counts))


def _squared_norms(dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and probabilities of χ² with ``dim`` degrees of freedom."""
    from scipy import stats
    from scipy.special import roots_genlaguerre

    if dim <= 64:
        halves, weights = roots_genlaguerre(_RADII, dim / 2 - 1)
        kept = weights > 1e-300
        return 2 * halves[kept], weights[kept] / weights.sum()
    # Where the Gamma function nears overflow, the law is smooth and narrow.
    law = stats.chi2(dim)
    low, high = float(law.ppf(1e-25)), float(law.isf(1e-25))
    points, weights = np.polynomial.legendre.leggauss(_RADII)
    squares = low + (high - low) * (points + 1) / 2
    weights = weights * law.pdf(squares)
    return squares, weights / weights.sum()


def _angles(dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of the angle between two uniform directions, and their probabilities."""
    from scipy.special import roots_chebyt, roots_gegenbauer

    if dim == 1:
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    cosines, weights = roots_chebyt(_ANGLES) if dim == 2 else roots_gegenbauer(_ANGLES, dim / 2 - 1)
    return cosines, weights / weights.sum()


def _zonal(dim: int, cosines: np.ndarray) -> list[np.ndarray]:
    """Zonal harmonics of degrees 0, 1, …, each 1 at angle 0: Legendre's polynomials of this dimension."""
    found = [np.ones_like(cosines), cosines]
    if dim == 1:
        return found
    for degree in range(1, _DEGREES):
        ahead = (2 * degree + dim - 2) * cosines * found[-1] - degree * found[-2]
        found.append(ahead / (degree + dim - 2))
    return found


def _multiplicity(dim: int, degree: int) -> float:
    """How many independent spherical harmonics of this degree there are."""
    if dim == 1 or degree == 0:
        return 1.0
    return (2 * degree + dim - 2) / degree * math.comb(degree + dim - 3, degree - 1)


def _bhep(dim: int) -> Kernel:
    square = scaling.bhep_beta(dim) ** 2
    return lambda x, y, inner: np.exp(-square / 2 * (x + y - 2 * inner))


def _mehler(dim: int) -> Kernel:
    r = scaling.mehler_ratio(scaling.mehler_test_sigma(dim))
    constant = -dim / 2 * math.log1p(-r * r)
    return lambda x, y, inner: np.exp((2 * r * inner - r * r * (x + y)) / (2 * (1 - r * r)) + constant)


def _energy(dim: int) -> Kernel:
    return lambda x, y, inner: -np.sqrt(np.maximum(x + y - 2 * inner, 0))


_KERNELS: dict[str, Callable[[int], Kernel]] = {"bhep": _bhep, "mehler": _mehler, "energy": _energy}

# Where the limit law is χ², its degrees of freedom.
_CHI_SQUARE: dict[str, Callable[[int], float]] = {
    "covariance": lambda dim: dim * (dim + 1) / 2,
    "hermite": lambda dim: 2 * dim,
    "hermite_composite": lambda dim: 2 * dim,
    "mardia_skewness": lambda dim: dim * (dim + 1) * (dim + 2) / 6,
    "smooth": lambda dim: 4 * dim,
    "smooth_pairs": lambda dim: 2 * dim * (dim - 1),
}


def limit_spectrum(test: str, dim: int) -> Spectrum | None:
    """The limit law of a kernel's test, or ``None`` for other tests."""
    return isotropic_spectrum(_KERNELS[test](dim), dim) if test in _KERNELS else None


def limit_tail(test: str, dim: int, values: np.ndarray) -> np.ndarray:
    """Upper tail probabilities of a scaled statistic's limit law at (k,) values.

    Raises: KeyError: for a test whose limit law is not known.
    """
    from scipy import stats

    if test == "mardia_kurtosis":
        return np.asarray(stats.norm.sf(values))
    if test in _CHI_SQUARE:
        degrees = _CHI_SQUARE[test](dim)
        return np.asarray(stats.chi2.sf(np.asarray(values) * math.sqrt(2 * degrees) + degrees, degrees))
    return isotropic_spectrum(_KERNELS[test](dim), dim).tail(values)


def limit_quantiles(test: str, dim: int, probabilities: np.ndarray) -> np.ndarray | None:
    """Quantiles of a scaled statistic's limit law at upper tail probabilities, where it is known; else ``None``."""
    from scipy import stats

    if test == "mardia_kurtosis":
        return np.asarray(stats.norm.isf(probabilities))
    if test in _CHI_SQUARE:
        degrees = _CHI_SQUARE[test](dim)
        return np.asarray((stats.chi2.isf(probabilities, degrees) - degrees) / math.sqrt(2 * degrees))
    spectrum = limit_spectrum(test, dim)
    return None if spectrum is None else spectrum.quantiles(probabilities)
