"""Embeddings from files of many kinds, without unpickling anything; one clear error where there are none."""

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.files import read_array

__all__ = ["READABLE", "read_embeddings", "read_labels"]

_NAMES = ("z", "embeddings", "x")
_LABELS = ("labels", "label", "y")


def read_embeddings(path: Path | str, *, name: str | None = None) -> np.ndarray:
    """The matrix of a file, (n, d), as it is stored.

    Args:
        path: an .npy, .npz, .csv, .parquet, .pt or .safetensors file. A CSV file may have a header. Of a table with
            columns z0, z1, … those are taken, and else all.
        name: which array, of a file with several; else the only one, or the one called z, embeddings or x.

    Raises: InvalidInputError: if the file is missing, damaged or of another kind, a row of a CSV file has another number
        of fields than the first, a column is not numeric, or it is not clear which array is meant.
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
    array = np.asarray(_read(Path(path), None, _LABELS))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "fiu" or not bool((array == np.round(array)).all()):
        raise InvalidInputError(
            f"expected one column of whole numbers in {path}; got shape {array.shape}, {array.dtype}"
        )
    return array.astype(np.int64)


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
            with np.load(path, allow_pickle=False) as loaded:
                return np.asarray(_chosen(path, {key: loaded[key] for key in loaded.files}, None, known))
        except InvalidInputError:
            raise
        except Exception as error:  # zipfile, zlib, struct and numpy each have their own for a damaged file
            raise InvalidInputError(
                f"{path} cannot be read as an .npz file ({type(error).__name__}: {error})"
            ) from None
    return read_array(path, name=name)


def _read_csv(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    rows: list[list[float]] = []
    header: list[str] | None = None
    width = None
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for line, fields in enumerate(csv.reader(file), start=1):
                if not fields:
                    continue
                width = len(fields) if width is None else width
                if len(fields) != width:
                    raise InvalidInputError(
                        f"expected {width} fields in every row of {path}, as in the first; line {line} has {len(fields)}"
                    )
                try:
                    rows.append([float(field) for field in fields])
                except ValueError:
                    if rows or header is not None:
                        raise InvalidInputError(_not_a_number(path, line, fields, header)) from None
                    header = fields
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"{path} cannot be read as a CSV file: {error}") from None
    if not rows:
        raise InvalidInputError(f"expected rows of numbers; {path} has none")
    array = np.array(rows)
    return array if header is None else array[:, _columns([field.strip() for field in header], known)]


def _columns(names: list[str], known: tuple[str, ...]) -> list[int]:
    """Which columns of a table are meant: labels by their name, embeddings by z0, z1, …; all, if none is called so."""
    if known is _LABELS:
        chosen = [i for i, own in enumerate(names) if own in known][:1]
    else:
        chosen = [i for i, own in enumerate(names) if re.fullmatch(r"z\d+", own)] if "z0" in names else []
    return chosen or list(range(len(names)))


def _not_a_number(path: Path, line: int, fields: list[str], header: list[str] | None) -> str:
    for i, field in enumerate(fields):
        try:
            float(field)
        except ValueError:
            column = f"column {header[i]!r}" if header is not None else f"column {i}"
            what = "is empty" if not field.strip() else f"is {field!r}"
            return f"expected numbers only; in line {line} of {path}, {column} {what}"
    return f"expected numbers only; line {line} of {path} holds something else"


def _read_parquet(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError:
        raise InvalidInputError("reading .parquet files needs pyarrow: pip install 'noisedim[parquet]'") from None
    except Exception as error:  # pyarrow has many for a damaged file
        raise InvalidInputError(f"{path} cannot be read as a .parquet file ({type(error).__name__}: {error})") from None
    frame = frame.iloc[:, _columns([str(column) for column in frame.columns], known)]
    for column in frame.columns:
        if frame[column].dtype.kind not in "fiu":
            raise InvalidInputError(
                f"expected numeric columns only; column {column!r} of {path} is {frame[column].dtype}"
            )
    return np.asarray(frame.to_numpy())


def _read_torch(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zipfile and torch each have their own
        first = str(error).splitlines()[0] if str(error) else ""
        raise InvalidInputError(
            f"{path} cannot be read as a .pt file of tensors ({type(error).__name__}: {first})"
        ) from None
    if isinstance(loaded, Mapping):
        loaded = _chosen(path, {str(k): v for k, v in loaded.items() if isinstance(v, torch.Tensor)}, name, known)
    if not isinstance(loaded, torch.Tensor):
        raise InvalidInputError(f"expected a tensor, or a dictionary with one, in {path}; got {type(loaded).__name__}")
    return _as_numpy(loaded)


def _read_safetensors(path: Path, name: str | None, known: tuple[str, ...]) -> np.ndarray:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        loaded = load_file(path)
    except (SafetensorError, OSError) as error:
        raise InvalidInputError(f"{path} cannot be read as a .safetensors file ({error})") from None
    return _as_numpy(_chosen(path, loaded, name, known))


def _as_numpy(tensor: Any) -> np.ndarray:
    import torch

    tensor = tensor.detach()
    return np.asarray((tensor.double() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor).numpy())


_READERS: dict[str, Callable[[Path, str | None, tuple[str, ...]], np.ndarray]] = {
    ".npy": _read_numpy,
    ".npz": _read_numpy,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".pt": _read_torch,
    ".safetensors": _read_safetensors,
}
READABLE = tuple(_READERS)
