"""SimCLR: find an image's other view among all other rows."""

import math

import torch
from torch.nn import functional

from noisedim.checks import positive
from noisedim.objectives.interface import in_single
from noisedim.objectives.method import Recipe
from noisedim.objectives.siamese import check_views, siamese_method, unit_rows

__all__ = ["METHOD", "nt_xent"]


@in_single
def nt_xent(a: torch.Tensor, b: torch.Tensor, *, temperature: float = 0.5) -> torch.Tensor:
    r"""SimCLR's loss: cross-entropy of finding a row's other view among all 2n − 1 other rows, 0-d.

    .. math:: \ell(i, j) = -\log\frac{\exp(\cos(z_i, z_j)/\tau)}{\sum_{k \ne i}\exp(\cos(z_i, z_k)/\tau)}

    Args:
        a, b: two views' features, (n, k), n >= 2.
        temperature: τ > 0.

    Raises: InvalidInputError: for shapes that do not match or a temperature that is not positive.

    Source: Chen et al., arXiv 2002.05709, eq. (1).
    """
    check_views(a, b)
    n = len(a)
    rows = unit_rows(torch.cat([a, b]))
    logits = (rows @ rows.T / positive("temperature", temperature)).fill_diagonal_(-math.inf)
    partner = torch.arange(2 * n, device=a.device).roll(n)
    return functional.cross_entropy(logits, partner)


METHOD = siamese_method(
    name="simclr",
    words="SimCLR",
    loss=lambda strength: lambda a, b, _: nt_xent(a, b, temperature=strength),
    strength="temperature",
    default=0.5,
    sees_cosines=True,
    recipe=Recipe(dim=256, head=(2048,), head_normalisation=False, options={"strength": 0.2, "features": 0}),
    references=("simclr",),
)
