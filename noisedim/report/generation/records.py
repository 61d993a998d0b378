"""The complete, measured generators of the study: their records, with the folders that hold their images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from noisedim.generation.config import GanConfig
from noisedim.runs.generator_record import GeneratorRecord, ImageQuality, Judge
from noisedim.runs.run import Run
from noisedim.runs.store import RunStore

__all__ = ["MeasuredGenerator", "measured_generators"]


@dataclass(frozen=True)
class MeasuredGenerator:
    """One generator.

    Attributes:
        record: of its run.
        quality: of its images, by the law of their conditions; ``encoded`` and ``prior`` among them.
        judge: whose features judge them.
        folder: of the run, for its images.
    """

    record: GeneratorRecord
    quality: ImageQuality
    judge: Judge
    folder: Run

    @property
    def config(self) -> GanConfig:
        """Of the run."""
        return self.record.config

    @property
    def is_matched(self) -> bool:
        """Whether its encoder was trained to follow the prior."""
        return self.config.encoder.objective.injects_noise

    def distance(self, law: str) -> float:
        """Kernel distance of one law's images from real ones, in lost classes."""
        return self.quality.laws[law].kid / self.quality.lost_class_distance

    def influence(self, law: str) -> np.ndarray:
        """What each real image contributes to the law's gap, in lost classes, (n,)."""
        return self.folder.read_samples()[f"influence, {law}"]


def measured_generators(configs: Sequence[object], store: RunStore) -> list[MeasuredGenerator]:
    """The complete, measured generators among ``configs``, in their order."""
    folders = [store.find(config) for config in configs if isinstance(config, GanConfig)]
    found = [(folder, folder.read_generator_record()) for folder in folders if folder.is_complete]
    return [
        MeasuredGenerator(record, record.quality, record.judge, folder)
        for folder, record in found
        if record.quality is not None and record.judge is not None
    ]
