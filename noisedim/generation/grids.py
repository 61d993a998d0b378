"""Many small images as one picture."""

from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.files import write_atomically

if TYPE_CHECKING:
    import torch

__all__ = ["as_bytes", "image_grid", "write_image_grid"]

_GAP = 1
_LEAST_SIDE = 32


def as_bytes(images: "torch.Tensor") -> np.ndarray:
    """Images in [0, 1] as grey levels from 0 to 255, uint8; bytes stay as they are."""
    array = images.cpu().numpy()
    return array if array.dtype == np.uint8 else (255 * array).round().astype(np.uint8)


def image_grid(images: np.ndarray, *, columns: int | None = None, background: float = 0.5) -> np.ndarray:
    """Images row by row in a grid, one pixel of background around each.

    Args:
        images: (n, c, h, w) with c = 1 or 3, in [0, 1].
        columns: images a row; about as many as rows if omitted.
        background: grey level in [0, 1].

    Returns: (height, width) for one channel, (height, width, 3) for three.

    Raises: InvalidInputError: for another shape.

    >>> image_grid(np.ones((3, 1, 2, 2))).shape
    (7, 7)
    """
    images = np.asarray(images, dtype=np.float64)
    if images.ndim != 4 or not len(images) or images.shape[1] not in (1, 3):
        raise InvalidInputError(f"a picture needs images of shape (n, 1 or 3, h, w); got {images.shape}")
    count, channels, height, width = images.shape
    columns = ceil(sqrt(count)) if columns is None else columns
    rows = ceil(count / columns)
    tall, wide = height + _GAP, width + _GAP
    grid = np.full((channels, rows * tall + _GAP, columns * wide + _GAP), background)
    for i, image in enumerate(images):
        top, left = _GAP + i // columns * tall, _GAP + i % columns * wide
        grid[:, top : top + height, left : left + width] = image
    return grid[0] if channels == 1 else grid.transpose(1, 2, 0)


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
