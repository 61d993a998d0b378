"""The store: one folder per run, named by the digest of its configuration.

A folder holds config.json, environment.json, metrics.json, embeddings.npz (encoders) or samples.npz (generators),
checkpoint.safetensors and, written last, result.json. Each file is written atomically, so a folder without result.json
is a run to resume and one with it is complete, whenever the process that made it was killed.
"""

import contextlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from noisedim.errors import InvalidInputError, StorageError
from noisedim.files import read_json, write_atomically, write_json_atomically
from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.runs.packed import PackedRun, read_arrays, read_packed
from noisedim.runs.run import AnyRecord, Config, Run
from noisedim.training.config import TrainConfig

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_ROOT", "AnyRecord", "Config", "RunFolder", "RunStore", "load"]

# Every command keeps its runs here by default.
DEFAULT_ROOT = Path("reports/results/runs")


class RunFolder(Run):
    """One run's files. Reading is safe at any time; write only inside :meth:`lock`.

    Args:
        path: the folder; made when first written to.
        config: the run's configuration.
    """

    def __init__(self, path: Path, config: Config) -> None:
        super().__init__(path.name, config)
        self.path = path

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

    def _read_json(self, part: str) -> Any:
        return read_json(self.path / f"{part}.json")

    def _read_arrays(self, part: str) -> dict[str, np.ndarray]:
        return read_arrays(self.path / f"{part}.npz")


class RunStore:
    """All runs under one folder.

    Args:
        root: the folder; made when first written to.
        packed: files of records, for runs that are not under it; a file that is not there holds none.
    """

    def __init__(self, root: str | Path, packed: Sequence[Path] = ()) -> None:
        self.root = Path(root)
        self.packed = tuple(packed)

    def open(self, config: Config) -> RunFolder:
        """The folder of ``config``, whether or not the run has been made."""
        return RunFolder(self.root / config.digest(), config)

    def find(self, config: Config) -> Run:
        """To read what ``config`` gave: its folder if that is complete, else its record if there is one, else its folder."""
        folder = self.open(config)
        file = None if folder.is_complete else self._files.get(folder.name)
        return folder if file is None else PackedRun(file, folder.name, config)

    @cached_property
    def _files(self) -> dict[str, Path]:
        return {name: path for path in self.packed if path.is_file() for name in read_packed(path)}

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
