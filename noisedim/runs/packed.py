"""The runs of a study packed into one file, small enough to publish: what readers need, without checkpoints.

The file is a NumPy archive: ``runs`` holds JSON, by the runs' names; the arrays are named ``run/part/array``. Embeddings are
stored in half precision and at most :data:`MOST_ROWS` of them, evenly spaced.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from noisedim.errors import InvalidInputError, words_of
from noisedim.files import write_atomically
from noisedim.runs.run import Config, Run
from noisedim.schema import SCHEMAS, structured

__all__ = ["MOST_ROWS", "PackedEntry", "PackedRun", "read_arrays", "read_packed", "write_packed"]

MOST_ROWS = 2000
# A digit more than half precision holds of a logged number tells readers nothing.
_METRIC_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class PackedEntry:
    """What the archive holds of one run, besides arrays.

    Attributes:
        config, environment, result: as the run's folder holds them.
        metrics: likewise; empty where none were logged.
    """

    config: dict[str, Any]
    environment: dict[str, Any]
    result: dict[str, Any]
    metrics: list[dict[str, Any]]


def write_packed(path: Path, runs: Iterable[Run]) -> None:
    """Pack complete runs into ``path``; equal runs give equal bytes.

    Raises: StorageError: if the file cannot be written; the old one is left intact.
    """
    entries: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for run in runs:
        entries[run.name] = {
            "config": run.config.to_dict(),
            "environment": run.read_environment(),
            "result": run.read_result(),
            "metrics": _shortened(_if_there(run.read_metrics) or []),
        }
        for part, read in (("embeddings", run.read_embeddings), ("samples", run.read_samples)):
            found = _if_there(read) or {}
            arrays |= {f"{run.name}/{part}/{name}": _compact(part, array) for name, array in found.items()}
    content = json.dumps({"schema": SCHEMAS["packed runs"].version, "runs": entries}, sort_keys=True)

    def write(file: BinaryIO) -> None:
        text = np.frombuffer(content.encode(), dtype=np.uint8)
        np.savez_compressed(file, runs=text, **arrays)  # type: ignore[arg-type]

    write_atomically(path, write)


def _if_there(read: Any) -> Any:
    """What a run may have or not: only generators have samples, classifiers log nothing."""
    try:
        return read()
    except InvalidInputError:
        return None


def _shortened(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: float(f"{v:.{_METRIC_DIGITS}g}") if isinstance(v, float) else v for key, v in row.items()}
        for row in metrics
    ]


def _compact(part: str, array: np.ndarray) -> np.ndarray:
    if part == "embeddings" and len(array) > MOST_ROWS:
        array = array[np.linspace(0, len(array) - 1, MOST_ROWS).round().astype(int)]
    if array.dtype.kind == "f":
        # What images contribute to a distance is averaged again; points of a picture are not.
        return array.astype(np.float16 if part == "embeddings" else np.float32)
    if array.dtype.kind == "i" and array.size and array.min() >= 0 and array.max() < 256:
        return array.astype(np.uint8)
    return array


class PackedRun(Run):
    """A run in a file of records.

    Args:
        path: the file.
        name: the digest of its configuration.
        config: the run's configuration.
    """

    def __init__(self, path: Path, name: str, config: Config) -> None:
        super().__init__(name, config)
        self.path = path

    @property
    def is_complete(self) -> bool:
        """Always: only complete runs are packed."""
        return True

    def _read_json(self, part: str) -> Any:
        return getattr(read_packed(self.path)[self.name], part)

    def _read_arrays(self, part: str) -> dict[str, np.ndarray]:
        prefix = f"{self.name}/{part}/"
        found = read_arrays(self.path, prefix)
        if not found:
            raise InvalidInputError(f"{self.path} holds no {part} of run {self.name}")
        return {
            name.removeprefix(prefix): array.astype(np.float64) if array.dtype.kind == "f" else array
            for name, array in found.items()
        }


def read_arrays(path: Path, prefix: str = "") -> dict[str, np.ndarray]:
    """The arrays of an archive whose names begin with ``prefix``, by name.

    Raises: InvalidInputError: if it cannot be read.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name.startswith(prefix)}
    except Exception as error:  # zipfile, zlib and numpy each have their own for a damaged file
        raise InvalidInputError(
            f"expected the {path.stem} of a run; {path} cannot be read: {words_of(error)}"
        ) from None


def read_packed(path: Path) -> dict[str, PackedEntry]:
    """The entries of a file of records, by the runs' names.

    Raises: InvalidInputError: if the file is damaged, or of a newer layout.
    """
    return _read_packed(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=32)
def _read_packed(path: Path, _changed: int, _size: int) -> dict[str, PackedEntry]:
    text = read_arrays(path, "runs").get("runs")
    if text is None:
        raise InvalidInputError(f"expected packed runs; {path} holds none")
    try:
        content = json.loads(text.tobytes())
    except ValueError as error:
        raise InvalidInputError(f"{path}: {words_of(error)}") from None
    content = SCHEMAS["packed runs"].current(content, str(path))
    return structured(content["runs"], dict[str, PackedEntry], where=str(path))
