"""Samples of the test statistics' null laws, many at once, scaled as each test's ``moments`` say.

Most pair sums of batches are in float32, which is four times faster; the rounding is far below a standard deviation
(tests/normality/nulls/test_null_samples.py compares each with the statistic that users get, in float64). Samples of one
null law are shared by all of its tests.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.files import cache_folder, cached_arrays
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests import calibrated, calibrated_tests
from noisedim.normality.tests.base import Batch, CalibratedTest
from noisedim.streams import numpy_stream

__all__ = ["SIMULATIONS", "draw_statistics", "null_statistics"]

SIMULATIONS = 1999
"""Null samples that are made where neither the tables reach nor a number is given."""

# Raised whenever a statistic's definition or its random stream changes.
_FORMAT = 6
_memory: dict[tuple[str, int, int, int, int], dict[str, np.ndarray]] = {}
# Samples of more rows are measured one by one, in blocks.
_ROWS_AT_ONCE = 2048
# Pairs of rows at once: 4 MiB of float32 stay in the second-level cache.
_PAIRS = 1_000_000
_NUMBERS_OF_NORMAL, _NUMBERS = 4_000_000, 1_000_000


def draw_statistics(
    null: str,
    n: int,
    dim: int,
    count: int,
    rng: np.random.Generator,
    *,
    tests: Sequence[CalibratedTest] | None = None,
    one_by_one: bool = False,
) -> dict[str, np.ndarray]:
    """Draw scaled statistics under the null law, by test, each (count,), in the order of drawing.

    Args:
        null: ``simple``, ``composite`` (needs n > dim), ``uniform`` or ``one_dimensional``.
        n, dim: shape of a sample.
        count: how many samples.
        rng: their source; the draws do not depend on the tests.
        tests: which; all of this null that are defined in ``dim`` dimensions, if omitted.
        one_by_one: in float64 and bounded memory, as users' samples are measured.
    """
    tests = [test for test in (calibrated_tests(null) if tests is None else tests) if test.least_dim <= dim]
    parts: dict[str, list[np.ndarray]] = {test.name: [] for test in tests}
    at_once = 1 if one_by_one else _batch_size(null, n, dim)
    for start in range(0, count, at_once):
        batch = _draw(null, n, dim, min(at_once, count - start), rng)
        if one_by_one:
            rows = whiten(batch[0]) if null == "composite" else batch[0]
            for test in tests:
                parts[test.name].append(np.array([test.statistic(rows)]))
        else:
            own = Batch(_whitened(batch) if null == "composite" else batch)
            for test in tests:
                parts[test.name].append(test.statistics(own))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _batch_size(null: str, n: int, dim: int) -> int:
    if null in ("uniform", "one_dimensional"):
        return max(1, _NUMBERS // (n * dim))
    return max(1, min(_PAIRS // (n * n), _NUMBERS_OF_NORMAL // (n * dim)))


def _draw(null: str, n: int, dim: int, count: int, rng: np.random.Generator) -> np.ndarray:
    if null == "uniform":
        return rng.random((count, n, dim))
    return rng.standard_normal((count, n) if null == "one_dimensional" else (count, n, dim))


def _whitened(batch: np.ndarray) -> np.ndarray:
    centred = batch - batch.mean(1, keepdims=True)
    factor = np.linalg.cholesky(np.swapaxes(centred, 1, 2) @ centred / batch.shape[1])
    return np.asarray(centred @ np.swapaxes(np.linalg.inv(factor), 1, 2))


def null_statistics(
    test: str, n: int, dim: int, *, simulations: int = SIMULATIONS, seed: int = 0, folder: Path | str | None = None
) -> np.ndarray:
    """Sorted scaled statistics of ``simulations`` samples of the null law with ``n`` rows in ``dim`` dimensions.

    They are made once and kept in memory and on disk.

    Args:
        test: name of a calibrated test.
        n: rows; for composite tests > dim.
        dim: coordinates; one for tests of one variable, two or more for ``smooth_pairs``.
        simulations: how many.
        seed: of the samples.
        folder: where they are kept; :func:`~noisedim.files.cache_folder` if omitted.

    Returns: (simulations,) float64, ascending, read-only.

    Raises: InvalidInputError: for an unknown test, too few rows, or counts that are not positive integers.
    """
    own = calibrated(test)
    n, dim = positive_integer("n", n, minimum=12), positive_integer("dim", dim)
    if own.null == "composite" and n <= dim:
        raise InvalidInputError(f"expected more rows than coordinates; got n={n}, d={dim}")
    if (own.null == "one_dimensional" and dim != 1) or dim < own.least_dim:
        raise InvalidInputError(f"the null law of {test} is not defined in {dim} dimensions")
    simulations, seed = positive_integer("simulations", simulations), positive_integer("seed", seed, minimum=0)
    key = (own.null, n, dim, simulations, seed)
    if test not in _memory.get(key, {}):
        path = Path(cache_folder() if folder is None else folder)
        path /= f"null-{_FORMAT}-{own.null}-n{n}-d{dim}-b{simulations}-s{seed}.npz"
        names = [t.name for t in calibrated_tests(own.null) if t.least_dim <= dim]
        _memory[key] = cached_arrays(path, lambda: _simulate(*key), names=names)
        for values in _memory[key].values():
            values.flags.writeable = False
    return _memory[key][test]


def _simulate(null: str, n: int, dim: int, simulations: int, seed: int) -> dict[str, np.ndarray]:
    # The stream depends on what is simulated, so that null samples of two null laws are independent.
    rng = numpy_stream(seed, f"null samples, {null}, n = {n}, d = {dim}")
    one_by_one = null in ("simple", "composite") and n > _ROWS_AT_ONCE
    found = draw_statistics(null, n, dim, simulations, rng, one_by_one=one_by_one)
    return {name: np.sort(values) for name, values in found.items()}
