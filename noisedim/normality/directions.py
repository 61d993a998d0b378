"""Directions along which rows are projected: random ones, and those that a search finds by variance or by shape."""

import numpy as np

__all__ = ["extreme_variances", "random_directions", "third_and_fourth_order"]

_STARTS = 3
_STEPS = 20
_SHARE = np.float32(0.7)
_FARTHEST = 100.0


def random_directions(dim: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` independent uniform unit vectors, (count, dim); the one direction there is for ``dim`` = 1."""
    if dim == 1:
        return np.ones((1, 1))
    vectors = rng.standard_normal((count, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def extreme_variances(rows: np.ndarray) -> np.ndarray:
    """Directions of the least and the largest mean square of (m, d) rows, orthonormal, (2, d); (1, 1) for d = 1."""
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return np.asarray((vectors[:, [0, -1]] if rows.shape[1] > 1 else vectors).T)


def _starts(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where power iterations begin, (k, d): partial traces of the third and fourth moments, worst axes, random ones."""
    n, dim = z.shape
    excess = np.einsum("ij,ij->i", z, z) - (dim + 2)
    third = excess @ z / n
    fourth = np.linalg.eigh((z * excess[:, None]).T @ z / n)[1]
    skewness = np.abs((z**3 - 3 * z).mean(0))
    kurtosis = np.abs((z**4 - 6 * z**2 + 3).mean(0))
    axes = np.eye(dim)[[int(skewness.argmax()), int(kurtosis.argmax())]]
    return np.vstack([third[None], fourth[:, [0, -1]].T, axes, rng.standard_normal((_STARTS, dim))])


def _climb(z: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Fixed-point ascent on the sphere of |third|, fourth and −fourth Hermite moment from all starts, (3, k, d)."""
    count = len(starts)
    unit = (starts / np.linalg.norm(starts, axis=1, keepdims=True)).T.astype(z.dtype)
    v = np.concatenate([unit, unit, unit], 1)
    third, fourth = slice(0, count), slice(count, 3 * count)
    sign = np.concatenate([np.ones(count), -np.ones(count)]).astype(z.dtype)
    for _ in range(_STEPS):
        x = z @ v
        square = x * x
        odd = (square[:, third] - 3) * x[:, third]
        weights = np.concatenate([square[:, third] - 1, (square[:, fourth] - 3) * x[:, fourth]], 1)
        step = z.T @ weights
        step[:, third] *= np.sign(odd.mean(0))
        step[:, fourth] *= sign
        # A step shorter than the direction keeps the ascent from jumping where the moment is not convex.
        v += _SHARE * step / np.maximum(np.linalg.norm(step, axis=0), 1e-30)
        v /= np.linalg.norm(v, axis=0)
    return np.stack(np.split(v.T, 3))


def third_and_fourth_order(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Directions of the largest |third|, the largest and the smallest fourth Hermite moment found of (m, d) rows.

    Args:
        rows: (m, d) float64, of any common scale.
        rng: of the random starts.

    Returns: orthonormal directions, (min(3, d), d).
    """
    # One scale for all rows, so that no power overflows; where that clips, the direction is plain without the rest.
    rows = np.clip(rows / max(float(np.sqrt((rows * rows).mean())), 1e-300), -_FARTHEST, _FARTHEST)
    # Single precision: which direction is looked along need not be exact, what is measured along it is.
    low = rows.astype(np.float32)
    found = []
    for kind, candidates in enumerate(_climb(low, _starts(rows, rng))):
        x = (low @ candidates.T).astype(np.float64)
        skewness, kurtosis = (x**3 - 3 * x).mean(0), (x**4 - 6 * x**2 + 3).mean(0)
        score = (np.abs(skewness), kurtosis, -kurtosis)[kind]
        found.append(candidates[int(np.argmax(score))])
    count = min(3, rows.shape[1])
    return np.linalg.qr(np.array(found, dtype=np.float64).T)[0][:, :count].T
