"""Which images a run trains on."""

from dataclasses import dataclass, field

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.training.config.stored import ADDED_LATER

__all__ = ["DataConfig"]


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which images, and which of them train."""

    name: str = "digits"
    """digits (embedded), shapes (drawn), mnist, fashion-mnist, cifar10, cifar100, cifar10-jpeg, folder:PATH of
    class/name.jpg (or of train/ and test/), the path of a .tar or .tar.gz of such, or of an .npy/.npz file of images."""
    fold: int | None = None
    """Leave this stratified fold out of training, to measure on it; all images train if omitted."""
    folds: int = 5
    """How many folds there are."""
    validate: bool = False
    """Leave the fold out altogether and measure on a fifth of the other images, which then does not train: to choose
    settings without a look at the images that judge them."""
    test_split: bool = False
    """Train on the set's training images and measure on its own test images (cifar, mnist, folders with train/ and
    test/). With validate: on a fifth of its training images, which then does not train."""
    skip: int = 0
    """Leave out the first so many training images."""
    limit: int | None = None
    """Use only the first so many images (after those left out); of a test split all are used."""
    size: int | None = field(default=None, metadata=ADDED_LATER)
    """Reduce images to so many pixels a side, by means over areas; as they are if omitted."""
    clean_folds: bool = field(default=False, metadata=ADDED_LATER)
    """With a fold: divide only those images into folds that test_split with validate does not measure on; the others always
    train. What was chosen by validate is then judged by other images."""
    without_class: int | None = None
    """Leave the images of this class out of training and measuring: outliers, which are embedded and stored all the same."""

    def __post_init__(self) -> None:
        positive_integer("data.folds", self.folds, minimum=2)
        positive_integer("data.skip", self.skip, minimum=0)
        if self.limit is not None:
            positive_integer("data.limit", self.limit, minimum=2)
        if self.size is not None:
            positive_integer("data.size", self.size)
        if self.without_class is not None:
            positive_integer("data.without_class", self.without_class, minimum=0)
        if self.fold is not None and not 0 <= self.fold < self.folds:
            raise InvalidInputError(f"data.fold must be from 0 to {self.folds - 1}; got {self.fold!r}")
        if self.test_split and self.fold is not None:
            raise InvalidInputError(f"data.test_split measures on the test images; got data.fold={self.fold}, too")
        if self.clean_folds and (self.fold is None or self.validate):
            raise InvalidInputError(
                "data.clean_folds needs data.fold, the images that judge, and no data.validate; got "
                f"data.fold={self.fold}, data.validate={self.validate}"
            )
        if self.validate and self.fold is None and not self.test_split:
            raise InvalidInputError(
                "data.validate needs data.fold or data.test_split, the images not to look at; got none"
            )
