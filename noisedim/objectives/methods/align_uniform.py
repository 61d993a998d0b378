"""Alignment and uniformity on the unit sphere."""

import math

import torch

from noisedim.objectives.interface import in_single
from noisedim.objectives.siamese import check_views, siamese_method, unit_rows

__all__ = ["METHOD", "align_uniform"]


@in_single
def align_uniform(a: torch.Tensor, b: torch.Tensor, *, uniformity: float = 1.0, t: float = 2.0) -> torch.Tensor:
    r"""Wang and Isola's loss on the unit sphere, 0-d: alignment, plus the log of a Gaussian potential between images.

    .. math:: \mathbb E\|a - b\|^2 + \tfrac w2 \sum_{u \in \{a, b\}} \log \mathbb E_{i \ne j} e^{-t\|u_i - u_j\|^2}

    Args:
        a, b: two views' features, (n, k), n >= 2.
        uniformity: the weight w.
        t: sharpness of the potential.

    Source: Wang & Isola, arXiv 2005.10242, Section 4.2 (α = 2).
    """
    check_views(a, b)
    a, b = unit_rows(a), unit_rows(b)
    alignment = (a - b).square().sum(1).mean()
    return alignment + uniformity / 2 * (_log_potential(a, t) + _log_potential(b, t))


def _log_potential(u: torch.Tensor, t: float) -> torch.Tensor:
    # On the sphere ‖u − v‖² = 2 − 2⟨u, v⟩.
    n = len(u)
    logs = ((2 * u @ u.T - 2) * t).fill_diagonal_(-math.inf)
    return torch.logsumexp(logs.flatten(), 0) - math.log(n * (n - 1))


METHOD = siamese_method(
    name="align-uniform",
    words="alignment and uniformity",
    loss=lambda strength: lambda a, b, _: align_uniform(a, b, uniformity=strength),
    strength="weight of uniformity",
    default=1.0,
    sees_cosines=True,
    references=("align-uniform",),
)
