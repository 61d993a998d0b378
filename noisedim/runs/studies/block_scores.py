"""How well an embedding of test images serves and matches, block by block, so that the choice of images has an error.

The test images are shuffled once, by a seed of their own (MNIST's are ordered: its halves differ in difficulty), and cut
into blocks. A score of the whole is the mean over blocks; all runs that the same images judge share the blocks.
"""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from noisedim.downstream.probes import PROBE_NAMES, probe_predictions
from noisedim.errors import InvalidInputError, words_of
from noisedim.normality.mehler import log_mean_kernel
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.transport import debiased_wasserstein
from noisedim.streams import numpy_stream

__all__ = [
    "BLOCKS",
    "FINE",
    "BlockScores",
    "block_scores",
    "packed_bits",
    "shuffled_blocks",
    "unpacked_bits",
]

BLOCKS = 10
_ROWS = 1000
FINE = 0.3
"""The noise at which D₂ sees clusters; at d^¼ it hardly does."""
_DIRECTIONS = 64


@dataclass(frozen=True)
class BlockScores:
    """Scores of one embedding.

    Attributes:
        values: by score, one value per block: accuracies (:data:`~noisedim.downstream.probes.PROBE_NAMES`), the squared
            sliced W₂ to N(0, I) less its bias, and D₂ in nats with noise d^¼ and 0.3.
        correct: by probe, which test images it classifies rightly, in the order of the test set (:func:`unpacked_bits`).
    """

    values: dict[str, tuple[float, ...]]
    correct: dict[str, str]


def shuffled_blocks(n: int, *, blocks: int | None = None) -> list[np.ndarray]:
    """Indices of ``n`` test images in blocks of equal size, the same for every run; a rest is left out.

    Args:
        n: how many images.
        blocks: if omitted, ten; from 2,000 to 9,999 images as many as hold 1,000 or more.

    Raises: InvalidInputError: for fewer than 10 images per block.
    """
    if blocks is None:
        blocks = min(BLOCKS, n // _ROWS) if n >= 2 * _ROWS else BLOCKS
    if n < 10 * blocks:
        raise InvalidInputError(f"expected at least {10 * blocks} test images for {blocks} blocks; got {n}")
    order = numpy_stream(0, "blocks of test images").permutation(n)
    return list(order[: n - n % blocks].reshape(blocks, -1))


def block_scores(
    train_z: np.ndarray,
    train_labels: np.ndarray,
    test_z: np.ndarray,
    test_labels: np.ndarray,
    *,
    seed: int = 0,
    probes: Sequence[str] = PROBE_NAMES,
) -> BlockScores:
    """Scores of an embedding, block by block.

    Args:
        train_z, train_labels: (n, d) and (n,), what the probes are fitted to.
        test_z, test_labels: (m, d) and (m,), what judges.
        seed: of the perceptron.
        probes: which, of :data:`~noisedim.downstream.probes.PROBE_NAMES`.
    """
    blocks = shuffled_blocks(len(test_z))
    predicted = probe_predictions(train_z, train_labels, test_z, seed=seed, names=probes)
    right = {name: own == test_labels for name, own in predicted.items()}
    values = {name: tuple(float(own[block].mean()) for block in blocks) for name, own in right.items()}
    unit = random_directions(test_z.shape[1], _DIRECTIONS, numpy_stream(0, "sliced Wasserstein directions"))
    coarse = test_z.shape[1] ** 0.25
    parts = [test_z[block].astype(np.float64) for block in blocks]
    values["sliced_w2_squared"] = tuple(debiased_wasserstein(part, unit).value for part in parts)
    values["d2_coarse"] = tuple(log_mean_kernel(part, coarse) for part in parts)
    values["d2_fine"] = tuple(log_mean_kernel(part, FINE) for part in parts)
    return BlockScores(values, {name: packed_bits(own) for name, own in right.items()})


def packed_bits(bits: np.ndarray) -> str:
    """Booleans as compressed text for a record; :func:`unpacked_bits` is the inverse."""
    return base64.b85encode(zlib.compress(np.packbits(np.asarray(bits, dtype=bool)).tobytes(), 9)).decode()


def unpacked_bits(text: str, n: int) -> np.ndarray:
    """(n,) booleans of :func:`packed_bits`.

    Raises: InvalidInputError: for text that does not hold ``n`` of them.
    """
    try:
        raw = np.frombuffer(zlib.decompress(base64.b85decode(text)), dtype=np.uint8)
    except (ValueError, zlib.error) as error:
        raise InvalidInputError(
            f"expected {n} packed bits; got text that does not hold any: {words_of(error)}"
        ) from None
    if len(raw) != (n + 7) // 8:
        raise InvalidInputError(f"expected {n} packed bits; got {8 * len(raw)}")
    return np.unpackbits(raw, count=n).astype(bool)
