"""What one does without any of this: train a plain encoder, then map its embedding to N(0, I) after the fact."""

from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix
from noisedim.errors import InvalidInputError
from noisedim.priors import FlowPrior

__all__ = ["flow_gaussianise", "rank_gaussianise"]


def rank_gaussianise(train_z: Any, z: Any) -> np.ndarray:
    """Each coordinate through the training rows' empirical distribution function and the normal quantile function.

    Marginals of the training rows become normal exactly; the joint law need not. Between training values the
    distribution function is interpolated, outside them it goes on with the slope of the nearest two normal scores.

    Args:
        train_z: embeddings that fit the map, (n, d), n >= 3.
        z: embeddings to map, (m, d).

    Returns: (m, d) float64.

    Raises: InvalidInputError: for shapes that do not match, NaN, or a constant coordinate.
    """
    from scipy.special import ndtri

    train_z = embedding_matrix("train_z", train_z, minimum_rows=3)
    z = embedding_matrix("z", z, dim=train_z.shape[1])
    columns = []
    for known, asked in zip(train_z.T, z.T, strict=True):
        values, counts = np.unique(known, return_counts=True)
        if len(values) < 2:
            raise InvalidInputError("train_z must vary in every coordinate; got a constant one")
        # Mid-ranks: ties share the middle of what they occupy.
        scores = ndtri((np.cumsum(counts) - counts / 2) / len(known))
        column = np.interp(asked, values, scores)
        for outside, inner, outer in ((asked < values[0], 1, 0), (asked > values[-1], -2, -1)):
            slope = (scores[outer] - scores[inner]) / (values[outer] - values[inner])
            column[outside] = scores[outer] + slope * (asked[outside] - values[outer])
        columns.append(column)
    return np.stack(columns, 1)


def flow_gaussianise(train_z: Any, z: Any, *, seed: int = 0, steps: int = 600, batch_size: int = 512) -> np.ndarray:
    """Embeddings through a normalizing flow (neural splines, by zuko) fitted to the training rows by likelihood.

    A tenth of the training rows fits nothing and tells which step's flow to keep.

    Args:
        train_z: embeddings that fit the flow, (n, d), n >= 20.
        z: embeddings to map, (m, d).
        seed: of weights and batches.
        steps: of Adam, at most.
        batch_size: rows a step.

    Returns: (m, d) float64.

    Raises: InvalidInputError: for shapes that do not match, NaN, or where zuko is not installed.

    Source: Durkan et al., arXiv 1906.04032.
    """
    train_z = embedding_matrix("train_z", train_z, minimum_rows=20)
    z = embedding_matrix("z", z, dim=train_z.shape[1])
    flow = FlowPrior.fit(train_z, seed=seed, steps=steps, batch_size=batch_size)
    return flow.to_normal(torch.from_numpy(z)).numpy()
