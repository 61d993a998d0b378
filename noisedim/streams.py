"""Streams of random numbers: of one seed, one for each that draws, none of which another's draws move.

So runs of one seed that differ in a setting share whatever that setting does not shape, and can be compared in pairs.
Imports only the error classes.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from noisedim.errors import InvalidInputError

__all__ = ["drawing_weights", "numpy_stream", "seed_sequence", "stream", "torch_seed"]


def seed_sequence(seed: int, name: str) -> np.random.SeedSequence:
    """The root of stream ``name`` of ``seed``: it depends on both, not on order or on process.

    Raises: InvalidInputError: unless ``seed`` is an integer >= 0, here and in what is made of it below.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidInputError(f"seed must be an integer >= 0; got {seed!r}")
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype=np.uint32)
    return np.random.SeedSequence([seed, *(int(word) for word in words)])


def torch_seed(seed: int, name: str) -> int:
    """An integer below 2³² for :func:`torch.manual_seed`: PyTorch's generator on a CPU takes no more bits of one.

    (Seeds that differ by 2³² are one and the same there.)
    """
    return int(seed_sequence(seed, name).generate_state(1)[0])


def stream(seed: int, name: str, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator of its own for stream ``name`` of ``seed``."""
    return torch.Generator(device).manual_seed(torch_seed(seed, name))


@contextmanager
def drawing_weights(seed: int) -> Iterator[None]:
    """Layers that are made inside draw their weights from ``seed``: on the CPU, in single precision.

    So they are the same whatever default device and default dtype the caller has set. Layers take no generator: they draw
    from the global one. That of the CPU is left as it was, those of other devices are not touched (``torch.manual_seed``
    would seed them all).
    """
    dtype = torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


def numpy_stream(seed: int, name: str) -> np.random.Generator:
    """A NumPy generator of its own for stream ``name`` of ``seed``."""
    return np.random.default_rng(seed_sequence(seed, name))
