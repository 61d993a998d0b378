"""How the closed forms take scalars, NumPy arrays and torch tensors alike. Private to this room."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from noisedim.checks import shown
from noisedim.errors import InvalidInputError

__all__ = ["elementwise", "in_double", "pairwise"]


def in_double(value: Any) -> torch.Tensor:
    """A tensor in float64 where it is, or another number on the CPU, whatever torch's default device is."""
    if isinstance(value, torch.Tensor):
        return value.double()
    return torch.as_tensor(value, dtype=torch.float64, device="cpu")


def _real(name: str, value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        if value.is_complex() or value.dtype is torch.bool:
            raise InvalidInputError(f"{name} must be real; got a tensor of dtype {value.dtype}")
        return value.double()
    try:
        array = np.asarray(value)
    except ValueError:
        raise InvalidInputError(f"{name} must be a real number or a rectangular array; got {shown(value)}") from None
    if array.dtype.kind not in "fiu":
        raise InvalidInputError(f"{name} must be a real number or array; got {shown(value)}")
    return torch.from_numpy(np.array(array, dtype=np.float64))


def elementwise(formula: Callable[..., torch.Tensor], **arguments: Any) -> Any:
    """Evaluate a float64 formula on broadcast arguments and answer in kind.

    A torch tensor among the arguments makes the answer a tensor (differentiable), otherwise an array among them makes
    it a NumPy array, otherwise it is a ``float``.
    """
    tensors = {name: _real(name, value) for name, value in arguments.items()}
    given = [value for value in arguments.values() if isinstance(value, torch.Tensor)]
    if given:
        device = next((value.device for value in given if value.device.type != "cpu"), given[0].device)
        tensors = {name: value.to(device) for name, value in tensors.items()}
    try:
        # Not torch's: its first call imports sympy, which takes longer than whatever is computed.
        np.broadcast_shapes(*(tuple(value.shape) for value in tensors.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in tensors.items())
        raise InvalidInputError(f"arguments must broadcast against each other; got shapes {shapes}") from None
    result = formula(**tensors)
    if given:
        return result
    if all(np.ndim(value) == 0 for value in arguments.values()):
        return float(result)
    return result.numpy()


def pairwise(
    formula: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], names: tuple[str, str], first: Any, second: Any
) -> Any:
    """Evaluate an (n, d) by (m, d) formula into an (n, m) matrix and answer in kind.

    Torch tensors keep their floating dtype, the wider of two (training runs in float32); everything else is computed in
    float64.
    """
    in_torch = isinstance(first, torch.Tensor) or isinstance(second, torch.Tensor)
    tensors = []
    for name, value in zip(names, (first, second), strict=True):
        keeps_dtype = isinstance(value, torch.Tensor) and value.is_floating_point()
        tensor = value if keeps_dtype else _real(name, value)
        if tensor.ndim != 2 or tensor.shape[1] < 1:
            raise InvalidInputError(f"{name} must have shape (n, d); got {tuple(tensor.shape)}")
        tensors.append(tensor)
    if tensors[0].shape[1] != tensors[1].shape[1]:
        raise InvalidInputError(
            f"{names[0]} and {names[1]} must have the same dimension d; "
            f"got {tuple(tensors[0].shape)} and {tuple(tensors[1].shape)}"
        )
    if not in_torch:
        return formula(tensors[0], tensors[1]).numpy()
    dtype = torch.promote_types(tensors[0].dtype, tensors[1].dtype)
    device = next((value.device for value in tensors if value.device.type != "cpu"), tensors[0].device)
    # Differences of squares have no digits left in half precision: there, single precision in between.
    inner = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
    return formula(*(value.to(device, inner) for value in tensors)).to(dtype)
