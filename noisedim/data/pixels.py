"""Grey levels as numbers: the one place where bytes are brought to [0, 1]."""

import torch

__all__ = ["unit_pixels"]


def unit_pixels(images: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Images as floating-point numbers: bytes divided by 255, all others as they are.

    Args:
        images: uint8 in 0..255, or numbers in [0, 1] already, of any shape.
        dtype: of the result.

    Returns: the same shape, on the same device.

    >>> unit_pixels(torch.tensor([0, 51, 255], dtype=torch.uint8))
    tensor([0.0000, 0.2000, 1.0000])
    """
    values = images.to(dtype)
    return values / 255 if images.dtype is torch.uint8 else values
