"""What some objectives put behind an embedding and throw away after training: projector, discriminator, decoder."""

from math import prod

from torch import nn

from noisedim.checks import positive_integer

__all__ = ["decoder", "discriminator", "projector"]


def projector(dim: int, features: int, *, hidden: int = 256) -> nn.Sequential:
    """(n, dim) to (n, features): one hidden layer with batch normalisation, as siamese methods use."""
    dim, features = positive_integer("dim", dim), positive_integer("features", features)
    return nn.Sequential(nn.Linear(dim, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, features))


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
