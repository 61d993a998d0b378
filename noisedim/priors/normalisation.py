"""How an encoder's raw output is brought under a prior's constraint."""

import math
from collections.abc import Callable
from typing import Any, Self, final

import torch
from torch import nn

from noisedim.precision import doubled

__all__ = [
    "SQUASH_NAMES",
    "BatchStandardisation",
    "StandardisationThenSpheres",
    "StandardisationThenSquash",
    "set_statistics",
]

# Statistics of a batch divide by sqrt(variance + eps). PyTorch's default of 1e-5 leaves features of small scale short
# of unit variance, which the theorem assumes; constant features are refused by the channel instead.
_EPS = 1e-8


@torch.no_grad()
def set_statistics(normalisation: nn.Module, raw: torch.Tensor) -> None:
    """Have ``normalisation`` use mean and (population) variance of ``raw``, (n, d), in ``eval()``.

    Args:
        normalisation: a prior's (:meth:`~noisedim.priors.Prior.normalisation`), or what PyTorch made of it: its conversion
            to ``SyncBatchNorm`` replaces every batch normalisation by a module of its own class, which knows no more than
            its running statistics.
        raw: the encoder's output on the training set.
    """
    if not isinstance(normalisation, nn.modules.batchnorm._BatchNorm):
        normalisation.set_statistics(raw)  # type: ignore[operator]
        return
    if normalisation.running_mean is None or normalisation.running_var is None:  # pragma: no cover - we always track
        return
    values = doubled(raw)
    normalisation.running_mean.copy_(values.mean(0))
    normalisation.running_var.copy_(values.var(0, unbiased=False))


@final
class BatchStandardisation(nn.BatchNorm1d):
    """Batch normalisation without an affine part: mean 0 and variance 1 in every coordinate, shape (n, d) to (n, d).

    In ``eval()`` it uses the running statistics. :meth:`set_statistics` replaces those by exact ones.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim, eps=_EPS, affine=False, dtype=torch.float32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        own, shared = self.running_mean, self.running_var
        if x.dtype is not torch.float64 or own is None or shared is None or own.dtype is x.dtype:
            out: torch.Tensor = super().forward(x)
            return out
        # Doubles are normalised as such, though the statistics are kept in single precision.
        mean, variance = own.to(x.dtype), shared.to(x.dtype)
        out = nn.functional.batch_norm(
            x, mean, variance, training=self.training, momentum=self.momentum or 0.0, eps=self.eps
        )
        own.copy_(mean)
        shared.copy_(variance)
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return out

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        # Of a model cast to half precision the statistics stay in single: a variance beyond 65,504 would be infinite.
        before = self.running_mean, self.running_var
        super()._apply(fn, recurse)
        for name, old in zip(("running_mean", "running_var"), before, strict=True):
            now = getattr(self, name)
            if old is not None and now.dtype in (torch.float16, torch.bfloat16):
                setattr(self, name, old.to(device=now.device, dtype=torch.float32))
        return self

    def set_statistics(self, raw: torch.Tensor) -> None:
        """Take mean and (population) variance from ``raw``, the encoder's output on the training set, shape (n, d)."""
        set_statistics(self, raw)


def _logistic(x: torch.Tensor) -> torch.Tensor:
    # The logistic law of variance 1 becomes uniform.
    return torch.sigmoid(x * (math.pi / math.sqrt(3)))


def _clip(x: torch.Tensor) -> torch.Tensor:
    # The uniform law of variance 1, on ±√3, becomes U[0, 1].
    return (0.5 + x / (2 * math.sqrt(3))).clamp(0, 1)


_SQUASHES = {"normal-cdf": torch.special.ndtr, "logistic": _logistic, "clip": _clip}
SQUASH_NAMES = tuple(_SQUASHES)


@final
class StandardisationThenSquash(nn.Module):
    """Batch standardisation, then a squash into [0, 1] by name: (n, dim) to the same."""

    def __init__(self, dim: int, name: str) -> None:
        super().__init__()
        self.standardisation = BatchStandardisation(dim)
        self.name = name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _SQUASHES[self.name](self.standardisation(x))

    def set_statistics(self, raw: torch.Tensor) -> None:
        """Set the running statistics to those of ``raw``, (n, dim)."""
        set_statistics(self.standardisation, raw)

    def extra_repr(self) -> str:
        return f"then {self.name}"


@final
class StandardisationThenSpheres(nn.Module):
    """Batch standardisation, then each group of ``width`` columns brought to length 1: (n, groups · width) to the same.

    The standardisation keeps the directions from gathering about that of the mean before training has begun.
    """

    def __init__(self, groups: int, width: int) -> None:
        super().__init__()
        self.standardisation = BatchStandardisation(groups * width)
        self.width = width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        points = self.standardisation(x).unflatten(1, (-1, self.width))
        return nn.functional.normalize(points, dim=2, eps=1e-12).flatten(1)

    def set_statistics(self, raw: torch.Tensor) -> None:
        """Set the running statistics to those of ``raw``, (n, groups · width)."""
        set_statistics(self.standardisation, raw)

    def extra_repr(self) -> str:
        return f"then length 1 by {self.width} columns"
