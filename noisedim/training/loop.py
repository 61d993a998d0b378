"""The only training loop: resumable at any step, deterministic by seed on one device, nothing done beside the step."""

import json
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from noisedim.data import BatchSampler, apply_views, check_batch, draw_views, resident, second_view
from noisedim.data.pixels import unit_pixels
from noisedim.errors import CheckpointError, InvalidInputError, TrainingDivergedError, words_of
from noisedim.objectives import BatchObjective, ObjectiveValue
from noisedim.precision import doubled
from noisedim.streams import drawing_weights, torch_seed
from noisedim.training.checkpoint import load_checkpoint, unflatten_state
from noisedim.training.collapse import collapse_warning, spread_and_rank
from noisedim.training.config import TrainConfig
from noisedim.training.distributed.ranks import Ranks, check_shares, explaining_lost_rank
from noisedim.training.execution import Execution, resolve_device
from noisedim.training.memory import explaining_memory
from noisedim.training.model import EmbeddingModel, build_model, embed
from noisedim.training.optimizers import clip_gradients, learning_rate, make_optimizer
from noisedim.training.pairs import same_class
from noisedim.training.resumable import Resumable, Stateful

__all__ = [
    "METRIC_NAMES",
    "Progress",
    "Trainer",
    "TrainingResult",
    "load_model",
    "run_to_end",
    "train",
]

AnyTrainer = TypeVar("AnyTrainer", bound=Resumable)
METRIC_NAMES = (
    "step",
    "loss",
    "bound",
    "ceiling",
    "level",
    "capacity",
    "learning_rate",
    "spread",
    "effective_rank",
)
# The first outputs of any network point in nearly one direction; training has to have had its turn.
_COLLAPSE_FROM = 0.1


@dataclass(frozen=True)
class Progress:
    """What a progress display is told every now and then."""

    step: int
    steps: int
    loss: float
    bound: float
    capacity: float
    warning: str | None = None


@dataclass(frozen=True)
class TrainingResult:
    """A trained model, what was logged, and how long it took.

    Attributes:
        model: in ``eval()`` mode, on the device it was trained on.
        metrics: (k, 9) float64, columns :data:`METRIC_NAMES`; informations in nats.
        seconds: wall-clock time spent in the loop, over all resumptions.
        objective: what was optimised, with its critic, projector or decoder as trained.
    """

    model: EmbeddingModel
    metrics: np.ndarray
    seconds: float
    objective: BatchObjective


