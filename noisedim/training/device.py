"""Where a run is computed."""

from typing import Literal

import torch

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError

__all__ = ["Device", "resolve_device"]

Device = Literal["auto", "cpu", "cuda"]


def resolve_device(device: str | torch.device) -> torch.device:
    """The device asked for; ``auto`` takes CUDA where there is one."""
    if isinstance(device, torch.device):
        return device
    one_of("device", device, ("auto", "cpu", "cuda"))
    if device == "cuda" and not torch.cuda.is_available():
        raise InvalidInputError("device='cuda' needs a CUDA device and a CUDA build of PyTorch; got neither here")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)
