r"""Limit laws of the scaled statistics as n grows, which anchor the null tables.

A degenerate statistic n·mean h(z_i, z_j) tends to :math:`\sum_k \lambda_k \chi^2_1`, where λ are the eigenvalues of h under
N(0, I). The kernels here depend on two norms and an angle, so h splits by degree of spherical harmonics into kernels of
norms alone, each with the multiplicity of its degree; those are solved by quadrature (Nyström). Nothing is simulated.

Where mean and covariance are estimated, the same holds of the kernel less its projection on polynomials of order 2, the
score functions of the normal law: that is what whitening by an efficient estimate does in the limit.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.normality.tests import calibrated
from noisedim.normality.tests.base import ChiSquareLimit, Kernel, KernelLimit, NormalLimit

__all__ = ["Spectrum", "isotropic_spectrum", "limit_quantiles", "limit_spectrum", "limit_tail"]

_RADII = 120
# On the line and in the plane a kink of the kernel needs more nodes, and they cost little.
_MORE_RADII = 400
_ANGLES = 96
_DEGREES = 40
# Eigenvalues whose part of the variance is below this are left out.
_LEAST_SHARE = 1e-12
_GRID = np.linspace(-6, 40, 921)


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
        from scipy.interpolate import CubicSpline

        grid, tail = self._tail_on_grid
        values = np.asarray(values, dtype=np.float64)
        inside = np.clip(values, grid[0], grid[-1])
        return np.clip(CubicSpline(grid, tail)(inside), 0.0, 1.0)

    @cached_property
    def _tail_on_grid(self) -> tuple[np.ndarray, np.ndarray]:
        # A sum over an even grid of frequencies has this period in the value, far beyond the law's reach.
        period = 150.0
        step = 2 * math.pi / period
        top = 50.0
        while top < 5e4 and self._log_modulus(np.array([top]))[0] > -18:
            top *= 1.3
        u = (np.arange(int(top / step)) + 0.5) * step
        angle = np.zeros_like(u)
        for weight, degree in zip(self.weights, self.degrees, strict=True):
            angle += degree * (np.arctan(2 * weight * u) / 2 - weight * u)
        terms = np.exp(self._log_modulus(u) + 1j * angle) / u
        # All values at once: the sum is a discrete Fourier transform, padded so that splines between its points are exact.
        size = max(2**15, 1 << (len(u) - 1).bit_length())
        index = np.arange(math.floor(_GRID[0] / period * size), math.ceil(_GRID[-1] / period * size) + 1)
        grid = index * (period / size)
        sums = np.fft.fft(terms, size)[index % size] * np.exp(-0.5j * step * grid)
        return grid, 0.5 + step / math.pi * sums.imag

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


def isotropic_spectrum(kernel: Kernel, dim: int, *, estimated: bool = False) -> Spectrum:
    """Eigenvalues under N(0, I) in ``dim`` dimensions of a kernel of norms and angle, centred over either row.

    By the Funk–Hecke formula: on spherical harmonics of degree l a kernel of the angle acts as a number.

    Args:
        kernel: of pairs of rows.
        dim: of the rows.
        estimated: rows are whitened first, by their own mean and covariance.

    Source: de Wet & Randles (1987), Annals of Statistics 15, 398–412, for estimated parameters.
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
        for direction in _taken_off(degree, root, squares, estimated):
            matrix = matrix - np.outer(direction, direction @ matrix)
            matrix = matrix - np.outer(matrix @ direction, direction)
        own = np.linalg.eigvalsh((matrix + matrix.T) / 2)
        count = _multiplicity(dim, degree)
        part = count * float((own**2).sum())
        total += part
        found.append(own)
        counts.append(np.full(len(own), count))
        if degree > 2 and part < 1e-14 * total:
            break
    return Spectrum.of(np.concatenate(found), np.concatenate(counts))


def _taken_off(degree: int, root: np.ndarray, squares: np.ndarray, estimated: bool) -> list[np.ndarray]:
    """Unit vectors of the radial functions that a degree loses: the constant, and with it all of order 2 or less."""
    found = [root] if degree == 0 else []
    if estimated and degree <= 2:
        own = root * squares if degree != 1 else root * np.sqrt(squares)
        for before in found:
            own = own - before * (before @ own)
        found.append(own / np.linalg.norm(own))
    return found


def _squared_norms(dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and probabilities of χ² with ``dim`` degrees of freedom: Gauss and Legendre's for its root, which is smooth."""
    from scipy import stats

    law = stats.chi(dim)
    low, high = float(law.ppf(1e-25)), float(law.isf(1e-25))
    points, weights = np.polynomial.legendre.leggauss(_RADII if dim > 2 else _MORE_RADII)
    norms = low + (high - low) * (points + 1) / 2
    weights = weights * law.pdf(norms)
    return norms**2, weights / weights.sum()


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


def limit_spectrum(test: str, dim: int, rows: int | None = None) -> Spectrum | None:
    """The limit law of a kernel's test, or ``None`` for other tests and where no limit law is near.

    A kernel that depends on n is that of ``rows``.
    """
    limit = calibrated(test).limit
    if not isinstance(limit, KernelLimit) or (kernel := limit.kernel(dim, rows)) is None:
        return None
    return isotropic_spectrum(kernel, dim, estimated=limit.estimated)


def limit_tail(test: str, dim: int, values: np.ndarray, rows: int | None = None) -> np.ndarray:
    """Upper tail probabilities of a scaled statistic's limit law at (k,) values; ``rows`` as :func:`limit_spectrum`.

    Raises: InvalidInputError: for a test whose limit law is not known.
    """
    from scipy import stats

    limit, values = calibrated(test).limit, np.asarray(values)
    if isinstance(limit, NormalLimit):
        return np.asarray(stats.norm.sf(values))
    if isinstance(limit, ChiSquareLimit):
        degrees = limit.degrees(dim)
        return np.asarray(stats.chi2.sf(values * math.sqrt(2 * degrees) + degrees, degrees))
    if limit is None or (spectrum := limit_spectrum(test, dim, rows)) is None:
        raise InvalidInputError(f"the limit law of {test} is not known at d={dim}, n={rows}")
    return spectrum.tail(values / limit.unit(dim, rows, math.sqrt(2 * spectrum.square)))


def limit_quantiles(test: str, dim: int, probabilities: np.ndarray, rows: int | None = None) -> np.ndarray | None:
    """Quantiles of a scaled statistic's limit law at upper tail probabilities, where it is known; else ``None``."""
    from scipy import stats

    limit = calibrated(test).limit
    if isinstance(limit, NormalLimit):
        return np.asarray(stats.norm.isf(probabilities))
    if isinstance(limit, ChiSquareLimit):
        degrees = limit.degrees(dim)
        return np.asarray((stats.chi2.isf(probabilities, degrees) - degrees) / math.sqrt(2 * degrees))
    if limit is None or (spectrum := limit_spectrum(test, dim, rows)) is None:
        return None
    return limit.unit(dim, rows, math.sqrt(2 * spectrum.square)) * spectrum.quantiles(probabilities)
