"""Two augmented views of every image: random crops, jittered colours, grey, mirrored, as siamese methods are trained.

What is drawn (:func:`draw_views`) and what is done with it (:func:`apply_views`) are two steps. Draws are small, made on
the host from (seed, step) alone for the whole batch, so that they are the same on every device, for every part of a batch,
and after any resumption. Applying them is a few batched matrix products and pixel-wise maps where the images lie. Given
equal draws, images equal those of torchvision's functions on tensors up to rounding; a crop is resampled by two matrices
an image, which is exact for any kernel and needs no gathering. (kornia, which does the same, was compared with it
by benchmarks/test_speed_views.py: its crops are not torchvision's, and a jitter's order is one for the whole batch.)
"""

import math
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import torch

from noisedim.checks import one_of, unit_interval
from noisedim.errors import InvalidInputError

__all__ = ["ViewDraws", "ViewsConfig", "apply_views", "draw_views", "resampling_matrices"]

_CROP_ATTEMPTS = 10
# Rec. 601, as torchvision and Pillow weigh colours.
_GREY = (0.2989, 0.587, 0.114)
_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE = range(4)
Interpolation = Literal["bicubic", "bilinear"]


@dataclass(frozen=True, kw_only=True)
class ViewsConfig:
    """How both views are made, in this order: crop and resize, colour jitter, grey, mirror. Off by default."""

    both: bool = False
    """Augment both views of an image in this way, instead of leaving X unchanged and making X′ by augmentation."""
    crop_scale: tuple[float, float] = (0.08, 1.0)
    """Area of the crop, as a share of the image's: least and largest."""
    crop_ratio: tuple[float, float] = (3 / 4, 4 / 3)
    """Width over height of the crop: least and largest; its logarithm is uniform."""
    interpolation: Interpolation = "bicubic"
    """How a crop is brought to the image's size."""
    jitter_probability: float = 0.5
    """Chance that an image's colours are jittered, in a random order of the four ways below."""
    brightness: tuple[float, float] = (0.6, 1.4)
    """Factor of brightness."""
    contrast: tuple[float, float] = (0.6, 1.4)
    """Factor of contrast."""
    saturation: tuple[float, float] = (0.8, 1.2)
    """Factor of saturation."""
    hue: tuple[float, float] = (-0.1, 0.1)
    """Shift of hue, as a share of the colour circle."""
    grey_probability: float = 0.2
    """Chance that an image loses its colours."""
    mirror_probability: float = 0.5
    """Chance that an image is mirrored."""

    def __post_init__(self) -> None:
        for name in ("jitter_probability", "grey_probability", "mirror_probability"):
            unit_interval(f"views.{name}", getattr(self, name))
        one_of("views.interpolation", self.interpolation, ("bicubic", "bilinear"))
        limits = {
            "crop_scale": (0.0, 1.0),
            "crop_ratio": (0.0, math.inf),
            "brightness": (0.0, math.inf),
            "contrast": (0.0, math.inf),
            "saturation": (0.0, math.inf),
            "hue": (-0.5, 0.5),
        }
        for name, (least, largest) in limits.items():
            # JSON has lists only.
            pair = tuple(getattr(self, name))
            object.__setattr__(self, name, pair)
            positive = name.startswith("crop")
            if (
                len(pair) != 2
                or not all(isinstance(value, int | float) and math.isfinite(value) for value in pair)
                or not least <= pair[0] <= pair[1] <= largest
                or (positive and pair[0] <= 0)
            ):
                raise InvalidInputError(
                    f"views.{name} must be two numbers, least and largest, from {'above ' if positive else ''}{least:g} "
                    f"to {largest:g}; got {pair}"
                )


