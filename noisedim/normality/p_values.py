"""p-values by calibration: a statistic against its own law under N(0, I) at the same n and d.

Two sources. Null tables ship with the package and are interpolated (:mod:`noisedim.normality.nulls.build_tables`); what they
lack is simulated, once for (test, n, d, number, seed), and kept in memory and on disk. The cache only saves time: a
damaged file is made anew, and where the folder can't be written the samples are kept in memory.

Statistics come scaled, as :mod:`noisedim.normality.standardised` gives them. All tests reject for large ones but
``mardia_kurtosis``, which rejects for small ones too.
"""

import hashlib
import math
import os
import sys
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from noisedim.checks import one_of, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.files import write_atomically
from noisedim.normality.nulls.null_samples import (
    COMPOSITE_TESTS,
    ONE_DIMENSIONAL_TESTS,
    SIMPLE_TESTS,
    TWO_SIDED_TESTS,
    UNIFORM_TESTS,
    normal_null,
    one_dimensional_null,
    uniform_null,
)

__all__ = [
    "CALIBRATED_TESTS",
    "SIMULATIONS",
    "cache_folder",
    "calibrated_p_value",
    "null_statistics",
    "simulations_for",
]

# Raised whenever a statistic's definition or its random stream changes.
_FORMAT = 4
_memory: dict[tuple[str, int, int, int, int], np.ndarray] = {}
# Samples of more rows are measured one by one, in blocks.
_ROWS_AT_ONCE = 2048
SIMULATIONS = 1999
"""Null samples that are made where neither the tables reach nor a number is given."""

# Tests that share their null samples: one file holds all of a kind.
_KINDS = {
    "simple": SIMPLE_TESTS,
    "composite": COMPOSITE_TESTS,
    "uniform": UNIFORM_TESTS,
    "one_dimensional": ONE_DIMENSIONAL_TESTS,
}
CALIBRATED_TESTS = tuple(test for tests in _KINDS.values() for test in tests)


