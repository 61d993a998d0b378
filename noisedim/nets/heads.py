"""What some objectives put behind an embedding and throw away after training: projector, discriminator, decoder."""

from math import prod

from torch import nn

from noisedim.checks import positive_integer

__all__ = ["decoder", "discriminator", "projection_head", "projector"]


def projector(dim: int, features: int, *, hidden: int = 256) -> nn.Sequential:
    """(n, dim) to (n, features): one hidden layer with batch normalisation, as siamese methods use."""
    dim, features = positive_integer("dim", dim), positive_integer("features", features)
    return nn.Sequential(nn.Linear(dim, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, features))


def projection_head(features: int, hidden: tuple[int, ...], dim: int, *, normalised: bool = True) -> nn.Sequential:
    """(n, features) to (n, dim) through hidden layers of the given widths, as Appendix C's heads: the last is linear.

    Args:
        features: inputs.
        hidden: widths of the hidden layers, each a linear layer, batch normalisation if ``normalised``, and a ReLU.
        dim: outputs.
        normalised: whether hidden layers are normalised over the batch.
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
    """(n, dim) to one logit a row, (n, 1): the critic's two hidden layers, for adversarial prior matching."""
    return nn.Sequential(
        nn.Linear(positive_integer("dim", dim), hidden),
        nn.LeakyReLU(0.01),
        nn.Linear(hidden, hidden),
        nn.LeakyReLU(0.01),
        nn.Linear(hidden, 1),
    )


def decoder(dim: int, shape: tuple[int, ...], *, hidden: int = 256) -> nn.Sequential:
    """(n, dim) to logits of images, (n, *shape): the perceptron encoder turned round."""
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
