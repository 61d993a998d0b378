"""One run as readers see it: its configuration, and what it left, wherever that is kept."""

from abc import ABC, abstractmethod
from typing import Any, Protocol, TypeVar

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.runs.generator_record import ClassifierRecord, GeneratorRecord
from noisedim.runs.record import RunRecord
from noisedim.training.config import TrainConfig

__all__ = ["AnyRecord", "Config", "Run"]

AnyRecord = RunRecord | GeneratorRecord | ClassifierRecord
Record = TypeVar("Record", RunRecord, GeneratorRecord, ClassifierRecord)


class Config(Protocol):
    """What a store needs of a configuration."""

    def digest(self) -> str:
        """What names its folder."""

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it."""


class Run(ABC):
    """What one run left: in its folder, or in the records of a study.

    Args:
        name: the digest of its configuration.
        config: the run's configuration.
    """

    def __init__(self, name: str, config: Config) -> None:
        self.name = name
        self.config = config

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, {'complete' if self.is_complete else 'incomplete'})"

    @property
    @abstractmethod
    def is_complete(self) -> bool:
        """Whether the run has a result."""

    @abstractmethod
    def _read_json(self, part: str) -> Any:
        """``result``, ``environment`` or ``metrics``."""

    @abstractmethod
    def _read_arrays(self, part: str) -> dict[str, np.ndarray]:
        """``embeddings`` or ``samples``."""

    def read_environment(self) -> dict[str, Any]:
        """As written."""
        return self._read_json("environment")

    def read_metrics(self) -> list[dict[str, float]]:
        """As written."""
        return self._read_json("metrics")

    def read_result(self) -> dict[str, Any]:
        """As written."""
        return self._read_json("result")

    def read_record(self) -> RunRecord:
        """What an encoder's run found.

        Raises: InvalidInputError: if the run is not complete, or not an encoder's.
        """
        return self._read(RunRecord, "an encoder's")

    def read_generator_record(self) -> GeneratorRecord:
        """What a generator's run found.

        Raises: InvalidInputError: if the run is not complete, or not a generator's.
        """
        return self._read(GeneratorRecord, "a generator's")

    def read_classifier_record(self) -> ClassifierRecord:
        """What a classifier's run found.

        Raises: InvalidInputError: if the run is not complete, or not a classifier's.
        """
        return self._read(ClassifierRecord, "a classifier's")

    def _read(self, kind: type[Record], whose: str) -> Record:
        record = self.read_any_record()
        if not isinstance(record, kind):
            raise InvalidInputError(f"run {self.name} is not {whose}")
        return record

    def read_any_record(self) -> AnyRecord:
        """What the run found, by the kind of its configuration.

        Raises: InvalidInputError: if the run is not complete, or its result is of another kind or damaged.
        """
        result, run = self.read_result(), self.name
        if isinstance(self.config, TrainConfig):
            return RunRecord.from_dict(result, run=run, config=self.config)
        if isinstance(self.config, GanConfig):
            return GeneratorRecord.from_dict(result, run=run, config=self.config)
        if isinstance(self.config, ClassifierConfig):
            return ClassifierRecord.from_dict(result, run=run, config=self.config)
        raise InvalidInputError(f"run {run} has a configuration of no known kind")

    def read_embeddings(self) -> dict[str, np.ndarray]:
        """Arrays by name."""
        return self._read_arrays("embeddings")

    def read_samples(self) -> dict[str, np.ndarray]:
        """Arrays by name."""
        return self._read_arrays("samples")
