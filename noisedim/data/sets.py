"""Image sets by name: digits (embedded), shapes (drawn), MNIST and CIFAR in torchvision's layout, pictures, arrays."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.nn import functional

from noisedim.checks import one_of, positive_integer
from noisedim.data.cifar import CIFAR_SETS, JPEG_WORDS, read_cifar, read_cifar_jpeg
from noisedim.data.idx import read_idx
from noisedim.data.pictures import TEST_FOLDERS, is_pictures, read_pictures
from noisedim.data.pixels import unit_pixels
from noisedim.data.shapes import FACTORS, every_shape
from noisedim.errors import DataNotFoundError, InvalidInputError
from noisedim.files import read_array

__all__ = ["ImageSet", "has_test_split", "load_images", "stratified_fold"]

Split = Literal["train", "test", "all"]

# torchvision's folder and class of each IDX data set; both are 28×28, cropped to the 24×24 of the paper's Table 2.
_IDX_SETS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
_CROP = 24


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images with labels.

    Attributes:
        images: uint8 in 0..255 or float32, (n, c, h, w), or (n, features) for rows that are no images.
        labels: int64, (n,), or None.
        name: how results name the data.
        factors: what made each image, int64, (n, k), where that is known; else None.
        factor_names: of the k factors.
    """

    images: torch.Tensor
    labels: torch.Tensor | None
    name: str
    factors: torch.Tensor | None = None
    factor_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.images.dtype not in (torch.uint8, torch.float32) or self.images.ndim not in (2, 4):
            raise InvalidInputError(
                f"images must be uint8 or float32 of shape (n, c, h, w) or (n, features); "
                f"got {tuple(self.images.shape)}, {self.images.dtype}"
            )
        if self.labels is not None and self.labels.shape != (len(self.images),):
            raise InvalidInputError(
                f"labels must have shape ({len(self.images)},), one per image; got {tuple(self.labels.shape)}"
            )
        if self.factors is not None and self.factors.shape != (len(self.images), len(self.factor_names)):
            raise InvalidInputError(
                f"factors must have shape ({len(self.images)}, {len(self.factor_names)}), one row per image and one column "
                f"per name; got {tuple(self.factors.shape)}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: torch.Tensor | slice) -> "ImageSet":
        """The images at ``index``."""
        labels, factors = (None if each is None else each[index] for each in (self.labels, self.factors))
        return ImageSet(self.images[index], labels, self.name, factors, self.factor_names)

    def reduced(self, size: int) -> "ImageSet":
        """The images at ``size`` × ``size`` pixels, each the mean over its area of the original; float32 in [0, 1].

        Raises: InvalidInputError: for rows that are no images, or images smaller than ``size``.
        """
        if self.images.ndim != 4 or min(self.images.shape[-2:]) < size:
            raise InvalidInputError(
                f"data.size={size} needs images of at least that size; got {tuple(self.images.shape)}"
            )
        parts = [functional.adaptive_avg_pool2d(unit_pixels(part), size) for part in self.images.split(4096)]
        return replace(self, images=torch.cat(parts))


def load_images(
    name: str,
    *,
    root: str | Path | None = None,
    split: Split = "train",
    download: bool = False,
    skip: int = 0,
    limit: int | None = None,
) -> ImageSet:
    """The images called ``name``.

    Args:
        name: ``digits`` (scikit-learn's 1,797 images of 8×8, part of the installation, one split), ``shapes``
            (3,072 drawn images of 16×16 with known factors, one split), ``mnist`` or ``fashion-mnist`` (cropped to
            24×24), ``cifar10``, ``cifar100``, ``cifar10-jpeg`` (called "CIFAR-10 (JPEG q75)" in results),
            ``folder:PATH`` or a .tar or .tar.gz of pictures, or the path of an .npy or .npz file (arrays ``images`` and,
            if there, ``labels``).
        root: folder of the data sets, in torchvision's layout; the environment variable NOISEDIM_DATA if omitted.
        split: ``train``, ``test`` or ``all``; digits, shapes and arrays have one split only, which each of them names.
        download: fetch what is missing into ``root`` (through torchvision).
        skip: leave out the first so many images.
        limit: only the first so many images of the others.

    Raises:
        DataNotFoundError: if the data is not there; says where to put it.
        InvalidInputError: for an unknown name, or a damaged file.
    """
    one_of("split", split, ("train", "test", "all"))
    if name == "digits":
        loaded = _digits()
    elif name == "shapes":
        loaded = _shapes()
    elif name in _IDX_SETS:
        loaded = _idx_images(name, root, split, download)
    elif name in (*CIFAR_SETS, "cifar10-jpeg"):
        loaded = _cifar_images(name, root, split, download)
    elif is_pictures(name):
        loaded = _picture_images(name, split)
    elif name.endswith((".npy", ".npz")):
        loaded = _array_images(Path(name))
    else:
        known = ", ".join(("digits", "shapes", *_IDX_SETS, *CIFAR_SETS, "cifar10-jpeg", "folder:PATH"))
        raise InvalidInputError(
            f"data must be one of {known}, the path of a .tar or .tar.gz of pictures, or the path of an .npy or .npz "
            f"file; got {name!r}"
        )
    if skip:
        loaded = loaded.take(slice(positive_integer("skip", skip, minimum=0), None))
        if not len(loaded):
            raise InvalidInputError(f"skip={skip} leaves no image of {name}")
    if limit is not None:
        loaded = loaded.take(slice(positive_integer("limit", limit)))
    return loaded


def has_test_split(name: str) -> bool:
    """Whether the set called ``name`` has test images of its own; of archives it is assumed, as they are not opened."""
    if name.startswith("folder:"):
        return any((Path(name.removeprefix("folder:")) / folder).is_dir() for folder in TEST_FOLDERS)
    return name in (*_IDX_SETS, *CIFAR_SETS, "cifar10-jpeg") or is_pictures(name)


def _digits() -> ImageSet:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    # Sixteen grey levels, 0 to 16.
    images = torch.from_numpy((pixels / 16).astype(np.float32)).view(-1, 1, 8, 8)
    return ImageSet(images, torch.from_numpy(labels.astype(np.int64)), "digits")


def _shapes() -> ImageSet:
    images, grid = every_shape()
    factors = torch.from_numpy(grid)
    return ImageSet(torch.from_numpy(images), factors[:, 0].contiguous(), "shapes", factors, tuple(FACTORS))


def _data_folder(name: str, root: str | Path | None, what: str) -> Path:
    given = root if root is not None else os.environ.get("NOISEDIM_DATA")
    if not given:
        raise DataNotFoundError(
            f"{name} needs a data folder: pass --data-root (root=) or set NOISEDIM_DATA to a folder with {what}"
        )
    return Path(given)


def _cifar_images(name: str, root: str | Path | None, split: str, download: bool) -> ImageSet:
    exact = name in CIFAR_SETS
    what = "torchvision's files of it, or add --download to fetch them there" if exact else "cifar-10-jpeg in it"
    folder = _data_folder(name, root, what)
    parts = []
    for train in {"train": [True], "test": [False], "all": [True, False]}[split]:
        parts.append(
            read_cifar(name, folder, train=train, download=download) if exact else read_cifar_jpeg(folder, train=train)
        )
    images, labels = (np.concatenate(arrays) if len(arrays) > 1 else arrays[0] for arrays in zip(*parts, strict=True))
    return ImageSet(torch.from_numpy(images), torch.from_numpy(labels), name if exact else JPEG_WORDS)


def _picture_images(name: str, split: str) -> ImageSet:
    path = Path(name.removeprefix("folder:").removeprefix("tar:"))
    pictures = read_pictures(path)
    if split == "test" and not pictures.has_test:
        raise DataNotFoundError(f"expected folders train/ and test/ (or val/) in {path}; there is no test/")
    own = {"train": ~pictures.is_test, "test": pictures.is_test, "all": np.ones_like(pictures.is_test)}[split]
    if not own.any():
        raise DataNotFoundError(f"expected folders train/ and test/ in {path}; there is no train/")
    images, labels = (each if own.all() else each[own] for each in (pictures.images, pictures.labels))
    # One class says nothing of any picture.
    known = torch.from_numpy(labels) if len(pictures.classes) > 1 else None
    return ImageSet(torch.from_numpy(images), known, path.name.partition(".tar")[0])


def _idx_images(name: str, root: str | Path | None, split: str, download: bool) -> ImageSet:
    folder_name = _IDX_SETS[name]
    given = root if root is not None else os.environ.get("NOISEDIM_DATA")
    where = f"<root>/{folder_name}/raw/"
    if not given:
        raise DataNotFoundError(
            f"{name} needs a data folder: pass --data-root (root=) or set NOISEDIM_DATA to a folder with the four "
            f"IDX files in {where}, or add --download to fetch them there"
        )
    folder = Path(given)
    if download:
        from torchvision import datasets

        getattr(datasets, folder_name)(str(folder), download=True)
    parts = []
    for prefix in {"train": ["train"], "test": ["t10k"], "all": ["train", "t10k"]}[split]:
        files = [
            _idx_file(folder / folder_name / "raw", f"{prefix}-{kind}", name, where)
            for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
        ]
        images, labels = (read_idx(file) for file in files)
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise InvalidInputError(
                f"expected n images and n labels; {files[0].name} holds {images.shape}, {files[1].name} {labels.shape}"
            )
        parts.append((images, labels))
    pixels = torch.from_numpy(np.concatenate([images for images, _ in parts]))[:, None]
    margin = (pixels.shape[-1] - _CROP) // 2
    pixels = pixels[:, :, margin : margin + _CROP, margin : margin + _CROP].contiguous()
    classes = torch.from_numpy(np.concatenate([labels for _, labels in parts]).astype(np.int64))
    return ImageSet(pixels, classes, name)


def _idx_file(folder: Path, stem: str, name: str, where: str) -> Path:
    for candidate in (folder / stem, folder / f"{stem}.gz"):
        if candidate.is_file():
            return candidate
    raise DataNotFoundError(
        f"{name} is not complete: there is no {stem} or {stem}.gz in {folder}. Put the four IDX files (.gz or not) "
        f"into {where}, or add --download to fetch them there"
    )


def _array_images(path: Path) -> ImageSet:
    images = read_array(path)
    if images.ndim == 3:
        images = images[:, None]
    if images.dtype != np.uint8:
        if images.dtype.kind not in "fiu":
            raise InvalidInputError(f"images must be numbers; {path} holds {images.dtype}")
        images = images.astype(np.float32)
        if not np.isfinite(images).all():
            bad = ~np.isfinite(images).reshape(len(images), -1).all(1)
            raise InvalidInputError(
                f"images must be finite; {bad.sum()} of {len(images)} in {path} hold NaN or infinity, "
                f"the first is image {int(bad.argmax())}"
            )
        if images.ndim == 4 and images.size and not 0 <= images.min() <= images.max() <= 1:
            raise InvalidInputError(
                f"images must be uint8, or numbers in [0, 1]; {path} holds {images.min():.4g} to {images.max():.4g}. "
                "Scale them, or give rows of features, (n, features), which may be any numbers"
            )
    labels = None
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            has_labels = "labels" in archive.files
        if has_labels:
            labels = torch.from_numpy(_whole_numbers(path, read_array(path, name="labels")))
    return ImageSet(torch.from_numpy(np.ascontiguousarray(images)), labels, path.stem)


def _whole_numbers(path: Path, labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind not in "biuf" or not (np.isfinite(labels).all() and (labels == np.round(labels)).all()):
        raise InvalidInputError(f"labels must be whole numbers; array 'labels' of {path} holds others ({labels.dtype})")
    return labels.astype(np.int64)


def stratified_fold(labels: np.ndarray, fold: int, *, folds: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Indices that train and indices held out, for one of ``folds`` stratified folds.

    Args:
        labels: (n,) integers; classes are spread evenly over the folds.
        fold: which one is held out, from 0.
        folds: how many.
        seed: of the shuffle; equal seeds give disjoint folds that cover everything.

    Returns: two sorted int64 arrays.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = positive_integer("folds", folds, minimum=2)
    if not 0 <= fold < folds:
        raise InvalidInputError(f"fold must be from 0 to {folds - 1}; got {fold!r}")
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(labels)), labels))[fold]
