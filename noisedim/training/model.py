"""An encoder with its channel: what training makes, checkpoints hold and ``embed`` uses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

import torch
from torch import nn

from noisedim.channel import NoisyChannel
from noisedim.data.pixels import unit_pixels
from noisedim.errors import InvalidInputError
from noisedim.nets import make_encoder, projected_encoder
from noisedim.streams import drawing_weights
from noisedim.training.config import TrainConfig
from noisedim.training.execution import images_at_a_time

__all__ = ["EmbeddingModel", "build_model", "embed", "embed_with_features"]


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
        return self.encoder(images)[:, : self.channel.prior.channel_dim]

    @property
    def has_backbone(self) -> bool:
        """Whether the encoder is a backbone with a projection head."""
        return any(name == "backbone" for name, _ in self.encoder.named_children())

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The backbone's features, before the projection head: (n, *shape) to (n, k).

        Raises: InvalidInputError: if the encoder has no backbone.
        """
        if not self.has_backbone:
            raise InvalidInputError("only encoders of a backbone and a projection head have features; this has none")
        for name, part in self.encoder.named_children():
            if name == "head":
                break
            images = part(images)
        return images


def build_model(config: TrainConfig, shape: tuple[int, ...]) -> EmbeddingModel:
    """A fresh model for inputs of ``shape`` (without the batch axis), its weights drawn from ``config.seed``."""
    prior = config.build_prior()
    level = {prior.level_name: config.noise.target(prior)}
    with drawing_weights(config.seed):
        outputs = prior.channel_dim * config.objective.outputs_a_dimension
        if config.has_backbone:
            encoder = projected_encoder(
                config.encoder,
                shape,
                outputs,
                hidden=config.head,
                head_normalisation=config.head_normalisation,
                width=config.width,
                pixel_mean=config.pixel_mean,
                pixel_deviation=config.pixel_deviation,
            )
        else:
            encoder = make_encoder(config.encoder, shape, outputs)
        # Whether a batch can see the noise is the configuration's to say, once.
        channel = NoisyChannel(prior, warn=False, **level)  # type: ignore[arg-type]
    return EmbeddingModel(encoder, channel, shape)


@torch.no_grad()
def embed(
    model: EmbeddingModel,
    images: torch.Tensor,
    *,
    batch_size: int | None = None,
    raw: bool = False,
    features: bool = False,
) -> torch.Tensor:
    """Clean embeddings of all images.

    Args:
        model: the mode of each of its parts is put back afterwards.
        images: float in [0, 1] or uint8, (n, *shape), on any device.
        batch_size: images at a time; :func:`~noisedim.training.execution.images_at_a_time` if omitted.
        raw: stop before the channel.
        features: stop before the projection head: the backbone's features, (n, k).

    Returns: (n, d) in the model's dtype, on the CPU.

    Raises: InvalidInputError: for images of another shape than the model was built for, a ``batch_size`` below 1, or
        ``features`` of an encoder that has no backbone.

    >>> from noisedim.training import TrainConfig, train
    >>> images = torch.rand(64, 16, generator=torch.Generator().manual_seed(0))
    >>> model = train(TrainConfig(dim=2, steps=1, batch_size=32), images, device="cpu").model
    >>> embed(model, images).shape
    torch.Size([64, 2])
    """

    def output(batch: torch.Tensor) -> torch.Tensor:
        return model.features(batch) if features else model.raw(batch) if raw else model(batch)

    return _outputs(model, images, batch_size, lambda batch: (output(batch),))[0]


@torch.no_grad()
def embed_with_features(
    model: EmbeddingModel, images: torch.Tensor, *, batch_size: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features of the backbone (n, k) and clean embeddings (n, d) of all images, in one pass; see :func:`embed`."""

    def both(batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = model.features(batch)
        return features, model.channel(
            model.encoder.get_submodule("head")(features)[:, : model.channel.prior.channel_dim]
        )

    features, z = _outputs(model, images, batch_size, both)
    return features, z


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """The model in ``eval()`` mode; each part of it then returns to its own, which for a frozen one is not the whole's."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def _outputs(
    model: EmbeddingModel,
    images: torch.Tensor,
    batch_size: int | None,
    outputs: Callable[[torch.Tensor], tuple[torch.Tensor, ...]],
) -> list[torch.Tensor]:
    """Each of ``outputs`` for all images, in ``eval()`` mode."""
    weight = next(model.parameters())
    batch_size = images_at_a_time(batch_size, weight.device, backbone=model.has_backbone)
    if tuple(images.shape[1:]) != tuple(model.shape):
        raise InvalidInputError(
            f"this encoder takes inputs of shape (n, {', '.join(map(str, model.shape))}); got {tuple(images.shape)}"
        )
    parts: list[tuple[torch.Tensor, ...]] = []
    with _evaluating(model):
        for batch in images.split(batch_size):
            batch = unit_pixels(batch.to(weight.device), weight.dtype)
            parts.append(tuple(output.cpu() for output in outputs(batch)))
    return [torch.cat(own) for own in zip(*parts, strict=True)]
