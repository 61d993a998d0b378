"""Tensors in at least single precision, or in double where the device has it."""

from collections.abc import Callable

import torch

__all__ = ["SINGLE_ONLY", "at_least_single", "double_buffer", "doubled"]

SINGLE_ONLY = {"mps"}
"""Kinds of devices without float64."""


def at_least_single(values: torch.Tensor) -> torch.Tensor:
    """``values`` in float32 if they come in less: a bound of 2 nats has steps of 0.016 in bfloat16."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def doubled(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` in float64; on the CPU, where its device has none."""
    return (tensor.cpu() if tensor.device.type in SINGLE_ONLY else tensor).double()


def double_buffer(buffer: torch.Tensor, move: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """A buffer that keeps float64 under what ``nn.Module._apply`` does; in single precision, where its device has none.

    Args:
        buffer: as it was.
        move: what is done to tensors, such as ``lambda tensor: tensor.half()``.
    """
    device = move(torch.zeros((), device=buffer.device)).device
    return buffer.to(torch.float32 if device.type in SINGLE_ONLY else torch.float64).to(device)
