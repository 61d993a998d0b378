"""Files: written whole or not at all, read with one clear error."""

import contextlib
import errno
import hashlib
import json
import math
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from noisedim.errors import InvalidInputError, StorageError, words_of

__all__ = [
    "cache_folder",
    "cached_arrays",
    "read_array",
    "read_json",
    "refuse_bomb",
    "sole_writer",
    "write_arrays_atomically",
    "write_atomically",
    "write_json_atomically",
    "write_text_atomically",
]

# Far above any file of noisedim's own.
_LARGEST_JSON = 256 * 2**20
# Of 2^64, with its sign.
_MOST_DIGITS = 20
# Numbers that were measured hardly compress; what shrinks this much, and is large, is no array that anyone stored.
_MOST_COMPRESSION, _LARGEST_UNCHECKED = 100, 256 * 2**20


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Let ``write`` fill a new file, then put it at ``path`` in one step.

    A reader, or a process killed at any moment, sees the old file or the new one, never a part.

    Raises: StorageError: if the disk is full or the folder cannot be written; the old file is intact.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner reads; others' umask applies to ours as to any file.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise StorageError(f"{path} could not be written: {what}; what was there before is intact") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):  # the error that brought us here says more
                temporary.unlink()


def _sync_folder(folder: Path) -> None:
    # The rename itself must survive a power cut. Some systems cannot open folders; there it is left to them.
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text; see :func:`write_atomically`."""

    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    write_atomically(path, write)


def write_json_atomically(path: Path, value: Any) -> None:
    """Write JSON, keys sorted; NaN and infinities become null, which every JSON reader takes."""
    write_text_atomically(path, json.dumps(_plain(value), indent=1, sort_keys=True, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def read_json(path: Path) -> Any:
    """Read JSON whose numbers fit the computer's: integers of 64 bits, finite floating-point numbers.

    Raises: InvalidInputError: if the file is missing, unreadable, too large, or not such JSON.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise InvalidInputError(f"expected a JSON file of at most {_LARGEST_JSON >> 20} MiB; {path} is larger")
        text = path.read_text(encoding="utf-8")
        return json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_number)
    except FileNotFoundError:
        raise InvalidInputError(f"expected a JSON file; there is no {path}") from None
    except InvalidInputError as error:
        raise InvalidInputError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    except RecursionError:
        raise InvalidInputError(f"expected a JSON file; {path} is nested too deeply") from None
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"expected a JSON file; {path} cannot be read: {words_of(error)}") from None


def _integer(text: str) -> int:
    # The length first: int() of very many digits takes long, or is refused by Python.
    if len(text) <= _MOST_DIGITS and -(2**63) <= (value := int(text)) < 2**64:
        return value
    raise InvalidInputError(f"an integer of {len(text)} digits fits no 64 bits")


def _number(text: str) -> float:
    if math.isfinite(value := float(text)):
        return value
    raise InvalidInputError(f"{text[:20]} is no finite number; null stands for a missing one")


def read_array(path: Path, *, name: str | None = None) -> np.ndarray:
    """Read one array from an .npy or .npz file, without unpickling anything.

    Args:
        path: the file.
        name: which array of an .npz; needed if it holds several and none is called images, x or z.

    Raises: InvalidInputError: if the file is missing, truncated, of another kind, or does not say which array is meant.
    """
    path = Path(path)
    if path.suffix not in (".npy", ".npz"):
        raise InvalidInputError(f"expected an .npy or .npz file; got {path}")
    try:
        # NumPy leaves the file open when it gives a damaged archive up, so it is opened here.
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if path.suffix == ".npy":
                return loaded
            names = list(loaded.files)
            chosen = name if name is not None else _only_array(path, names)
            if chosen not in names:
                raise InvalidInputError(f"{path} has no array {chosen!r}; it has {', '.join(names) or 'none'}")
            refuse_bomb(path, loaded.zip, chosen)
            return loaded[chosen]
    except FileNotFoundError:
        raise InvalidInputError(f"expected an array file; there is no {path}") from None
    except InvalidInputError:
        raise
    except Exception as error:  # zipfile, zlib, struct and numpy each have their own for a damaged file
        why = "it holds objects, and nothing is unpickled" if "allow_pickle" in str(error) else words_of(error)
        raise InvalidInputError(
            f"expected an .npy or .npz file of numbers; {path} cannot be read as one ({type(error).__name__}: {why})"
        ) from None


def refuse_bomb(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an array of an .npz file that would take far more memory than its file, before it is read.

    Raises: InvalidInputError: if array ``name`` is larger than 256 MiB and was compressed to less than a hundredth.
    """
    member = archive.getinfo(f"{name}.npy")
    if member.file_size > max(_LARGEST_UNCHECKED, _MOST_COMPRESSION * member.compress_size):
        raise InvalidInputError(
            f"{name!r} in {path} would take {member.file_size / 2**20:,.0f} MiB, {member.file_size // member.compress_size:,} "
            f"times its size in the file, which no measured numbers do; store it as .npy if it is meant so"
        )


def write_arrays_atomically(path: Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write named arrays as an .npz file; see :func:`write_atomically`."""
    save: Callable[..., None] = np.savez_compressed if compressed else np.savez
    write_atomically(path, lambda file: save(file, **arrays))


def cache_folder() -> Path:
    """Where files are kept that only save time: NOISEDIM_CACHE, else the user's cache folder of the platform."""
    if given := os.environ.get("NOISEDIM_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "noisedim" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "noisedim"
    return Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "noisedim"


@contextlib.contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Keep a file to which records are added for this process: of two that add to what they read, the last would win.

    The lock is one of this machine and ends with the process. It stands in the cache, not beside the file; where the cache
    cannot be written, there is none.

    Raises: InvalidInputError: if another process holds it.
    """
    from filelock import FileLock, Timeout

    name = hashlib.sha256(str(Path(path).resolve()).encode()).hexdigest()[:32]
    lock = FileLock(cache_folder() / "locks" / f"{name}.lock")
    with contextlib.suppress(OSError):
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InvalidInputError(
                f"another process adds to {path}; let it end, or write to another file: two that add to one lose records"
            ) from None
    try:
        yield
    finally:
        lock.release()


def cached_arrays(
    path: Path, make: Callable[[], Mapping[str, np.ndarray]], *, names: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """Named arrays, from the .npz file at ``path`` if it is intact and has all of ``names``; else made, and kept there.

    The file only saves time: where it cannot be written, the arrays are made and returned all the same. Of several
    processes that want the same file, one makes it and the others wait.
    """
    from filelock import FileLock

    found, made = _intact_arrays(path, names), None
    if found is not None:
        return found
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            found = _intact_arrays(path, names)
            if found is None:
                made = dict(make())
                write_arrays_atomically(path, made)
    if found is not None:
        return found
    return dict(make()) if made is None else made


def _intact_arrays(path: Path, names: Collection[str]) -> dict[str, np.ndarray] | None:
    """``None`` if the file is missing, damaged (each array has a checksum) or lacks one of ``names``."""
    with contextlib.suppress(Exception), path.open("rb") as file, np.load(file, allow_pickle=False) as loaded:
        found = {name: loaded[name] for name in loaded.files}
        return found if set(names) <= set(found) else None
    return None


def _only_array(path: Path, names: list[str]) -> str:
    known = [name for name in ("images", "x", "z") if name in names]
    if len(known) == 1:
        return known[0]
    if len(names) == 1:
        return names[0]
    raise InvalidInputError(
        f"expected one array, or one called images, x or z; {path} holds {', '.join(names) or 'none'}"
    )
