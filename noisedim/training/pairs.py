"""What X and X′ share beyond an image."""

import torch

from noisedim.data import SameKey
from noisedim.errors import InvalidInputError
from noisedim.streams import stream
from noisedim.training.config import TrainConfig

__all__ = ["same_class"]


def same_class(config: TrainConfig, labels: torch.Tensor | None, images: int, *, reconstructs: bool) -> SameKey | None:
    """Partners of the same class for ``pairs_by="label"``; None where X′ is a view of the same image.

    Args:
        config: the run.
        labels: (n,) integers, one per training image.
        images: how many training images there are.
        reconstructs: whether the objective sees one view only.

    Raises: InvalidInputError: for no labels, another number of them, or an objective of one view.
    """
    if config.pairs_by == "image":
        return None
    if labels is None or labels.shape != (images,):
        raise InvalidInputError(
            f"pairs_by='label' needs labels, one per image; got "
            f"{'none' if labels is None else tuple(labels.shape)} for {images} images"
        )
    if reconstructs:
        raise InvalidInputError(f"pairs_by='label' needs an objective of two views; got {config.objective.name!r}")
    return SameKey(labels, generator=stream(config.seed, "partners", torch.device("cpu")))
