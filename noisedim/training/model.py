"""An encoder with its channel: what training makes, checkpoints hold and ``embed`` uses."""

from typing import final

import torch
from torch import nn

from noisedim.channel import NoisyChannel
from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.nets import make_encoder
from noisedim.training.config import TrainConfig

__all__ = ["EmbeddingModel", "build_model", "embed"]


@final
class EmbeddingModel(nn.Module):
    """encoder, then channel: images in [0, 1] to embeddings (n, d), clean in ``eval()``, noisy in ``train()``.

    An encoder of more than d outputs has the embedding first (variational autoencoders).
    """

    def __init__(self, encoder: nn.Module, channel: NoisyChannel, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.encoder = encoder
        self.channel = channel
        self.shape = shape

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.channel(self.raw(images))

    def raw(self, images: torch.Tensor) -> torch.Tensor:
        """The embedding before the channel, (n, d)."""
        return self.encoder(images)[:, : self.channel.prior.dim]


def build_model(config: TrainConfig, shape: tuple[int, ...]) -> EmbeddingModel:
    """A fresh model for inputs of ``shape`` (without the batch axis), its weights drawn from ``config.seed``."""
    prior = config.build_prior()
    # Layers draw their weights from the global generator; the caller's is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        encoder = make_encoder(config.encoder, shape, config.dim * config.objective.outputs_a_dimension)
    channel = NoisyChannel(prior, **{prior.level_name: config.noise.target(prior)})
    return EmbeddingModel(encoder, channel, shape)


@torch.no_grad()
def embed(model: EmbeddingModel, images: torch.Tensor, *, batch_size: int = 4096, raw: bool = False) -> torch.Tensor:
    """Clean embeddings of all images.

    Args:
        model: its mode is put back afterwards.
        images: float in [0, 1] or uint8, (n, *shape), on any device.
        batch_size: images at a time.
        raw: stop before the channel.

    Returns: (n, d) in the model's dtype, on the CPU.

    Raises: InvalidInputError: for images of another shape than the model was built for.
    """
    positive_integer("batch_size", batch_size)
    if tuple(images.shape[1:]) != tuple(model.shape):
        raise InvalidInputError(
            f"this encoder takes inputs of shape (n, {', '.join(map(str, model.shape))}); got {tuple(images.shape)}"
        )
    weight = next(model.parameters())
    was_training = model.training
    model.eval()
    try:
        parts = []
        for batch in images.split(batch_size):
            batch = batch.to(weight.device)
            batch = batch.to(weight.dtype) / 255 if batch.dtype is torch.uint8 else batch.to(weight.dtype)
            output = model.raw(batch) if raw else model(batch)
            parts.append(output.cpu())
    finally:
        model.train(was_training)
    return torch.cat(parts)
