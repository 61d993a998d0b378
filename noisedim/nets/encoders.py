"""Encoders by name and input shape. Each ends in a linear layer of ``dim`` outputs without normalisation."""

from math import prod

from torch import nn

from noisedim.checks import one_of, positive_integer
from noisedim.errors import InvalidInputError

__all__ = ["ENCODER_NAMES", "convnet", "digits_convnet", "make_encoder", "mlp"]

_SLOPE = 0.01
ENCODER_NAMES = ("auto", "convnet", "digits-convnet", "mlp")


def _block(channels: int, features: int, *, padding: int) -> list[nn.Module]:
    # The paper's order: pooling before normalisation and activation.
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


def make_encoder(name: str, shape: tuple[int, ...], dim: int) -> nn.Sequential:
    """The encoder ``name`` for inputs of ``shape`` (without the batch axis).

    Args:
        name: ``"convnet"`` (24×24), ``"digits-convnet"`` (8×8), ``"mlp"`` (any), or ``"auto"``: the ConvNet for 24×24
            images, the perceptron for everything else.
        shape: (channels, height, width), or (features,).
        dim: embedding dimension.

    Raises: InvalidInputError: for an unknown name or a shape that the network does not take.
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
