"""Many small runs as one: runs of one architecture that differ in seed, noise level and fold share every step.

The encoders' weights are stacked; everything else is each run's own :class:`~noisedim.training.loop.Trainer` (batches,
views, noise, objective, schedule), so that a member sees what it would see alone and ends with the same weights, up to
the rounding of batched matrix products.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.func import functional_call, stack_module_state

from noisedim.errors import InvalidInputError
from noisedim.training.config import NoiseConfig, TrainConfig
from noisedim.training.loop import METRIC_NAMES, Trainer, TrainingResult
from noisedim.training.optimizers import make_optimizer

__all__ = ["EnsembleTrainer", "common_part", "train_ensemble"]


def common_part(config: TrainConfig) -> TrainConfig:
    """What runs of one ensemble have in common: the configuration without seed, noise level and fold."""
    # A fold left out is not none left out, but which one it is does not matter here.
    fold = None if config.data.fold is None else 0
    noise = NoiseConfig(anneal=config.noise.anneal)
    return replace(config, seed=0, noise=noise, data=replace(config.data, fold=fold))


class EnsembleTrainer:
    """The state of several runs between two steps.

    Args:
        configs: the runs: equal but for ``seed``, ``noise`` and ``data.fold``.
        images: the training images, (n, *shape), shared by all; or one tensor a run, of one image shape.
        device: where to train.
        vectorised: apply all encoders in one call (``torch.vmap``), which a GPU needs to be kept busy. On a CPU batched
            products of small matrices cost more than the calls they save (1.2 to 1.5 times on one thread), so there
            the default is one encoder after the other; the backward pass and the optimiser are shared either way.

    Raises: InvalidInputError: for no run, or runs that differ in more; as :class:`~noisedim.training.loop.Trainer`.
    """

    def __init__(
        self,
        configs: Sequence[TrainConfig],
        images: torch.Tensor | Sequence[torch.Tensor],
        *,
        device: str = "auto",
        vectorised: bool | None = None,
    ) -> None:
        if not configs:
            raise InvalidInputError("an ensemble needs at least one run; got none")
        first = configs[0]
        if any(common_part(config) != common_part(first) for config in configs):
            raise InvalidInputError("runs of an ensemble may differ in seed, noise and fold only; got others, too")
        if first.optimiser.name != "adam":
            raise InvalidInputError(
                f"runs of an ensemble share Adam, which works weight by weight; got {first.optimiser.name!r}"
            )
        own = [images] * len(configs) if isinstance(images, torch.Tensor) else list(images)
        if len(own) != len(configs) or len({tuple(part.shape[1:]) for part in own}) != 1:
            raise InvalidInputError(
                f"images must be shared, or one tensor of one image shape for each of {len(configs)} runs; "
                f"got shapes {[tuple(part.shape) for part in own]}"
            )
        self.members = [Trainer(config, part, device=device) for config, part in zip(configs, own, strict=True)]
        self.config = first
        weights, self._buffers = stack_module_state([member.model.encoder for member in self.members])
        self._weights = {name: weight.detach().requires_grad_() for name, weight in weights.items()}
        # What each member's gradient norm is made of: its part of the stacked weights, and its own critic.
        self._critics = [list(member.objective.parameters()) for member in self.members]
        heads = [parameter for critic in self._critics for parameter in critic]
        self.optimizer = make_optimizer(first.optimiser, [*self._weights.values(), *heads])
        self.vectorised = self.members[0].device.type == "cuda" if vectorised is None else vectorised

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.members[0].finished

    def _encode(self, inputs: list[torch.Tensor]) -> Sequence[torch.Tensor]:
        """Each member's encoder on its own inputs."""
        if self.vectorised:
            return torch.vmap(self._encode_one)(self._weights, self._buffers, torch.stack(inputs)).unbind()
        # One unbind a weight: the backward of indexing would fill a stack of zeros for each member.
        weights, buffers = (
            {name: tensor.unbind() for name, tensor in stacked.items()} for stacked in (self._weights, self._buffers)
        )
        return [
            self._encode_one(
                {name: parts[i] for name, parts in weights.items()},
                {name: parts[i] for name, parts in buffers.items()},
                own,
            )
            for i, own in enumerate(inputs)
        ]

    def _encode_one(
        self, weights: dict[str, torch.Tensor], buffers: dict[str, torch.Tensor], inputs: torch.Tensor
    ) -> torch.Tensor:
        # Batch statistics are each member's own: its running buffers are stacked, too, and updated in place.
        return functional_call(self.members[0].model.encoder, (weights, buffers), (inputs,))

    def step(self, *, log: bool = False) -> None:
        """One optimiser step of every member; with ``log``, their figures are recorded and checked."""
        rates = [member.schedule(self.optimizer) for member in self.members]
        inputs = [member.next_inputs() for member in self.members]
        with torch.autocast("cuda", torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            raw = self._encode(inputs)
        values = [
            member.evaluate(own.float(), views, estimate=log)
            for member, own, views in zip(self.members, raw, inputs, strict=True)
        ]
        self.optimizer.zero_grad()
        (self.config.objective.loss_scale * torch.stack([value.loss for value in values]).sum()).backward()
        self._clip()
        self.optimizer.step()
        for member, value, rate, own in zip(self.members, values, rates, raw, strict=True):
            member.steps_done += 1
            if log:
                member.record(value, rate, own)

    @torch.no_grad()
    def _clip(self) -> None:
        """Scale each member's gradient down to the largest norm, as it would be alone."""
        largest = self.config.optimiser.clip_norm
        if largest is None:
            return
        stacked = [weight.grad for weight in self._weights.values() if weight.grad is not None]
        squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in stacked]).sum(0)
        if self._critics[0]:
            squares = squares + torch.stack(
                [
                    torch.stack([p.grad.square().sum() for p in critic if p.grad is not None]).sum()
                    for critic in self._critics
                ]
            )
        scale = (largest / (squares.sqrt() + 1e-6)).clamp(max=1.0)
        for gradient in stacked:
            gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))
        for critic, own in zip(self._critics, scale, strict=True):
            for parameter in critic:
                if parameter.grad is not None:
                    parameter.grad.mul_(own)

    def finish(self) -> None:
        """Give each member its weights and fix its normalisation.

        Raises: TrainingDivergedError: for the first member whose weights are not finite.
        """
        for i, member in enumerate(self.members):
            state = {name: tensor[i].detach() for name, tensor in {**self._weights, **self._buffers}.items()}
            member.model.encoder.load_state_dict(state)
            member.finish()


