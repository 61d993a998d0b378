"""Arrays in files by name: NumPy, PyTorch, safetensors, HDF5 and Zarr. Nothing is unpickled."""

import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.checks import tensor_values
from noisedim.columns import EMBEDDING_NAMES, LABEL_NAMES, Chosen, choose_columns, is_label, listed
from noisedim.errors import InvalidInputError, words_of
from noisedim.files import refuse_bomb

__all__ = ["Wanted", "read_hdf5", "read_npy", "read_npz", "read_safetensors", "read_torch", "read_zarr"]


class Wanted:
    """Which array of several is meant: by name, or by what embeddings or labels are usually called."""

    def __init__(self, name: str | None, *, labels: bool) -> None:
        self.name = name
        self.labels = labels

    def choose(self, path: Path, shapes: Mapping[str, tuple[int, ...]]) -> str:
        """One of the named arrays.

        Raises: InvalidInputError: if the name is not among them, or if it is not clear which is meant.
        """
        if self.name is not None:
            if self.name not in shapes:
                raise InvalidInputError(f"{path} has no array {self.name!r}; it has {listed(list(shapes))}")
            return self.name
        if len(shapes) == 1:
            return next(iter(shapes))
        last = {own: own.rsplit("/", 1)[-1].lower() for own in shapes}
        if self.labels:
            found = [own for name in LABEL_NAMES for own in shapes if last[own] == name]
        else:
            usual = [own for name in EMBEDDING_NAMES for own in shapes if last[own] == name]
            matrices = [own for own, shape in shapes.items() if len(shape) == 2 and not is_label(own)]
            # Two arrays of one usual name, such as train/features and test/features, are not one answer.
            found = [own for own in usual if last[own] == last[usual[0]]] or matrices
        if len(found) == 1:
            return found[0]
        usual_words = "labels" if self.labels else "z or embeddings"
        hint = f"; say which by name (--name {found[0]})" if found else ""
        raise InvalidInputError(
            f"expected one array, or one called {usual_words}; {path} holds {listed(list(shapes))}{hint}"
        )

    def of(self, path: Path, arrays: Mapping[str, Any], values: Callable[[Any], np.ndarray] = np.asarray) -> Chosen:
        """The chosen one of arrays that have shapes."""
        chosen = self.choose(path, {own: tuple(array.shape) for own, array in arrays.items()})
        left_out = {own: "a label" if is_label(own) else "not asked for" for own in arrays if own != chosen}
        return Chosen(values(arrays[chosen]), (chosen,) if chosen else (), left_out)


def read_npy(path: Path, wanted: Wanted) -> Chosen:
    """The matrix of an .npy file, mapped to memory: what is not used is not read."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # struct, numpy and the operating system each have their own for a damaged file
        raise _unreadable(path, error) from None
    if array.dtype.names and array.ndim:
        columns = [(own, np.asarray(array[own])) for own in array.dtype.names]
        return choose_columns(str(path), columns, wanted.name)
    return Chosen(array)


def read_npz(path: Path, wanted: Wanted) -> Chosen:
    """One array of an .npz file; the others are not read."""
    try:
        # NumPy leaves the file open when it gives a damaged archive up, so it is opened here.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as loaded:
            shapes = {own: _shape_in_archive(loaded, own) for own in loaded.files}
            chosen = wanted.choose(path, shapes)
            left_out = {own: "a label" if is_label(own) else "not asked for" for own in loaded.files if own != chosen}
            refuse_bomb(path, loaded.zip, chosen)
            return Chosen(loaded[chosen], (chosen,), left_out)
    except InvalidInputError:
        raise
    except Exception as error:  # zipfile, zlib, struct and numpy each have their own for a damaged file
        raise _unreadable(path, error) from None


def _shape_in_archive(loaded: Any, name: str) -> tuple[int, ...]:
    with loaded.zip.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        return tuple(read(member)[0])


def _unreadable(path: Path, error: Exception) -> InvalidInputError:
    why = "it holds objects, and nothing is unpickled" if "allow_pickle" in str(error) else words_of(error)
    return InvalidInputError(
        f"expected an {path.suffix} file of numbers; {path} cannot be read as one ({type(error).__name__}: {why})"
    )


def read_torch(path: Path, wanted: Wanted) -> Chosen:
    """A tensor or array, one by name, or batches of them put together, from what torch.save wrote."""
    import torch

    try:
        with torch.serialization.safe_globals(_numpy_globals()):
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zipfile and torch each have their own, and advice to unpickle that is not ours
        refused = isinstance(error, pickle.UnpicklingError)
        what = "it holds more than tensors, and nothing is unpickled" if refused else "it is damaged"
        raise InvalidInputError(
            f"{path} cannot be read as a {path.suffix} file of tensors: {what} ({type(error).__name__})"
        ) from None
    arrays = dict(_arrays(path, "", loaded))
    if not arrays:
        raise InvalidInputError(
            f"expected a tensor, or a dictionary or list of such, in {path}; got {type(loaded).__name__}"
        )
    return wanted.of(path, arrays)


def _numpy_globals() -> list[Any]:
    """What torch needs to know to be able to rebuild NumPy's arrays of numbers; none of it runs code of the file."""
    from numpy._core.multiarray import _reconstruct, scalar

    kinds = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")]
    old_names: list[Any] = [
        (_reconstruct, "numpy.core.multiarray._reconstruct"),
        (scalar, "numpy.core.multiarray.scalar"),
    ]
    return [np.ndarray, np.dtype, *kinds, _reconstruct, scalar, *old_names]


