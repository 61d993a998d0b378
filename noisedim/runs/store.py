"""The store: one folder a run, named by the digest of its configuration.

A folder holds config.json, environment.json, metrics.json, embeddings.npz (encoders) or samples.npz (generators),
checkpoint.safetensors and, written last, result.json. Each file is written atomically, so a folder without result.json
is a run to resume and one with it is complete, whenever its maker was killed.
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
from noisedim.runs.record import RunRecord
from noisedim.training.config import TrainConfig

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_ROOT", "Config", "RunFolder", "RunStore", "load"]

# Every command keeps its runs here unless told otherwise.
DEFAULT_ROOT = Path("reports/results/runs")


class Config(Protocol):
    """What a store asks of a configuration."""

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
        """Whether the result is there."""
        return (self.path / "result.json").is_file()

    @contextlib.contextmanager
    def lock(self, timeout: float = -1) -> Iterator[None]:
        """Hold this run; others wait. The system releases it if its holder dies.

        Args:
            timeout: seconds to wait; negative waits for ever.

        Raises: StorageError: if another process still holds it after ``timeout``, or the folder can't be made.
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
            # Parts that a killed process left; nobody else writes here now.
            for part in self.path.glob(".*.partial"):
                part.unlink()
            if not (self.path / "config.json").is_file():
                write_json_atomically(self.path / "config.json", self.config.to_dict())
            yield
        finally:
            lock.release()

    def write_environment(self, environment: dict[str, Any]) -> None:
        """Where the run is made; a resumed run names the machine that ends it."""
        write_json_atomically(self.path / "environment.json", environment)

    def write_metrics(self, records: list[dict[str, float]]) -> None:
        """What was logged, one record a row."""
        write_json_atomically(self.path / "metrics.json", records)

    def write_embeddings(self, **arrays: np.ndarray) -> None:
        """Arrays by name, one row an image."""
        self._write_arrays("embeddings.npz", arrays)

    def write_samples(self, **arrays: np.ndarray) -> None:
        """What was generated or reconstructed, by name."""
        self._write_arrays("samples.npz", arrays)

    def _write_arrays(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        def write(file: BinaryIO) -> None:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

        write_atomically(self.path / name, write)

    def write_result(self, result: dict[str, Any]) -> None:
        """What was measured. Written last: it makes the run complete."""
        write_json_atomically(self.path / "result.json", result)

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
        """What an encoder's run found, typed.

        Raises: InvalidInputError: if the run is not complete, or not an encoder's.
        """
        if not isinstance(self.config, TrainConfig):
            raise InvalidInputError(f"run {self.path.name} is not an encoder's")
        return RunRecord.from_dict(self.read_result(), run=self.path.name, config=self.config)

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
        """The folder of ``config``, whether the run is there or not."""
        return RunFolder(self.root / config.digest(), config)

    def load(self) -> "pd.DataFrame":
        """All runs as one table: a row a run, configuration and result with dotted column names.

        Column ``status`` is ``complete``, ``incomplete``, ``of another version`` (whose runs of one configuration are
        others than this one's, so that both are not to be mixed), or ``damaged: why``; no folder is dropped.
        """
        import pandas as pd

        rows = []
        for folder in sorted(self.root.glob("*/config.json")):
            row: dict[str, Any] = {"run": folder.parent.name, "status": "incomplete"}
            try:
                config = read_json(folder)
                row |= _flat("config", config)
                if (folder.parent / "result.json").is_file():
                    row |= _flat("result", read_json(folder.parent / "result.json"))
                    row["status"] = "complete"
                if not _is_of_this_version(config, folder.parent.name):
                    row["status"] = "of another version"
            except InvalidInputError as error:
                row["status"] = f"damaged: {error}"
            rows.append(row)
        return pd.DataFrame(rows)


def load(root: str | Path = DEFAULT_ROOT) -> "pd.DataFrame":
    """All runs under ``root`` as one tidy table: see :meth:`RunStore.load`."""
    return RunStore(root).load()


def _is_of_this_version(config: dict[str, Any], name: str) -> bool:
    """Whether a folder of that name would hold ``config``, whatever kind of run it is of."""
    for kind in (TrainConfig, GanConfig, ClassifierConfig):
        with contextlib.suppress(InvalidInputError):
            return kind.from_dict(config).digest() == name
    return False


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, item in value.items():
        flat |= _flat(f"{prefix}.{key}", item)
    return flat
