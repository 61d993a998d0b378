"""The two networks of a conditional GAN: images from a condition and a latent, and what tells them from real ones.

Images whose sides are multiples of 4 (8×8 digits, 24×24 MNIST) get convolutions at three resolutions, everything else
perceptrons. No batch normalisation: an image depends on its own condition and latent alone.
"""

from math import prod
from typing import final

import torch
from torch import nn

from noisedim.checks import positive_integer

__all__ = ["ConditionalGenerator", "ProjectionDiscriminator"]

_SLOPE = 0.2


def _activation() -> nn.Module:
    return nn.LeakyReLU(_SLOPE)


def _convolutional(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[1] % 4 == 0 and shape[2] % 4 == 0


@final
class ConditionalGenerator(nn.Module):
    """Images in [0, 1] from a condition (n, dim) and a latent (n, latent): (n, *shape).

    Args:
        shape: of an image.
        dim: of the condition.
        latent: size of the latent, standard normal.
        width: channels at the highest resolution, or a quarter of the perceptron's hidden units.
    """

    def __init__(self, shape: tuple[int, ...], dim: int, *, latent: int = 16, width: int = 32) -> None:
        super().__init__()
        dim, latent, width = (positive_integer(*pair) for pair in (("dim", dim), ("latent", latent), ("width", width)))
        self.shape, self.dim, self.latent = tuple(shape), dim, latent
        hidden = 4 * width
        self.head = nn.Sequential(
            nn.Linear(dim + latent, hidden), _activation(), nn.Linear(hidden, hidden), _activation()
        )
        if _convolutional(shape):
            channels, height, breadth = shape
            self.body = nn.Sequential(
                nn.Linear(hidden, 2 * width * (height // 4) * (breadth // 4)),
                nn.Unflatten(1, (2 * width, height // 4, breadth // 4)),
                _activation(),
                nn.Upsample(scale_factor=2),
                nn.Conv2d(2 * width, 2 * width, 3, padding=1),
                _activation(),
                nn.Upsample(scale_factor=2),
                nn.Conv2d(2 * width, width, 3, padding=1),
                _activation(),
                nn.Conv2d(width, channels, 3, padding=1),
            )
        else:
            self.body = nn.Sequential(
                nn.Linear(hidden, hidden), _activation(), nn.Linear(hidden, prod(shape)), nn.Unflatten(1, shape)
            )

    def forward(self, condition: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.body(self.head(torch.cat([condition, latent], 1))))


@final
class ProjectionDiscriminator(nn.Module):
    """One logit an image, given its condition: (n, *shape) and (n, dim) to (n,).

    The logit is ψ(φ(x)) + ⟨φ(x), e(c)⟩: features of the image, judged alone and against the embedded condition.

    Args:
        shape: of an image.
        dim: of the condition.
        width: channels at the highest resolution, or a quarter of the perceptron's hidden units.

    Source: Miyato & Koyama, arXiv 1802.05637, eq. (4), for conditions that are vectors.
    """

    def __init__(self, shape: tuple[int, ...], dim: int, *, width: int = 32) -> None:
        super().__init__()
        dim, width = positive_integer("dim", dim), positive_integer("width", width)
        features = 4 * width
        layers: list[nn.Module]
        if _convolutional(shape):
            channels, height, breadth = shape
            layers = [
                nn.Conv2d(channels, width, 3, padding=1),
                _activation(),
                nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
                _activation(),
                nn.Conv2d(2 * width, 2 * width, 4, stride=2, padding=1),
                _activation(),
                nn.Flatten(),
                nn.Linear(2 * width * (height // 4) * (breadth // 4), features),
            ]
        else:
            layers = [nn.Flatten(), nn.Linear(prod(shape), features), _activation(), nn.Linear(features, features)]
        self.features = nn.Sequential(*layers, _activation())
        self.judgement = nn.Linear(features, 1)
        self.embedding = nn.Sequential(
            nn.Linear(dim, features),
            _activation(),
            nn.Linear(features, features),
            _activation(),
            nn.Linear(features, features),
        )

    def forward(self, images: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        features = self.features(images)
        agreement = (features * self.embedding(condition)).sum(1) / features.shape[1] ** 0.5
        return self.judgement(features).squeeze(1) + agreement
