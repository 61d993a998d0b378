"""The networks of a conditional GAN, generator and discriminator, and the classifier whose features judge its images.

They are convolutional for images whose sides are multiples of 4 (8×8 digits, 24×24 MNIST) and perceptrons for all other
inputs. None has batch normalisation: an image depends only on its own condition and latent.
"""

from math import prod
from typing import final

import torch
from torch import nn

from noisedim.checks import positive_integer

__all__ = ["ConditionalGenerator", "FeatureClassifier", "ProjectionDiscriminator"]

_SLOPE = 0.2


def _activation() -> nn.Module:
    return nn.LeakyReLU(_SLOPE)


def _convolutional(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[1] % 4 == 0 and shape[2] % 4 == 0


@final
class ConditionalGenerator(nn.Module):
    """The generator: a condition (n, dim) and a latent (n, latent) to images (n, *shape) in [0, 1].

    Args:
        shape: shape of an image.
        dim: dimension of the condition.
        latent: dimension of the latent, which is standard normal.
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
        """Images (n, *shape) of conditions (n, dim) and latents (n, latent)."""
        return torch.sigmoid(self.body(self.head(torch.cat([condition, latent], 1))))


@final
class ProjectionDiscriminator(nn.Module):
    """The discriminator: images (n, *shape) and conditions (n, dim) to logits (n,).

    The logit is ψ(φ(x)) + ⟨φ(x), e(c)⟩ for the features φ(x) of an image and the embedding e(c) of its condition.

    Args:
        shape: shape of an image.
        dim: dimension of the condition.
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
        """Logits (n,) of images (n, *shape) with conditions (n, dim); large for real ones."""
        features = self.features(images)
        agreement = (features * self.embedding(condition)).sum(1) / features.shape[1] ** 0.5
        return self.judgement(features).squeeze(1) + agreement


@final
class FeatureClassifier(nn.Module):
    """The classifier: images (n, *shape) to logits (n, classes), through nonnegative features (n, 64).

    Args:
        shape: shape of an image.
        classes: number of classes.
    """

    features_dim = 64

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        classes = positive_integer("classes", classes, minimum=2)
        self.shape = tuple(shape)
        if _convolutional(shape):
            body: list[nn.Module] = [
                nn.Conv2d(shape[0], 16, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(16, 32, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(32 * (shape[1] // 4) * (shape[2] // 4), self.features_dim),
            ]
        else:
            body = [nn.Flatten(), nn.Linear(prod(shape), 128), nn.ReLU(), nn.Linear(128, self.features_dim)]
        self.body = nn.Sequential(*body, nn.ReLU())
        self.head = nn.Linear(self.features_dim, classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, 64) of images: the layer before the logits."""
        return self.body(images)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of images (n, *shape)."""
        return self.head(self.features(images))
