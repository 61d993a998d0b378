"""Similarity of two embeddings of the same images, up to rotation."""

from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix
from noisedim.errors import InvalidInputError

__all__ = ["linear_cka", "procrustes_similarity"]


def _centred_pair(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    a, b = embedding_matrix("a", a, minimum_rows=2), embedding_matrix("b", b, minimum_rows=2)
    if len(a) != len(b):
        raise InvalidInputError(f"a and b must have one row per image; got {len(a)} and {len(b)} rows")
    pair = a - a.mean(0), b - b.mean(0)
    if not all(np.any(u) for u in pair):
        raise InvalidInputError("a and b must vary; got a constant embedding")
    return pair


def linear_cka(a: Any, b: Any) -> float:
    r"""Linear centred kernel alignment of two embeddings, in [0, 1]; 1 for equal ones up to rotation and scale.

    .. math:: \|A^\top B\|_F^2 / (\|A^\top A\|_F \, \|B^\top B\|_F)

    Args:
        a, b: embeddings of the same images in the same order, (n, d) and (n, e).

    Raises: InvalidInputError: for unequal numbers of rows, or a constant embedding.

    Source: Kornblith et al., arXiv 1905.00414, Section 3.

    >>> linear_cka([[0.0], [1.0], [2.0]], [[2.0], [1.0], [0.0]])
    1.0
    """
    a, b = _centred_pair(a, b)
    return float(np.sum((a.T @ b) ** 2) / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)))


def procrustes_similarity(a: Any, b: Any) -> float:
    r"""One minus the residual of the best orthogonal map and scale from one embedding to the other, in [0, 1].

    .. math:: (\|A^\top B\|_* / (\|A\|_F \|B\|_F))^2

    Args:
        a, b: embeddings of the same images in the same order, (n, d) and (n, e).

    Raises: InvalidInputError: for unequal numbers of rows, or a constant embedding.

    Source: Schönemann (1966), Psychometrika 31, 1–10; Gower (1975), Psychometrika 40, 33–51.
    """
    a, b = _centred_pair(a, b)
    nuclear = np.linalg.svd(a.T @ b, compute_uv=False).sum()
    return float((nuclear / (np.linalg.norm(a) * np.linalg.norm(b))) ** 2)
