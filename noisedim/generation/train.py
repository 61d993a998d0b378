"""Training of a conditional GAN, resumable like every run, and the generator that it gives."""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from noisedim.checks import embedding_tensor
from noisedim.data import BatchSampler, check_batch
from noisedim.data.pixels import unit_pixels
from noisedim.errors import CheckpointError, InvalidInputError, TrainingDivergedError, words_of
from noisedim.generation.config import GanConfig
from noisedim.generation.nets import ConditionalGenerator, ProjectionDiscriminator
from noisedim.streams import drawing_weights
from noisedim.training.checkpoint import load_checkpoint, unflatten_state
from noisedim.training.execution import images_at_a_time, resolve_device
from noisedim.training.loop import Progress, run_to_end
from noisedim.training.model import EmbeddingModel, build_model, embed
from noisedim.training.resumable import Resumable, Stateful

__all__ = ["GAN_METRIC_NAMES", "GanTrainer", "GeneratorModel", "GeneratorResult", "load_generator", "train_generator"]

GAN_METRIC_NAMES = ("step", "loss", "discriminator_loss", "real_logit", "fake_logit", "consistency", "penalty")


@final
class GeneratorModel(nn.Module):
    """A generator with the frozen encoder whose embeddings are its conditions; the content of a GAN's checkpoint.

    Args:
        generator: maps conditions (n, d) and latents (n, latent) to images (n, *shape).
        encoder: maps images to conditions (n, d).
    """

    def __init__(self, generator: ConditionalGenerator, encoder: EmbeddingModel) -> None:
        super().__init__()
        self.generator = generator
        self.encoder = encoder.requires_grad_(requires_grad=False).eval()

    def train(self, mode: bool = True) -> "GeneratorModel":
        """Set the generator's mode; the encoder stays in ``eval()``."""
        super().train(mode)
        self.encoder.eval()
        return self

    @torch.no_grad()
    def generate(
        self,
        conditions: torch.Tensor,
        *,
        generator: torch.Generator | None = None,
        one_latent: bool = False,
        batch_size: int | None = None,
    ) -> torch.Tensor:
        """One image per condition, in [0, 1].

        Args:
            conditions: (n, d) floating-point tensor, on any device.
            generator: random generator of the latents, on the CPU, so that images are equal on all devices up to rounding.
            one_latent: whether all images share one latent, so that they differ only by their conditions.
            batch_size: images at a time; :func:`~noisedim.training.execution.images_at_a_time` if omitted.

        Returns: (n, *shape) float32, on the CPU.

        Raises: InvalidInputError: for conditions of another dimension, NaN or infinity, or a ``batch_size`` below 1.
        """
        conditions = embedding_tensor("conditions", conditions, dim=self.generator.dim).float()
        shape = (1 if one_latent else len(conditions), self.generator.latent)
        latents = torch.randn(shape, generator=generator, dtype=torch.float32, device="cpu")
        latents = latents.expand(len(conditions), -1)
        device = next(self.generator.parameters()).device
        batch_size = images_at_a_time(batch_size, device)
        parts = [
            self.generator(c.to(device), z.to(device)).cpu()
            for c, z in zip(conditions.split(batch_size), latents.split(batch_size), strict=True)
        ]
        return torch.cat(parts)

    def conditions(self, images: torch.Tensor) -> torch.Tensor:
        """Conditions f(x), (n, d), of images; see :func:`~noisedim.training.model.embed`."""
        return embed(self.encoder, images)


@dataclass(frozen=True)
class GeneratorResult:
    """A trained generator, its training metrics and the time it took.

    Attributes:
        model: in ``eval()`` mode, on the device it was trained on.
        metrics: (k, 7) float64, columns :data:`GAN_METRIC_NAMES`.
        seconds: wall-clock time spent in the loop, summed over all resumptions.
    """

    model: GeneratorModel
    metrics: np.ndarray
    seconds: float


def _draw(config: GanConfig, shape: tuple[int, ...]) -> tuple[ConditionalGenerator, ProjectionDiscriminator]:
    with drawing_weights(config.seed):
        # Embeddings as the prior has them: a sphere's have a column more than its dimension.
        columns = config.encoder.build_prior().ambient_dim
        generator = ConditionalGenerator(shape, columns, latent=config.latent, width=config.width)
        return generator, ProjectionDiscriminator(shape, columns, width=config.width)


