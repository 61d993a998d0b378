"""Kullback–Leibler divergence to N(0, I) from distances to nearest neighbours."""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive_integer, rate
from noisedim.errors import InvalidInputError
from noisedim.statistics.intervals import Interval

__all__ = ["neighbour_divergence"]

_ROWS = 1024
# Candidates beside the neighbours asked for: their order by rounded distances may be wrong.
_SPARE = 16


def neighbour_divergence(z: Any, *, neighbours: int = 5, level: float = 0.95) -> Interval:
    """KL(law of the rows ‖ N(0, I)), nats: Kozachenko and Leonenko's entropy, and the mean of −log of the density.

    Its bias grows with d and is not small: compare with the value for a sample of the prior of the same n and d. Repeated
    rows make it large, because a law with atoms has infinite divergence.

    Args:
        z: (n, d) numbers, n > ``neighbours``.
        neighbours: k.
        level: coverage of the interval, normal approximation over rows. It does not cover the bias, which dominates
            from a few dimensions on (d = 16: 95% intervals held the truth in no sample of 2,000 rows); at d = 1 in 89%.

    Source: Kozachenko & Leonenko (1987), Problems of Information Transmission 23, 95–101; Singh et al. (2003), American
        Journal of Mathematical and Management Sciences 23, 301–321, for k neighbours.
    """
    from scipy.special import digamma, gammaln, ndtri

    neighbours = positive_integer("neighbours", neighbours)
    z = embedding_matrix("z", z, minimum_rows=2)
    n, dim = z.shape
    if n <= neighbours:
        raise InvalidInputError(f"expected more rows than neighbours={neighbours}; got {n}")
    points = torch.from_numpy(z - np.median(z, 0))
    logs = np.empty(n)
    for start in range(0, n, _ROWS):
        nearest = _distances(points, start, min(n - 1, neighbours + _SPARE))[:, neighbours - 1]
        logs[start : start + _ROWS] = nearest.clamp_min(1e-150).log().numpy()
    volume = dim / 2 * math.log(math.pi) - float(gammaln(dim / 2 + 1))
    constant = float(digamma(neighbours) - digamma(n)) - volume + dim / 2 * math.log(2 * math.pi)
    terms = (z.clip(-1e70, 1e70) ** 2).sum(1) / 2 - dim * logs
    estimate = constant + float(terms.mean())
    half = float(ndtri((1 + rate("level", level)) / 2)) * float(terms.std()) / math.sqrt(n)
    return Interval(estimate, estimate - half, estimate + half, level, n, "normal approximation, bias left")


def _distances(points: torch.Tensor, start: int, candidates: int) -> torch.Tensor:
    """Distances of each row of a block to its nearest other rows, rising, (rows, candidates).

    Candidates are found through matrix products, whose rounding is about 1e-8 of the norms: 0 and 1e-8 look alike there.
    So their distances are computed again, from differences.
    """
    rows = points[start : start + _ROWS]
    rough = torch.cdist(rows, points)
    own = torch.arange(len(rows), device=rows.device)
    rough[own, start + own] = torch.inf
    nearest = rough.topk(candidates, dim=1, largest=False).indices
    exact = torch.empty(nearest.shape, dtype=points.dtype, device=points.device)
    for column in range(candidates):
        exact[:, column] = torch.linalg.vector_norm(points[nearest[:, column]] - rows, dim=1)
    return exact.sort(dim=1).values
