"""Exact draws of von Mises and Fisher's law about given points of a sphere, through which gradients pass to the points."""

import math

import torch
from torch import nn

__all__ = ["displaced"]


def displaced(points: torch.Tensor, concentration: float, *, generator: torch.Generator | None = None) -> torch.Tensor:
    r"""The way from each unit vector to a draw y of the law ∝ exp(k⟨x, y⟩) about it, (n, d+1).

    y is u away from x, with 1 − u its component along x, drawn by rejection, and the rest in a direction that is uniform
    about x. Neither u's law nor the normal vector behind the direction depends on x, so that gradients pass.

    Args:
        points: unit vectors, (n, d+1), d >= 1.
        concentration: k > 0.
        generator: draws.

    Source: Wood (1994), with 1 − w in place of w: nothing cancels at a high concentration.
    """
    n, columns = points.shape
    away = _away(n, columns - 1, concentration, generator, points.device)[:, None].to(points.dtype)
    vector = torch.randn(points.shape, generator=generator, dtype=points.dtype, device=points.device)
    across = vector
    for _ in range(2):  # a vector that nearly lies along the point has few digits left across it the first time
        across = nn.functional.normalize(across - (across * points).sum(1, keepdim=True) * points, dim=1, eps=1e-12)
    return across * (away * (2 - away)).sqrt() - away * points


@torch.no_grad()
def _away(n: int, dim: int, k: float, generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
    """n draws of 1 − ⟨x, y⟩ in [0, 2], float64, by Wood's rejection from a Beta law, which accepts two of three or more."""
    b = dim / (2 * k + math.hypot(2 * k, dim))
    centre = 2 * b / (1 + b)  # 1 − x₀, where the envelope touches
    found = torch.empty(n, dtype=torch.float64, device=device)
    missing = torch.arange(n, device=device)
    while len(missing):
        # Beta(d/2, d/2) from two χ² of d degrees of freedom.
        squares = torch.randn((2, len(missing), dim), generator=generator, dtype=torch.float64, device=device)
        first, second = squares.square().sum(2)
        share = first / (first + second)
        away = 2 * b * share / (1 - (1 - b) * share)
        # With x₀ = (1−b)/(1+b): 1 − x₀w is centre + x₀·away, and 1 − x₀² is 4b/(1+b)².
        ratio = (centre + (1 - centre) * away) / (centre * (2 - centre))
        height = k * (centre - away) + dim * torch.log(ratio)
        draw = torch.rand(len(missing), generator=generator, dtype=torch.float64, device=device)
        taken = torch.log(draw) <= height
        found[missing[taken]] = away[taken]
        missing = missing[~taken]
    return found
