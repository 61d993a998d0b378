"""Networks behind an embedding that are used only in training: projector, projection head, discriminator, decoder."""

from math import prod

from torch import nn

from noisedim.checks import positive_integer

__all__ = ["decoder", "discriminator", "projection_head", "projector"]


def projector(dim: int, features: int, *, hidden: int = 256) -> nn.Sequential:
    """A projector (n, dim) to (n, features): one hidden layer with batch normalisation, as in siamese methods."""
    dim, features = positive_integer("dim", dim), positive_integer("features", features)
    return nn.Sequential(nn.Linear(dim, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, features))


def projection_head(features: int, hidden: tuple[int, ...], dim: int, *, normalised: bool = True) -> nn.Sequential:
    """A head (n, features) to (n, dim) with hidden layers of the given widths and a linear last layer, as in Appendix C.

    Args:
        features: number of inputs.
        hidden: widths of the hidden layers, each a linear layer, batch normalisation if ``normalised``, and a ReLU.
        dim: number of outputs.
        normalised: whether hidden layers have batch normalisation.
    """
    layers: list[nn.Module] = []
    inputs = positive_integer("features", features)
    for width in hidden:
        layers.append(nn.Linear(inputs, positive_integer("hidden", width), bias=not normalised))
        if normalised:
            layers.append(nn.BatchNorm1d(width))
        layers.append(nn.ReLU())
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, positive_integer("dim", dim)))


def discriminator(dim: int, *, hidden: int = 256) -> nn.Sequential:
    """A discriminator (n, dim) to one logit per row, (n, 1), with two hidden layers, for adversarial prior matching."""
    return nn.Sequential(
        nn.Linear(positive_integer("dim", dim), hidden),
        nn.LeakyReLU(0.01),
        nn.Linear(hidden, hidden),
        nn.LeakyReLU(0.01),
        nn.Linear(hidden, 1),
    )


def decoder(dim: int, shape: tuple[int, ...], *, hidden: int = 256) -> nn.Sequential:
    """A decoder (n, dim) to logits of images, (n, *shape): the perceptron encoder with its layers reversed."""
    return nn.Sequential(
        nn.Linear(positive_integer("dim", dim), hidden),
        nn.BatchNorm1d(hidden),
        nn.LeakyReLU(0.01),
        nn.Linear(hidden, hidden),
        nn.BatchNorm1d(hidden),
        nn.LeakyReLU(0.01),
        nn.Linear(hidden, prod(shape)),
        nn.Unflatten(1, shape),
    )