class GanTrainer(Resumable):
    """The state of a GAN in training, between two steps: generator, discriminator and averaged generator.

    Args:
        config: the run.
        encoder: the trained encoder of ``config.encoder``; it is frozen.
        images: the training images, (n, *shape), uint8 or float in [0, 1]; ``config.encoder.data`` is not loaded.
        device: where to train.
    """

    kind: ClassVar[str] = "generator"
    metric_names: ClassVar[tuple[str, ...]] = GAN_METRIC_NAMES

    def __init__(
        self, config: GanConfig, encoder: EmbeddingModel, images: torch.Tensor, *, device: str | torch.device = "auto"
    ) -> None:
        super().__init__(config, tuple(images.shape[1:]), resolve_device(device))
        check_batch(config.batch_size, len(images))
        prior = config.encoder.build_prior()
        if encoder.channel.prior != prior:
            raise InvalidInputError(
                f"the encoder must have the configuration's prior, {prior!r}; the encoder's is {encoder.channel.prior!r}"
            )
        self.config = config
        self.sampler = BatchSampler(len(images), generator=self.stream("batches"), device=self.device)
        generator, discriminator = _draw(config, self.shape)
        self.discriminator = discriminator.to(self.device)
        self.live = generator.to(self.device)
        self.model = GeneratorModel(copy.deepcopy(self.live), copy.deepcopy(encoder)).to(self.device)
        # Embedded once: the encoder is frozen and sees no augmentation.
        self.conditions = self.model.conditions(images).to(self.device)
        self.images = unit_pixels(images.to(self.device))
        betas = (config.beta_1, config.beta_2)
        self.live_optimizer = torch.optim.Adam(self.live.parameters(), config.generator_rate, betas, fused=True)
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), config.discriminator_rate, betas, fused=True
        )

    def parts(self) -> dict[str, Stateful]:
        """Everything with a state except the random generators, by name."""
        return {
            "model": self.model,
            "live": self.live,
            "discriminator": self.discriminator,
            "live_optimizer": self.live_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "sampler": self.sampler,
        }

    def _blurred(self, images: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(images.shape, generator=self.generator, dtype=images.dtype, device=self.device)
        return images + self.config.instance_noise * noise

    def _batch(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        index = self.sampler.next_indices(self.config.batch_size)
        shape = (len(index), self.config.latent)
        latent = torch.randn(shape, generator=self.generator, dtype=self.images.dtype, device=self.device)
        return self.images[index], self.conditions[index], latent

    def step(self, *, log: bool = False) -> None:
        """Take one step of the discriminator, then one of the generator, each on its own batch; ``log`` records metrics."""
        real_logits, fake_logits, penalty, loss = self._discriminator_step()
        _, condition, latent = self._batch()
        made = self.live(condition, latent)
        generator_loss = self._generator_loss(self.discriminator(self._blurred(made), condition))
        consistency = torch.zeros((), device=self.device)
        if self.config.consistency or log:
            with torch.set_grad_enabled(self.config.consistency > 0):
                consistency = (self.model.encoder(made) - condition).square().sum(1).mean()
            generator_loss = generator_loss + self.config.consistency * consistency
        self.live_optimizer.zero_grad()
        # Without gradients of the discriminator's weights, which this step does not change.
        generator_loss.backward(inputs=list(self.live.parameters()))
        self.live_optimizer.step()
        with torch.no_grad():
            # The first steps get little weight: after t steps the mean age of the averaged weights is at most about t/10.
            decay = min(self.config.average, (1 + self.steps_done) / (10 + self.steps_done))
            for average, weight in zip(self.model.generator.parameters(), self.live.parameters(), strict=True):
                average.lerp_(weight, 1 - decay)
        self.steps_done += 1
        if log:
            self._record(generator_loss, loss, real_logits.mean(), fake_logits.mean(), consistency, penalty)

    def _discriminator_step(self) -> tuple[torch.Tensor, ...]:
        config = self.config
        real, condition, latent = self._batch()
        with torch.no_grad():
            made = self.live(condition, latent)
        real = self._blurred(real)
        penalised = config.gamma > 0 and self.steps_done % config.penalise_every == 0
        if penalised:
            real.requires_grad_()
        real_logits = self.discriminator(real, condition)
        fake_logits = self.discriminator(self._blurred(made), condition)
        loss = self._discriminator_loss(real_logits, fake_logits)
        penalty = torch.zeros((), device=self.device)
        if penalised:
            (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            penalty = gradient.flatten(1).square().sum(1).mean()
        self.discriminator_optimizer.zero_grad()
        (loss + config.gamma / 2 * config.penalise_every * penalty).backward()
        self.discriminator_optimizer.step()
        return real_logits.detach(), fake_logits.detach(), penalty.detach(), loss.detach()

    def _discriminator_loss(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        if self.config.loss == "hinge":
            return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()
        return functional.softplus(-real).mean() + functional.softplus(fake).mean()

    def _generator_loss(self, fake: torch.Tensor) -> torch.Tensor:
        return -fake.mean() if self.config.loss == "hinge" else functional.softplus(-fake).mean()

    def _record(self, *figures: torch.Tensor) -> None:
        values = [figure.item() for figure in figures]
        if not all(math.isfinite(value) for value in values):
            named = ", ".join(f"{name} {value:.4g}" for name, value in zip(GAN_METRIC_NAMES[1:], values, strict=True))
            raise TrainingDivergedError(
                f"all metrics must stay finite; got {named} at step {self.steps_done} with seed {self.config.seed}. "
                "Smaller learning rates or a larger gamma help"
            )
        self.metrics.append((self.steps_done, *values))

    def finish(self) -> None:
        """Check that all weights are finite, and put the model into ``eval()`` mode."""
        for name, tensor in self.model.state_dict().items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise TrainingDivergedError(f"the weights must stay finite; {name} is not, seed {self.config.seed}")
        self.model.eval()


def train_generator(
    config: GanConfig,
    encoder: EmbeddingModel,
    images: torch.Tensor,
    *,
    device: str = "auto",
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 20.0,
    log_every: int = 50,
    on_progress: Callable[[Progress], None] | None = None,
) -> GeneratorResult:
    """Train a conditional GAN on ``images`` and their embeddings, resuming from ``checkpoint`` if that file exists.

    Args:
        config: the run.
        encoder: the trained encoder of ``config.encoder``.
        images: the training images, (n, *shape), uint8 or float in [0, 1].
        device: see :func:`~noisedim.training.execution.resolve_device`.
        checkpoint: file to save to and to resume from; without it nothing is saved.
        checkpoint_seconds: minimum time between two saves; it does not influence the result.
        log_every: steps between two records of the metrics.
        on_progress: called each time the metrics are recorded.

    Raises:
        InvalidInputError: if the configuration does not match the images or the device.
        TrainingDivergedError: if metrics or weights are no longer finite.
        CheckpointError: if the checkpoint is damaged or of another configuration.
        StorageError: if a checkpoint cannot be written.

    Source: arXiv 2410.06993, Appendix D, for the set-up; R₁: Mescheder et al., arXiv 1801.04406, eq. (9).
    """
    trainer = GanTrainer(config, encoder, images, device=device)

    def progress(trainer: GanTrainer) -> None:
        if on_progress is not None:
            on_progress(Progress(trainer.steps_done, config.steps, trainer.metrics[-1][1], math.nan, math.nan))

    run_to_end(
        trainer,
        checkpoint=checkpoint,
        checkpoint_seconds=checkpoint_seconds,
        log_every=log_every,
        after_record=progress,
    )
    metrics = np.array(trainer.metrics, dtype=np.float64).reshape(-1, len(GAN_METRIC_NAMES))
    return GeneratorResult(trainer.model, metrics, trainer.seconds)


def load_generator(checkpoint: Path, *, device: str = "cpu") -> tuple[GeneratorModel, GanConfig]:
    """The generator of a checkpoint with its encoder, in ``eval()`` mode, and its configuration.

    Raises: CheckpointError: if the file is damaged or not the checkpoint of a generator.
    """
    saved = load_checkpoint(checkpoint)
    kind = saved.metadata.get("kind", "encoder")
    if kind != GanTrainer.kind:
        raise CheckpointError(f"expected a checkpoint of kind 'generator'; {checkpoint} is of kind {kind!r}")
    try:
        config = GanConfig.from_dict(json.loads(str(saved.metadata["config"])))
        shape = tuple(json.loads(str(saved.metadata["shape"])))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{checkpoint.name} does not hold a generator's configuration: {words_of(error)}"
        ) from None
    model = GeneratorModel(_draw(config, shape)[0], build_model(config.encoder, shape))
    model.load_state_dict(unflatten_state("model", saved.tensors, saved.metadata))
    return model.to(resolve_device(device)).eval(), config