@dataclass(frozen=True, eq=False)
class ViewDraws:
    """What was drawn for a batch, one entry per view, on the host.

    Attributes:
        top, left, height, width: the crop, whole pixels, (n,) int64.
        jitter: whether colours are jittered, (n,) bool.
        order: the four ways of jittering in the order in which they are applied, (n, 4) int64: 0 brightness, 1 contrast,
            2 saturation, 3 hue.
        factor: of each of the four, by way, (n, 4) float64.
        grey: whether colours are lost, (n,) bool.
        mirror: whether left and right change places, (n,) bool.
    """

    top: np.ndarray
    left: np.ndarray
    height: np.ndarray
    width: np.ndarray
    jitter: np.ndarray
    order: np.ndarray
    factor: np.ndarray
    grey: np.ndarray
    mirror: np.ndarray

    def __len__(self) -> int:
        return len(self.top)

    def take(self, rows: slice | np.ndarray) -> "ViewDraws":
        """The draws of some of the views."""
        return ViewDraws(*(getattr(self, each.name)[rows] for each in fields(self)))


def draw_views(config: ViewsConfig, n: int, size: tuple[int, int], *, seed: int, step: int) -> ViewDraws:
    """What is done to ``n`` views at a step, from ``seed`` and ``step`` alone.

    Laws as in torchvision's RandomResizedCrop (ten attempts, then the largest crop of an allowed ratio in the middle),
    ColorJitter under RandomApply, RandomGrayscale and RandomHorizontalFlip.

    Args:
        config: the laws.
        n: how many views.
        size: height and width of the images.
        seed: of the run.
        step: from 0.
    """
    rng = np.random.default_rng([seed, step, 0x5EED])
    top, left, height, width = _draw_crops(config, n, size, rng)
    jitter = rng.random(n) < config.jitter_probability
    order = rng.permuted(np.tile(np.arange(4), (n, 1)), axis=1)
    laws = (config.brightness, config.contrast, config.saturation, config.hue)
    factor = np.stack([rng.uniform(*law, n) for law in laws], axis=1)
    grey = rng.random(n) < config.grey_probability
    mirror = rng.random(n) < config.mirror_probability
    return ViewDraws(top, left, height, width, jitter, order, factor, grey, mirror)


