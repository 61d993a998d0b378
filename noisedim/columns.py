"""Which columns of a table are coordinates, in files, pandas frames and Arrow tables alike. Imports only the error classes.

A column is an array: (n,) numbers, (n, d) where every row holds a vector, or (n,) objects for anything else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from noisedim.errors import InvalidInputError

__all__ = [
    "EMBEDDING_NAMES",
    "LABEL_NAMES",
    "Chosen",
    "arrow_columns",
    "choose_columns",
    "frame_columns",
    "is_id",
    "is_label",
    "listed",
    "may_be_coordinates",
    "stacked",
    "values_of",
]

EMBEDDING_NAMES = ("z", "embeddings", "embedding", "features", "feature", "latents", "latent", "vectors", "vector", "x")
LABEL_NAMES = ("labels", "label", "y", "target", "targets", "class", "classes")
_IDS = ("id", "ids", "idx", "index", "uid", "uuid", "guid", "row", "row_number", "key")
_MOST_NAMES = 8


@dataclass(frozen=True)
class Chosen:
    """What was taken as embeddings, and what was not.

    Attributes:
        values: the matrix, (n, d), or (n,) where that is what was named.
        used: columns or arrays that it was made of; empty for a file of one matrix.
        left_out: reason by column or array.
    """

    values: np.ndarray
    used: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Which columns were used and left out, in a sentence without its end."""
        rows, *columns = self.values.shape
        size = f"{rows:,} rows" + (f" of {columns[0]} numbers" if columns else "")
        used = f" from {listed(self.used)}" if self.used else ""
        out = "; ".join(f"{name!r} ({why})" for name, why in list(self.left_out.items())[:_MOST_NAMES])
        more = f" and {len(self.left_out) - _MOST_NAMES} more" if len(self.left_out) > _MOST_NAMES else ""
        return f"{size}{used}" + (f"; left out: {out}{more}" if out else "")


def listed(names: Sequence[str]) -> str:
    """Names for a message: all of a few, the first and the last of many."""
    if len(names) <= _MOST_NAMES:
        return ", ".join(names) or "none"
    return f"{names[0]}, {names[1]}, … {names[-1]} ({len(names)} of them)"


def may_be_coordinates(names: Sequence[str]) -> set[str]:
    """Which columns are coordinates or vectors if their names alone decide; the others may hold anything."""
    if "z0" in names:
        return {own for own in names if re.fullmatch(r"z\d+", own)}
    return {own for own in names if not (_is_nameless(own) or is_id(own) or is_label(own))} or set(names)


def is_label(name: str) -> bool:
    """Whether a column or array of this name holds labels."""
    return name.rsplit("/", 1)[-1].strip().lower() in LABEL_NAMES


def choose_columns(where: str, columns: Sequence[tuple[str, np.ndarray]], name: str | None = None) -> Chosen:
    """The columns that are coordinates.

    With a ``name``, that column. Else z0, z1, … where there are such. Else the one column of vectors, or the one with the
    usual name. Else all but labels, ids and row numbers. A single column is taken whatever it is called.

    Raises: InvalidInputError: if it is not clear which are meant, a column is not numeric, or one counts the rows.
    """
    names = [own for own, _ in columns]
    if name is not None:
        if name not in names:
            raise InvalidInputError(f"{where} has no column {name!r}; it has {listed(names)}")
        return _taken(where, columns, [names.index(name)], {})
    if "z0" in names:
        return _taken(where, columns, [i for i, own in enumerate(names) if re.fullmatch(r"z\d+", own)], {})
    vectors = [i for i, (_, values) in enumerate(columns) if values.ndim == 2]
    if vectors:
        return _taken(where, columns, [_one_of_vectors(where, columns, vectors)], {})
    if len(columns) == 1:
        return _taken(where, columns, [0], {})
    left_out = {own: why for own, values in columns if (why := _reason(own, values, names)) is not None}
    kept = [i for i, own in enumerate(names) if own not in left_out]
    if not kept:
        raise InvalidInputError(f"{where} has no columns of coordinates; it has {listed(names)}")
    counting = [names[i] for i in kept if len(columns[i][1]) > 2 and _counts(columns[i][1])]
    if len(counting) == 1 and len(kept) > 1:
        raise InvalidInputError(f"expected embeddings; column {counting[0]!r} of {where} counts the rows: leave it out")
    return _taken(where, columns, kept, left_out)


def _taken(where: str, columns: Sequence[tuple[str, np.ndarray]], kept: list[int], left_out: dict[str, str]) -> Chosen:
    odd = [f"{columns[i][0]} ({_kind(columns[i][1])})" for i in kept if columns[i][1].dtype.kind not in "fiu"]
    if odd:
        raise InvalidInputError(f"{where} must hold real numbers; these columns do not: {listed(odd)}")
    chosen = [columns[i] for i in kept]
    values = chosen[0][1] if len(chosen) == 1 else np.column_stack([own for _, own in chosen])
    taken = set(kept)
    others = {
        own: left_out.get(own, "a label" if is_label(own) else "not asked for")
        for i, (own, _) in enumerate(columns)
        if i not in taken
    }
    return Chosen(values[:, None] if values.ndim == 1 else values, tuple(own for own, _ in chosen), others)


