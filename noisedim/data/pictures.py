"""Folders and tar archives of picture files, one folder per class, decoded once and kept as bytes.

Layouts: ``train/CLASS/NAME.jpg`` and ``test/CLASS/NAME.jpg`` (or ``val``), or ``CLASS/NAME.jpg`` alone; or, without
classes, ``NAME.jpg``. Archives are read, never unpacked, so nothing that they hold can land anywhere.
"""

import hashlib
import io
import tarfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from noisedim.errors import DataNotFoundError, InvalidInputError, words_of
from noisedim.files import cache_folder, cached_arrays

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

__all__ = ["ARCHIVES", "TEST_FOLDERS", "Pictures", "is_pictures", "read_pictures"]

ARCHIVES = (".tar", ".tar.gz", ".tgz")
_KINDS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".pgm")
_TRAIN = "train"
TEST_FOLDERS = ("test", "val", "valid", "validation")
# Raised when decoding changes, so that what an older version kept is not used.
_FORMAT = 1
_LARGEST_FILE = 64 * 2**20
_MOST_PIXELS = 4096 * 4096


@dataclass(frozen=True, eq=False)
class Pictures:
    """Decoded pictures.

    Attributes:
        images: (n, c, h, w) uint8, c = 1 or 3.
        labels: (n,) int64, the index of each picture's class in ``classes``.
        classes: their names, sorted.
        is_test: (n,) bool; all false where there is no test folder.
        has_test: whether there is one.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    is_test: np.ndarray

    @property
    def has_test(self) -> bool:
        """Whether some of them are test pictures."""
        return bool(self.is_test.any())


def is_pictures(name: str) -> bool:
    """Whether ``name`` names a folder or an archive: ``folder:PATH``, ``tar:PATH``, or the path of a .tar or .tar.gz."""
    return name.startswith(("folder:", "tar:")) or name.endswith(ARCHIVES)


def read_pictures(path: Path) -> Pictures:
    """All pictures of a folder or an archive, sorted by split, class and name; from the cache if they are unchanged.

    Raises:
        DataNotFoundError: if there is no such folder or file, or no picture in it.
        InvalidInputError: for a damaged picture or archive, pictures of several sizes, grey pictures among coloured ones,
            or pictures outside a class together with pictures in one.
    """
    if not path.exists():
        raise DataNotFoundError(f"expected a folder of pictures or a .tar or .tar.gz of them; there is no {path}")
    kept = cache_folder() / "pictures" / f"{_fingerprint(path)}.npz"

    def make() -> dict[str, np.ndarray]:
        found = _decoded(path)
        classes = np.array(found.classes)
        return {"images": found.images, "labels": found.labels, "classes": classes, "is_test": found.is_test}

    arrays = cached_arrays(kept, make, names=("images", "labels", "classes", "is_test"))
    return Pictures(arrays["images"], arrays["labels"], tuple(arrays["classes"].tolist()), arrays["is_test"])


def _fingerprint(path: Path) -> str:
    """Names, sizes and times of what would be read."""
    digest = hashlib.sha256(f"{_FORMAT} {path.resolve()}".encode())
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    for file in files:
        about = file.stat()
        digest.update(f"\n{file.relative_to(path)} {about.st_size} {about.st_mtime_ns}".encode())
    return digest.hexdigest()[:24]


def _files(path: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            name = PurePosixPath(file.relative_to(path).as_posix())
            if _is_wanted(name) and file.is_file():
                _check_size(path, name, file.stat().st_size)
                yield name, file.read_bytes()
        return
    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if _is_wanted(name) and member.isfile() and (content := archive.extractfile(member)) is not None:
                    _check_size(path, name, member.size)
                    yield name, content.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        # gzip and zlib errors are among them.
        raise InvalidInputError(
            f"expected a .tar or .tar.gz of pictures; {path} cannot be read: {words_of(error)}"
        ) from None


def _is_wanted(name: PurePosixPath) -> bool:
    return name.suffix.lower() in _KINDS and not name.name.startswith(".")


def _check_size(path: Path, name: PurePosixPath, size: int) -> None:
    if size > _LARGEST_FILE:
        raise InvalidInputError(
            f"expected pictures of at most {_LARGEST_FILE >> 20} MiB; {name} in {path} has {size / 2**20:,.0f} MiB"
        )


def _opened(content: bytes) -> "ImageFile":
    from PIL import Image

    with warnings.catch_warnings():
        # Pillow warns of large pictures as it opens them; the limit here is lower, and refuses.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(content))
        except Image.DecompressionBombError as error:
            raise ValueError(str(error)) from None


def _place(path: Path, name: PurePosixPath) -> tuple[bool, str]:
    """Whether it is a test picture, and its class."""
    parts = [part for part in name.parts[:-1] if part != "."]
    for i, part in enumerate(parts):
        if part == _TRAIN or part in TEST_FOLDERS:
            parts = parts[i:]
            break
    split, classes = (parts[0], parts[1:]) if parts and parts[0] in (_TRAIN, *TEST_FOLDERS) else (_TRAIN, parts[-1:])
    return split != _TRAIN, "/".join(classes)


def _decoded(path: Path) -> Pictures:
    from PIL import UnidentifiedImageError

    found: list[tuple[bool, str, str, np.ndarray]] = []
    for name, content in _files(path):
        is_test, label = _place(path, name)
        try:
            with _opened(content) as picture:
                # The header says the size; decoding comes after.
                if picture.width * picture.height > _MOST_PIXELS:
                    raise InvalidInputError(
                        f"expected pictures of at most {_MOST_PIXELS:,} pixels; {name} in {path} has "
                        f"{picture.width}×{picture.height}. Resize it first"
                    )
                picture.load()
                mode, pixels = picture.mode, np.asarray(picture)
        except InvalidInputError:
            raise
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            raise InvalidInputError(f"{name} in {path} is no picture, or damaged: {words_of(error)}") from None
        if mode not in ("L", "RGB"):
            raise InvalidInputError(f"pictures must be grey or RGB, 8 bits per channel; {name} in {path} is {mode}")
        found.append((is_test, label, str(name), pixels))
    if not found:
        raise DataNotFoundError(f"there is no picture in {path}; expected CLASS/NAME with {', '.join(_KINDS)}")
    found.sort(key=lambda each: each[:3])
    _check_alike(path, found)
    classes = tuple(sorted({label for _, label, _, _ in found}))
    if "" in classes and len(classes) > 1:
        stray = next(name for _, label, name, _ in found if not label)
        raise InvalidInputError(
            f"expected CLASS/NAME.jpg or train/CLASS/NAME.jpg in {path}, or pictures without classes alone; got {stray}"
        )
    number = {label: i for i, label in enumerate(classes)}
    pixels = np.stack([pixels for *_, pixels in found])
    return Pictures(
        np.ascontiguousarray(pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)),
        np.array([number[label] for _, label, _, _ in found], dtype=np.int64),
        classes,
        np.array([is_test for is_test, *_ in found]),
    )


def _check_alike(path: Path, found: list[tuple[bool, str, str, np.ndarray]]) -> None:
    grey = [name for *_, name, pixels in found if pixels.ndim == 2]
    if grey and len(grey) < len(found):
        raise InvalidInputError(
            f"pictures must be all grey or all RGB; {len(grey)} of {len(found)} in {path} are grey, the first is {grey[0]}"
        )
    first = found[0]
    other = next((each for each in found if each[3].shape != first[3].shape), None)
    if other is not None:
        (height, width), (other_height, other_width) = first[3].shape[:2], other[3].shape[:2]
        raise InvalidInputError(
            f"pictures must have one size; in {path}, {first[2]} has {width}×{height} pixels and {other[2]} "
            f"{other_width}×{other_height}. Resize them first"
        )