def _draw_crops(
    config: ViewsConfig, n: int, size: tuple[int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = size
    shape = (n, _CROP_ATTEMPTS)
    area = rows * columns * rng.uniform(*config.crop_scale, shape)
    least_log, largest_log = (math.log(value) for value in config.crop_ratio)
    ratio = np.exp(rng.uniform(least_log, largest_log, shape))
    widths = np.rint(np.sqrt(area * ratio)).astype(np.int64)
    heights = np.rint(np.sqrt(area / ratio)).astype(np.int64)
    fits = (widths > 0) & (widths <= columns) & (heights > 0) & (heights <= rows)
    first = fits.argmax(1)
    own = np.arange(n)
    width, height = widths[own, first], heights[own, first]
    # As many places as there are: the largest whole part below them is the last.
    top = np.floor(rng.random(n) * (rows - height + 1)).astype(np.int64)
    left = np.floor(rng.random(n) * (columns - width + 1)).astype(np.int64)
    none = ~fits.any(1)
    if none.any():
        least, largest = config.crop_ratio
        whole = columns / rows
        fallback_width = columns if whole <= largest else round(rows * largest)
        fallback_height = rows if whole >= least else round(columns / least)
        height[none], width[none] = fallback_height, fallback_width
        top[none], left[none] = (rows - fallback_height) // 2, (columns - fallback_width) // 2
    return top, left, height, width


def resampling_matrices(
    start: torch.Tensor, length: torch.Tensor, size: int, *, interpolation: str = "bicubic", mirror: torch.Tensor
) -> torch.Tensor:
    """Matrices (n, size, size) that take a line of ``size`` pixels to its part [start, start + length), resized to ``size``.

    Antialiased as Pillow and torchvision do it: the kernel is cut off at the part's ends and its weights add up to 1. A
    part is never longer than the line, so nothing is made smaller and the kernel keeps its width.

    Args:
        start, length: whole pixels, (n,), floating point.
        size: pixels of the line.
        interpolation: ``bicubic`` (Keys' kernel at a = −½) or ``bilinear``.
        mirror: which lines are turned round afterwards, (n,) bool.
    """
    places = torch.arange(size, dtype=start.dtype, device=start.device)
    target = torch.where(mirror[:, None], size - 1 - places, places)
    centre = start[:, None] + (target + 0.5) * length[:, None] / size
    distance = (places + 0.5 - centre[:, :, None]).abs()
    if interpolation == "bicubic":
        near = (1.5 * distance - 2.5) * distance * distance + 1
        far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        weight = torch.where(distance < 1, near, torch.where(distance < 2, far, 0.0))
    else:
        weight = (1 - distance).clamp(min=0)
    inside = (places >= start[:, None]) & (places < (start + length)[:, None])
    weight = weight * inside[:, None, :]
    return weight / weight.sum(2, keepdim=True)


def apply_views(images: torch.Tensor, draws: ViewDraws, config: ViewsConfig) -> torch.Tensor:
    """The views described by ``draws``, one per image.

    Args:
        images: float in [0, 1], (n, c, h, w), on any device; c = 1 or 3.
        draws: of as many views.
        config: for the interpolation.

    Returns: the same shape and dtype, in [0, 1].

    Raises: InvalidInputError: for something else than images of 1 or 3 channels, or another number of draws.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not images.is_floating_point():
        raise InvalidInputError(
            "views are made of floating-point images (n, c, h, w) with 1 or 3 channels; "
            f"got {tuple(images.shape)}, {images.dtype}"
        )
    if len(draws) != len(images):
        raise InvalidInputError(f"draws must be of {len(images)} views, one per image; got {len(draws)}")
    rows, columns = images.shape[2:]

    def here(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values).to(images.device, images.dtype, non_blocking=True)

    mirror = here(draws.mirror) > 0.5
    vertical = resampling_matrices(
        here(draws.top), here(draws.height), rows, interpolation=config.interpolation, mirror=torch.zeros_like(mirror)
    )
    # Mirroring commutes with all that is done to colours, so it costs nothing here.
    horizontal = resampling_matrices(
        here(draws.left), here(draws.width), columns, interpolation=config.interpolation, mirror=mirror
    )
    views = (vertical[:, None] @ images @ horizontal.mT[:, None]).clamp_(0, 1)
    if images.shape[1] == 1:
        # Grey images have neither saturation nor hue.
        return _jittered(views, draws)
    views = _jittered(views, draws)
    if draws.grey.any():
        which = torch.from_numpy(np.flatnonzero(draws.grey)).to(images.device)
        views[which] = _grey(views[which]).expand(-1, 3, -1, -1)
    return views


def _grey(images: torch.Tensor) -> torch.Tensor:
    """Lightness, (n, 1, h, w)."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (_GREY[0] * red + _GREY[1] * green + _GREY[2] * blue)[:, None]


def _jittered(views: torch.Tensor, draws: ViewDraws) -> torch.Tensor:
    """Colours jittered, each view in its own order; changes ``views``."""
    chosen = np.flatnonzero(draws.jitter)
    colours = views.shape[1] == 3
    for place in range(4):
        ways = draws.order[chosen, place]
        for way in (_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE) if colours else (_BRIGHTNESS, _CONTRAST):
            own = chosen[ways == way]
            if not len(own):
                continue
            which = torch.from_numpy(own).to(views.device)
            factor = torch.from_numpy(draws.factor[own, way]).to(views.device, views.dtype).view(-1, 1, 1, 1)
            part = views[which]
            if way == _HUE:
                part = _shift_hue(part, factor)
            elif way == _BRIGHTNESS:
                part = (part * factor).clamp_(0, 1)
            else:
                other = _grey(part)
                if way == _CONTRAST:
                    other = other.mean((1, 2, 3), keepdim=True)
                part = (factor * part + (1 - factor) * other).clamp_(0, 1)
            views[which] = part
    return views


def _shift_hue(images: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Hue turned by ``shift`` of the circle, with value and saturation of the hexcone model kept."""
    value, least = images.max(1, keepdim=True).values, images.min(1, keepdim=True).values
    chroma = value - least
    red, green, blue = images.split(1, 1)
    safe = torch.where(chroma > 0, chroma, 1.0)
    sector = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    turned = torch.where(chroma > 0, sector, 0.0) + 6 * shift
    # Each channel is the value less the chroma, in proportion to how far round the hexagon its corner is.
    corners = torch.tensor([5.0, 3.0, 1.0], dtype=images.dtype, device=images.device).view(1, 3, 1, 1)
    away = torch.remainder(corners + turned, 6)
    return value - chroma * torch.minimum(away, 4 - away).clamp(0, 1)
