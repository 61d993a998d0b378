"""The alternative to training for a prior: train a plain encoder, then map its embedding to N(0, I)."""

from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix
from noisedim.errors import InvalidInputError
from noisedim.priors import FlowPrior

__all__ = ["flow_gaussianise", "rank_gaussianise"]


def rank_gaussianise(train_z: Any, z: Any) -> np.ndarray:
    """Map each coordinate by the training rows' empirical distribution function and the normal quantile function.

    The marginals of the training rows become exactly normal; the joint law need not. Normal scores are interpolated
    linearly between training values and extrapolated beyond them with the slope of the outermost two.

    Args:
        train_z: embeddings that the map is fitted to, (n, d), n >= 3.
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
        # Mid-ranks: ties get the mean of their ranks.
        scores = ndtri((np.cumsum(counts) - counts / 2) / len(known))
        column = np.interp(asked, values, scores)
        for outside, inner, outer in ((asked < values[0], 1, 0), (asked > values[-1], -2, -1)):
            slope = (scores[outer] - scores[inner]) / (values[outer] - values[inner])
            column[outside] = scores[outer] + slope * (asked[outside] - values[outer])
        columns.append(column)
    return np.stack(columns, 1)


def flow_gaussianise(train_z: Any, z: Any, *, seed: int = 0, steps: int = 600, batch_size: int = 512) -> np.ndarray:
    """Map embeddings by a normalizing flow (neural splines, from zuko) fitted to the training rows by maximum likelihood.

    A tenth of the training rows is held out for validation and decides at which step the fit is kept.

    Args:
        train_z: embeddings that the flow is fitted to, (n, d), n >= 20.
        z: embeddings to map, (m, d).
        seed: seed of weights and batches.
        steps: largest number of Adam steps.
        batch_size: rows per step.

    Returns: (m, d) float64.

    Raises: InvalidInputError: for shapes that do not match, NaN, or where zuko is not installed.

    Source: Durkan et al., arXiv 1906.04032.
    """
    train_z = embedding_matrix("train_z", train_z, minimum_rows=20)
    z = embedding_matrix("z", z, dim=train_z.shape[1])
    flow = FlowPrior.fit(train_z, seed=seed, steps=steps, batch_size=batch_size)
    return flow.to_normal(torch.from_numpy(z)).numpy()
