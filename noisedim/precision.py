"""Tensors in at least single precision, or in double where the device has it."""

import math
from collections.abc import Callable

import torch

__all__ = ["SINGLE_ONLY", "at_least_single", "double_buffer", "doubled", "keeping_double"]

SINGLE_ONLY = {"mps"}
"""Kinds of devices without float64."""


def at_least_single(values: torch.Tensor) -> torch.Tensor:
    """``values`` in float32 if they come in less: a bound of 2 nats has steps of 0.016 in bfloat16."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def doubled(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` in float64; on the CPU, where its device has none."""
    return (tensor.cpu() if tensor.device.type in SINGLE_ONLY else tensor).double()


def double_buffer(
    buffer: torch.Tensor, move: Callable[[torch.Tensor], torch.Tensor], *, value: float = math.nan
) -> torch.Tensor:
    """A buffer that keeps float64 under what ``nn.Module._apply`` does; in single precision, where its device has none.

    Args:
        buffer: as it was.
        move: what is done to tensors, such as ``lambda tensor: tensor.half()``.
        value: what a buffer on "meta", which has none, is filled with when it is moved to a device.
    """
    device = move(torch.zeros((), dtype=torch.float32, device=buffer.device)).device
    dtype = torch.float32 if device.type in SINGLE_ONLY else torch.float64
    if buffer.is_meta:
        return torch.full_like(buffer, value, dtype=dtype, device=device)
    return buffer.to(dtype).to(device)


def keeping_double(
    buffer: torch.Tensor, move: Callable[[torch.Tensor], torch.Tensor], *, value: float = math.nan
) -> Callable[[torch.Tensor], torch.Tensor]:
    """``move``, and :func:`double_buffer` for ``buffer``: for the ``_apply`` of the module that has this buffer.

    The buffer stays in its module throughout, so that a move that fails, such as one to a device that is absent, leaves the
    module usable.
    """
    return lambda tensor: double_buffer(buffer, move, value=value) if tensor is buffer else move(tensor)
