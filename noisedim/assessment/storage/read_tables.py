"""Tables in files as named columns: delimited text, lines of JSON, Parquet and Arrow."""

import gzip
import json
import math
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from noisedim.columns import arrow_columns, frame_columns, is_id, is_label
from noisedim.errors import InvalidInputError, words_of

__all__ = ["read_arrow", "read_json_lines", "read_parquet", "read_text_table"]

Columns = list[tuple[str, np.ndarray]]

_ROWS_AT_ONCE = 4096
_MOST_CHARACTERS = 40
# What stands for a missing number.
_MISSING = ("", "-", ".", "?", "n/a", "na", "nan", "none", "null")


def _open_text(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= _MOST_CHARACTERS else cell[:_MOST_CHARACTERS] + "…")


def read_text_table(path: Path, wanted: Callable[[Sequence[str]], set[str]]) -> Columns:
    """The columns of a file of delimited text, with or without a header.

    Fields are separated by the first of comma, semicolon, tab and space that the first line holds. A cell such as
    ``[0.1, 0.2]`` is a vector. The first line is a header if it holds names; numbers beside an empty cell are none, so that
    a first row that lacks a number is refused as any other would be.

    Args:
        path: .csv, .tsv or .txt, also compressed by gzip.
        wanted: of the columns' names, those that must hold numbers; others may hold anything.

    Raises: InvalidInputError: for rows of several lengths, no rows, or a cell that is no number where one must be.
    """
    import pandas as pd

    parts: list[list[np.ndarray]] = []
    names: list[str] | None = None
    header = True
    # Read as text: pandas' versions round numbers in different ways, Python's float always correctly. And in parts: text
    # takes many times the memory of the numbers.
    options: dict[str, Any] = {"header": None, "index_col": False, "dtype": str, "na_filter": False}
    try:
        with (
            _open_text(path) as file,
            pd.read_csv(file, sep=_delimiter(path), chunksize=_ROWS_AT_ONCE, **options) as chunks,
        ):
            for chunk in chunks:
                cells = chunk.to_numpy(dtype=object)
                if names is None:
                    header = _has_header(cells)
                    names = [cell.strip() for cell in cells[0]] if header else [str(i) for i in range(cells.shape[1])]
                    cells, needed = cells[header:], wanted(names)
                    if len(cells) and (
                        vectors := {own for own, cell in zip(names, cells[0], strict=True) if _is_vector(cell)}
                    ):
                        needed &= vectors  # next to vectors, a column of numbers is no coordinate
                before = sum(len(part[0]) for part in parts)
                parts.append(
                    [
                        _column(path, cells[:, i], own if header else i, own in needed, before)
                        for i, own in enumerate(names)
                    ]
                )
    except pd.errors.EmptyDataError:
        parts = []
    except (UnicodeDecodeError, pd.errors.ParserError, OSError, EOFError, zlib.error) as error:
        raise InvalidInputError(f"{path} cannot be read as a CSV file: {str(error).strip()}") from None
    if names is None or not sum(len(part[0]) for part in parts):
        raise InvalidInputError(f"expected rows of numbers; {path} has none")
    values = [_joined(path, own, [part[i] for part in parts if len(part[i])]) for i, own in enumerate(names)]
    if not header and _is_range_header(values):
        values = [own[1:] for own in values]  # pandas names columns that have no names 0, 1, 2, …
    return list(zip(names, values, strict=True))


def _has_header(cells: np.ndarray) -> bool:
    """Whether the first row of text cells, (n, d), holds names, of which some may be numbers: those of pandas' columns."""
    first = [str(cell).strip() for cell in cells[0]]
    others = {i: cell for i, cell in enumerate(first) if not (_is_number(cell) or _is_vector(cell))}
    numbers = [float(cell) for cell in first if _is_number(cell)]
    if not others or any(_is_vector(cell) for cell in first):
        return False
    blank = [i for i, cell in others.items() if cell.lower() in _MISSING]
    if not any(_has_fraction(cell) for cell in first) and (
        len(blank) < len(others) or numbers == list(range(len(numbers)))
    ):
        return True
    # Frames of spectra name columns 400.5, 401, …: then whatever else there is has the name of an id, a label or an index.
    return all(is_id(cell) or is_label(cell) for i, cell in others.items() if i not in blank) and (
        not blank or (blank == [0] and not first[0] and _is_index(cells[1:, 0]))
    )


def _is_index(cells: np.ndarray) -> bool:
    """Whether a column is a frame's nameless index: names or whole numbers, all different."""
    return len(cells) > 0 and len(set(cells)) == len(cells) and not any(_has_fraction(cell) for cell in cells)


def _has_fraction(cell: str) -> bool:
    return _is_number(cell) and math.isfinite(float(cell)) and float(cell) % 1 != 0


def _is_range_header(values: list[np.ndarray]) -> bool:
    numeric = len(values) > 1 and all(own.ndim == 1 and own.dtype.kind == "f" for own in values)
    return (
        numeric
        and all(own[0] == i for i, own in enumerate(values))
        and any(bool((own % 1 != 0).any()) for own in values)
    )


def _joined(path: Path, name: str, parts: list[np.ndarray]) -> np.ndarray:
    if len({part.shape[1:] for part in parts}) > 1:
        raise InvalidInputError(f"column {name!r} of {path} must hold lists of as many numbers in every row")
    return np.concatenate(parts)


