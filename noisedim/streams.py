"""Streams of random numbers: of one seed, one for each that draws, none of which another's draws move.

So runs of one seed that differ in a setting share whatever that setting does not shape, and can be compared in pairs.
Imports nothing of ours.
"""

import hashlib

import numpy as np
import torch

__all__ = ["numpy_stream", "seed_sequence", "stream", "torch_seed"]


def seed_sequence(seed: int, name: str) -> np.random.SeedSequence:
    """The root of stream ``name`` of ``seed``: it depends on both, not on order or on process."""
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


def numpy_stream(seed: int, name: str) -> np.random.Generator:
    """A NumPy generator of its own for stream ``name`` of ``seed``."""
    return np.random.default_rng(seed_sequence(seed, name))
