"""Where and how a step is computed: what changes its speed, and its result by no more than rounding."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError

__all__ = ["Execution", "images_at_a_time", "resolve_device"]

_NAME = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


@dataclass(frozen=True, kw_only=True)
class Execution:
    """Both are off by default: on a CPU neither pays for a ResNet-18 of full width.

    For one of a quarter of the width channels last do, and for the paper's ConvNet (``benchmarks/test_speed_convolutions.py``).
    """

    channels_last: bool = False
    """Keep images and convolutions with channels last in memory, as tensor cores want them."""
    compiled: bool = False
    """Compile the encoder (``torch.compile``): the first step takes a minute or so."""

    def prepare(self, encoder: nn.Module) -> None:
        """Bring the encoder's weights to their layout, in place; call it before an optimiser sees them."""
        if self.channels_last:
            encoder.to(memory_format=torch.channels_last)

    def applied(self, encode: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
        """``encode`` as a function that is computed so; its weights stay where they are."""
        run: Callable[[torch.Tensor], torch.Tensor] = torch.compile(encode) if self.compiled else encode
        if not self.channels_last:
            return run
        # Rows of features have no such layout.
        return lambda x: run(x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x)


def images_at_a_time(batch_size: int | None, device: torch.device, *, backbone: bool = False) -> int:
    """How many images a network takes at a time where no gradient is wanted.

    On a CPU the outputs of a convolution for thousands of images fit no cache, and their memory is new to the process at
    every layer: the paper's ConvNet takes two thirds of the time with 256 images at a time
    (``benchmarks/test_speed_convolutions.py``); a perceptron takes as long.

    Args:
        batch_size: what the caller asks for, if anything.
        device: that of the network.
        backbone: whether the network is a ResNet.

    Raises: InvalidInputError: for a ``batch_size`` that is no positive integer.
    """
    if batch_size is not None:
        return positive_integer("batch_size", batch_size)
    if device.type == "cpu":
        return 256
    return 512 if backbone else 4096


def resolve_device(device: str | torch.device) -> torch.device:
    """The device asked for: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``; ``auto`` takes CUDA where there is one.

    ``auto`` does not take ``mps``, which lacks float64: there the noise level and the figures of a run are of single
    precision.

    Raises: InvalidInputError: for another name, and for a device that this machine or this build of PyTorch lacks.
    """
    name = str(device)
    if not _NAME.fullmatch(name) and not isinstance(device, torch.device):
        raise InvalidInputError(f"device must be 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'; got {device!r}")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = torch.device(name)
    if found.type == "cuda":
        if not torch.cuda.is_available():
            raise InvalidInputError(
                f"device={name!r} needs a CUDA device and a CUDA build of PyTorch; got neither here"
            )
        if (found.index or 0) >= (count := torch.cuda.device_count()):
            raise InvalidInputError(
                f"device={name!r} needs a CUDA device of that number; got {count} here, from cuda:0"
            )
    if found.type == "mps" and not torch.backends.mps.is_available():
        raise InvalidInputError(f"device={name!r} needs an Apple GPU and a build of PyTorch for it; got neither here")
    return found
