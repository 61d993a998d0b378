"""Images on axes, in grids."""

from typing import TYPE_CHECKING

import numpy as np

from noisedim.generation.grids import image_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["show_images"]


def show_images(axes: "Axes", images: np.ndarray, *, columns: int) -> None:
    """Images (n, c, h, w), uint8, in a grid; grey ones as ink on white."""
    grid = image_grid(images / 255, columns=columns, background=0.35)
    axes.imshow(grid, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
