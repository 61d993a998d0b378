"""The second view X′ of a batch, made on the device from an explicit generator."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from noisedim.errors import InvalidInputError

__all__ = ["AugmentationConfig", "augment", "second_view"]


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """How a second view is made. Zero switches a part off; amounts are drawn for each image."""

    noise: float = 0.0
    """Standard deviation of additive Gaussian noise, for pixels in [0, 1]."""
    rotation: float = 0.0
    """Largest rotation either way, degrees."""
    shift: float = 0.0
    """Largest shift either way along each axis, pixels."""
    log_scale: float = 0.0
    """Largest logarithm of the zoom either way, each axis on its own."""
    shear: float = 0.0
    """Largest horizontal shear either way, as a slope."""
    elastic: float = 0.0
    """Standard deviation of a smooth random displacement (a 3×3 grid, interpolated), pixels."""

    def __post_init__(self) -> None:
        for name in ("noise", "rotation", "shift", "log_scale", "shear", "elastic"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise InvalidInputError(f"augmentation.{name} must be a finite number >= 0; got {value!r}")

    @property
    def moves_pixels(self) -> bool:
        """Whether images are resampled, and not only made noisy."""
        return any((self.rotation, self.shift, self.log_scale, self.shear, self.elastic))


def augment(images: torch.Tensor, config: AugmentationConfig, generator: torch.Generator | None) -> torch.Tensor:
    """Second views of a batch.

    Args:
        images: float, (n, c, h, w); or (n, features) if ``config`` only adds noise.
        config: what is done.
        generator: on the images' device.

    Returns: same shape and dtype; ``images`` itself if ``config`` does nothing.

    Raises: InvalidInputError: for integer images, or for moving the pixels of something that is no image.
    """
    if not images.is_floating_point():
        raise InvalidInputError(f"augment needs floating-point images; got dtype {images.dtype}")
    if config.moves_pixels:
        if images.ndim != 4:
            raise InvalidInputError(
                f"only noise applies to rows of features; rotation, shift, scale, shear and elastic need images of "
                f"shape (n, c, h, w), got {tuple(images.shape)}"
            )
        images = _resample(images, _random_grid(images, config, generator))
    if config.noise:
        noise = torch.randn(images.shape, generator=generator, dtype=images.dtype, device=images.device)
        images = images + config.noise * noise
    return images


def second_view(
    images: torch.Tensor, config: AugmentationConfig, probability: float, generator: torch.Generator | None
) -> torch.Tensor:
    """X′: :func:`augment` of each image with ``probability``, and otherwise the image itself; same shape and dtype.

    With a probability below 1, P(X = X′ | X) > 0, as Lemma 3.3 of arXiv 2410.06993 assumes.
    """
    changed = augment(images, config, generator)
    if probability >= 1:
        return changed
    pick = torch.rand(len(images), generator=generator, dtype=torch.float32, device=images.device) < probability
    return torch.where(pick.view(-1, *[1] * (images.ndim - 1)), changed, images)


def _uniform(n: int, extent: float, like: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    return extent * (2 * torch.rand(n, generator=generator, dtype=like.dtype, device=like.device) - 1)


def _random_grid(images: torch.Tensor, config: AugmentationConfig, generator: torch.Generator | None) -> torch.Tensor:
    n, _, height, width = images.shape
    matrix = affine_matrices(
        _uniform(n, math.radians(config.rotation), images, generator),
        torch.exp(_uniform(n, config.log_scale, images, generator)),
        torch.exp(_uniform(n, config.log_scale, images, generator)),
        _uniform(n, config.shear, images, generator),
        _uniform(n, config.shift, images, generator),
        _uniform(n, config.shift, images, generator),
        (height, width),
    )
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    if config.elastic:
        coarse = torch.randn(n, 2, 3, 3, generator=generator, dtype=images.dtype, device=images.device)
        smooth = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
        # Normalised coordinates span 2 over the image's width.
        to_grid = torch.tensor([2 / width, 2 / height], dtype=images.dtype, device=images.device)
        grid = grid + config.elastic * smooth.permute(0, 2, 3, 1) * to_grid
    return grid


def affine_matrices(
    angle: torch.Tensor,
    zoom_x: torch.Tensor,
    zoom_y: torch.Tensor,
    shear: torch.Tensor,
    shift_x: torch.Tensor,
    shift_y: torch.Tensor,
    size: tuple[int, int],
) -> torch.Tensor:
    """Matrices (n, 2, 3) that take output to input coordinates, in units of half the image's side.

    Args: each (n,): ``angle`` in radians, zooms as factors by which the content grows, ``shear`` as a slope, shifts of
        the content in pixels to the right and down; ``size`` is (height, width).
    """
    height, width = size
    aspect = height / width
    cosine, sine = torch.cos(angle), torch.sin(angle)
    # Input = zoom⁻¹ · shear · rotation (output − shift), in pixels; then rescaled to normalised coordinates.
    row_x = torch.stack([cosine - shear * sine, (sine + shear * cosine) * aspect], 1) / zoom_x[:, None]
    row_y = torch.stack([-sine / aspect, cosine], 1) / zoom_y[:, None]
    linear = torch.stack([row_x, row_y], 1)
    shift = torch.stack([2 * shift_x / width, 2 * shift_y / height], 1)
    offset = -(linear @ shift[:, :, None])
    return torch.cat([linear, offset], 2)


def _resample(images: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