def _arrays(path: Path, name: str, value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """All arrays in nested dictionaries and lists, by their keys; a list of batches is one array."""
    import torch

    if isinstance(value, torch.Tensor):
        yield name, tensor_values(str(path), value)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        yield name, value
    elif isinstance(value, Mapping):
        for key, own in value.items():
            yield from _arrays(path, f"{name}/{key}" if name else str(key), own)
    elif isinstance(value, list | tuple) and value:
        yield from _batches(path, name, list(value))


def _batches(path: Path, name: str, batches: list[Any]) -> Iterator[tuple[str, np.ndarray]]:
    parts = [dict(_arrays(path, "", batch)) for batch in batches]
    if any(part.keys() != parts[0].keys() for part in parts) or not parts[0]:
        return
    # A pair (features, labels) is not two batches: its arrays differ in shape.
    whole = [part[""] for part in parts if "" in part]
    ranks = {array.ndim for array in whole}
    if whole and (len(ranks) > 1 or 0 in ranks or (len(whole) == 2 and _is_pair(*whole))):
        for key, array in zip(("features", "labels"), whole, strict=False):
            yield f"{name}/{key}" if name else key, array
        return
    for key in parts[0]:
        own = f"{name}/{key}" if name and key else name or key
        arrays = [part[key] for part in parts]
        with suppress(ValueError):  # of several widths: not batches of one array
            one_row_each = all(array.ndim == 1 for array in arrays) and not is_label(own)
            yield own, np.stack(arrays) if one_row_each else np.concatenate(arrays)


def _is_pair(first: np.ndarray, second: np.ndarray) -> bool:
    return first.ndim == 2 and len(first) == len(second) and second.ndim == 2 and second.shape[1] == 1


def read_safetensors(path: Path, wanted: Wanted) -> Chosen:
    """One tensor of a .safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        loaded = load_file(path)
    except (SafetensorError, OSError) as error:
        raise InvalidInputError(f"{path} cannot be read as a .safetensors file ({words_of(error)})") from None
    return wanted.of(path, loaded, lambda tensor: tensor_values(str(path), tensor))


def read_hdf5(path: Path, wanted: Wanted) -> Chosen:
    """One data set of an HDF5 file; the others are not read."""
    try:
        import h5py
    except ImportError:
        raise InvalidInputError(f"reading {path.suffix} files needs h5py: pip install 'noisedim[hdf5]'") from None
    try:
        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {}
            file.visititems(lambda own, item: found.update({own: item}) if isinstance(item, h5py.Dataset) else None)
            numeric = {own: item for own, item in found.items() if item.dtype.kind in "fiu"}
            return wanted.of(path, numeric, lambda item: item[()])
    except InvalidInputError:
        raise
    except Exception as error:  # h5py has many for a damaged file
        raise InvalidInputError(f"{path} cannot be read as an HDF5 file ({words_of(error)})") from None


def read_zarr(path: Path, wanted: Wanted) -> Chosen:
    """One array of a Zarr folder; the others are not read."""
    try:
        import zarr
    except ImportError:
        raise InvalidInputError("reading .zarr folders needs zarr: pip install 'noisedim[zarr]'") from None
    try:
        opened = zarr.open(str(path), mode="r")
        return wanted.of(path, dict(_zarr_arrays("", opened)), lambda array: np.asarray(array[...]))
    except InvalidInputError:
        raise
    except Exception as error:  # its versions have their own for what is no Zarr folder
        raise InvalidInputError(
            f"{path} cannot be read as a Zarr folder ({type(error).__name__}: {words_of(error)})"
        ) from None


def _zarr_arrays(name: str, opened: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(opened, "shape"):
        yield name, opened
        return
    for key in sorted(opened.keys()):
        yield from _zarr_arrays(f"{name}/{key}" if name else key, opened[key])