class Trainer(Resumable):
    """An encoder in training.

    Args:
        config: the run.
        images: the training images, (n, *shape), uint8 or float in [0, 1] (``config.data`` is not consulted).
        device: where to train.
        ranks: the processes that train together, all with the same ``config`` and ``images``; this one alone if omitted.
        execution: how the encoder is computed.
        labels: (n,) integers, one per image, for ``pairs_by="label"`` and only used then.
    """

    kind = "encoder"
    metric_names = METRIC_NAMES

    def __init__(
        self,
        config: TrainConfig,
        images: torch.Tensor,
        *,
        device: str | torch.device = "auto",
        ranks: Ranks | None = None,
        execution: Execution | None = None,
        labels: torch.Tensor | None = None,
    ) -> None:
        super().__init__(config, tuple(images.shape[1:]), resolve_device(device))
        if config.precision == "bfloat16" and self.device.type != "cuda":
            raise InvalidInputError(f"precision='bfloat16' needs a CUDA device; got {self.device.type}")
        check_batch(config.batch_size, len(images))
        self.ranks = Ranks.alone() if ranks is None else ranks
        check_shares(config.batch_size, self.ranks.size)
        self.config = config
        if config.unseen_capacity is not None and self.ranks.rank == 0:
            warnings.warn(config.unseen_capacity, UserWarning, stacklevel=2)
        self.images = resident(images, self.device)
        self.sampler = BatchSampler(len(self.images), generator=self.stream("batches"), device=self.device)
        self.augmentation = self.stream("augmentation")
        self.model = build_model(config, self.shape).to(self.device).train()
        execution = Execution() if execution is None else execution
        execution.prepare(self.model.encoder)
        with drawing_weights(torch_seed(config.seed, "objective")):
            dim = self.model.channel.prior.channel_dim
            self.objective = config.objective.build(dim, self.shape).to(self.device).train()
        self.same_class = same_class(config, labels, len(self.images), reconstructs=self.objective.reconstructs)
        self.parameters = [*self.model.parameters(), *self.objective.parameters()]
        self.optimizer = make_optimizer(config.optimiser, self.parameters)
        self.encode = self.ranks.sharing(self.model.encoder, self.device, execution=execution)

    def step(self, *, log: bool = False) -> None:
        """One optimiser step; with ``log``, its figures are recorded and checked (that waits for the device)."""
        config = self.config
        rate = self.schedule(self.optimizer)
        inputs = self.next_inputs()
        if config.precision == "bfloat16":
            with torch.autocast("cuda", torch.bfloat16):
                raw = self.encode(inputs)
        else:
            raw = self.encode(inputs)
        try:
            value = self.evaluate(raw.to(inputs.dtype), inputs, estimate=log)
        except InvalidInputError:
            if bool(torch.isfinite(raw).all()):  # else it is no input of the caller's that was refused
                raise
            raise self._diverged(math.nan, self.steps_done + 1, rate) from None
        self.optimizer.zero_grad()
        scale = config.objective.loss_scale
        (value.loss if scale == 1 else scale * value.loss).backward()
        if self.ranks.size > 1:
            self.ranks.average_gradients(self.objective.parameters())
        if config.optimiser.clip_norm is not None:
            clip_gradients(self.parameters, config.optimiser.clip_norm)
        self.optimizer.step()
        self.steps_done += 1
        if log:
            self.record(value, rate, raw)

    def schedule(self, optimizer: torch.optim.Optimizer) -> float:
        """Set the learning rate of ``optimizer`` and the channel's noise to those of the next step; returns the rate."""
        config, channel = self.config, self.model.channel
        rate = learning_rate(config.optimiser, self.steps_done, config.steps, batch_size=config.batch_size)
        for group in optimizer.param_groups:
            group["lr"] = rate
        channel.level = config.noise.level(channel.prior, self.steps_done / config.steps)
        return rate

    def next_inputs(self) -> torch.Tensor:
        """What the encoder sees next: X on top of its X′, (2·batch, *shape), in one pass; X alone for autoencoders.

        With several ranks this is one rank's share of these rows; what is random is drawn for all of them.
        """
        config = self.config
        indices = self.sampler.next_indices(config.batch_size)
        if self.objective.reconstructs:
            return self._pixels(indices[self.ranks.share(len(indices))])
        own = self.ranks.share(2 * len(indices))
        partners = indices if self.same_class is None else self.same_class.partners(indices)
        if config.views.both:
            size = (self.shape[-2], self.shape[-1])
            draws = draw_views(config.views, 2 * len(indices), size, seed=config.seed, step=self.steps_done)
            return apply_views(self._pixels(torch.cat([indices, partners])[own]), draws.take(own), config.views)
        batch = self._pixels(indices)
        other = batch if self.same_class is None else self._pixels(partners)
        changed = second_view(other, config.augmentation, config.augmentation_probability, self.augmentation)
        rows = torch.cat([batch, changed])
        return rows if self.ranks.size == 1 else rows[own]

    def _pixels(self, indices: torch.Tensor) -> torch.Tensor:
        """Images by index, float, uint8 brought to [0, 1]."""
        images = self.images[indices.to(self.images.device)].to(self.device, non_blocking=True)
        return unit_pixels(images)

    def evaluate(self, raw: torch.Tensor, inputs: torch.Tensor, *, estimate: bool) -> ObjectiveValue:
        """The objective on the encoder's output ``raw``, that of all ranks' ``inputs``."""
        images = self.ranks.rows_of_all(inputs) if self.objective.reconstructs else inputs
        return self.objective.on_batch(raw, images, self.model.channel, generator=self.generator, estimate=estimate)

    def _diverged(self, loss: float, step: int, rate: float) -> TrainingDivergedError:
        channel = self.model.channel
        return TrainingDivergedError(
            f"the loss must stay finite; got {loss} at step {step} with seed {self.config.seed}, "
            f"{channel.prior.level_name}={channel.level:.4g}, learning rate {rate:.3g}. A smaller learning rate or "
            "a slower annealing helps"
        )

    def record(self, value: ObjectiveValue, rate: float, raw: torch.Tensor) -> None:
        """Keep a step's figures, those of the encoder's output ``raw`` among them; waits for the device.

        Raises: TrainingDivergedError: if the loss is not finite.
        """
        loss, bound, ceiling = value.loss.item(), value.bound.item(), value.ceiling
        channel = self.model.channel
        if not math.isfinite(loss):
            raise self._diverged(loss, self.steps_done, rate)
        seen = doubled(raw.detach()[:, : channel.prior.channel_dim])
        if self.objective.normalised:
            # Offset and scale of its coordinates are not seen.
            seen = (seen - seen.mean(0)) / seen.std(0).clamp(min=1e-30)
        spread, rank = spread_and_rank(seen)
        self.metrics.append(
            (self.steps_done, loss, bound, ceiling, channel.level, channel.capacity, rate, spread, rank)
        )

    @property
    def warning(self) -> str | None:
        """Whether the embedding had collapsed when its figures were last recorded; not asked early in the run."""
        if not self.metrics or self.steps_done < _COLLAPSE_FROM * self.config.steps:
            return None
        rows = self.config.batch_size * (1 if self.objective.reconstructs else 2)
        figures = dict(zip(METRIC_NAMES, self.metrics[-1], strict=True))
        return collapse_warning(figures["spread"], figures["effective_rank"], rows, self.config.dim)

    def finish(self) -> None:
        """Fix the normalisation that ``eval()`` uses to the exact statistics of the training images."""
        for name, tensor in self.model.state_dict().items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise TrainingDivergedError(f"the weights must stay finite; {name} is not, seed {self.config.seed}")
        raw = embed(self.model, self.images, raw=True).to(self.device)
        self.model.channel.set_statistics(raw)
        self.model.eval()
        self.objective.eval()

    def parts(self) -> dict[str, Stateful]:
        """All that has a state but the generators, by name."""
        return {
            "model": self.model,
            "objective": self.objective,
            "optimizer": self.optimizer,
            "sampler": self.sampler,
        }

    def generators(self) -> dict[str, torch.Generator]:
        """Those that no part has, by name."""
        own = {"augmentation": self.augmentation}
        if self.same_class is not None:
            own["partners"] = self.same_class.generator
        return {**super().generators(), **own}


