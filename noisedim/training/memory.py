"""Out of memory, in one sentence."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from noisedim.errors import OutOfMemoryError

__all__ = ["explaining_memory", "is_out_of_memory"]

_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether PyTorch, its allocators or Python say that there is no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


@contextmanager
def explaining_memory(*, batch_size: Any, device: torch.device, step: int) -> Iterator[None]:
    """Around one training step: running out of memory becomes one sentence.

    Args:
        batch_size: images in a step.
        device: where it runs.
        step: its number, from 1.

    Raises: OutOfMemoryError: with what to change. Checkpoints are as they were.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        # What the step had allocated hangs on its frames.
        traceback.clear_frames(error.__traceback__)
        raise OutOfMemoryError(
            f"batch_size={batch_size} does not fit into the memory of {device.type} at step {step}; a smaller batch_size, "
            "a narrower encoder, or negatives in place of all pairs takes less. The last checkpoint is intact"
        ) from error
