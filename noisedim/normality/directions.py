"""Directions along which rows are projected."""

import numpy as np

__all__ = ["random_directions"]


def random_directions(dim: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` independent uniform unit vectors, (count, dim); the one direction there is for ``dim`` = 1."""
    if dim == 1:
        return np.ones((1, 1))
    vectors = rng.standard_normal((count, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
