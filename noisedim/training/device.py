"""Where a run is computed."""

import re

import torch

from noisedim.errors import InvalidInputError

__all__ = ["resolve_device"]

_NAME = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


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
