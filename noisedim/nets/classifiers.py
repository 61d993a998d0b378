"""A small classifier whose features judge generated images."""

from math import prod
from typing import final

import torch
from torch import nn

from noisedim.checks import positive_integer

__all__ = ["FeatureClassifier"]


@final
class FeatureClassifier(nn.Module):
    """Images (n, *shape) to logits (n, classes), through features (n, 64) that are not negative.

    Images whose sides are multiples of 4 get two convolutions, everything else a perceptron.

    Args:
        shape: of an image.
        classes: how many.
    """

    features_dim = 64

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        classes = positive_integer("classes", classes, minimum=2)
        self.shape = tuple(shape)
        if len(shape) == 3 and shape[1] % 4 == 0 and shape[2] % 4 == 0:
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
        """The layer before the logits, (n, 64)."""
        return self.body(images)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))
