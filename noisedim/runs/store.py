"""The store: one folder per run, named by the digest of its configuration.

A folder holds config.json, environment.json, metrics.json, embeddings.npz (encoders) or samples.npz (generators),
checkpoint.safetensors and, written last, result.json. Each file is written atomically, so a folder without result.json
is a run to resume and one with it is complete, whenever the process that made it was killed.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np

from noisedim.errors import InvalidInputError, StorageError
from noisedim.files import read_json, write_atomically, write_json_atomically
from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.runs.generator_record import ClassifierRecord, GeneratorRecord
from noisedim.runs.record import RunRecord
from noisedim.training.config import TrainConfig

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_ROOT", "AnyRecord", "Config", "RunFolder", "RunStore", "load"]

# Every command keeps its runs here by default.
DEFAULT_ROOT = Path("reports/results/runs")


AnyRecord = RunRecord | GeneratorRecord | ClassifierRecord


class Config(Protocol):
    """What a store needs of a configuration."""

    def digest(self) -> str: ...

    def to_dict(self) -> dict[str, Any]: ...


class RunFolder:
    """One run's files. Reading is safe at any time; write only inside :meth:`lock`.

    Args:
        path: the folder; made when first written to.
        config: the run's configuration.
    """

    def __init__(self, path: Path, config: Config) -> None:
        self.path = path
        self.config = config

    def __repr__(self) -> str:
        return f"RunFolder({self.path.name}, {'complete' if self.is_complete else 'incomplete'})"

    @property
    def checkpoint_path(self) -> Path:
        """Where the training state is kept."""
        return self.path / "checkpoint.safetensors"

    @property
    def is_complete(self) -> bool:
        """Whether the run has a result."""
        return (self.path / "result.json").is_file()

    @contextlib.contextmanager
    def lock(self, timeout: float = -1) -> Iterator[None]:
        """Hold this run's lock while open; other processes wait. The system releases it if the holder dies.

        Args:
            timeout: seconds to wait; a negative number waits for ever.

        Raises: StorageError: if another process still holds it after ``timeout``, or the folder cannot be made.
        """
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock", timeout=timeout)
            lock.acquire()
        except Timeout:
            raise StorageError(f"run {self.path.name} is being made by another process") from None
        except OSError as error:
            raise StorageError(f"{self.path} cannot be used: {error.strerror or error}") from error
        try:
            # Partial files that a killed process left; no other process writes here now.
            for part in self.path.glob(".*.partial"):
                part.unlink()
            if not (self.path / "config.json").is_file():
                write_json_atomically(self.path / "config.json", self.config.to_dict())
            yield
        finally:
            lock.release()

    def write_environment(self, environment: dict[str, Any]) -> None:
        """Where the run is made; a resumed run names the machine that completes it."""
        write_json_atomically(self.path / "environment.json", environment)

    def write_metrics(self, records: list[dict[str, float]]) -> None:
        """What was logged, one dictionary per logged step."""
        write_json_atomically(self.path / "metrics.json", records)

    def write_embeddings(self, **arrays: np.ndarray) -> None:
        """Arrays by name, one row per image."""
        self._write_arrays("embeddings.npz", arrays)

    def write_samples(self, **arrays: np.ndarray) -> None:
        """What was generated or reconstructed, by name."""
        self._write_arrays("samples.npz", arrays)

    def _write_arrays(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        def write(file: BinaryIO) -> None:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

        write_atomically(self.path / name, write)

    def write_result(self, result: dict[str, Any]) -> None:
        """The content of ``result.json``. Written last: it makes the run complete."""
        write_json_atomically(self.path / "result.json", result)

    def write_record(self, record: AnyRecord) -> None:
        """What the run found. Written last: it makes the run complete."""
        self.write_result(record.to_dict())

    def read_environment(self) -> dict[str, Any]:
        """As written."""
        return read_json(self.path / "environment.json")

    def read_metrics(self) -> list[dict[str, float]]:
        """As written."""
        return read_json(self.path / "metrics.json")

    def read_result(self) -> dict[str, Any]:
        """As written."""
        return read_json(self.path / "result.json")

    def read_record(self) -> RunRecord:
        """What an encoder's run found.

        Raises: InvalidInputError: if the run is not complete, or not an encoder's.
        """
        record = self.read_any_record()
        if not isinstance(record, RunRecord):
            raise InvalidInputError(f"run {self.path.name} is not an encoder's")
        return record

    def read_generator_record(self) -> GeneratorRecord:
        """What a generator's run found.

        Raises: InvalidInputError: if the run is not complete, or not a generator's.
        """
        record = self.read_any_record()
        if not isinstance(record, GeneratorRecord):
            raise InvalidInputError(f"run {self.path.name} is not a generator's")
        return record

    def read_classifier_record(self) -> ClassifierRecord:
        """What a classifier's run found.

        Raises: InvalidInputError: if the run is not complete, or not a classifier's.
        """
        record = self.read_any_record()
        if not isinstance(record, ClassifierRecord):
            raise InvalidInputError(f"run {self.path.name} is not a classifier's")
        return record

    def read_any_record(self) -> AnyRecord:
        """What the run found, by the kind of its configuration.

        Raises: InvalidInputError: if the run is not complete, or its result is of another kind or damaged.
        """
        result, run = self.read_result(), self.path.name
        if isinstance(self.config, TrainConfig):
            return RunRecord.from_dict(result, run=run, config=self.config)
        if isinstance(self.config, GanConfig):
            return GeneratorRecord.from_dict(result, run=run, config=self.config)
        if isinstance(self.config, ClassifierConfig):
            return ClassifierRecord.from_dict(result, run=run, config=self.config)
        raise InvalidInputError(f"run {run} has a configuration of no known kind")

    def read_embeddings(self) -> dict[str, np.ndarray]:
        """Arrays by name."""
        return self._read_arrays("embeddings.npz")

    def read_samples(self) -> dict[str, np.ndarray]:
        """Arrays by name."""
        return self._read_arrays("samples.npz")

    def _read_arrays(self, name: str) -> dict[str, np.ndarray]:
        path = self.path / name
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except Exception as error:  # zipfile, zlib and numpy each have their own for a damaged file
            raise InvalidInputError(f"expected the {path.stem} of a run; {path} cannot be read: {error}") from None


class RunStore:
    """All runs under one folder.

    Args:
        root: the folder; made when first written to.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def open(self, config: Config) -> RunFolder:
        """The folder of ``config``, whether or not the run has been made."""
        return RunFolder(self.root / config.digest(), config)

    def load(self) -> "pd.DataFrame":
        """All runs as one table, one row per run: its configuration with dotted column names, and its record.

        Column ``status`` is ``complete``, ``incomplete``, ``of another version`` (such a version makes other runs of the
        same configuration, so the two are not to be mixed), or ``damaged: why``; no folder is left out.
        """
        import pandas as pd

        return pd.DataFrame([_row(path.parent) for path in sorted(self.root.glob("*/config.json"))])


def load(root: str | Path = DEFAULT_ROOT) -> "pd.DataFrame":
    """All runs under ``root`` as one table: see :meth:`RunStore.load`."""
    return RunStore(root).load()


def _row(path: Path) -> dict[str, Any]:
    """The run in folder ``path`` as one row of :meth:`RunStore.load`."""
    row: dict[str, Any] = {"run": path.name, "status": "incomplete"}
    try:
        stored = read_json(path / "config.json")
        row |= _flat("config", stored)
        config = _config_named(stored, path.name)
        if config is None:
            row["status"] = "of another version"
        elif (folder := RunFolder(path, config)).is_complete:
            row |= folder.read_any_record().row()
            row["status"] = "complete"
    except InvalidInputError as error:
        row["status"] = f"damaged: {error}"
    return row


def _config_named(stored: dict[str, Any], name: str) -> Config | None:
    """The configuration in ``stored``, of any kind, if its run folder has this name; else None."""
    for kind in (TrainConfig, GanConfig, ClassifierConfig):
        with contextlib.suppress(InvalidInputError):
            config = kind.from_dict(stored)
            if config.digest() == name:
                return config
    return None


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, item in value.items():
        flat |= _flat(f"{prefix}.{key}", item)
    return flat
