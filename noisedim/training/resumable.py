"""What every trained thing is between two steps: a state that is saved, and taken up again to the bit."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch

from noisedim.errors import CheckpointError
from noisedim.streams import stream
from noisedim.training.checkpoint import Checkpoint, flatten_state, load_checkpoint, save_checkpoint, unflatten_state

__all__ = ["Resumable", "RunConfig", "Stateful"]


class RunConfig(Protocol):
    """What training asks of a configuration, whatever is trained."""

    @property
    def steps(self) -> int:
        """Of the whole run."""

    @property
    def batch_size(self) -> int:
        """Images in a step."""

    @property
    def seed(self) -> int:
        """Of all random numbers."""

    def digest(self) -> str:
        """What tells this configuration from others."""

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it."""


class Stateful(Protocol):
    """A part of the state: a module, an optimiser, a sampler."""

    def state_dict(self) -> Any:
        """The state, as tensors and plain data."""

    def load_state_dict(self, state: Any, /) -> Any:
        """Take up a state that :meth:`state_dict` returned."""


class Resumable(ABC):
    """The state of a run between two steps. :meth:`step` advances it; :meth:`save` and :meth:`restore` move it.

    Args:
        config: the run.
        shape: of an image.
        device: where to train.
    """

    kind: ClassVar[str]
    """What a checkpoint is of, for those who open it."""
    metric_names: ClassVar[tuple[str, ...]]
    """Columns of :attr:`metrics`; step and loss come first."""

    def __init__(self, config: RunConfig, shape: tuple[int, ...], device: torch.device) -> None:
        self.run = config
        self.shape = shape
        self.device = device
        self.generator = self.stream("noise")
        self.steps_done = 0
        self.seconds = 0.0
        self.metrics: list[tuple[float, ...]] = []

    def stream(self, name: str) -> torch.Generator:
        """A generator of the run's seed on its device that only ``name`` draws from (:mod:`noisedim.streams`)."""
        return stream(self.run.seed, name, self.device)

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.steps_done >= self.run.steps

    @abstractmethod
    def step(self, *, log: bool = False) -> None:
        """One step; with ``log``, its figures are recorded and checked (that waits for the device)."""

    @abstractmethod
    def finish(self) -> None:
        """What is left to do after the last step."""

    @abstractmethod
    def parts(self) -> Mapping[str, Stateful]:
        """All that has a state but the generators, by name."""

    def generators(self) -> dict[str, torch.Generator]:
        """Those that no part has, by name."""
        return {"noise": self.generator}

    def save(self, path: Path) -> None:
        """Write the whole state, atomically."""
        tensors: dict[str, torch.Tensor] = {}
        metadata: dict[str, Any] = {
            "kind": self.kind,
            "config": json.dumps(self.run.to_dict()),
            "config_digest": self.run.digest(),
            "shape": json.dumps(list(self.shape)),
            "steps_done": self.steps_done,
            "seconds": self.seconds,
            "device": self.device.type,
        }
        for name, part in self.parts().items():
            flat, extra = flatten_state(name, part.state_dict())
            tensors |= flat
            metadata |= extra
        tensors |= {f"generator/{name}": own.get_state() for name, own in self.generators().items()}
        metrics = torch.tensor(self.metrics, dtype=torch.float64, device="cpu")
        tensors["metrics"] = metrics.reshape(-1, len(self.metric_names))
        save_checkpoint(path, tensors, metadata)

    def restore(self, path: Path) -> None:
        """Take up the state that :meth:`save` wrote; a checkpoint of another configuration is refused."""
        saved = load_checkpoint(path, expected_config_digest=self.run.digest(), expected_config=self.run.to_dict())
        if saved.metadata.get("device") != self.device.type:
            raise CheckpointError(
                f"{path.name} was written on {saved.metadata.get('device')} and cannot be resumed on {self.device.type} "
                "to the same result; choose the same device, or remove it to start over"
            )
        try:
            self._take_up(saved)
        except torch.OutOfMemoryError:
            raise
        except CheckpointError as error:
            raise CheckpointError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise CheckpointError(f"{path} is damaged: {' '.join(str(error).split())[:200]}") from None

    def _take_up(self, saved: Checkpoint) -> None:
        parts = self.parts()
        states = {name: unflatten_state(name, saved.tensors, saved.metadata) for name in parts}
        for name, part in parts.items():
            part.load_state_dict(states[name])
        for name, generator in self.generators().items():
            generator.set_state(saved.tensors[f"generator/{name}"])
        done = int(saved.metadata["steps_done"])
        if done > self.run.steps:
            raise CheckpointError(f"steps_done is {done}; the run has {self.run.steps} steps")
        self.metrics = [tuple(row) for row in saved.tensors["metrics"].tolist()]
        self.steps_done = done
        self.seconds = float(saved.metadata["seconds"])
