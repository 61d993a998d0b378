"""The figure of autoencoders, from plain arrays. Nothing here reads files."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import new_figure
from noisedim.document.images import show_images

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["rows_figure"]


def rows_figure(rows: Mapping[str, np.ndarray], *, columns: int) -> "Figure":
    """One row of images for each name: images (n, c, h, w), uint8."""
    figure = new_figure(7.2, 0.12 + 0.42 * len(rows))
    for axes, (name, images) in zip(np.atleast_1d(figure.subplots(len(rows), 1)), rows.items(), strict=True):
        show_images(axes, images[:columns], columns=columns)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
    return figure
