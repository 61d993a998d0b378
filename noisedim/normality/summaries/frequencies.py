r"""Sums of Gaussian kernels over pairs of rows in one or two dimensions, without the pairs: through frequencies.

.. math:: e^{-x^2/2} = \int \varphi(t) \cos(tx)\,dt \approx h \sum_k \varphi(hk) \cos(hkx), \qquad
          \cos(t(a-b)) = \cos ta \cos tb + \sin ta \sin tb

The trapezoidal rule is exact but for the frequencies beyond its last, and for the kernel's copies at distance 2π/h: both are
made smaller than rounding. A sum over all pairs is then one over frequencies of squares of sums over rows: n·K^d operations
in place of n²/2 exponentials, and all terms are positive.

Source: Poisson's summation formula; Trefethen & Weideman (2014), SIAM Review 56, 385–458.
"""

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Frequencies", "frequencies_of"]

# Where a normal density, or a Gaussian kernel, is 1e-16 of its height.
_REACH = 8.6
# Rows whose cosines and sines are held at a time.
_ROWS = 1024
# In exponentials: what a row costs per pair of frequencies, and per frequency, measured on one core.
_PER_PAIR, _PER_FREQUENCY = 0.25, 4.0


@dataclass(frozen=True)
class _Axis:
    """Frequencies 0, h, 2h, … of one coordinate, with the weights of their cosines and of their sines."""

    step: float
    count: int

    @property
    def weights(self) -> np.ndarray:
        """Of ``count`` cosines, then of ``count`` sines, (2·count,)."""
        t = self.step * np.arange(self.count)
        # Negative frequencies are the same again; zero is there once.
        own = self.step / math.sqrt(2 * math.pi) * np.exp(-t * t / 2) * np.where(t > 0, 2.0, 1.0)
        return np.concatenate([own, own])

    def waves(self, x: np.ndarray) -> np.ndarray:
        """Cosines, then sines, at (n,) places, (2·count, n)."""
        found = np.empty((2, self.count, len(x)))
        first = np.exp(1j * self.step * x)
        wave = np.ones_like(first)
        for k in range(self.count):
            found[0, k], found[1, k] = wave.real, wave.imag
            wave *= first
        return found.reshape(2 * self.count, len(x))


@dataclass(frozen=True)
class Frequencies:
    """Sums over pairs of u_a u_b e^{−‖a−b‖²/2}, for (n, d) rows with d ≤ 2 and weights u > 0, (n,)."""

    rows: np.ndarray
    u: np.ndarray
    axes: tuple[_Axis, ...]

    def pair_sum(self) -> float | None:
        """Over all ordered pairs of different rows; None where too little is left when each row with itself is taken off."""
        total = float((self._kernel_weights() * self._sums() ** 2).sum())
        own, whole = float((self.u**2).sum()), float(self.u.sum())
        # The kernel's error, 1e-15 or so, counts for every pair.
        return total - own if total - own > 1e-4 * whole**2 else None

    def row_sums(self) -> np.ndarray | None:
        """For each row a, over the other rows b, (n,); None where too little is left of some."""
        weighted = self._kernel_weights() * self._sums()
        found = np.empty(len(self.rows))
        for part in self._parts():
            left, right = self._waves(part)
            found[part] = ((weighted @ right) * left).sum(0)
        found = self.u * (found - self.u)
        return found if (found > 1e-4 * self.u * self.u.sum()).all() else None

    def _parts(self) -> list[slice]:
        return [slice(start, start + _ROWS) for start in range(0, len(self.rows), _ROWS)]

    def _waves(self, part: slice) -> tuple[np.ndarray, np.ndarray]:
        first, *second = (axis.waves(self.rows[part, i]) for i, axis in enumerate(self.axes))
        return first, second[0] if second else np.ones((1, first.shape[1]))

    def _kernel_weights(self) -> np.ndarray:
        first, *second = (axis.weights for axis in self.axes)
        return np.outer(first, second[0] if second else np.ones(1))

    def _sums(self) -> np.ndarray:
        """Σ_b u_b times each pair of waves."""
        total = np.zeros(self._kernel_weights().shape)
        for part in self._parts():
            left, right = self._waves(part)
            total += (left * self.u[part]) @ right.T
        return total


def frequencies_of(rows: np.ndarray, log_weights: np.ndarray) -> Frequencies | None:
    """What sums over pairs take frequencies for; None where the pairs themselves cost less.

    Args:
        rows: (n, d) float64.
        log_weights: log u, (n,).
    """
    n, dim = rows.shape
    if dim > 2 or not np.isfinite(log_weights).all() or log_weights.max() > 300:
        return None
    ranges = np.ptp(rows, axis=0)
    if not np.isfinite(ranges).all():
        return None
    steps = 2 * math.pi / (ranges + _REACH)
    counts = _REACH / steps + 2
    if n * (_PER_PAIR * counts.prod() + _PER_FREQUENCY * counts.sum()) > n * n / 2:
        return None
    axes = tuple(_Axis(float(step), int(count)) for step, count in zip(steps, counts, strict=True))
    return Frequencies(rows - rows.mean(0), np.exp(log_weights), axes)
