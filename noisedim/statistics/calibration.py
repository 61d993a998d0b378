"""p-values by simulation: a statistic against its own law under N(0, I) at the same n and d.

Null samples are made once for (test, n, d, number, seed), kept in memory and on disk, and are the same on every machine
of one kind. All tests here reject for large statistics.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from noisedim.checks import one_of, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.files import write_atomically

__all__ = ["CALIBRATED_TESTS", "cache_folder", "calibrated_p_value", "null_statistics"]

_FORMAT = 1
_memory: dict[tuple[str, int, int, int, int], np.ndarray] = {}
# Values of one batch of simulated samples: 16 MiB of doubles.
_BATCH_VALUES = 2_000_000


def _henze_zirkler(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.henze_zirkler import simulated_statistics

    return simulated_statistics(batch, composite=True)


def _bhep(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.henze_zirkler import simulated_statistics

    return simulated_statistics(batch, composite=False)


def _mehler(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.distances import TEST_SIGMA, mehler_mean_excess

    return np.array([len(z) * mehler_mean_excess(z, TEST_SIGMA) for z in batch])


def _dagostino(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.normality import worst_dagostino

    return np.array([worst_dagostino(z, rng) for z in batch])


def _shapiro(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from noisedim.statistics.normality import worst_shapiro

    return np.array([worst_shapiro(z, rng) for z in batch])


_TESTS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "henze_zirkler": _henze_zirkler,
    "bhep": _bhep,
    "mehler": _mehler,
    "dagostino_projections": _dagostino,
    "shapiro_projections": _shapiro,
}
CALIBRATED_TESTS = tuple(_TESTS)


def cache_folder() -> Path:
    """Where null samples are kept: NOISEDIM_CACHE, else the user's cache folder of the platform."""
    if given := os.environ.get("NOISEDIM_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "noisedim" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "noisedim"
    return Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "noisedim"


def null_statistics(test: str, n: int, dim: int, *, simulations: int = 1999, seed: int = 0) -> np.ndarray:
    """Sorted statistics of ``simulations`` samples of N(0, I) with ``n`` rows in ``dim`` dimensions.

    Args:
        test: one of :data:`CALIBRATED_TESTS`.
        n: rows, > dim.
        dim: coordinates.
        simulations: how many.
        seed: of the samples.

    Returns: (simulations,) float64, ascending.
    """
    one_of("test", test, CALIBRATED_TESTS)
    n, dim = positive_integer("n", n, minimum=2), positive_integer("dim", dim)
    simulations, seed = positive_integer("simulations", simulations), positive_integer("seed", seed, minimum=0)
    key = (test, n, dim, simulations, seed)
    if key not in _memory:
        path = cache_folder() / f"null-{_FORMAT}-{test}-n{n}-d{dim}-b{simulations}-s{seed}.npy"
        _memory[key] = _from_disk(path, simulations)
    return _memory[key] if len(_memory[key]) else _make(key)


def _from_disk(path: Path, simulations: int) -> np.ndarray:
    """The cached sample, or an empty array if there is none or it is damaged (it is then made anew)."""
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return np.empty(0)
    sound = values.shape == (simulations,) and values.dtype == np.float64 and bool(np.all(np.diff(values) >= 0))
    return values if sound else np.empty(0)


def _make(key: tuple[str, int, int, int, int]) -> np.ndarray:
    from filelock import FileLock

    test, n, dim, simulations, seed = key
    path = cache_folder() / f"null-{_FORMAT}-{test}-n{n}-d{dim}-b{simulations}-s{seed}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several processes want the same sample at the start of a sweep: one makes it, the others read it.
    with FileLock(path.with_suffix(".lock")):
        values = _from_disk(path, simulations)
        if not len(values):
            values = _simulate(test, n, dim, simulations, seed)

            def write(file: BinaryIO) -> None:
                np.save(file, values)

            write_atomically(path, write)
    _memory[key] = values
    return values


def _simulate(test: str, n: int, dim: int, simulations: int, seed: int) -> np.ndarray:
    # The stream depends on what is simulated, so that two tests' null samples are independent.
    word = int.from_bytes(hashlib.sha256(f"{test}-{n}-{dim}".encode()).digest()[:8], "big")
    rng = np.random.default_rng([seed, word])
    at_once = max(1, _BATCH_VALUES // (n * dim))
    parts = []
    for start in range(0, simulations, at_once):
        batch = rng.standard_normal((min(at_once, simulations - start), n, dim))
        parts.append(_TESTS[test](batch, rng))
    return np.sort(np.concatenate(parts))


def calibrated_p_value(
    test: str, statistic: float, n: int, dim: int, *, simulations: int = 1999, seed: int = 0
) -> float:
    """(1 + number of null statistics >= ``statistic``) / (1 + ``simulations``): exact in level for any ``simulations``.

    Args: as :func:`null_statistics`, and the observed ``statistic`` (large: departs from the null).

    Raises: InvalidInputError: if the statistic is NaN.
    """
    if np.isnan(statistic):
        raise InvalidInputError(f"the statistic of {test} must be a number; got NaN")
    null = null_statistics(test, n, dim, simulations=simulations, seed=seed)
    exceeding = len(null) - int(np.searchsorted(null, statistic, side="left"))
    return (1 + exceeding) / (1 + simulations)
