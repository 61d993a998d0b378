"""What one autoencoder's run says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from noisedim.assessment.reconstruction import Reconstruction
from noisedim.report.benchmarks import known_fields
from noisedim.runs.store import RunFolder, RunStore
from noisedim.training import TrainConfig

__all__ = ["AutoencoderRecord", "autoencoder_records"]


@dataclass(frozen=True, kw_only=True)
class AutoencoderRecord:
    """One complete run, measured on images that did not train.

    Attributes:
        config: of the run.
        folder: of the run, for its images.
        n: images that judge.
        measured_on: ``held-out`` or ``training`` images.
        capacity: of the channel, nats; None without one.
        reconstruction: errors and bounds.
        information: the dual's lower bound, nats; None without a channel.
        rejected: whether the battery rejects the prior.
        d2: divergence from the prior, nats.
        knn: accuracy of nearest neighbours; None without labels.
    """

    config: TrainConfig
    folder: RunFolder
    n: int
    measured_on: str
    capacity: float | None
    reconstruction: Reconstruction
    information: float | None
    rejected: bool
    d2: float
    knn: float | None

    @classmethod
    def from_result(cls, config: TrainConfig, folder: RunFolder, result: Mapping[str, Any]) -> Self:
        """From a run's result."""
        information, assessment = result["information"], result["assessment"]
        return cls(
            config=config,
            folder=folder,
            n=result["n"],
            measured_on=result["measured_on"],
            capacity=result.get("capacity"),
            reconstruction=Reconstruction(**known_fields(Reconstruction, result["reconstruction"])),
            information=None if information is None else information["bound"],
            rejected=assessment["rejected"],
            d2=assessment["effects"]["d2"]["estimate"],
            knn=result["scores"]["knn"] if "scores" in result else None,
        )

    @property
    def has_channel(self) -> bool:
        """Whether its codes pass the noisy channel; else it is variational."""
        return self.config.objective.name == "autoencoder"

    @property
    def level(self) -> float:
        """The channel's noise level."""
        return self.config.noise.target(self.config.build_prior())


def autoencoder_records(configs: Sequence[TrainConfig], store: RunStore) -> list[AutoencoderRecord]:
    """The complete, measured autoencoders among ``configs``, in their order."""
    folders = [(config, store.open(config)) for config in configs]
    results = [(config, folder, folder.read_result()) for config, folder in folders if folder.is_complete]
    return [AutoencoderRecord.from_result(*row) for row in results if "reconstruction" in row[2]]
