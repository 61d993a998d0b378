"""Batches of indices into data that lies on the device: a new permutation every epoch, resumable at any step."""

from typing import final

import torch

from noisedim.checks import positive_integer
from noisedim.errors import CheckpointError, InvalidInputError

__all__ = ["BatchSampler", "resident"]


def resident(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    """``images`` on ``device`` where they leave half of its free memory, and otherwise where they are.

    On the device a batch costs one indexing; from the host each batch is copied.
    """
    if device.type == "cuda" and images.device.type != "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if images.numel() * images.element_size() > free // 2:
            return images
    return images.to(device)


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
        return {"order": self._order.clone(), "next": torch.tensor(self._next), "generator": state}

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
