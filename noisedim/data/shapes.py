"""Small images of shapes with known factors, every combination once: what disentanglement is measured on.

Drawn here from formulas, so the data is the same everywhere and needs no file. Factors are exactly independent, as all
combinations are there.
"""

import math
from collections.abc import Callable
from itertools import product

import numpy as np

__all__ = ["FACTORS", "draw_shape", "every_shape"]

_SIDE = 16
# Lines per pixel. Along a line coverage is exact; across lines it is Gauss and Legendre's rule.
_LINES = 8

FACTORS: dict[str, tuple[float, ...]] = {
    "shape": (0, 1, 2),
    "size": (3.0, 4.0, 5.0, 6.0),
    "x": tuple(5.5 + 5 * i / 7 for i in range(8)),
    "y": tuple(5.5 + 5 * i / 7 for i in range(8)),
    "brightness": (0.4, 0.6, 0.8, 1.0),
}
"""Values of each factor: square, disc or triangle; √area and centre of mass in pixels; grey level."""

# Top and bottom of a shape, and half of its width at y; from the centre of mass, y downward.
_Outline = tuple[float, float, Callable[[np.ndarray], np.ndarray]]


def _square(size: float) -> _Outline:
    return -size / 2, size / 2, lambda y: np.full_like(y, size / 2)


def _disc(size: float) -> _Outline:
    radius = size / math.sqrt(math.pi)
    return -radius, radius, lambda y: np.sqrt(np.maximum(radius**2 - y**2, 0))


def _triangle(size: float) -> _Outline:
    # Equilateral, point up: the centre of mass lies two thirds of the height below the point.
    height = 3**0.25 * size
    return -2 * height / 3, height / 3, lambda y: (y + 2 * height / 3) / math.sqrt(3)


_SHAPES = (_square, _disc, _triangle)


def draw_shape(shape: int, size: float, x: float, y: float, brightness: float) -> np.ndarray:
    """One image, (16, 16) float32 in [0, 1]: the share of each pixel that the shape covers, times the brightness.

    Args:
        shape: 0 square, 1 disc, 2 equilateral triangle.
        size: √area, pixels: the three have one area, so that the sum of the pixels does not tell the shape.
        x, y: centre of mass, pixels to the right and down from the upper left corner.
        brightness: grey level inside.
    """
    top, bottom, half_width = _SHAPES[shape](size)
    pixels = np.arange(_SIDE)
    nodes, weights = np.polynomial.legendre.leggauss(_LINES)
    # Of each row of pixels, the part between top and bottom.
    start, end = (np.clip(edge, y + top, y + bottom) for edge in (pixels, pixels + 1))
    lines = (start + end)[:, None] / 2 + (end - start)[:, None] / 2 * nodes
    half = half_width(lines - y)[..., None]
    covered = (np.minimum(x + half, pixels + 1) - np.maximum(x - half, pixels)).clip(0, 1)
    coverage = np.einsum("rlc,l,r->rc", covered, weights / 2, end - start)
    return (brightness * coverage).astype(np.float32)


def every_shape() -> tuple[np.ndarray, np.ndarray]:
    """All images and their factors, one combination each.

    Returns: (3072, 1, 16, 16) float32 in [0, 1], and (3072, 5) int64: positions in :data:`FACTORS`.
    """
    grid = np.indices([len(values) for values in FACTORS.values()]).reshape(len(FACTORS), -1).T
    *outlines, greys = FACTORS.values()
    # Drawn once for all grey levels, which vary fastest.
    drawn = np.stack([draw_shape(int(shape), size, x, y, 1.0) for shape, size, x, y in product(*outlines)])
    images = drawn[:, None] * np.array(greys, dtype=np.float32)[:, None, None]
    return images.reshape(-1, 1, _SIDE, _SIDE), grid.astype(np.int64)
