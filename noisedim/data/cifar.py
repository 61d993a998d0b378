"""CIFAR-10 and CIFAR-100 as torchvision keeps them, and CIFAR-10 from JPEG files, which is another data set."""

from pathlib import Path

import numpy as np

from noisedim.data.pictures import read_pictures
from noisedim.errors import DataNotFoundError, InvalidInputError

__all__ = ["CIFAR_SETS", "JPEG_WORDS", "read_cifar", "read_cifar_jpeg"]

# torchvision's class of each; it checks the files' digests before it unpickles them.
CIFAR_SETS = {"cifar10": "CIFAR10", "cifar100": "CIFAR100"}
JPEG_WORDS = "CIFAR-10 (JPEG q75)"
_JPEG_FOLDER = "cifar-10-jpeg"


def read_cifar(name: str, root: Path, *, train: bool, download: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3, 32, 32) uint8 and labels (n,) int64 of one split; CIFAR-100's fine labels.

    Raises: DataNotFoundError: if the files are not there, or not those that torchvision knows.
    """
    from torchvision import datasets

    make = getattr(datasets, CIFAR_SETS[name])
    try:
        data = make(str(root), train=train, download=download)
    except RuntimeError:
        folder = root / make.base_folder
        state = "are not the published ones" if folder.is_dir() else "are not there"
        raise DataNotFoundError(
            f"{name} is not complete: its files in {folder} {state}. Unpack {make.filename} (MD5 {make.tgz_md5}) into "
            f"{root}, or add --download to fetch it"
        ) from None
    images = np.ascontiguousarray(np.asarray(data.data).transpose(0, 3, 1, 2))
    return images, np.asarray(data.targets, dtype=np.int64)


def read_cifar_jpeg(root: Path, *, train: bool) -> tuple[np.ndarray, np.ndarray]:
    """CIFAR-10 after JPEG compression, in the original order: images (n, 3, 32, 32) uint8 and labels (n,) int64.

    From ``cifar-10-jpeg/cifar-10-jpeg.tar.gz``, in which picture k of a class is the k-th of that class in the original
    order, and the files ``train_labels.u8`` and ``test_labels.u8``, one byte per image in that order.

    Raises:
        DataNotFoundError: if a file is not there.
        InvalidInputError: if the label file has other counts of the classes than the archive.
    """
    folder = root / _JPEG_FOLDER
    archive, label_file = folder / f"{_JPEG_FOLDER}.tar.gz", folder / f"{'train' if train else 'test'}_labels.u8"
    for file in (archive, label_file):
        if not file.is_file():
            raise DataNotFoundError(f"cifar10-jpeg is not complete: there is no {file.name} in {folder}")
    pictures = read_pictures(archive)
    own = np.flatnonzero(pictures.is_test != train)
    labels = np.frombuffer(label_file.read_bytes(), np.uint8).astype(np.int64)
    counts, sorted_counts = (np.bincount(each, minlength=10) for each in (labels, pictures.labels[own]))
    if len(counts) != len(sorted_counts) or (counts != sorted_counts).any():
        raise InvalidInputError(
            f"{label_file.name} must count the classes of {archive.name}, {sorted_counts.tolist()}; got {counts.tolist()}"
        )
    # Pictures are sorted by class and number; a stable sort of the labels says where each belongs.
    order = np.empty(len(labels), dtype=np.int64)
    order[np.argsort(labels, kind="stable")] = own
    return pictures.images[order], labels
