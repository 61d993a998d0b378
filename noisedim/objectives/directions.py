"""Random directions on which samples are projected."""

import torch
from torch.nn import functional

__all__ = ["unit_directions"]


def unit_directions(dim: int, count: int, like: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """``count`` independent uniform unit vectors as columns, (dim, count)."""
    vectors = torch.randn(dim, count, generator=generator, dtype=like.dtype, device=like.device)
    return functional.normalize(vectors, dim=0)