def train_ensemble(
    configs: Sequence[TrainConfig],
    images: torch.Tensor | Sequence[torch.Tensor],
    *,
    device: str = "auto",
    vectorised: bool | None = None,
    log_every: int = 50,
    checkpoints: Sequence[Path] | None = None,
) -> list[TrainingResult]:
    """Train several runs as one; see :class:`EnsembleTrainer`.

    Args:
        configs: the runs: equal but for ``seed``, ``noise`` and ``data.fold``.
        images: the training images, (n, *shape), uint8 or float in [0, 1], shared; or one tensor a run.
        device: ``auto``, ``cpu`` or ``cuda``.
        vectorised: see :class:`EnsembleTrainer`.
        log_every: steps between two records of the figures.
        checkpoints: a file a run, written when training is over: an ensemble does not resume.

    Returns: one result a run, in order; ``seconds`` is an equal share of the whole.

    Raises: InvalidInputError, TrainingDivergedError: as :func:`~noisedim.training.loop.train`; one member that diverges
        ends all.
    """
    trainer = EnsembleTrainer(configs, images, device=device, vectorised=vectorised)
    steps = configs[0].steps
    began = time.monotonic()
    for step in range(steps):
        trainer.step(log=step % log_every == 0 or step + 1 == steps)
    seconds = (time.monotonic() - began) / len(configs)
    trainer.finish()
    for member, path in zip(trainer.members, checkpoints or [], strict=checkpoints is not None):
        member.seconds = seconds
        member.save(path)
    return [
        TrainingResult(member.model, np.array(member.metrics).reshape(-1, len(METRIC_NAMES)), seconds, member.objective)
        for member in trainer.members
    ]
