"""Many small images as one grid, and on axes."""

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from noisedim.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["image_grid", "show_images"]

_GAP = 1


def image_grid(images: np.ndarray, *, columns: int | None = None, background: float = 0.5) -> np.ndarray:
    """Images row by row in a grid, one pixel of background around each.

    Args:
        images: (n, c, h, w) with c = 1 or 3, in [0, 1].
        columns: images per row; about as many as rows if omitted.
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


def show_images(axes: "Axes", images: np.ndarray, *, columns: int) -> None:
    """Images (n, c, h, w), uint8, in a grid; grey ones as ink on white."""
    grid = image_grid(images / 255, columns=columns, background=0.35)
    axes.imshow(grid, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
