"""Directions along which rows are projected: random ones, and those that a search finds by variance or by shape."""

import math

import numpy as np

from noisedim.normality.summaries.moments import largest_value, row_blocks, squares
from noisedim.streams import numpy_stream

__all__ = ["extreme_eigenvectors", "extreme_variances", "random_directions", "third_and_fourth_order"]

_STARTS = 3
_STEPS = 20
_SHARE = np.float32(0.7)
_FARTHEST = 100.0
# Of fewer columns, all eigenvectors are as quick as some.
_FEW_COLUMNS = 64
# Of the largest eigenvalue: below, what repeated rows leave of others.
_LEAST_SQUARE = 1e-12
# Rows of a block of the ascent, whose projections stay in the cache.
_ROWS_CLIMBED = 8192


def random_directions(dim: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` independent uniform unit vectors, (count, dim); the one direction there is for ``dim`` = 1."""
    if dim == 1:
        return np.ones((1, 1))
    vectors = rng.standard_normal((count, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def extreme_eigenvectors(matrix: np.ndarray, count: int) -> np.ndarray:
    """Eigenvectors of the ``count`` least and the ``count`` largest eigenvalues of a symmetric matrix, (2·count, d), rising.

    Of d < 2·count, those there are. The others are not computed: at d = 768 that takes a third of the time of all.
    """
    dim = len(matrix)
    if dim <= max(_FEW_COLUMNS, 2 * count):
        ends = np.unique(np.r_[:count, -count:0] % dim)
        return np.asarray(np.linalg.eigh(matrix)[1][:, ends].T)
    from scipy.linalg import eigh_tridiagonal
    from scipy.linalg.lapack import dormqr, dsytrd, dsytrd_lwork

    reflectors, diagonal, other, factors, _ = dsytrd(matrix, lower=1, lwork=int(dsytrd_lwork(dim, lower=1)[0]))
    ranges = ((0, count - 1), (dim - count, dim - 1))
    found = [eigh_tridiagonal(diagonal, other, select="i", select_range=ends)[1] for ends in ranges]
    vectors = np.concatenate(found, 1)
    # The reduction to tridiagonal form leaves the first coordinate alone.
    below = np.asfortranarray(reflectors[1:, :-1])
    vectors[1:] = dormqr("L", "N", below, factors, np.asfortranarray(vectors[1:]), lwork=64 * 2 * count)[0]
    return vectors.T


def extreme_variances(rows: np.ndarray) -> np.ndarray:
    """Directions of the least and the largest mean square of (m, d) rows, orthonormal, (2, d); (1, 1) for d = 1.

    Fewer rows than coordinates have mean square 0 along more than one direction. Rounding would choose among these; instead,
    the part of a fixed direction that is orthogonal to all rows is taken. In 256 dimensions, half of variance 0.2 and half
    of 1.8, such directions of 100 rows had variance 0.68, those of the least mean square in the span of the rows 0.83.
    """
    m, dim = rows.shape
    if m >= dim or not rows.any():
        return extreme_eigenvectors(rows.T @ rows, 1)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    kept = values > _LEAST_SQUARE * values[-1]
    largest = rows.T @ vectors[:, -1]
    least = numpy_stream(0, "a direction without variance").standard_normal(dim)
    for _ in range(2):  # the second time takes off what rounding left
        along = vectors[:, kept].T @ (rows @ least)
        least = least - rows.T @ (vectors[:, kept] @ (along / values[kept]))
    return np.stack([own / np.linalg.norm(own) for own in (least, largest)])


def _starts(rows: np.ndarray, scale: float, low: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where power iterations begin, (k, d): partial traces of the third and fourth moments, worst axes, random ones.

    One pass over the rows, which are divided by ``scale`` and clipped; it also fills ``low`` with them in single precision.
    """
    n, dim = rows.shape
    third, skewness, kurtosis = np.zeros(dim), np.zeros(dim), np.zeros(dim)
    fourth = np.zeros((dim, dim))
    for block in row_blocks(n, dim, square=True):
        z = rows[block] / scale
        if largest_value(z) > _FARTHEST:
            z = z.clip(-_FARTHEST, _FARTHEST)
        low[block] = z
        square = z * z
        excess = square.sum(1) - (dim + 2)
        third += excess @ z
        single = low[block]
        fourth += (single * excess[:, None].astype(np.float32)).T @ single
        skewness += np.einsum("ij,ij->j", square - 3, z)
        kurtosis += np.einsum("ij,ij->j", square - 6, square)
    axes = np.eye(dim)[[int(np.abs(skewness).argmax()), int(np.abs(kurtosis / n + 3).argmax())]]
    ends = extreme_eigenvectors(fourth / n, 1)
    return np.vstack([third[None] / n, ends, axes, rng.standard_normal((_STARTS, dim))])


def _climb(z: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Fixed-point ascent on the sphere of |third|, fourth and −fourth Hermite moment from all starts, (3, k, d)."""
    count = len(starts)
    unit = (starts / np.maximum(np.linalg.norm(starts, axis=1, keepdims=True), 1e-300)).T.astype(z.dtype)
    v = np.concatenate([unit, unit, unit], 1)
    third, fourth = slice(0, count), slice(count, 3 * count)
    sign = np.concatenate([np.ones(count), -np.ones(count)]).astype(z.dtype)
    for _ in range(_STEPS):
        step, odd = np.zeros_like(v), np.zeros(count, dtype=z.dtype)
        for start in range(0, len(z), _ROWS_CLIMBED):
            rows = z[start : start + _ROWS_CLIMBED]
            x = rows @ v
            square = x * x
            odd += ((square[:, third] - 3) * x[:, third]).sum(0)
            weights = np.concatenate([square[:, third] - 1, (square[:, fourth] - 3) * x[:, fourth]], 1)
            step += rows.T @ weights
        step[:, third] *= np.sign(odd)
        step[:, fourth] *= sign
        # A step shorter than the direction keeps the ascent from jumping where the moment is not convex.
        v += _SHARE * step / np.maximum(np.linalg.norm(step, axis=0), 1e-30)
        v /= np.maximum(np.linalg.norm(v, axis=0), 1e-30)  # 0 where all rows are
    return np.stack(np.split(v.T, 3))


def third_and_fourth_order(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Directions of the largest |third|, the largest and the smallest fourth Hermite moment found of (m, d) rows.

    Args:
        rows: (m, d) float64, of any common scale.
        rng: of the random starts.

    Returns: orthonormal directions, (min(3, d), d).
    """
    # One scale for all rows, so that no power overflows; where that clips, the direction is plain without the rest.
    scale = max(math.sqrt(float(squares(rows).rows.mean()) / rows.shape[1]), 1e-300)
    # Single precision: which direction is looked along need not be exact, what is measured along it is.
    low = np.empty(rows.shape, dtype=np.float32)
    starts = _starts(rows, scale, low, rng)
    found = []
    for kind, candidates in enumerate(_climb(low, starts)):
        x = (low @ candidates.T).astype(np.float64)
        square = x * x
        skewness, kurtosis = ((square - 3) * x).mean(0), ((square - 6) * square + 3).mean(0)
        score = (np.abs(skewness), kurtosis, -kurtosis)[kind]
        found.append(candidates[int(np.argmax(score))])
    count = min(3, rows.shape[1])
    return np.linalg.qr(np.array(found, dtype=np.float64).T)[0][:, :count].T
