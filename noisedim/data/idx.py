"""The IDX format of MNIST and Fashion-MNIST, strictly: what is not as it says is refused."""

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np

from noisedim.errors import InvalidInputError, words_of

__all__ = ["read_idx"]

_UNSIGNED_BYTES = 0x08


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of an IDX file, plain or gzipped.

    Raises: InvalidInputError: if the file is damaged, truncated, too long, or holds another type.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInputError(f"expected an IDX file; {path} cannot be read: {words_of(error)}") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTES or content[3] == 0:
        raise InvalidInputError(f"expected an IDX file of unsigned bytes; {path} starts with {content[:4].hex()}")
    axes = content[3]
    header = 4 + 4 * axes
    shape = tuple(int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes))
    if len(content) != header + prod(shape):
        raise InvalidInputError(
            f"expected {header + prod(shape)} bytes for shape {shape}; {path} has {len(content)}, unpacked"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy()
