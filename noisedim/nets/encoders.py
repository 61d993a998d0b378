"""Encoders by name and input shape; each ends in a linear layer with ``dim`` outputs and no normalisation."""

from collections import OrderedDict
from math import prod

import torch
from torch import nn

from noisedim.checks import one_of, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.nets.backbones import RESNET_NAMES, check_backbone, is_backbone, make_backbone
from noisedim.nets.heads import projection_head

__all__ = [
    "ENCODER_NAMES",
    "PixelNormalisation",
    "check_encoder",
    "convnet",
    "digits_convnet",
    "make_encoder",
    "mlp",
    "projected_encoder",
]

_SLOPE = 0.01
ENCODER_NAMES = ("auto", "convnet", "digits-convnet", "mlp")


def _block(channels: int, features: int, *, padding: int) -> list[nn.Module]:
    # The paper's order: pooling, then normalisation and activation.
    return [
        nn.Conv2d(channels, features, 3, padding=padding),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(features),
        nn.LeakyReLU(_SLOPE),
    ]


def convnet(dim: int, channels: int = 1) -> nn.Sequential:
    """The paper's ConvNet (Table 2) for 24×24 images: (n, channels, 24, 24) to (n, dim)."""
    return nn.Sequential(
        *_block(channels, 32, padding=0),
        *_block(32, 64, padding=0),
        *_block(64, 128, padding=0),
        nn.Flatten(),
        nn.Linear(128, 128),
        nn.LeakyReLU(_SLOPE),
        nn.Linear(128, dim),
    )


def digits_convnet(dim: int, channels: int = 1, *, width: int = 16) -> nn.Sequential:
    """Table 2's design with two padded blocks, for 8×8 images: (n, channels, 8, 8) to (n, dim)."""
    return nn.Sequential(
        *_block(channels, width, padding=1),
        *_block(width, 2 * width, padding=1),
        nn.Flatten(),
        nn.Linear(8 * width, 128),
        nn.LeakyReLU(_SLOPE),
        nn.Linear(128, dim),
    )


def mlp(dim: int, features: int, *, hidden: int = 256) -> nn.Sequential:
    """A perceptron with two hidden layers and batch normalisation: (n, ...) with ``features`` values to (n, dim)."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(features, hidden),
        nn.BatchNorm1d(hidden),
        nn.LeakyReLU(_SLOPE),
        nn.Linear(hidden, hidden),
        nn.BatchNorm1d(hidden),
        nn.LeakyReLU(_SLOPE),
        nn.Linear(hidden, dim),
    )


class PixelNormalisation(nn.Module):
    """Standardise each channel of images (n, c, h, w): subtract a mean and divide by a standard deviation."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        # Not in the state_dict: the configuration holds them.
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(-1, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Standardised images, (n, c, h, w)."""
        return (images - self.mean) / self.deviation


def check_encoder(name: str) -> None:
    """Refuse the name of an unknown encoder.

    Raises: InvalidInputError: the message lists the known names, or similar ones.
    """
    if is_backbone(name):
        check_backbone(name)
    else:
        one_of("encoder", name, (*ENCODER_NAMES, *RESNET_NAMES, "torchvision:MODEL", "timm:MODEL"))


def make_encoder(name: str, shape: tuple[int, ...], dim: int) -> nn.Sequential:
    """The encoder ``name`` for inputs of ``shape`` (without the batch axis).

    Args:
        name: ``"convnet"`` (24×24), ``"digits-convnet"`` (8×8), ``"mlp"`` (any), or ``"auto"``: the ConvNet for 24×24
            images, the perceptron for everything else.
        shape: (channels, height, width), or (features,).
        dim: embedding dimension.

    Raises: InvalidInputError: for an unknown name, or a shape that the network does not accept.
    """
    one_of("encoder", name, ENCODER_NAMES)
    dim = positive_integer("dim", dim)
    if name == "auto":
        name = "convnet" if len(shape) == 3 and shape[1:] == (24, 24) else "mlp"
    if name == "mlp":
        return mlp(dim, prod(shape))
    side = 24 if name == "convnet" else 8
    if len(shape) != 3 or shape[1:] != (side, side):
        raise InvalidInputError(f"encoder {name!r} takes images of shape (channels, {side}, {side}); got {shape}")
    return convnet(dim, shape[0]) if name == "convnet" else digits_convnet(dim, shape[0])


def projected_encoder(
    name: str,
    shape: tuple[int, ...],
    dim: int,
    *,
    hidden: tuple[int, ...] = (),
    head_normalisation: bool = True,
    width: int = 64,
    pixel_mean: tuple[float, ...] = (),
    pixel_deviation: tuple[float, ...] = (),
) -> nn.Sequential:
    """A backbone and a projection head: children ``pixels``, ``backbone`` and ``head``; (n, *shape) to (n, dim).

    Probes use the backbone's features; the objective uses the head's output.

    Args:
        name: name of a backbone; see :func:`~noisedim.nets.backbones.make_backbone`.
        shape: (channels, height, width).
        dim: number of outputs of the head.
        hidden: widths of the head's hidden layers; if empty, the head is one linear layer.
        head_normalisation: whether the head's hidden layers have batch normalisation.
        width: channels of a ResNet's first stage.
        pixel_mean, pixel_deviation: mean and standard deviation of each channel, for pixels in [0, 1]; if empty, pixels
            are not standardised.

    Raises: InvalidInputError: for inputs that are not images, or a mean with another number of channels.
    """
    if len(shape) != 3:
        raise InvalidInputError(f"encoder {name!r} takes images of shape (channels, height, width); got {shape}")
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    if pixel_mean:
        if len(pixel_mean) not in (1, shape[0]):
            raise InvalidInputError(
                f"pixel_mean must have one value per channel; got {len(pixel_mean)} for images of {shape[0]} channels"
            )
        parts["pixels"] = PixelNormalisation(pixel_mean, pixel_deviation)
    parts["backbone"], features = make_backbone(
        name, shape[0], width=width, size=shape[1] if shape[1] == shape[2] else None
    )
    parts["head"] = projection_head(features, hidden, dim, normalised=head_normalisation)
    return nn.Sequential(parts)