def _column(path: Path, cells: np.ndarray, name: str | int, needed: bool, before: int) -> np.ndarray:
    """Cells of text as float64, (n,) or (n, d); as they are where that is not needed and not possible."""
    if len(cells) and _is_vector(cells[0]):
        rows = [_vector(cell) for cell in cells]
        lengths = [0 if row is None else len(row) for row in rows]
        if len(set(lengths)) == 1:
            return np.array(rows, dtype=np.float64)
        if needed:
            row = next(i for i, length in enumerate(lengths) if length != lengths[0])
            raise InvalidInputError(
                f"expected a list of {lengths[0]} numbers; in row {before + row + 1} of {path}, column {name!r} is "
                f"{_shown(str(cells[row]))}"
            )
    try:
        return cells.astype(np.float64)
    except ValueError:
        if not needed:
            return cells
        row = next(i for i, cell in enumerate(cells) if not _is_number(cell))
    cell = str(cells[row])
    what = f"is {_shown(cell)}" if cell.strip() else "is empty"
    raise InvalidInputError(
        f"expected numbers only; in row {before + row + 1} of {path}, column {name if isinstance(name, int) else repr(name)} "
        f"{what}"
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_vector(cell: str) -> bool:
    return cell.lstrip().startswith("[") and _vector(cell) is not None


def _vector(cell: str) -> list[float] | None:
    """The numbers of ``[0.1, 0.2]`` or NumPy's ``[0.1 0.2]``; ``None`` if it is anything else."""
    cell = cell.strip()
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    try:
        return [float(word) for word in cell[1:-1].replace(",", " ").split()] or None
    except ValueError:
        return None


def _delimiter(path: Path) -> str:
    with _open_text(path) as file:
        first = next((line.strip(" \r\n") for line in file if line.strip()), "")  # a tab may follow an empty cell
    if path.name.lower().endswith((".tsv", ".tsv.gz")):
        return "\t"
    return next((mark for mark in ",;\t " if mark in first), ",")


def read_json_lines(path: Path) -> Columns:
    """The columns of a file that holds a JSON object, or a list of numbers, in every line.

    Raises: InvalidInputError: for a line that is neither, or keys that are not in every line.
    """
    rows: list[Any] = []
    try:
        with _open_text(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    rows.append(json.loads(line))
                    if type(rows[-1]) is not type(rows[0]) or not isinstance(rows[-1], dict | list):
                        raise InvalidInputError(
                            f"expected a JSON object in every line; line {number} of {path} has none"
                        )
    except (UnicodeDecodeError, json.JSONDecodeError, OSError, EOFError, zlib.error) as error:
        raise InvalidInputError(f"{path} cannot be read as lines of JSON: {words_of(error)}") from None
    except RecursionError:
        raise InvalidInputError(f"expected lines of JSON; {path} is nested too deeply") from None
    if not rows:
        raise InvalidInputError(f"expected rows of numbers; {path} has none")
    import pandas as pd

    frame = pd.DataFrame({"z": rows} if isinstance(rows[0], list) else rows)
    return frame_columns(frame)


def read_parquet(path: Path) -> Columns:
    """The columns of a Parquet file.

    Raises: InvalidInputError: if it is damaged, or pyarrow is missing.
    """
    return _by_pyarrow(path, lambda: _parquet_table(path))


def read_arrow(path: Path) -> Columns:
    """The columns of a file in Arrow's format, of which Feather is one.

    Raises: InvalidInputError: if it is damaged, or pyarrow is missing.
    """
    return _by_pyarrow(path, lambda: _arrow_table(path))


def _parquet_table(path: Path) -> Any:
    import pyarrow.parquet

    with path.open("rb") as file:
        return pyarrow.parquet.read_table(file)


def _arrow_table(path: Path) -> Any:
    import pyarrow.feather

    with path.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        if magic in (b"ARROW1", b"FEA1\x00\x00") or magic[:4] == b"FEA1":
            return pyarrow.feather.read_table(file)
        return pyarrow.ipc.open_stream(file).read_all()  # as the library datasets writes it


def _by_pyarrow(path: Path, read: Callable[[], Any]) -> Columns:
    try:
        table = _without_index(read())
    except ImportError:
        raise InvalidInputError(f"reading {path.suffix} files needs pyarrow: pip install 'noisedim[parquet]'") from None
    except Exception as error:  # pyarrow has many for a damaged file
        raise InvalidInputError(
            f"{path} cannot be read as a {path.suffix} file ({type(error).__name__}: {words_of(error)})"
        ) from None
    try:
        return [(own, values) for own, values in arrow_columns(table)]
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from None


def _without_index(table: Any) -> Any:
    """The table without the columns in which pandas keeps a frame's nameless index."""
    about = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    index = [own for own in about.get("index_columns", []) if isinstance(own, str) and own.startswith("__index_level_")]
    return table.drop_columns(index) if index and set(index) < set(table.column_names) else table


def labels_first(columns: Columns) -> Columns:
    """The first column that is called as labels are; all columns if none is."""
    found = [(own, values) for own, values in columns if is_label(own)]
    return found[:1] or columns
