"""Writing embeddings to files that other programs and :func:`~noisedim.assessment.storage.read.read_embeddings` read."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.files import write_atomically

__all__ = ["WRITABLE", "check_writable", "write_embeddings"]


def _write_npy(file: BinaryIO, z: np.ndarray, labels: np.ndarray | None) -> None:
    np.save(file, z)


def _write_npz(file: BinaryIO, z: np.ndarray, labels: np.ndarray | None) -> None:
    np.savez_compressed(file, **({"z": z} if labels is None else {"z": z, "labels": labels}))  # type: ignore[arg-type]


def _write_csv(file: BinaryIO, z: np.ndarray, labels: np.ndarray | None) -> None:
    # Nine digits hold a float32, seventeen a float64.
    number = "%.9g" if z.dtype == np.float32 else "%.17g"
    columns = z if labels is None else np.column_stack([z.astype(np.float64), labels])
    formats = [number] * z.shape[1] + ([] if labels is None else ["%d"])
    np.savetxt(file, columns, delimiter=",", header=",".join(_names(z, labels)), comments="", fmt=formats)


def _write_parquet(file: BinaryIO, z: np.ndarray, labels: np.ndarray | None) -> None:
    import pandas as pd

    frame = pd.DataFrame(z, columns=_names(z, None))
    if labels is not None:
        frame["label"] = labels
    try:
        frame.to_parquet(file)
    except ImportError:
        raise InvalidInputError("writing .parquet files needs pyarrow: pip install 'noisedim[parquet]'") from None


def _names(z: np.ndarray, labels: np.ndarray | None) -> list[str]:
    return [f"z{i}" for i in range(z.shape[1])] + ([] if labels is None else ["label"])


_WRITERS: dict[str, Callable[[BinaryIO, np.ndarray, np.ndarray | None], None]] = {
    ".npy": _write_npy,
    ".npz": _write_npz,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
WRITABLE = tuple(_WRITERS)


def check_writable(path: Path) -> None:
    """Refuse a path whose format cannot be written, before any work is done.

    Raises: InvalidInputError: for another suffix; the message lists those that can be written.
    """
    if path.suffix not in _WRITERS:
        raise InvalidInputError(f"--output must be one of {', '.join(WRITABLE)}; got {path}")


def write_embeddings(path: Path, z: np.ndarray, labels: np.ndarray | None = None) -> None:
    """Write embeddings (n, d) atomically, in the format given by the suffix of ``path``.

    .npy: the matrix, without labels. .npz: arrays ``z`` and ``labels``. .csv, .parquet: columns ``z0``, ``z1``, … and
    ``label``.

    Args:
        path: the file to write.
        z: embeddings, (n, d).
        labels: (n,) integers, or None.

    Raises: InvalidInputError: for another suffix. StorageError: if the file cannot be written.
    """
    check_writable(path)
    write_atomically(path, lambda file: _WRITERS[path.suffix](file, z, labels))
