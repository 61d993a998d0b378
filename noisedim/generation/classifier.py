"""A small supervised classifier, trained as a run: generated images are judged by its features."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, final

import torch
from torch.nn import functional

from noisedim.checks import positive, positive_integer, random_seed
from noisedim.data import BatchSampler, check_batch
from noisedim.data.pixels import unit_pixels
from noisedim.errors import CheckpointError, InvalidInputError, TrainingDivergedError, words_of
from noisedim.generation.nets import FeatureClassifier
from noisedim.streams import drawing_weights
from noisedim.training.checkpoint import load_checkpoint, unflatten_state
from noisedim.training.config import DataConfig
from noisedim.training.config.stored import StoredConfig
from noisedim.training.execution import images_at_a_time, resolve_device
from noisedim.training.loop import Progress, run_to_end
from noisedim.training.resumable import Resumable, Stateful

__all__ = ["ClassifierConfig", "ClassifierTrainer", "classify", "load_classifier", "train_classifier"]


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(StoredConfig):
    """A classifier trained on the training part of a data set."""

    stored_as: ClassVar[str] = "a classifier's configuration"
    kind: ClassVar[str] = "classifier"

    data: DataConfig = field(default_factory=DataConfig)
    """The data set, and which of its images are trained on."""
    learning_rate: float = 3e-3
    """Adam's learning rate at the start; it falls to zero along a cosine."""
    noise: float = 0.1
    """Standard deviation of pixel noise in training, so that no feature depends on exact grey levels."""
    steps: int = 600
    """Optimiser steps."""
    batch_size: int = 128
    """Images per step."""
    seed: int = 0
    """Seed of weights, batches and noise."""

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        positive("learning_rate", self.learning_rate)
        if not 0 <= self.noise < math.inf:
            raise InvalidInputError(f"noise must be a finite number >= 0; got {self.noise!r}")
        positive_integer("steps", self.steps)
        positive_integer("batch_size", self.batch_size)
        random_seed("seed", self.seed)

    @property
    def title(self) -> str:
        """The run in a few words, for progress displays and lists of failures."""
        return f"classifier of {self.data.name}, seed {self.seed}"


@final
class ClassifierTrainer(Resumable):
    """The state of a classifier in training, between two steps.

    Args:
        config: the run.
        images: the training images, (n, *shape), uint8 or float in [0, 1].
        labels: int64 from 0, (n,).
        device: where to train.
    """

    kind: ClassVar[str] = "classifier"
    metric_names: ClassVar[tuple[str, ...]] = ("step", "loss")

    def __init__(
        self, config: ClassifierConfig, images: torch.Tensor, labels: torch.Tensor, *, device: str = "auto"
    ) -> None:
        super().__init__(config, tuple(images.shape[1:]), resolve_device(device))
        check_batch(config.batch_size, len(images))
        self.config = config
        self.images = unit_pixels(images).to(self.device)
        self.labels = labels.to(self.device)
        self.sampler = BatchSampler(len(images), generator=self.stream("batches"), device=self.device)
        with drawing_weights(config.seed):
            self.model = FeatureClassifier(self.shape, int(labels.max()) + 1).to(self.device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, fused=True)

    def parts(self) -> dict[str, Stateful]:
        """Everything with a state except the random generators, by name."""
        return {"model": self.model, "optimizer": self.optimizer, "sampler": self.sampler}

    def step(self, *, log: bool = False) -> None:
        """Take one optimiser step on the cross-entropy; ``log`` records the loss."""
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * 0.5 * (1 + math.cos(math.pi * self.steps_done / config.steps))
        index = self.sampler.next_indices(config.batch_size)
        images = self.images[index]
        noise = torch.randn(images.shape, generator=self.generator, dtype=images.dtype, device=self.device)
        loss = functional.cross_entropy(self.model(images + config.noise * noise), self.labels[index])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.steps_done += 1
        if log:
            value = loss.item()
            if not math.isfinite(value):
                raise TrainingDivergedError(
                    f"the loss must stay finite; got {value} at step {self.steps_done} with seed {config.seed}"
                )
            self.metrics.append((self.steps_done, value))

    def finish(self) -> None:
        """Put the model into ``eval()`` mode."""
        self.model.eval()


def train_classifier(
    config: ClassifierConfig,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    device: str = "auto",
    checkpoint: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> ClassifierTrainer:
    """Train a classifier to its last step, resuming from ``checkpoint`` if that file exists.

    Args:
        config: the run.
        images: the training images, (n, *shape), uint8 or float in [0, 1].
        labels: int64 from 0, (n,).
        device: see :func:`~noisedim.training.execution.resolve_device`.
        checkpoint: file to save to and to resume from; without it nothing is saved.
        on_progress: called each time the loss is recorded.

    Returns: the trainer after its last step.

    Raises: as :func:`~noisedim.training.loop.train`.
    """
    trainer = ClassifierTrainer(config, images, labels, device=device)

    def progress(trainer: ClassifierTrainer) -> None:
        if on_progress is not None:
            on_progress(Progress(trainer.steps_done, config.steps, trainer.metrics[-1][1], math.nan, math.nan))

    run_to_end(trainer, checkpoint=checkpoint, after_record=progress)
    return trainer


def load_classifier(checkpoint: Path, *, device: str = "cpu") -> tuple[FeatureClassifier, ClassifierConfig]:
    """The classifier of a checkpoint, in ``eval()`` mode, and its configuration.

    Raises: CheckpointError: if the file is damaged or not the checkpoint of a classifier.
    """
    saved = load_checkpoint(checkpoint)
    if (kind := saved.metadata.get("kind", "encoder")) != ClassifierTrainer.kind:
        raise CheckpointError(f"expected a checkpoint of kind 'classifier'; {checkpoint} is of kind {kind!r}")
    try:
        config = ClassifierConfig.from_dict(json.loads(str(saved.metadata["config"])))
        shape = tuple(json.loads(str(saved.metadata["shape"])))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{checkpoint.name} does not hold a classifier's configuration: {words_of(error)}"
        ) from None
    state = unflatten_state("model", saved.tensors, saved.metadata)
    with drawing_weights(config.seed):
        model = FeatureClassifier(shape, len(state["head.bias"]))
    model.load_state_dict(state)
    return model.to(resolve_device(device)).eval(), config


@torch.no_grad()
def classify(
    model: FeatureClassifier, images: torch.Tensor, *, batch_size: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (n, 64), float64, and predicted classes (n,), int64, of images, on the CPU.

    Args:
        model: a trained classifier.
        images: (n, *shape), uint8 or float in [0, 1].
        batch_size: images at a time; :func:`~noisedim.training.execution.images_at_a_time` if omitted.

    Raises: InvalidInputError: for images of another shape, or a ``batch_size`` below 1.
    """
    if tuple(images.shape[1:]) != model.shape:
        raise InvalidInputError(
            f"this classifier takes images of shape (n, {', '.join(map(str, model.shape))}); got {tuple(images.shape)}"
        )
    device = model.head.weight.device
    features, classes = [], []
    for batch in images.split(images_at_a_time(batch_size, device)):
        found = model.features(unit_pixels(batch.to(device)))
        features.append(found.double().cpu())
        classes.append(model.head(found).argmax(1).cpu())
    return torch.cat(features), torch.cat(classes)
