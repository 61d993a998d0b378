"""VICReg: views are drawn together, with a hinge on each feature's deviation and squared covariances."""

import torch
from torch.nn import functional

from noisedim.objectives.interface import in_single
from noisedim.objectives.method import Recipe
from noisedim.objectives.siamese import check_views, off_diagonal_squares, siamese_method

__all__ = ["METHOD", "vicreg"]


@in_single
def vicreg(
    a: torch.Tensor,
    b: torch.Tensor,
    *,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
    eps: float = 1e-4,
) -> torch.Tensor:
    """VICReg's loss, 0-d: squared distance of the views, a hinge on each feature's deviation, squared covariances.

    As in the authors' Algorithm 1, to which their weights belong: the distance is a mean over features as well (their
    eq. (5) sums over them), variances and covariances divide by n − 1, and the hinge adds up the two views' means.

    Args:
        a, b: two views' features, (n, k), n >= 2.
        invariance, variance, covariance: weights of the three parts.
        eps: added to the variance under the root.

    Source: Bardes et al., arXiv 2105.04906, Section 4.1 and Algorithm 1.
    """
    check_views(a, b)
    spread = sum(functional.relu(1 - torch.sqrt(u.var(0) + eps)).mean() for u in (a, b))
    off_diagonal = sum(off_diagonal_squares(_covariance(u)) / u.shape[1] for u in (a, b))
    return invariance * (a - b).square().mean() + variance * spread + covariance * off_diagonal


def _covariance(u: torch.Tensor) -> torch.Tensor:
    centred = u - u.mean(0)
    return centred.T @ centred / (len(u) - 1)


METHOD = siamese_method(
    name="vicreg",
    words="VICReg",
    loss=lambda strength: lambda a, b, _: vicreg(a, b, covariance=strength),
    strength="weight of covariance",
    default=1.0,
    recipe=Recipe(dim=2048, head=(2048, 2048), head_normalisation=True, options={"features": 0}),
    references=("vicreg",),
)
