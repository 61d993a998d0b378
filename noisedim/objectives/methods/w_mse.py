"""W-MSE: views are whitened, then drawn together."""

import torch
from torch.nn import functional

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.objectives.interface import in_single
from noisedim.objectives.siamese import check_views, siamese_method, unit_rows

__all__ = ["METHOD", "whitening_mse"]


@in_single
def whitening_mse(
    a: torch.Tensor, b: torch.Tensor, *, group: int | None = None, generator: torch.Generator | None = None
) -> torch.Tensor:
    """W-MSE, 0-d: each view is whitened by Cholesky's factor within random groups; then views are drawn together.

    The distance is that of rows brought to unit length, as its authors' default has it. Images that do not fill a group
    are left out of this step.

    Args:
        a, b: two views' features, (n, k).
        group: images whitened together, more than k and at most n; 2k if omitted, as its authors take.
        generator: draws the groups, the same for both views.

    Raises: InvalidInputError: for a group too small to whiten or larger than the batch.

    Source: Ermolov et al., arXiv 2007.06346, Sections 3 and 3.1.
    """
    check_views(a, b)
    n, features = a.shape
    group = 2 * features if group is None else positive_integer("group", group)
    if not features < group <= n:
        raise InvalidInputError(f"whitening {features} features takes groups of more, and at most {n}; got {group}")
    order = torch.randperm(n, generator=generator, device=a.device)[: n // group * group]
    whitened = []
    for u in (a, b):
        # functional.embedding: its backward sums in a fixed order, which that of indexing does not.
        groups = functional.embedding(order, u).view(-1, group, features)
        whitened.append(unit_rows(_whiten(groups).reshape(-1, features)))
    return (whitened[0] - whitened[1]).square().sum(1).mean()


# Variance of a group of equal rows, which are then whitened to zeros.
_LEAST_SCALE = 1e-12


def _whiten(groups: torch.Tensor) -> torch.Tensor:
    """Zero mean and unit covariance within each group, (g, m, k)."""
    centred = groups - groups.mean(1, keepdim=True)
    covariance = centred.mT @ centred / (groups.shape[1] - 1)
    # A little of the identity, as the authors add, so that a thin group has a factor; relative to the scale.
    identity = torch.eye(groups.shape[2], dtype=groups.dtype, device=groups.device)
    scale = covariance.diagonal(dim1=1, dim2=2).mean(1).detach()[:, None, None].clamp(min=_LEAST_SCALE)
    covariance = covariance + 1e-5 * scale * identity
    try:
        factor = torch.linalg.cholesky(covariance)
    except torch.linalg.LinAlgError:  # a group on a line, of which single precision does not hold that little
        factor = torch.linalg.cholesky(covariance.double()).to(covariance.dtype)
    return torch.linalg.solve_triangular(factor, centred.mT, upper=False).mT


METHOD = siamese_method(
    name="w-mse",
    words="W-MSE",
    loss=lambda strength: lambda a, b, generator: whitening_mse(a, b, generator=generator),
    references=("w-mse",),
)