def cache_folder() -> Path:
    """Where null samples are kept: NOISEDIM_CACHE, else the user's cache folder of the platform."""
    if given := os.environ.get("NOISEDIM_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "noisedim" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "noisedim"
    return Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "noisedim"


def simulations_for(alpha: float, tests: int = 1) -> int:
    """The fewest simulations with which the first step of Holm over ``tests`` tests can reject at ``alpha``.

    The least p-value is 1/(B+1): with fewer, a calibrated test passes everything.

    Raises: InvalidInputError: if ``alpha`` is not strictly between 0 and 1, or ``tests`` < 1.

    >>> simulations_for(0.05, tests=10)
    200
    """
    if not 0 < alpha < 1:
        raise InvalidInputError(f"alpha must lie strictly between 0 and 1; got {alpha!r}")
    return math.ceil(positive_integer("tests", tests) / alpha)


def null_statistics(
    test: str, n: int, dim: int, *, simulations: int = SIMULATIONS, seed: int = 0, folder: Path | str | None = None
) -> np.ndarray:
    """Sorted scaled statistics of ``simulations`` samples of the null law with ``n`` rows in ``dim`` dimensions.

    Args:
        test: one of :data:`CALIBRATED_TESTS`.
        n: rows; for composite tests > dim.
        dim: coordinates; ``dagostino`` and ``shapiro`` are of one, ``smooth_pairs`` needs two.
        simulations: how many.
        seed: of the samples.
        folder: where they are kept; :func:`cache_folder` if omitted.

    Returns: (simulations,) float64, ascending, read-only.

    Raises: InvalidInputError: for an unknown test, too few rows, or counts that are not positive integers.
    """
    one_of("test", test, CALIBRATED_TESTS)
    n, dim = positive_integer("n", n, minimum=12), positive_integer("dim", dim)
    kind = next(kind for kind, tests in _KINDS.items() if test in tests)
    if kind == "composite" and n <= dim:
        raise InvalidInputError(f"expected more rows than coordinates; got n={n}, d={dim}")
    if (kind == "one_dimensional" and dim != 1) or (test == "smooth_pairs" and dim == 1):
        raise InvalidInputError(f"the null law of {test} is not defined in {dim} dimensions")
    simulations, seed = positive_integer("simulations", simulations), positive_integer("seed", seed, minimum=0)
    key = (kind, n, dim, simulations, seed)
    if key not in _memory:
        folder = cache_folder() if folder is None else Path(folder)
        path = folder / f"null-{_FORMAT}-{kind}-n{n}-d{dim}-b{simulations}-s{seed}.bin"
        values = _from_disk(path, _shape(kind, dim, simulations))
        if values is None:
            values = _make(key, path)
        values.flags.writeable = False
        _memory[key] = values
    return _memory[key][_KINDS[kind].index(test)]


def _shape(kind: str, dim: int, simulations: int) -> tuple[int, int]:
    return len(_KINDS[kind]) - (kind == "uniform" and dim == 1), simulations


def _from_disk(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """The cached samples; ``None`` if there are none or their checksum does not fit (they are then made anew)."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) != 4 + 8 * shape[0] * shape[1] or content[:4] != _checksum(content[4:]):
        return None
    return np.frombuffer(content[4:], "<f8").astype(np.float64).reshape(shape)


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")


def _make(key: tuple[str, int, int, int, int], path: Path) -> np.ndarray:
    from filelock import FileLock

    values: np.ndarray | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes want the same sample at the start of a sweep: one makes it, the others read it.
        with FileLock(path.with_suffix(".lock")):
            values = _from_disk(path, _shape(key[0], key[2], key[3]))
            if values is None:
                values = _simulate(*key)
                content = values.astype("<f8").tobytes()

                def write(file: BinaryIO) -> None:
                    file.write(_checksum(content) + content)

                write_atomically(path, write)
    except OSError:
        # A home that can't be written, a full disk: the p-value does not depend on the cache.
        if values is None:
            values = _simulate(*key)
    return values


def _simulate(kind: str, n: int, dim: int, simulations: int, seed: int) -> np.ndarray:
    """One row a test of the kind, ascending."""
    # The stream depends on what is simulated, so that two kinds' null samples are independent.
    word = int.from_bytes(hashlib.sha256(f"{kind}-{n}-{dim}".encode()).digest()[:8], "big")
    rng = np.random.default_rng([seed, word])
    if kind == "one_dimensional":
        found = one_dimensional_null(n, simulations, rng)
    elif kind == "uniform":
        found = uniform_null(n, dim, simulations, rng)
    elif n > _ROWS_AT_ONCE:
        found = _one_by_one(kind, n, dim, simulations, rng)
    else:
        found = normal_null(n, dim, simulations, rng, simple=kind == "simple", composite=kind == "composite")
    return np.sort(np.stack([found[test] for test in _KINDS[kind] if test in found]), axis=1)


def _one_by_one(kind: str, n: int, dim: int, simulations: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    from noisedim.normality.standardised import composite_statistics, simple_statistics
    from noisedim.normality.whitening import whiten

    def measure(z: np.ndarray) -> dict[str, float]:
        return simple_statistics(z) if kind == "simple" else composite_statistics(whiten(z))

    found = [measure(rng.standard_normal((n, dim))) for _ in range(simulations)]
    return {test: np.array([statistics[test] for statistics in found]) for test in found[0]}


def calibrated_p_value(
    test: str,
    statistic: float,
    n: int,
    dim: int,
    *,
    simulations: int | None = None,
    seed: int = 0,
    folder: Path | str | None = None,
) -> float:
    """How rarely the null law gives a scaled statistic at least as far out.

    Without ``simulations``, by the shipped tables where they reach; there the relative error of p is stated by
    ``tables.npz`` and audited, and p is not below 1e-6. Elsewhere, and where ``simulations`` is given, (1 + number
    of null statistics >= ``statistic``) / (1 + ``simulations``), which is exact in level over the sample and the null
    samples together. These are made once and used again, so that all p-values of one test and shape share their error:
    at B = 999, what is called 0.05 is 0.05 ± 0.007 (one standard deviation).

    Args: as :func:`null_statistics`, and the observed ``statistic``, scaled.

    Raises: InvalidInputError: if the statistic is NaN.
    """
    from noisedim.normality.nulls.null_surfaces import table_p_values

    if np.isnan(statistic):
        raise InvalidInputError(f"the statistic of {test} must be a number; got NaN")
    if simulations is None:
        tails = table_p_values(test, statistic, n, dim)
        if tails is not None:
            return tails[0] if test not in TWO_SIDED_TESTS else min(1.0, 2 * min(tails))
        simulations = SIMULATIONS
    null = null_statistics(test, n, dim, simulations=simulations, seed=seed, folder=folder)
    at_least = len(null) - int(np.searchsorted(null, statistic, side="left"))
    if test not in TWO_SIDED_TESTS:
        return (1 + at_least) / (1 + simulations)
    at_most = int(np.searchsorted(null, statistic, side="right"))
    return min(1.0, 2 * (1 + min(at_least, at_most)) / (1 + simulations))
