"""Which images of a run train and which judge."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from noisedim.data import ImageSet, load_images, stratified_fold
from noisedim.data.sets import has_test_split
from noisedim.errors import InvalidInputError
from noisedim.training import TrainConfig

__all__ = ["RunSplit", "split_images"]


@dataclass(frozen=True)
class RunSplit:
    """The images of a run and which of them train.

    Attributes:
        images: all images.
        train: indices of the images that train, int64.
        held_out: indices of the other images, except those of a class that is left out; empty if all images train.
    """

    images: ImageSet
    train: np.ndarray
    held_out: np.ndarray

    @property
    def train_images(self) -> torch.Tensor:
        """The images that train."""
        return self.images.images[torch.from_numpy(self.train)]

    @property
    def train_labels(self) -> torch.Tensor | None:
        """Their labels, if there are any."""
        return None if self.images.labels is None else self.images.labels[torch.from_numpy(self.train)]

    @property
    def measured(self) -> np.ndarray:
        """Indices of the images that judge: the held-out ones, or those that train where none are held out."""
        return self.held_out if len(self.held_out) else self.train

    @property
    def measured_on(self) -> str:
        """Which images :attr:`measured` are: ``held-out`` or ``training``."""
        return "held-out" if len(self.held_out) else "training"


def split_images(config: TrainConfig, data_root: str | Path | None = None) -> RunSplit:
    """Loads the data of ``config`` and splits it as ``config.data`` says.

    Raises: InvalidInputError: if the class to leave out is not in the data, or is the only one.
    """
    split = _split(config, data_root)
    if config.data.size is None:
        return split
    return replace(split, images=split.images.reduced(config.data.size))


def _split(config: TrainConfig, data_root: str | Path | None) -> RunSplit:
    data = config.data
    images = load_images(data.name, root=data_root, skip=data.skip, limit=data.limit)
    if data.test_split and not data.validate:
        return _with_test_images(config, images, data_root)
    everything = np.arange(len(images.images))
    labels = images.labels.numpy() if images.labels is not None else np.zeros(len(everything), dtype=np.int64)
    kept = _without_class(everything, labels, config)
    if data.test_split:
        train_part, held_out = _validation(labels[kept])
        return RunSplit(images, kept[train_part], kept[held_out])
    if data.fold is None:
        return RunSplit(images, kept, kept[:0])
    if data.clean_folds:
        divided, always = (kept[part] for part in _validation(labels[kept]))
    else:
        divided, always = kept, kept[:0]
    train_index, held_out = (divided[part] for part in stratified_fold(labels[divided], data.fold, folds=data.folds))
    train_index = np.sort(np.concatenate([train_index, always]))
    if data.validate:
        inner_train, inner_held_out = stratified_fold(labels[train_index], 0)
        return RunSplit(images, train_index[inner_train], train_index[inner_held_out])
    return RunSplit(images, train_index, held_out)


def _validation(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the images of a set with test images of its own: those that train, and those by which settings are chosen."""
    return stratified_fold(labels, 0)


def _with_test_images(config: TrainConfig, train: ImageSet, data_root: str | Path | None) -> RunSplit:
    if not has_test_split(config.data.name):
        raise InvalidInputError(f"data.test_split needs test images of the set's own; {config.data.name!r} has none")
    test = load_images(config.data.name, root=data_root, split="test")
    labels = None
    if train.labels is not None and test.labels is not None:
        labels = torch.cat([train.labels, test.labels])
    images = ImageSet(torch.cat([train.images, test.images]), labels, train.name)
    everything = np.arange(len(images))
    known = np.zeros(len(images), dtype=np.int64) if labels is None else labels.numpy()
    kept = _without_class(everything, known, config)
    return RunSplit(images, kept[kept < len(train)], kept[kept >= len(train)])


def _without_class(everything: np.ndarray, labels: np.ndarray, config: TrainConfig) -> np.ndarray:
    left_out = config.data.without_class
    if left_out is None:
        return everything
    kept = everything[labels != left_out]
    if len(kept) in (0, len(everything)):
        raise InvalidInputError(
            f"data.without_class must be one of several classes of {config.data.name!r}, "
            f"which are {', '.join(map(str, np.unique(labels)))}; got {left_out}"
        )
    return kept
