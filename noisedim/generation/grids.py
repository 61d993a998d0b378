"""Many small images as one picture."""

from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from noisedim.document.images import image_grid
from noisedim.files import write_atomically

if TYPE_CHECKING:
    import torch

__all__ = ["as_bytes", "write_image_grid"]

_LEAST_SIDE = 32


def as_bytes(images: "torch.Tensor") -> np.ndarray:
    """Images in [0, 1] as grey levels from 0 to 255, uint8; bytes stay as they are."""
    array = images.cpu().numpy()
    return array if array.dtype == np.uint8 else (255 * array).round().astype(np.uint8)


def write_image_grid(path: Path, images: np.ndarray) -> None:
    """A PNG of all images, (n, c, h, w) in [0, 1], each pixel enlarged so that small images can be looked at.

    Raises: InvalidInputError: for another shape. StorageError: if the file cannot be written.
    """
    from matplotlib.image import imsave

    grid = np.clip(image_grid(images), 0, 1)
    scale = max(1, ceil(_LEAST_SIDE / min(np.shape(images)[-2:])))
    pixels = (255 * grid).round().astype(np.uint8).repeat(scale, 0).repeat(scale, 1)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)

    def write(file: BinaryIO) -> None:
        imsave(file, pixels, format="png")

    write_atomically(path, write)
