"""Embeddings from files of many kinds, without unpickling anything."""

import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.checks import frame_values, tensor_values
from noisedim.errors import InvalidInputError
from noisedim.files import read_array

__all__ = ["READABLE", "read_embeddings", "read_labels"]

_NAMES = ("z", "embeddings", "x")
_LABELS = ("labels", "label", "y")
_ROWS_AT_ONCE = 4096


def read_embeddings(path: Path | str, *, name: str | None = None) -> np.ndarray:
    """The matrix of a file, (n, d), as it is stored.

    Args:
        path: an .npy, .npz, .csv, .parquet, .pt or .safetensors file. A CSV file may have a header; its fields are
            separated by the first of comma, semicolon, tab and space that its first line holds. Of a table with columns
            z0, z1, … those are taken; else one of lists called z, embeddings or x, or the only one of lists; else all but
            those called label or labels and pandas' nameless first column of row numbers.
        name: which array, of a file with several; else the only one, or the one called z, embeddings or x. Of a table,
            which column.

    Raises: InvalidInputError: if the file is missing, damaged or of another kind, a row of a CSV file has more or fewer
        fields than the first, a column is not numeric or counts the rows, or it is not clear which array is meant.
    """
    return _read(Path(path), name, _NAMES)


def _read(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    if path.suffix not in _READERS:
        raise InvalidInputError(f"expected one of {', '.join(READABLE)}; got {path}")
    if not path.is_file():
        raise InvalidInputError(f"expected a file of embeddings; there is no {path}")
    return _READERS[path.suffix](path, name, known)


def read_labels(path: Path | str) -> np.ndarray:
    """Labels from a file like that of embeddings, (n,) integers: its one column, or what is called labels, label or y.

    Raises: InvalidInputError: as :func:`read_embeddings`, and for several columns or no whole numbers.
    """
    labels = np.asarray(_read(Path(path), None, _LABELS))
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    numeric = labels.ndim == 1 and labels.dtype.kind in "fiu" and bool(np.isfinite(labels).all())
    if not numeric or not bool((labels == np.round(labels)).all()):
        raise InvalidInputError(
            f"expected one column of whole numbers in {path}; got shape {labels.shape}, {labels.dtype}"
        )
    return labels.astype(np.int64)


def _chosen(path: Path, arrays: Mapping[str, Any], name: str | None, known: tuple[str, ...]) -> Any:
    if name is not None:
        if name not in arrays:
            raise InvalidInputError(f"{path} has no array {name!r}; it has {', '.join(arrays) or 'none'}")
        return arrays[name]
    there = [own for own in known if own in arrays]
    if len(arrays) == 1 or there:
        return arrays[there[0] if there else next(iter(arrays))]
    raise InvalidInputError(
        f"expected one array, or one called {', '.join(known)}; {path} holds {', '.join(arrays) or 'none'}"
    )


def _read_numpy(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    if path.suffix == ".npz" and name is None:
        try:
            # NumPy leaves the file open when it gives a damaged archive up, so it is opened here.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as loaded:
                name = _chosen(path, {own: own for own in loaded.files}, None, known)
        except InvalidInputError:
            raise
        except Exception as error:  # zipfile, zlib, struct and numpy each have their own for a damaged file
            raise InvalidInputError(
                f"{path} cannot be read as an .npz file ({type(error).__name__}: {error})"
            ) from None
    return read_array(path, name=name)


def _read_csv(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    import pandas as pd

    parts: list[np.ndarray] = []
    header: list[str] | None = None
    # Read as text: pandas' versions round numbers in different ways, Python's float always correctly. And in parts: text
    # takes many times the memory of the numbers.
    options: dict[str, Any] = {"header": None, "index_col": False, "dtype": str, "na_filter": False}
    try:
        with pd.read_csv(
            path, sep=_delimiter(path), encoding="utf-8-sig", chunksize=_ROWS_AT_ONCE, **options
        ) as chunks:
            for chunk in chunks:
                cells = chunk.to_numpy(dtype=object)
                if not parts and not all(_is_number(cell) for cell in cells[0]):
                    header, cells = [cell.strip() for cell in cells[0]], cells[1:]
                parts.append(_numbers(path, cells, header, before=sum(map(len, parts))))
    except pd.errors.EmptyDataError:
        parts = []
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InvalidInputError(f"{path} cannot be read as a CSV file: {str(error).strip()}") from None
    if not parts or not sum(map(len, parts)):
        raise InvalidInputError(f"expected rows of numbers; {path} has none")
    rows = np.concatenate(parts)
    positions = np.arange(rows.shape[1])
    # pandas names columns that have no names 0, 1, 2, …
    if header is None and len(positions) > 1 and (rows[0] == positions).all() and (rows % 1 != 0).any():
        rows = rows[1:]
    return rows[:, _columns(path, header or [str(i) for i in positions], rows, name, known)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(path: Path, cells: np.ndarray, header: list[str] | None, *, before: int) -> np.ndarray:
    """Cells of text as float64; ``before`` is the number of rows of numbers above them."""
    try:
        return cells.astype(np.float64)
    except ValueError:
        row, i = next(place for place, cell in np.ndenumerate(cells) if not _is_number(cell))
    cell = str(cells[row, i])
    column = f"column {i}" if header is None else f"column {header[i]!r}"
    what = f"is {cell!r}" if cell.strip() else "is empty"
    raise InvalidInputError(f"expected numbers only; in row {before + row + 1} of {path}, {column} {what}")


def _delimiter(path: Path) -> str:
    with path.open(newline="", encoding="utf-8-sig") as file:
        first = next((line.strip() for line in file if line.strip()), "")
    return next((mark for mark in ",;\t " if mark in first), ",")


def _columns(
    path: Path, names: list[str], rows: np.ndarray | None, name: str | None, known: tuple[str, ...]
) -> list[int]:
    """Which columns of a table are meant; see :func:`read_embeddings`."""
    if name is not None:
        if name not in names:
            raise InvalidInputError(f"{path} has no column {name!r}; it has {', '.join(names)}")
        return [names.index(name)]
    if known is _LABELS:
        labelled = [i for i, own in enumerate(names) if own in known][:1]
        return labelled or list(range(len(names)))
    if "z0" in names:
        return [i for i, own in enumerate(names) if re.fullmatch(r"z\d+", own)]
    chosen = [i for i, own in enumerate(names) if own not in ("label", "labels")] or list(range(len(names)))
    if rows is None or len(chosen) == 1 or len(rows) < 3:
        return chosen
    first = rows[:, chosen[0]]
    with np.errstate(invalid="ignore"):  # two infinities in a row
        counts_rows = bool((np.diff(first) == 1).all()) and first[0] in (0, 1)
    if counts_rows:
        if names[chosen[0]] not in ("", "Unnamed: 0"):
            raise InvalidInputError(
                f"expected embeddings; column {names[chosen[0]]!r} of {path} counts the rows: leave it out"
            )
        return chosen[1:]
    return chosen


def _read_parquet(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError:
        raise InvalidInputError("reading .parquet files needs pyarrow: pip install 'noisedim[parquet]'") from None
    except Exception as error:  # pyarrow has many for a damaged file
        raise InvalidInputError(f"{path} cannot be read as a .parquet file ({type(error).__name__}: {error})") from None
    names = [str(column) for column in frame.columns]
    lists = [own for own, column in zip(names, frame.columns, strict=True) if _holds_lists(frame[column])]
    if name is None and known is _NAMES and lists and "z0" not in names:
        name = next((own for own in known if own in lists), lists[0] if len(lists) == 1 else None)
        if name is None:
            raise InvalidInputError(f"expected one column of lists, or one called {', '.join(known)}; got {lists}")
    frame = frame.iloc[:, _columns(path, names, None, name, known)]
    if frame.shape[1] == 1 and _holds_lists(frame.iloc[:, 0]):
        try:
            return np.stack([np.asarray(row, dtype=np.float64) for row in frame.iloc[:, 0]])
        except (TypeError, ValueError) as error:
            raise InvalidInputError(
                f"expected lists of as many numbers in every row of column {name!r} of {path} ({error})"
            ) from None
    return frame_values(str(path), frame)


def _holds_lists(column: Any) -> bool:
    return column.dtype.kind == "O" and len(column) > 0 and isinstance(column.iloc[0], list | np.ndarray)


def _read_torch(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zipfile and torch each have their own, and advice to unpickle that is not ours
        refused = isinstance(error, pickle.UnpicklingError)
        what = "it holds more than tensors, and nothing is unpickled" if refused else "it is damaged"
        raise InvalidInputError(
            f"{path} cannot be read as a .pt file of tensors: {what} ({type(error).__name__})"
        ) from None
    if isinstance(loaded, Mapping):
        loaded = _chosen(path, {str(k): v for k, v in loaded.items() if isinstance(v, torch.Tensor)}, name, known)
    if not isinstance(loaded, torch.Tensor):
        raise InvalidInputError(f"expected a tensor, or a dictionary with one, in {path}; got {type(loaded).__name__}")
    return tensor_values(str(path), loaded)


def _read_safetensors(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        loaded = load_file(path)
    except (SafetensorError, OSError) as error:
        raise InvalidInputError(f"{path} cannot be read as a .safetensors file ({error})") from None
    return tensor_values(str(path), _chosen(path, loaded, name, known))


_READERS: dict[str, Callable[[Path, str | None, tuple[str, ...]], np.ndarray]] = {
    ".npy": _read_numpy,
    ".npz": _read_numpy,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".pt": _read_torch,
    ".safetensors": _read_safetensors,
}
READABLE = tuple(_READERS)
