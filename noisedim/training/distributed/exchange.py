"""What ranks exchange within a step, with gradients: rows of all ranks, and batch statistics over all of them.

Each function is that of the whole batch: the gradient that comes back to a rank is that of the *sum* of all ranks' losses.
Where every rank evaluates one and the same loss, the mean over ranks of their parameters' gradients is then its gradient.
"""

import copy
from typing import Any, final

import torch
import torch.distributed as dist
from torch import nn
from torch.autograd.function import once_differentiable

from noisedim.errors import InvalidInputError

__all__ = ["GlobalBatchNorm", "rows_of_all_ranks", "sum_over_ranks", "with_global_statistics"]

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class _Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: torch.Tensor) -> torch.Tensor:
        parts = [torch.empty_like(own) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, own.contiguous())
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total.chunk(dist.get_world_size())[dist.get_rank()]


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: torch.Tensor) -> torch.Tensor:
        total = own.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total


def rows_of_all_ranks(own: torch.Tensor) -> torch.Tensor:
    """The rows of rank 0, then those of rank 1, …: (n, …) on each rank to (n·ranks, …), the same on all of them."""
    return _Rows.apply(own)


def sum_over_ranks(own: torch.Tensor) -> torch.Tensor:
    """The sum of all ranks' tensors of one shape."""
    return _Sum.apply(own)


@final
class GlobalBatchNorm(nn.Module):
    """Batch normalisation by the statistics of all ranks' rows, which are as many on each; on any device.

    Mean first, then the mean of squared deviations from it: two exchanges, and no cancellation. PyTorch's own
    ``SyncBatchNorm`` is faster and for CUDA only.

    Args:
        norm: the module whose weights, running statistics and settings are used; it shares them.
    """

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        norm = self.norm
        if not norm.training:
            return nn.modules.batchnorm._BatchNorm.forward(norm, x)
        axes = [0, *range(2, x.ndim)]
        shape = [1, -1, *[1] * (x.ndim - 2)]
        count = x.numel() // x.shape[1] * dist.get_world_size()
        mean = sum_over_ranks(x.sum(axes)) / count
        centred = x - mean.view(shape)
        variance = sum_over_ranks(centred.square().sum(axes)) / count
        self._track(mean.detach(), variance.detach() * (count / (count - 1)))
        y = centred * torch.rsqrt(variance + norm.eps).view(shape)
        if norm.weight is None:
            return y
        return y * norm.weight.view(shape) + norm.bias.view(shape)

    @torch.no_grad()
    def _track(self, mean: torch.Tensor, variance: torch.Tensor) -> None:
        norm = self.norm
        if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
            return
        norm.num_batches_tracked.add_(1)
        share = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
        norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), share)
        norm.running_var.lerp_(variance.to(norm.running_var.dtype), share)


def with_global_statistics(module: nn.Module, device: torch.device) -> nn.Module:
    """A copy of ``module`` that shares its weights and buffers and normalises by the statistics of all ranks' rows.

    The module itself stays as it is, so its ``state_dict`` and its ``eval()`` know nothing of ranks.

    Args:
        module: in ``train()`` mode.
        device: native ``SyncBatchNorm`` on CUDA, :class:`GlobalBatchNorm` elsewhere.

    Raises: InvalidInputError: for a batch normalisation that is none of PyTorch's own or timm's.
    """
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return _converted(copy.deepcopy(module, shared), device)


def _converted(module: nn.Module, device: torch.device) -> nn.Module:
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return _converted_norm(module, device)
    for name, child in module.named_children():
        setattr(module, name, _converted(child, device))
    return module


def _converted_norm(norm: nn.modules.batchnorm._BatchNorm, device: torch.device) -> nn.Module:
    # timm's batch normalisations are followed by dropout and activation of their own.
    after = [getattr(norm, name) for name in ("drop", "act") if isinstance(getattr(norm, name, None), nn.Module)]
    if type(norm) not in _BATCH_NORMS and not (isinstance(norm, nn.BatchNorm2d) and len(after) == 2):
        raise InvalidInputError(
            f"several ranks need batch normalisation of torch.nn or timm, to make it that of the whole batch; "
            f"got {type(norm).__module__}.{type(norm).__name__}"
        )
    if device.type != "cuda":
        whole: nn.Module = GlobalBatchNorm(norm)
    else:
        whole = nn.SyncBatchNorm(
            norm.num_features,
            eps=norm.eps,
            momentum=norm.momentum,
            affine=norm.affine,
            track_running_stats=norm.track_running_stats,
        )
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            setattr(whole, name, getattr(norm, name))
        whole.train(norm.training)
    return nn.Sequential(whole, *after) if after else whole
