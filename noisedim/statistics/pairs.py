"""Sums of exponentials over all pairs of rows: the one costly thing that kernel tests do, blocked to fit the cache."""

import torch

__all__ = ["BLOCK", "batched_pair_sums", "pair_sum"]

# A block of 512² doubles is 2 MiB: it stays in the second-level cache between the product and the exponential.
BLOCK = 512


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
    n = len(points)
    buffer = torch.empty(BLOCK * BLOCK, dtype=points.dtype, device=points.device)
    total = torch.zeros((), dtype=points.dtype, device=points.device)
    for i in range(0, n, BLOCK):
        rows = left[i : i + BLOCK]
        for j in range(i, n, BLOCK):
            columns = right[j : j + BLOCK]
            block = buffer[: len(rows) * len(columns)].view(len(rows), len(columns))
            torch.mm(rows, columns.T, out=block)
            part = block.exp_().sum()
            total += part if i == j else 2 * part
    return float(total)


def batched_pair_sums(points: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The same for each of (m, n, d) small samples with weights (m, n) at once: (m,)."""
    exponents = torch.baddbmm(weights[:, :, None] + weights[:, None, :], points, points.transpose(1, 2))
    return exponents.exp_().sum((1, 2))
