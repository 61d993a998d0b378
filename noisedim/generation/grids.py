"""Grids: conditions over a two-dimensional prior, and many small images as one picture."""

from math import ceil
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from noisedim.checks import positive_integer
from noisedim.document.images import image_grid
from noisedim.errors import InvalidInputError
from noisedim.files import write_atomically
from noisedim.priors import Prior

__all__ = ["as_bytes", "quantile_grid", "write_image_grid"]

_LEAST_SIDE = 32


def quantile_grid(prior: Prior, side: int) -> torch.Tensor:
    """Conditions at the centres of a grid over a two-dimensional prior whose cells have equal probability.

    Args:
        prior: a prior of dimension 2.
        side: cells along each axis.

    Returns: (side², 2), the medians of the cells, in the order of the plane when reshaped to (side, side, 2): the second
        coordinate falls from row to row, the first rises from column to column.

    Raises: InvalidInputError: for a prior of another dimension.

    >>> from noisedim.priors import GaussianPrior
    >>> quantile_grid(GaussianPrior(2), 1).tolist()
    [[0.0, 0.0]]
    """
    side = positive_integer("side", side)
    if prior.dim != 2:
        raise InvalidInputError(f"a grid over the plane is for a prior of dimension 2; got {prior!r}")
    quantiles = torch.special.ndtri((torch.arange(side, dtype=torch.float64, device="cpu") + 0.5) / side)
    second, first = torch.meshgrid(quantiles.flip(0), quantiles, indexing="ij")
    return prior.from_normal(torch.stack([first.flatten(), second.flatten()], 1)).float()


def as_bytes(images: torch.Tensor) -> np.ndarray:
    """Images in [0, 1] as grey levels from 0 to 255, uint8; uint8 images are returned unchanged."""
    array = images.cpu().numpy()
    return array if array.dtype == np.uint8 else (255 * array).round().astype(np.uint8)


def write_image_grid(path: Path, images: np.ndarray) -> None:
    """Write one PNG of all images, (n, c, h, w) in [0, 1], enlarged so that small images can be seen.

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
