"""Sums of exponentials over all pairs of rows: the one costly thing that kernel tests do, blocked to fit the cache."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

__all__ = ["BLOCK", "batched_pair_sums", "pair_sum"]

# A block of 512² doubles is 2 MiB: it stays in the second-level cache between the product and the exponential.
BLOCK = 512
_DEVICE_BLOCK = 8192
# Fewer rows than this a thread are not worth its start.
_ROWS_A_THREAD = 2048


def pair_sum(points: torch.Tensor, weights: torch.Tensor) -> float:
    """Sum over all ordered pairs (a, b), the diagonal included, of exp(⟨a, b⟩ + w_a + w_b).

    Args:
        points: (n, d) float64.
        weights: (n,) float64.

    The sum is symmetric: only blocks on and above the diagonal are computed, n²/2 exponentials. Memory beside the input
    is (d+2)·n and one block.
    """
    own = weights[:, None]
    ones = torch.ones_like(own)
    # One product of (d+2)-vectors gives the exponent, without separate passes for the weights.
    left = torch.cat([points, own, ones], 1)
    right = torch.cat([points, ones, own], 1)
    if points.device.type == "cpu":
        return _pair_sum_on_cores(left.numpy(), right.numpy())
    total = torch.zeros((), dtype=points.dtype, device=points.device)
    for rows, columns, factor in _blocks(len(points), _DEVICE_BLOCK):
        total += factor * torch.exp(left[rows] @ right[columns].T).sum()
    return float(total)


def _blocks(n: int, size: int) -> Iterator[tuple[slice, slice, int]]:
    """Blocks on and above the diagonal, with how often each counts."""
    for i in range(0, n, size):
        for j in range(i, n, size):
            yield slice(i, i + size), slice(j, j + size), 1 if i == j else 2


def _pair_sum_on_cores(left: np.ndarray, right: np.ndarray) -> float:
    # NumPy releases the interpreter in products and exponentials, so plain threads share the blocks. A thread pool per
    # block, as inside torch or BLAS, would spend more on waking threads than on 512² exponentials.
    workers = min(torch.get_num_threads(), max(1, len(left) // _ROWS_A_THREAD))
    blocks = list(_blocks(len(left), BLOCK))

    def share(first: int) -> float:
        buffer = np.empty(BLOCK * BLOCK)
        sums = []
        for rows, columns, factor in blocks[first::workers]:
            a, b = left[rows], right[columns]
            block = buffer[: len(a) * len(b)].reshape(len(a), len(b))
            np.matmul(a, b.T, out=block)
            np.exp(block, out=block)
            sums.append(factor * float(block.sum()))
        return math.fsum(sums)

    if workers == 1:
        return share(0)
    with ThreadPoolExecutor(workers) as pool:
        return math.fsum(pool.map(share, range(workers)))


def batched_pair_sums(points: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The same for each of (m, n, d) small samples with weights (m, n) at once: (m,)."""
    exponents = torch.baddbmm(weights[:, :, None] + weights[:, None, :], points, points.transpose(1, 2))
    return exponents.exp_().sum((1, 2))
