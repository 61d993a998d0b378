"""What is used beside noise injection to train two views without labels: SimCLR, VICReg, Barlow Twins and their kin.

Each loss is a function of two views' features (n, k), row i of both from one image, as its authors define it. None
knows the channel: :class:`Siamese` gives them the encoder's raw output, through a projector if there is one.
"""

import math
from collections.abc import Callable
from typing import ClassVar, final

import torch
from torch import nn
from torch.nn import functional

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.objectives.value import Objective, ObjectiveValue

__all__ = ["Siamese", "SiameseLoss", "align_uniform", "barlow_twins", "nt_xent", "vicreg", "whitening_mse"]

SiameseLoss = Callable[[torch.Tensor, torch.Tensor, torch.Generator | None], torch.Tensor]


def _check(a: torch.Tensor, b: torch.Tensor) -> None:
    embedding_tensor("a", a, minimum_rows=2, examine_values=False)
    embedding_tensor("b", b, dim=a.shape[1], minimum_rows=2, examine_values=False)
    if len(a) != len(b):
        raise InvalidInputError(f"a and b must have one row an image each; got {len(a)} and {len(b)}")


def nt_xent(a: torch.Tensor, b: torch.Tensor, *, temperature: float = 0.5) -> torch.Tensor:
    r"""SimCLR's loss: cross-entropy of finding a row's other view among all 2n − 1 other rows, 0-d.

    .. math:: \ell(i, j) = -\log\frac{\exp(\cos(z_i, z_j)/\tau)}{\sum_{k \ne i}\exp(\cos(z_i, z_k)/\tau)}

    Args:
        a, b: two views' features, (n, k), n >= 2.
        temperature: τ > 0.

    Raises: InvalidInputError: for shapes that do not match or a temperature that is not positive.

    Source: Chen et al., arXiv 2002.05709, eq. (1).
    """
    _check(a, b)
    n = len(a)
    rows = functional.normalize(torch.cat([a, b]), dim=1)
    logits = (rows @ rows.T / positive("temperature", temperature)).fill_diagonal_(-math.inf)
    partner = torch.arange(2 * n, device=a.device).roll(n)
    return functional.cross_entropy(logits, partner)


def align_uniform(a: torch.Tensor, b: torch.Tensor, *, uniformity: float = 1.0, t: float = 2.0) -> torch.Tensor:
    r"""Wang and Isola's loss on the unit sphere, 0-d: alignment, plus the log of a Gaussian potential between images.

    .. math:: \mathbb E\|a - b\|^2 + \tfrac w2 \sum_{u \in \{a, b\}} \log \mathbb E_{i \ne j} e^{-t\|u_i - u_j\|^2}

    Args:
        a, b: two views' features, (n, k), n >= 2.
        uniformity: the weight w.
        t: sharpness of the potential.

    Source: Wang & Isola, arXiv 2005.10242, Section 4.2 (α = 2).
    """
    _check(a, b)
    a, b = functional.normalize(a, dim=1), functional.normalize(b, dim=1)
    alignment = (a - b).square().sum(1).mean()
    return alignment + uniformity / 2 * (_log_potential(a, t) + _log_potential(b, t))


def _log_potential(u: torch.Tensor, t: float) -> torch.Tensor:
    # On the sphere ‖u − v‖² = 2 − 2⟨u, v⟩.
    n = len(u)
    logs = ((2 * u @ u.T - 2) * t).fill_diagonal_(-math.inf)
    return torch.logsumexp(logs.flatten(), 0) - math.log(n * (n - 1))


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
    _check(a, b)
    spread = sum(functional.relu(1 - torch.sqrt(u.var(0) + eps)).mean() for u in (a, b))
    off_diagonal = sum(_off_diagonal_squares(_covariance(u)) / u.shape[1] for u in (a, b))
    return invariance * (a - b).square().mean() + variance * spread + covariance * off_diagonal


def _covariance(u: torch.Tensor) -> torch.Tensor:
    centred = u - u.mean(0)
    return centred.T @ centred / (len(u) - 1)


def _off_diagonal_squares(matrix: torch.Tensor) -> torch.Tensor:
    return matrix.square().sum() - matrix.diagonal().square().sum()


def barlow_twins(a: torch.Tensor, b: torch.Tensor, *, redundancy: float = 5e-3) -> torch.Tensor:
    """Barlow Twins' loss, 0-d: the views' cross-correlation matrix is drawn to the identity.

    Args:
        a, b: two views' features, (n, k), n >= 2.
        redundancy: weight λ of what is off the diagonal.

    Source: Zbontar et al., arXiv 2103.03230, eqs. (1) and (2).
    """
    _check(a, b)
    standardised = [(u - u.mean(0)) / torch.sqrt(u.var(0, unbiased=False) + 1e-5) for u in (a, b)]
    correlation = standardised[0].T @ standardised[1] / len(a)
    return (correlation.diagonal() - 1).square().sum() + redundancy * _off_diagonal_squares(correlation)


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
    _check(a, b)
    n, features = a.shape
    group = 2 * features if group is None else positive_integer("group", group)
    if not features < group <= n:
        raise InvalidInputError(f"whitening {features} features takes groups of more, and at most {n}; got {group}")
    order = torch.randperm(n, generator=generator, device=a.device)[: n // group * group]
    whitened = []
    for u in (a, b):
        # functional.embedding: its backward sums in a fixed order, which that of indexing does not.
        groups = functional.embedding(order, u).view(-1, group, features)
        whitened.append(functional.normalize(_whiten(groups).reshape(-1, features), dim=1))
    return (whitened[0] - whitened[1]).square().sum(1).mean()


def _whiten(groups: torch.Tensor) -> torch.Tensor:
    """Zero mean and unit covariance within each group, (g, m, k)."""
    centred = groups - groups.mean(1, keepdim=True)
    covariance = centred.mT @ centred / (groups.shape[1] - 1)
    # A little of the identity, as the authors add, so that a thin group has a factor; relative to the scale.
    identity = torch.eye(groups.shape[2], dtype=groups.dtype, device=groups.device)
    scale = covariance.diagonal(dim1=1, dim2=2).mean(1).detach()[:, None, None]
    factor = torch.linalg.cholesky(covariance + 1e-5 * scale * identity)
    return torch.linalg.solve_triangular(factor, centred.mT, upper=False).mT


@final
class Siamese(Objective):
    """A loss on two views' features as an objective: the encoder's raw output, through ``projector`` if there is one.

    The embedding is what the projector takes, as its authors use it downstream.

    Args:
        loss: a function of both views' features and the generator, 0-d.
        projector: module (n, d) to (n, k); both views pass it as one batch.
    """

    normalised: ClassVar[bool] = False

    def __init__(self, loss: SiameseLoss, projector: nn.Module | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.projector = nn.Identity() if projector is None else projector

    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        a, b = self.projector(torch.cat([z, z_prime])).chunk(2)
        return ObjectiveValue.without_bound(self.loss(a, b, generator))
