"""p-values by simulation: a statistic against its own law under N(0, I) at the same n and d.

Null samples are made once for (test, n, d, number, seed), kept in memory and on disk, and are the same on every machine
of one kind. All tests here reject for large statistics. The cache only saves time: a damaged file is made anew, and where
the folder can't be written the samples are kept in memory.
"""

import hashlib
import math
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from noisedim.checks import one_of, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.files import write_atomically

__all__ = [
    "CALIBRATED_TESTS",
    "cache_folder",
    "calibrated_p_value",
    "each_sample",
    "null_statistics",
    "one_blas_thread",
    "simulations_for",
]

# Raised whenever a statistic's definition or its random stream changes.
_FORMAT = 2
_memory: dict[tuple[str, int, int, int, int], np.ndarray] = {}
# Values of one batch of simulated samples, or of its projections: 16 MiB of doubles.
_BATCH_VALUES = 2_000_000


def _henze_zirkler(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.henze_zirkler import simulated_statistics

    return simulated_statistics(batch, composite=True)


def _bhep(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.henze_zirkler import simulated_statistics

    return simulated_statistics(batch, composite=False)


def _mehler(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.distances import TEST_SIGMA, mehler_log_mean

    return each_sample(batch, lambda z: len(z) * mehler_log_mean(z, TEST_SIGMA))


def _dagostino(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.normality import worst_dagostino_of_batch

    return worst_dagostino_of_batch(batch, rng)


def _shapiro(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.normality import worst_shapiro_of_batch

    return worst_shapiro_of_batch(batch, rng)


_TESTS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "henze_zirkler": _henze_zirkler,
    "bhep": _bhep,
    "mehler": _mehler,
    "dagostino_projections": _dagostino,
    "shapiro_projections": _shapiro,
}
CALIBRATED_TESTS = tuple(_TESTS)


class _BlasThreads:
    """How many blocks of code want BLAS single-threaded now: the first one in limits it, the last one out restores it.

    threadpoolctl alone would leave the limit behind where two threads enter and leave in turn.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._controller: Any = None
        self._limit: Any = None

    def enter(self) -> None:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

        with self._lock:
            if self._inside == 0:
                # Looking for the loaded libraries takes milliseconds: once.
                self._controller = self._controller or ThreadpoolController()
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


_blas = _BlasThreads()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Products by BLAS take one thread inside.

    Many small products between exponentials, or in threads of our own: waking BLAS's threads for each, which then spin
    against ours, made pair sums of 10,000 rows 2.5 times slower on two cores.
    """
    _blas.enter()
    try:
        yield
    finally:
        _blas.leave()


def each_sample(batch: np.ndarray, statistic: Callable[[np.ndarray], float]) -> np.ndarray:
    """``statistic`` of each of (m, n, d) samples, (m,), on as many threads as torch may use.

    A sample of a few thousand rows is too small to share, so whole samples are shared out.
    """
    with one_blas_thread(), ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return np.array(list(pool.map(statistic, batch)))


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
    test: str, n: int, dim: int, *, simulations: int = 1999, seed: int = 0, folder: Path | str | None = None
) -> np.ndarray:
    """Sorted statistics of ``simulations`` samples of N(0, I) with ``n`` rows in ``dim`` dimensions.

    Args:
        test: one of :data:`CALIBRATED_TESTS`.
        n: rows, > dim.
        dim: coordinates.
        simulations: how many.
        seed: of the samples.
        folder: where they are kept; :func:`cache_folder` if omitted.

    Returns: (simulations,) float64, ascending, read-only.

    Raises: InvalidInputError: for an unknown test, n <= dim, or counts that are not positive integers.
    """
    one_of("test", test, CALIBRATED_TESTS)
    n, dim = positive_integer("n", n, minimum=2), positive_integer("dim", dim)
    if n <= dim:
        raise InvalidInputError(f"expected more rows than coordinates; got n={n}, d={dim}")
    simulations, seed = positive_integer("simulations", simulations), positive_integer("seed", seed, minimum=0)
    key = (test, n, dim, simulations, seed)
    if key not in _memory:
        folder = cache_folder() if folder is None else Path(folder)
        path = folder / f"null-{_FORMAT}-{test}-n{n}-d{dim}-b{simulations}-s{seed}.bin"
        values = _from_disk(path, simulations)
        if values is None:
            values = _make(key, path)
        values.flags.writeable = False
        _memory[key] = values
    return _memory[key]


def _from_disk(path: Path, simulations: int) -> np.ndarray | None:
    """The cached sample; ``None`` if there is none or its checksum does not fit (it is then made anew)."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) != 4 + 8 * simulations or content[:4] != _checksum(content[4:]):
        return None
    return np.frombuffer(content[4:], "<f8").astype(np.float64)


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")


def _make(key: tuple[str, int, int, int, int], path: Path) -> np.ndarray:
    from filelock import FileLock

    values: np.ndarray | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes want the same sample at the start of a sweep: one makes it, the others read it.
        with FileLock(path.with_suffix(".lock")):
            values = _from_disk(path, key[3])
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


def _simulate(test: str, n: int, dim: int, simulations: int, seed: int) -> np.ndarray:
    # The stream depends on what is simulated, so that two tests' null samples are independent.
    word = int.from_bytes(hashlib.sha256(f"{test}-{n}-{dim}".encode()).digest()[:8], "big")
    rng = np.random.default_rng([seed, word])
    at_once = max(1, _BATCH_VALUES // (n * max(dim, 8)))
    parts = []
    for start in range(0, simulations, at_once):
        batch = rng.standard_normal((min(at_once, simulations - start), n, dim))
        parts.append(_TESTS[test](batch, rng))
    return np.sort(np.concatenate(parts))


def calibrated_p_value(
    test: str,
    statistic: float,
    n: int,
    dim: int,
    *,
    simulations: int = 1999,
    seed: int = 0,
    folder: Path | str | None = None,
) -> float:
    """(1 + number of null statistics >= ``statistic``) / (1 + ``simulations``): exact in level for any ``simulations``.

    Exact over the sample and the null samples together. These are made once and used again, so that all p-values of one
    test and shape share their error: at B = 999, what is called 0.05 is 0.05 ± 0.007 (one standard deviation).

    Args: as :func:`null_statistics`, and the observed ``statistic`` (large: departs from the null).

    Raises: InvalidInputError: if the statistic is NaN.
    """
    if np.isnan(statistic):
        raise InvalidInputError(f"the statistic of {test} must be a number; got NaN")
    null = null_statistics(test, n, dim, simulations=simulations, seed=seed, folder=folder)
    exceeding = len(null) - int(np.searchsorted(null, statistic, side="left"))
    return (1 + exceeding) / (1 + simulations)
