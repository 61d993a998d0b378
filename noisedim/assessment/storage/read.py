"""Embeddings from files of many kinds, without unpickling anything; every reading says what it took and what it left out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from noisedim.assessment.storage import read_arrays, read_tables
from noisedim.assessment.storage.read_arrays import Wanted
from noisedim.columns import Chosen, choose_columns, is_label, may_be_coordinates
from noisedim.errors import InvalidInputError

__all__ = ["READABLE", "load_embeddings", "read_embeddings", "read_labels"]


def read_embeddings(path: Path | str, *, name: str | None = None) -> np.ndarray:
    """The matrix of a file, (n, d), as it is stored; an .npy file is mapped to memory, and read where it is used.

    Args:
        path: an .npy, .npz, .csv, .tsv, .jsonl (the last three also .gz), .parquet, .feather, .arrow, .pt, .pth,
            .safetensors, .h5 or .hdf5 file, or a .zarr folder. A CSV file may have a header; its fields are separated by
            the first of comma, semicolon, tab and space that its first line holds. Of a table with columns z0, z1, … those
            are taken; else one of vectors called z or embeddings, or the only one of vectors; else all but labels (label,
            y, target, class), ids and row numbers.
        name: which array, of a file with several; else the only one, or the one called z, embeddings, features or x, or
            the only matrix. Of a table, which column.

    Raises: InvalidInputError: if the file is missing, damaged or of another kind, a row of a CSV file has more or fewer
        fields than the first, a column is not numeric or counts the rows, the array is a single number, or it is not clear
        which array is meant.
    """
    return load_embeddings(path, name=name).values


def load_embeddings(path: Path | str, *, name: str | None = None) -> Chosen:
    """As :func:`read_embeddings`, with which columns or arrays were used and left out, and why."""
    return _read(Path(path), Wanted(name, labels=False))


def read_labels(path: Path | str) -> np.ndarray:
    """Labels from a file like that of embeddings, (n,) integers: its one column, or what is called label, y or the like.

    Raises: InvalidInputError: as :func:`read_embeddings`, and for several columns or no whole numbers.
    """
    labels = np.asarray(_read(Path(path), Wanted(None, labels=True)).values)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    numeric = labels.ndim == 1 and labels.dtype.kind in "fiu" and bool(np.isfinite(labels).all())
    if not numeric or not bool((labels == np.round(labels)).all()):
        raise InvalidInputError(
            f"expected one column of whole numbers in {path}; got shape {labels.shape}, {labels.dtype}"
        )
    return labels.astype(np.int64)


def _read(path: Path, wanted: Wanted) -> Chosen:
    reader = next((reader for ending, reader in _READERS.items() if path.name.lower().endswith(ending)), None)
    if reader is None:
        raise InvalidInputError(f"expected one of {', '.join(READABLE)}; got {path}")
    if not path.exists() or (path.is_dir() and reader is not read_arrays.read_zarr):
        raise InvalidInputError(f"expected a file of embeddings; there is no {path}")
    chosen = reader(path, wanted)
    if chosen.values.ndim == 0:
        which = f", array {chosen.used[0]!r}," if chosen.used else ""
        raise InvalidInputError(f"expected rows of numbers; {path}{which} holds a single value, {chosen.values.dtype}")
    return chosen


def _of_table(path: Path, columns: read_tables.Columns, wanted: Wanted) -> Chosen:
    if wanted.labels:
        columns = read_tables.labels_first(columns)
    return choose_columns(str(path), columns, wanted.name)


def _read_text(path: Path, wanted: Wanted) -> Chosen:
    def needed(names: Sequence[str]) -> set[str]:
        if wanted.name is not None:
            return {wanted.name}
        if wanted.labels:
            return set([own for own in names if is_label(own)][:1] or names)
        return may_be_coordinates(names)

    return _of_table(path, read_tables.read_text_table(path, needed), wanted)


_Reader = Callable[[Path, Wanted], Chosen]
_READERS: dict[str, _Reader] = {
    ".npy": read_arrays.read_npy,
    ".npz": read_arrays.read_npz,
    ".csv": _read_text,
    ".tsv": _read_text,
    ".csv.gz": _read_text,
    ".tsv.gz": _read_text,
    ".jsonl": lambda path, wanted: _of_table(path, read_tables.read_json_lines(path), wanted),
    ".jsonl.gz": lambda path, wanted: _of_table(path, read_tables.read_json_lines(path), wanted),
    ".parquet": lambda path, wanted: _of_table(path, read_tables.read_parquet(path), wanted),
    ".feather": lambda path, wanted: _of_table(path, read_tables.read_arrow(path), wanted),
    ".arrow": lambda path, wanted: _of_table(path, read_tables.read_arrow(path), wanted),
    ".pt": read_arrays.read_torch,
    ".pth": read_arrays.read_torch,
    ".safetensors": read_arrays.read_safetensors,
    ".h5": read_arrays.read_hdf5,
    ".hdf5": read_arrays.read_hdf5,
    ".zarr": read_arrays.read_zarr,
}
READABLE = tuple(_READERS)