def _one_of_vectors(where: str, columns: Sequence[tuple[str, np.ndarray]], vectors: list[int]) -> int:
    if len(vectors) == 1:
        return vectors[0]
    usual = [i for name in EMBEDDING_NAMES for i in vectors if columns[i][0].lower() == name]
    if len(usual) == 1 or (usual and columns[usual[0]][0] in ("z", "embeddings")):
        return usual[0]
    told = ", ".join(f"{columns[i][0]} ({columns[i][1].shape[1]} numbers)" for i in vectors[:_MOST_NAMES])
    raise InvalidInputError(
        f"expected one column of lists, or one called z or embeddings; {where} has {told}: say which by name "
        f"(--name {columns[vectors[0]][0]})"
    )


def _reason(name: str, values: np.ndarray, names: list[str]) -> str | None:
    """Why a column is not a coordinate, or ``None``."""
    key = name.strip().lower()
    numeric = values.dtype.kind in "fiu"
    if key in LABEL_NAMES:
        # x and y may be the coordinates of a plane.
        plane = key == "y" and "x" in [own.strip().lower() for own in names]
        return None if plane and numeric and not _whole(values) else "a label"
    if numeric and not _whole(values):
        return None
    if _is_nameless(name):
        return "row numbers"
    return "an id" if is_id(name) else None


def _is_nameless(name: str) -> bool:
    return re.fullmatch(r"|unnamed: \d+|__index_level_\d+__", name.strip().lower()) is not None


def is_id(name: str) -> bool:
    """Whether a column of this name, if it holds whole numbers or text, holds ids or row numbers."""
    key = name.strip().lower()
    return key in _IDS or key.endswith(("_id", "_idx", "_index"))


def _whole(values: np.ndarray) -> bool:
    if values.dtype.kind in "iu":
        return True
    with np.errstate(invalid="ignore"):
        return bool((values[:64] % 1 == 0).all()) and bool((values % 1 == 0).all())


def _counts(values: np.ndarray) -> bool:
    """Whether a column holds 0, 1, 2, … or 1, 2, 3, … in any order."""
    if values.dtype.kind not in "fiu" or not _whole(values) or values.min() not in (0, 1):
        return False
    ordered = np.sort(values)
    return bool((np.diff(ordered) == 1).all())


def _kind(values: np.ndarray) -> str:
    if values.dtype.kind != "O":
        return str(values.dtype)
    first = next((value for value in values if value is not None), None)
    return "text" if isinstance(first, str) else type(first).__name__


def frame_columns(frame: Any) -> list[tuple[str, np.ndarray]]:
    """The columns of a pandas frame; what is missing is NaN."""
    return [(str(own), _series_values(str(own), frame.iloc[:, i])) for i, own in enumerate(frame.columns)]


def _series_values(name: str, series: Any) -> np.ndarray:
    if series.dtype.kind in "fiu":
        if isinstance(series.dtype, np.dtype):
            return np.asarray(series.to_numpy())
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    values = np.asarray(series.to_numpy(dtype=object))
    if len(values) and isinstance(values[0], list | tuple | np.ndarray):
        return stacked(name, values)
    return values


def stacked(name: str, rows: Sequence[Any] | np.ndarray) -> np.ndarray:
    """Rows of a column of vectors as a matrix.

    Raises: InvalidInputError: if they hold different numbers of numbers, or anything else.
    """
    try:
        matrix = np.stack([np.asarray(row) for row in rows])
    except (TypeError, ValueError):
        raise InvalidInputError(f"column {name!r} must hold lists of as many numbers in every row") from None
    if matrix.dtype.kind == "O":
        raise InvalidInputError(f"column {name!r} must hold lists of numbers; something else is among them")
    return matrix


def arrow_columns(table: Any) -> list[tuple[str, np.ndarray]]:
    """The columns of an Arrow table; what is missing is NaN."""
    return [(own, _arrow_values(own, table.column(i))) for i, own in enumerate(table.column_names)]


def _arrow_values(name: str, column: Any) -> np.ndarray:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # several where one would be too long
        return np.concatenate([_arrow_values(name, chunk) for chunk in column.chunks])
    if isinstance(column, pa.ExtensionArray):  # such as fixed-shape tensors
        column = column.storage
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        if column.null_count:
            raise InvalidInputError(f"column {name!r} must hold a list in every row; {column.null_count} are missing")
        numbers = _arrow_values(name, column.flatten())
        lengths = np.diff(column.value_lengths().to_numpy(zero_copy_only=False))
        if numbers.ndim != 1 or (lengths != 0).any():
            raise InvalidInputError(f"column {name!r} must hold lists of as many numbers in every row")
        return numbers.reshape(len(column), -1) if numbers.dtype.kind in "fiu" else column.to_pandas().to_numpy()
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        return np.array(column.to_pylist(), dtype=object)
    if column.null_count:
        column = column.cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False))


def values_of(name: str, value: Any) -> Chosen | None:
    """What is embeddings in a pandas frame or series, or in an Arrow or polars table or column; ``None`` for other kinds."""
    if hasattr(value, "to_arrow"):
        value = value.to_arrow()
    if hasattr(value, "column_names") and hasattr(value, "combine_chunks"):
        return choose_columns(name, arrow_columns(value))
    if type(value).__module__.startswith("pyarrow") and hasattr(value, "null_count"):  # a scalar is no column
        return Chosen(_arrow_values(name, value))
    if hasattr(value, "dtypes") and hasattr(value, "columns"):
        return choose_columns(name, frame_columns(value))
    if hasattr(value, "dtype") and hasattr(value, "iloc") and value.dtype.kind == "O":
        return Chosen(_series_values(name, value))
    return None
