"""Barlow Twins: the views' cross-correlation matrix is drawn to the identity."""

import torch

from noisedim.objectives.interface import in_single
from noisedim.objectives.method import Recipe
from noisedim.objectives.siamese import check_views, off_diagonal_squares, siamese_method

__all__ = ["METHOD", "barlow_twins"]


@in_single
def barlow_twins(a: torch.Tensor, b: torch.Tensor, *, redundancy: float = 5e-3) -> torch.Tensor:
    """Barlow Twins' loss, 0-d: the views' cross-correlation matrix is drawn to the identity.

    Args:
        a, b: two views' features, (n, k), n >= 2.
        redundancy: weight λ of what is off the diagonal.

    Source: Zbontar et al., arXiv 2103.03230, eqs. (1) and (2).
    """
    check_views(a, b)
    standardised = [(u - u.mean(0)) / torch.sqrt(u.var(0, unbiased=False) + 1e-5) for u in (a, b)]
    correlation = standardised[0].T @ standardised[1] / len(a)
    return (correlation.diagonal() - 1).square().sum() + redundancy * off_diagonal_squares(correlation)


METHOD = siamese_method(
    name="barlow-twins",
    words="Barlow Twins",
    loss=lambda strength: lambda a, b, _: barlow_twins(a, b, redundancy=strength),
    strength="lambda",
    default=5e-3,
    # Its authors let biases and normalisations, which LARS does not adapt, learn at 0.0048 where weights have 0.2.
    recipe=Recipe(
        dim=2048, head=(2048, 2048), head_normalisation=True, options={"features": 0, "loss_scale": 0.0048 / 0.2}
    ),
    references=("barlow-twins",),
)
