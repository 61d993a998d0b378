"""Lightning callbacks: one that tracks the embeddings of any module, and one for modules with a noisy channel.

The second anneals the noise of a :class:`~noisedim.channel.NoisyChannel`, logs it and assesses embeddings.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning
import torch

from noisedim.assessment import Assessment, Track, assess, track
from noisedim.channel import NoisyChannel
from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.priors import Prior
from noisedim.training import NoiseConfig

__all__ = ["NoisyChannelCallback", "TrackCallback"]


class TrackCallback(lightning.Callback):
    """Tracks the embeddings of any ``LightningModule`` against a prior and logs the numbers by ``log_dict``.

    Embeddings come from ``embed``, or else from what ``validation_step`` returns: a dictionary in which ``key`` holds
    them, or the (n, d) tensor itself. Those of all batches of all validation loaders are measured together. With several
    processes the first one measures and logs its own part of the rows. No random numbers of the training are used.

    Args:
        embed: function of the module in ``eval()`` mode, without gradients, that returns embeddings (n, d).
        key: name in the dictionary that ``validation_step`` returns.
        every: epochs between two looks.
        prior: as for :func:`~noisedim.assessment.track`.
        most_rows: of more rows from ``validation_step``, the first so many.
        prefix: of the names that are logged.

    Attributes:
        history: (epoch, track) pairs, oldest first.

    Raises: InvalidInputError: if ``every`` or ``most_rows`` is not positive, or ``validation_step`` returns no embeddings.
    """

    def __init__(
        self,
        *,
        embed: Callable[[lightning.LightningModule], torch.Tensor] | None = None,
        key: str = "embedding",
        every: int = 1,
        prior: Prior | str | Path = "normal",
        most_rows: int = 10_000,
        prefix: str = "track/",
    ) -> None:
        super().__init__()
        self.embed = embed
        self.key = key
        self.every = positive_integer("every", every)
        self.prior = prior
        self.most_rows = positive_integer("most_rows", most_rows, minimum=20)
        self.prefix = prefix
        self.history: list[tuple[int, Track]] = []
        self._batches: list[torch.Tensor] = []

    def on_validation_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begin to collect."""
        self._batches.clear()

    def on_validation_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the embeddings of this batch on the CPU."""
        if self.embed is not None or not self._is_due(trainer):
            return
        found = outputs.get(self.key) if isinstance(outputs, Mapping) else outputs
        if not isinstance(found, torch.Tensor) or found.ndim != 2:
            raise InvalidInputError(
                f"TrackCallback without embed= needs validation_step to return embeddings (n, d), or a dictionary with "
                f"them under {self.key!r}; got {type(outputs).__name__}"
            )
        if (room := self.most_rows - sum(len(z) for z in self._batches)) > 0:
            self._batches.append(found[:room].detach().cpu())

    def on_validation_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Measure what was collected."""
        if self._batches:
            z = torch.cat(self._batches)
            self._batches.clear()
            self._look(trainer, pl_module, z)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Measure what ``embed`` gives."""
        if self.embed is not None and self._is_due(trainer):
            self._look(trainer, pl_module, _embedded(pl_module, self.embed))

    def _is_due(self, trainer: lightning.Trainer) -> bool:
        return not trainer.sanity_checking and (trainer.current_epoch + 1) % self.every == 0

    def _look(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, z: torch.Tensor) -> None:
        if not trainer.is_global_zero:
            return
        look = track(z, prior=self.prior)
        self.history.append((trainer.current_epoch, look))
        pl_module.log_dict(look.to_dict(self.prefix), rank_zero_only=True)


class NoisyChannelCallback(lightning.Callback):
    """Anneals the noise of every channel of a ``LightningModule`` to its level, logs it, and assesses embeddings.

    It logs ``noise/level`` and ``noise/capacity`` (nats) at every step, and ``assess/p_value``, ``assess/d2`` and
    ``assess/sliced_w2`` after each assessment. Its state is saved in Lightning's checkpoints, so that annealing continues
    when a run is resumed. Used for another module, or for one whose level was set anew, it anneals to that level.

    With several GPUs, set Lightning's ``sync_batchnorm``, so that the channel's statistics are those of the global batch;
    noisedim's own loop does this without a setting.

    Args:
        start: noise level at the first step, annealed geometrically to each channel's level; default as in
            ``NoiseConfig.start``. With ``anneal=0`` there is no annealing.
        anneal: fraction of the training steps over which the noise falls.
        embed: function of the module in ``eval()`` mode that returns embeddings (n, d) to assess, preferably of images that
            are not trained on; without it nothing is assessed.
        every: epochs between two assessments.
        **assess_options: passed to :func:`~noisedim.assessment.assess`; ``prior`` is that of the first channel unless
            given, and n* is not estimated unless asked for.

    Attributes:
        history: (epoch, assessment) pairs, oldest first.

    Raises: InvalidInputError: at the start of training, for a module without a channel or a trainer without a last step;
        at an assessment, for embeddings that do not have the prior's columns.
    """

    def __init__(
        self,
        *,
        start: float | None = None,
        anneal: float = 0.6,
        embed: Callable[[lightning.LightningModule], torch.Tensor] | None = None,
        every: int = 1,
        **assess_options: Any,
    ) -> None:
        super().__init__()
        self._settings: dict[str, Any] = {"start": start, "anneal": anneal}
        NoiseConfig(**self._settings)  # refuses a level or a fraction out of range
        self.embed = embed
        self.every = positive_integer("every", every)
        self.assess_options = {"n_star": False, **assess_options}
        self.history: list[tuple[int, Assessment]] = []
        self._targets: dict[str, float] = {}
        self._restored = False
        # Each channel with its last level here, which tells a fit that goes on from a new one.
        self._annealed: dict[str, tuple[NoisyChannel, float]] = {}

    def state_dict(self) -> dict[str, Any]:
        """The final noise levels; in the middle of annealing, the module's own state holds only the current ones."""
        return {"targets": dict(self._targets)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the final noise levels from :meth:`state_dict`."""
        self._targets = dict(state_dict["targets"])
        self._restored = True

    def on_fit_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Find the channels and their final noise levels."""
        channels = _channels(pl_module)
        if not channels:
            raise InvalidInputError(
                f"NoisyChannelCallback needs a NoisyChannel in the module; got none in {type(pl_module).__name__}"
            )
        known = {name: level for name, level in self._targets.items() if self._goes_on(name, channels)}
        self._targets = {name: known.get(name, channel.level) for name, channel in channels.items()}
        self._restored = False
        self._annealed = {name: (channel, channel.level) for name, channel in channels.items()}

    def _goes_on(self, name: str, channels: Mapping[str, NoisyChannel]) -> bool:
        """Whether the known final level of a channel is meant: restored, or left behind by a fit that was stopped."""
        if self._restored:
            return True
        channel, level = self._annealed.get(name, (None, None))
        return channel is not None and channel is channels.get(name) and channel.level == level

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the noise level of this step."""
        steps = trainer.estimated_stepping_batches
        if steps == float("inf"):
            raise InvalidInputError("annealing needs a trainer with max_steps or max_epochs; got neither")
        progress = min(1.0, trainer.global_step / steps)
        for name, channel in _channels(pl_module).items():
            target = {channel.prior.level_name: self._targets[name]}
            channel.level = NoiseConfig(**target, **self._settings).level(channel.prior, progress)
            self._annealed[name] = channel, channel.level

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log noise level and capacity of the first channel."""
        channel = next(iter(_channels(pl_module).values()))
        pl_module.log_dict({"noise/level": channel.level, "noise/capacity": channel.capacity})

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Assess embeddings if this epoch is due."""
        if self.embed is None or (trainer.current_epoch + 1) % self.every:
            return
        prior = next(iter(_channels(pl_module).values())).prior
        assessment = assess(_embedded(pl_module, self.embed), **{"prior": prior, **self.assess_options})
        self.history.append((trainer.current_epoch, assessment))
        effects = {name: assessment.effects[name].estimate for name in ("d2", "sliced_w2")}
        figures = {"p_value": assessment.p_value, **effects}
        pl_module.log_dict({f"assess/{name}": value for name, value in figures.items()})


def _channels(module: lightning.LightningModule) -> dict[str, NoisyChannel]:
    return {name: part for name, part in module.named_modules() if isinstance(part, NoisyChannel)}


def _embedded(
    module: lightning.LightningModule, embed: Callable[[lightning.LightningModule], torch.Tensor]
) -> torch.Tensor:
    """What ``embed`` gives of the module in ``eval()`` mode; each part of the module then returns to its own mode."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            return embed(module)
    finally:
        for part, training in modes:
            part.training = training
