"""A Lightning callback for modules with a :class:`~noisedim.channel.NoisyChannel`: annealing, logging, assessment."""

from collections.abc import Callable
from typing import Any

import lightning
import torch

from noisedim.assessment import Assessment, assess
from noisedim.channel import NoisyChannel
from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.training import NoiseConfig

__all__ = ["NoisyChannelCallback"]


class NoisyChannelCallback(lightning.Callback):
    """Anneals the noise of every channel of a ``LightningModule`` to its level, logs it, and assesses embeddings.

    It logs ``noise/level`` and ``noise/capacity`` (nats) at every step, and ``assess/p_value``, ``assess/d2`` and
    ``assess/sliced_w2`` after each assessment. Its state is saved in Lightning's checkpoints, so that annealing continues
    when a run is resumed.

    With several GPUs, set Lightning's ``sync_batchnorm``, so that the channel's statistics are those of the global batch;
    noisedim's own loop does this without a setting.

    Args:
        start: noise level at the first step, annealed geometrically to each channel's level; default as in
            ``NoiseConfig.start``. With ``anneal=0`` there is no annealing.
        anneal: fraction of the training steps over which the noise falls.
        embed: function of the module in ``eval()`` mode that returns embeddings (n, d) to assess, preferably of images that
            are not trained on; without it nothing is assessed.
        every: epochs between two assessments.
        **assess_options: passed to :func:`~noisedim.assessment.assess`; n* is not estimated unless asked for.

    Attributes:
        history: (epoch, assessment) pairs, oldest first.

    Raises: InvalidInputError: at the start of training, for a module without a channel or a trainer without a last step.
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

    def state_dict(self) -> dict[str, Any]:
        """The final noise levels; in the middle of annealing, the module's own state holds only the current ones."""
        return {"targets": dict(self._targets)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the final noise levels from :meth:`state_dict`."""
        self._targets = dict(state_dict["targets"])

    def on_fit_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Find the channels and their final noise levels."""
        channels = _channels(pl_module)
        if not channels:
            raise InvalidInputError(
                f"NoisyChannelCallback needs a NoisyChannel in the module; got none in {type(pl_module).__name__}"
            )
        self._targets = {name: self._targets.get(name, channel.level) for name, channel in channels.items()}

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
        was_training = pl_module.training
        pl_module.eval()
        try:
            with torch.no_grad():
                z = self.embed(pl_module)
        finally:
            pl_module.train(was_training)
        assessment = assess(z, **self.assess_options)
        self.history.append((trainer.current_epoch, assessment))
        effects = {name: assessment.effects[name].estimate for name in ("d2", "sliced_w2")}
        figures = {"p_value": assessment.p_value, **effects}
        pl_module.log_dict({f"assess/{name}": value for name, value in figures.items()})


def _channels(module: lightning.LightningModule) -> dict[str, NoisyChannel]:
    return {name: part for name, part in module.named_modules() if isinstance(part, NoisyChannel)}
