"""Objectives on codes and the images they came from; the decoder gives logits of pixels."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import nn

from noisedim.channel import NoisyChannel
from noisedim.objectives.interface import BatchObjective, ObjectiveValue
from noisedim.precision import at_least_single

__all__ = ["Autoencoder"]


class Autoencoder(BatchObjective):
    """An objective on codes and the images they came from.

    Args:
        decoder: (n, d) to logits of pixels, (n, *shape).
    """

    reconstructs: ClassVar[bool] = True
    through_channel: ClassVar[bool] = False
    """Whether the codes are the channel's output, normalised and noisy, instead of the encoder's."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    @abstractmethod
    def forward(
        self, codes: torch.Tensor, images: torch.Tensor, *, generator: torch.Generator | None = None
    ) -> ObjectiveValue:
        """Loss for one batch: codes (n, d · ``outputs_a_dimension``), images (n, *shape) in [0, 1]."""

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Images (n, *shape) in [0, 1] of what the decoder is trained to see, (n, d); in single precision or more."""
        return torch.sigmoid(at_least_single(self.decoder(codes)))

    def draw(self, codes: torch.Tensor, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """What the decoder sees of ``codes``, (n, d): the codes, unless the method draws them from a posterior."""
        return codes

    def information_at_most(self, codes: torch.Tensor, channel: NoisyChannel) -> float | None:
        """An upper bound on I(X; Y), nats, from codes (n, d · ``outputs_a_dimension``); None if nothing bounds it."""
        return channel.capacity if self.through_channel else None

    def on_batch(
        self,
        raw: torch.Tensor,
        images: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        codes = channel(raw, generator=generator) if self.through_channel else raw
        value: ObjectiveValue = self(codes, images, generator=generator)
        return value
