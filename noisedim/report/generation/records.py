"""What one generator's run says of its images, by the law of its conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from noisedim.generation.config import GanConfig
from noisedim.report.benchmarks import known_fields
from noisedim.runs.store import RunFolder, RunStore

__all__ = ["GeneratorRecord", "LawScores", "generator_records"]


@dataclass(frozen=True, kw_only=True)
class LawScores:
    """Images made with conditions of one law, compared with real ones.

    Attributes:
        kid: unbiased kernel distance, in the kernel's own units.
        frechet: Fréchet distance.
        precision, recall: of the generated images.
        consistency: E‖f(G(c, z)) − c‖².
        class_distance: total variation between the classes of generated and of real images.
        missing: classes that no generated image belongs to.
        same_class: share of images made from f(x) that are of x's class; None for other laws.
        gap_in_lost_classes: kernel distance minus that of images from encoded conditions, in lost classes; None for
            encoded conditions themselves.
    """

    kid: float
    frechet: float
    precision: float
    recall: float
    consistency: float
    class_distance: float
    missing: tuple[int, ...]
    same_class: float | None = None
    gap_in_lost_classes: float | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """From a run's result."""
        coverage = data["coverage"]
        return cls(**known_fields(cls, data), class_distance=coverage["distance"], missing=tuple(coverage["missing"]))


@dataclass(frozen=True, kw_only=True)
class GeneratorRecord:
    """One complete, measured run.

    Attributes:
        config: of the run.
        folder: of the run, for its images.
        laws: scores by law of the conditions; ``encoded`` and ``prior`` among them.
        lost_class_distance: the unit of distances: what real images lose by lacking one class.
        n: images that judge.
        repeats: latents for each condition.
        measured_on: ``held-out`` or ``training`` images.
        features: what the distances are taken on, in words; with its accuracy, and what that is measured on.
        train_seconds: how long it trained.
    """

    config: GanConfig
    folder: RunFolder
    laws: Mapping[str, LawScores]
    lost_class_distance: float
    n: int
    repeats: int
    measured_on: str
    features: str
    features_accuracy: float
    features_accuracy_on: int
    train_seconds: float

    @classmethod
    def from_result(cls, config: GanConfig, folder: RunFolder, result: Mapping[str, Any]) -> Self:
        """From a run's result."""
        found, judge = result["generation"], result["judge"]
        return cls(
            config=config,
            folder=folder,
            laws={law: LawScores.from_dict(own) for law, own in found.items() if isinstance(own, dict)},
            lost_class_distance=found["lost_class_distance"],
            n=found["n"],
            repeats=found["repeats"],
            measured_on=result["measured_on"],
            features=judge["features"],
            features_accuracy=judge["accuracy"],
            features_accuracy_on=judge["accuracy_on"],
            train_seconds=result["train_seconds"],
        )

    @property
    def is_matched(self) -> bool:
        """Whether its encoder was trained to follow the prior."""
        return self.config.encoder.objective.injects_noise

    def distance(self, law: str) -> float:
        """Kernel distance of one law's images from real ones, in lost classes."""
        return self.laws[law].kid / self.lost_class_distance

    def influence(self, law: str) -> np.ndarray:
        """What each real image contributes to the law's gap, in lost classes, (n,)."""
        return self.folder.read_samples()[f"influence, {law}"]


def generator_records(configs: Sequence[object], store: RunStore) -> list[GeneratorRecord]:
    """The complete, measured generators among ``configs``, in their order."""
    folders = [(config, store.open(config)) for config in configs if isinstance(config, GanConfig)]
    results = [(config, folder, folder.read_result()) for config, folder in folders if folder.is_complete]
    return [
        GeneratorRecord.from_result(config, folder, result)
        for config, folder, result in results
        if "generation" in result
    ]