def run_to_end(
    trainer: AnyTrainer,
    *,
    ranks: Ranks | None = None,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 20.0,
    log_every: int = 50,
    after_record: Callable[[AnyTrainer], None] | None = None,
    after_step: Callable[[AnyTrainer], None] | None = None,
) -> None:
    """All steps of ``trainer``, whatever it trains, resuming from ``checkpoint`` if it is there.

    Args:
        trainer: fresh; it is left finished.
        ranks: the processes that train it together: the first one saves and records; this one alone if omitted.
        checkpoint: file to save to and to resume from; none is written if omitted.
        checkpoint_seconds: least time between two saves. It does not influence the result.
        log_every: steps between two records of the figures.
        after_record: called after each record.
        after_step: called after each step with the trainer, to look at it and leave it as it is.

    Raises: TrainingDivergedError, OutOfMemoryError, CheckpointError, StorageError: as :func:`train`.
    """
    ranks = Ranks.alone() if ranks is None else ranks
    if checkpoint is not None and ranks.agree(checkpoint.exists()):
        trainer.restore(checkpoint)
    began = saved = time.monotonic()
    before = trainer.seconds
    while not trainer.finished:
        last = trainer.steps_done + 1 == trainer.run.steps
        log = last or trainer.steps_done % log_every == 0
        step = trainer.steps_done + 1
        memory = explaining_memory(batch_size=trainer.run.batch_size, device=trainer.device, step=step)
        with explaining_lost_rank(ranks), memory:
            trainer.step(log=log)
        if after_step is not None:
            after_step(trainer)
        if not log:
            continue
        now = time.monotonic()
        trainer.seconds = before + now - began
        if not ranks.is_first:
            continue
        if after_record is not None:
            after_record(trainer)
        if checkpoint is not None and not last and now - saved >= checkpoint_seconds:
            trainer.save(checkpoint)
            saved = now
    trainer.finish()
    if checkpoint is not None and ranks.is_first:
        trainer.save(checkpoint)


