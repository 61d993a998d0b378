"""Separation of the classes in an embedding."""

from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix
from noisedim.errors import InvalidInputError
from noisedim.streams import numpy_stream

__all__ = ["label_silhouette", "silhouette"]


def label_silhouette(z: Any, labels: Any, *, rows: int = 5000, seed: int = 0) -> float:
    """Mean silhouette of the true classes, in [−1, 1]: 1 for tight, distant classes, 0 for overlapping ones.

    Args:
        z: embeddings, (n, d).
        labels: (n,), at least 2 classes.
        rows: largest number of rows to use (the cost is quadratic); more are sampled at random.
        seed: seed of that sample.

    Raises: InvalidInputError: for shapes that do not match or a single class.

    Source: Rousseeuw (1987), J. Comput. Appl. Math. 20, 53–65.
    """
    z = embedding_matrix("z", z, minimum_rows=3)
    labels = np.asarray(labels)
    if labels.shape != (len(z),) or len(np.unique(labels)) < 2:
        raise InvalidInputError(f"labels must be {len(z)} values of at least 2 classes; got shape {labels.shape}")
    return silhouette(z, labels, rows=rows, seed=seed)


def silhouette(z: np.ndarray, labels: np.ndarray, *, rows: int = 5000, seed: int = 0) -> float:
    """As :func:`label_silhouette`, for an embedding and labels that have been checked."""
    from sklearn.metrics import silhouette_score

    if len(z) > rows:
        chosen = numpy_stream(seed, "silhouette rows").choice(len(z), rows, replace=False)
        z, labels = z[chosen], labels[chosen]
    return float(silhouette_score(z, labels))
