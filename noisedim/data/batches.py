"""Batches of indices into data that lies on the device: a new permutation every epoch, resumable at any step."""

from typing import final

import torch

from noisedim.checks import positive_integer
from noisedim.errors import CheckpointError, InvalidInputError

__all__ = ["BatchSampler", "SameKey", "check_batch", "resident"]


def resident(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    """``images`` on ``device`` where they leave half of its free memory, and otherwise where they are.

    On the device a batch costs one indexing; from the host each batch is copied.
    """
    if device.type == "cuda" and images.device.type != "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if images.numel() * images.element_size() > free // 2:
            return images
    return images.to(device)


def check_batch(batch_size: int, images: int) -> None:
    """Refuse batches of more rows than there are images to train on.

    Raises: InvalidInputError: for too few images.
    """
    if images < batch_size:
        raise InvalidInputError(
            f"batch_size must not exceed the number of training images; got batch_size={batch_size} and {images} images"
        )


@final
class BatchSampler:
    """Index batches without replacement within an epoch; what does not fill a batch at its end is left out.

    Args:
        n: number of items.
        generator: draws the permutations, and nothing else: its state is the sampler's; on ``device``.
        device: where the indices live.
    """

    def __init__(self, n: int, *, generator: torch.Generator, device: torch.device | str = "cpu") -> None:
        self.n = positive_integer("n", n)
        self._generator = generator
        self._order = torch.empty(0, dtype=torch.int64, device=device)
        self._next = 0

    def next_indices(self, batch_size: int) -> torch.Tensor:
        """The next ``batch_size`` indices, int64, (batch_size,).

        Raises: InvalidInputError: if there are fewer than ``batch_size`` items.
        """
        if not 1 <= batch_size <= self.n:
            raise InvalidInputError(f"batch_size must be from 1 to the number of items, {self.n}; got {batch_size}")
        if self._next + batch_size > len(self._order):
            self._order = torch.randperm(self.n, generator=self._generator, device=self._order.device)
            self._next = 0
        batch = self._order[self._next : self._next + batch_size]
        self._next += batch_size
        return batch

    def state_dict(self) -> dict[str, torch.Tensor]:
        """What is left of the epoch, and the generator of the next ones."""
        state = self._generator.get_state()
        return {"order": self._order.clone(), "next": torch.tensor(self._next, device="cpu"), "generator": state}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Continue from where :meth:`state_dict` was taken.

        Raises: CheckpointError: if the state is of another number of items.
        """
        order = state["order"]
        if len(order) not in (0, self.n):
            raise CheckpointError(f"the saved epoch is of {len(order)} items; this data set has {self.n}")
        self._order = order.to(self._order.device)
        self._next = int(state["next"])
        self._generator.set_state(state["generator"])


@final
class SameKey:
    """For each item another one of the same key, such as its class: positive pairs that share more than an image.

    Args:
        keys: (n,) integers, one per item; an item that is alone with its key is its own partner.
        generator: draws the partners; on the CPU, where the keys are kept.
    """

    def __init__(self, keys: torch.Tensor, *, generator: torch.Generator) -> None:
        if keys.ndim != 1 or keys.is_floating_point() or not len(keys):
            raise InvalidInputError(f"keys must be integers, one per item; got {tuple(keys.shape)}, {keys.dtype}")
        _, group = torch.unique(keys.cpu(), return_inverse=True)
        self._group = group
        self._members = torch.argsort(group, stable=True)
        self._place = torch.empty_like(group)
        self._count = torch.bincount(group)
        self._first = self._count.cumsum(0) - self._count
        self._place[self._members] = torch.arange(len(group), device="cpu") - self._first[group[self._members]]
        self.generator = generator

    def partners(self, indices: torch.Tensor) -> torch.Tensor:
        """One index per index, uniform among the other items of its key; same shape and device."""
        own = indices.cpu()
        group, place = self._group[own], self._place[own]
        others = (self._count[group] - 1).clamp(min=1)
        drawn = (
            (torch.rand(len(own), generator=self.generator, dtype=torch.float64, device="cpu") * others)
            .long()
            .clamp(max=others - 1)
        )
        # Counted from the item's own place, so that it is never its own partner while there are others.
        at = torch.where(self._count[group] > 1, (place + 1 + drawn) % self._count[group], place)
        return self._members[self._first[group] + at].to(indices.device)