def train(
    config: TrainConfig,
    images: torch.Tensor,
    *,
    device: str | torch.device = "auto",
    ranks: Ranks | None = None,
    execution: Execution | None = None,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 20.0,
    log_every: int = 50,
    on_progress: Callable[[Progress], None] | None = None,
    after_step: Callable[[Trainer], None] | None = None,
    labels: torch.Tensor | None = None,
) -> TrainingResult:
    """Train, resuming from ``checkpoint`` if it is there.

    Args:
        config: the run.
        images: the training images, (n, *shape), uint8 or float in [0, 1].
        device: see :func:`~noisedim.training.execution.resolve_device`.
        ranks: the processes that train together, see :class:`Trainer`; the first one saves and reports.
        execution: how the encoder is computed; a run to be resumed to the bit needs the same one.
        checkpoint: file to save to and to resume from; none is written if omitted.
        checkpoint_seconds: least time between two saves. It does not influence the result.
        log_every: steps between two records of the figures.
        on_progress: called after each record.
        after_step: called after each step with the trainer, to look at it and leave it as it is.
        labels: (n,) integers, one per image, for ``pairs_by="label"``.

    Raises:
        InvalidInputError: for a configuration that does not fit the images or the device.
        TrainingDivergedError: when loss or weights stop being finite.
        OutOfMemoryError: when a step takes more memory than there is.
        CheckpointError: when the checkpoint is damaged or of another configuration.
        StorageError: when a checkpoint cannot be written.
    """

    def progress(trainer: Trainer) -> None:
        _, loss, bound, _, _, capacity, *_ = trainer.metrics[-1]
        if on_progress is not None:
            on_progress(Progress(trainer.steps_done, config.steps, loss, bound, capacity, trainer.warning))

    trainer = Trainer(config, images, device=device, ranks=ranks, execution=execution, labels=labels)
    run_to_end(
        trainer,
        ranks=ranks,
        checkpoint=checkpoint,
        checkpoint_seconds=checkpoint_seconds,
        log_every=log_every,
        after_record=progress,
        after_step=after_step,
    )
    metrics = np.array(trainer.metrics, dtype=np.float64).reshape(-1, len(METRIC_NAMES))
    return TrainingResult(trainer.model, metrics, trainer.seconds, trainer.objective)


def load_model(checkpoint: Path, *, device: str = "cpu") -> tuple[EmbeddingModel, TrainConfig]:
    """The model of a checkpoint, in ``eval()`` mode, and its configuration.

    Raises: CheckpointError: if the file is not a noisedim checkpoint or is damaged.
    """
    saved = load_checkpoint(checkpoint)
    # Checkpoints of before there were other kinds do not name theirs.
    if (kind := saved.metadata.get("kind", Trainer.kind)) != Trainer.kind:
        raise CheckpointError(f"expected a checkpoint of kind 'encoder'; {checkpoint} is of kind {kind!r}")
    try:
        config = TrainConfig.from_dict(json.loads(str(saved.metadata["config"])))
        shape = tuple(json.loads(str(saved.metadata["shape"])))
        if (done := saved.metadata.get("steps_done", 0)) > config.steps:
            raise CheckpointError(f"{checkpoint} is damaged: steps_done is {done}; its run has {config.steps} steps")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{checkpoint.name} does not hold a training configuration: {words_of(error)}") from None
    model = build_model(config, shape)
    try:
        model.load_state_dict(unflatten_state("model", saved.tensors, saved.metadata))
    except RuntimeError as error:
        raise CheckpointError(
            f"{checkpoint.name} says encoder {config.encoder!r} for inputs of shape {shape}, dim={config.dim}; its weights "
            f"are of another architecture: {' '.join(str(error).split())[:300]}"
        ) from None
    return model.to(resolve_device(device)).eval(), config
