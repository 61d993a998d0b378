"""Make the null tables that ship with the package.

    python -m noisedim.normality.nulls.build_tables --cells FOLDER --output noisedim/normality/nulls/tables.npz

First, cells (null samples at one n and d) are simulated, one file per cell, so that a run that was stopped resumes where it
was. Then each quantile is smoothed over n and d, and the surfaces are written to the output, with how far the cells lie
from them beyond their own noise. Limit laws, where known (:mod:`noisedim.normality.nulls.limit_laws`), serve as
cells as well; laws of sums over independent coordinates (:mod:`noisedim.normality.nulls.sums`) are computed, and take the
place of cells. For a new test, ``--tests NAME`` simulates and fits only that one and keeps the other tables as they are.

The number of samples in a cell follows from a cost model, not from a clock, and its random stream from its name, so the tables
come out the same wherever they are made with the same libraries.
"""

import argparse
import hashlib
import json
import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from noisedim.files import write_arrays_atomically
from noisedim.normality.nulls.limit_laws import limit_quantiles, limit_tail
from noisedim.normality.nulls.null_samples import draw_statistics
from noisedim.normality.nulls.null_surfaces import PROBABILITIES, Surface, ordered_outward, read_tables
from noisedim.normality.nulls.sums import SumLaw
from noisedim.normality.tests import calibrated, calibrated_tests
from noisedim.normality.tests.base import CalibratedTest

__all__ = ["Cell", "build", "fit_surface", "main", "plan", "simulate_cell"]

_DIMS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
# These get twice as much time as the others.
_AUDITED_DIMS = (1, 2, 3, 4, 16, 64, 128)
_ROWS = (20, 28, 40, 60, 90, 140, 220, 360, 600, 1000)
# Whitened statistics are tabulated from two rows per coordinate on; larger dimensions are not worth the time.
_COMPOSITE_DIM = 128
_MOST_SAMPLES = 20_000
# All composite tests once at many rows, between the other cells and the limit.
_WHITENED_ROWS, _WHITENED_DIMS = 2_500, (8, 16, 32, 64, 128)
_ONE_DIMENSIONAL_ROWS = (20, 24, 30, 40, 60, 100, 180, 350, 800, 2_000, 6_000, 20_000, 100_000)
# A quantile beyond which fewer values of a cell lie is taken from the law's shape, and weighs less.
_FEWEST_BEYOND = 9.5
_TRUST_IN_SHAPE = 0.25
_UNIFORM_ROWS = (20, 32, 60, 120, 400)
# Where the laws of sums over coordinates are computed.
_SUM_ROWS = (*_ROWS, 1_700, 3_000, 10_000, 30_000)
_SUM_DIMS = (*_DIMS, 768, 1024, 1536, 2048, 3072, 4096)


@dataclass(frozen=True)
class Cell:
    """One simulation: ``count`` samples of ``n`` rows in ``dim`` dimensions.

    ``kind`` is a null law (all its tests in batches), ``whitened`` (all composite tests, one sample at a time), or the name
    of a test (that one alone, one sample at a time).
    """

    kind: str
    n: int
    dim: int
    count: int

    @property
    def name(self) -> str:
        """Of the cell's file."""
        return f"{self.kind}-n{self.n}-d{self.dim}-b{self.count}"

    def tests(self) -> tuple[CalibratedTest, ...]:
        """The tests that are simulated here."""
        return tuple(
            test
            for test in calibrated_tests()
            if test.least_dim <= self.dim
            and test.contribution is None
            and (self.kind in (test.null, test.name) or (self.kind == "whitened" and test.null == "composite"))
        )


def plan(scale: float = 1.0) -> list[Cell]:
    """All cells; ``scale`` multiplies the time of each."""
    cells = []

    def add(kind: str, n: int, dim: int, microseconds: float, budget: float, most: int = _MOST_SAMPLES) -> None:
        share = scale * (1.0 if dim in _AUDITED_DIMS else 0.5)
        count = int(min(most, max(200, share * budget * 1e6 / microseconds)))
        cells.append(Cell(kind, n, dim, count // 100 * 100))

    for dim in _DIMS:
        for n in _ROWS:
            draw = n * dim * 0.03
            add("simple", n, dim, n * n * (4 + 0.1 * dim) / 1e3 + draw + n * 0.3, 4 if n < 200 else 7)
        if dim <= _COMPOSITE_DIM:
            for n in sorted({n for n in _ROWS if n > 2 * dim} | {max(20, 2 * dim), max(28, 3 * dim)}):
                add("composite", n, dim, n * n * (7 + 0.15 * dim) / 1e3 + n * dim * (0.03 + 0.001 * dim) + n * 0.3, 6)
            if dim in _WHITENED_DIMS:
                n = _WHITENED_ROWS
                add("whitened", n, dim, 4 * n * n * (1.5 + 0.025 * dim) / 1e3 + n * dim * 0.1, 40)
        for n in _UNIFORM_ROWS[: 5 if dim <= 64 else 4]:
            add("uniform", n, dim, n * dim * (0.03 + 0.0002 * dim), 3)
    for test in calibrated_tests():
        for own in test.form.own_cells(_DIMS, _ROWS):
            add(test.name, own.n, own.dim, own.microseconds, own.seconds)
    for n in _ONE_DIMENSIONAL_ROWS:
        add("one_dimensional", n, 1, n * 0.06, 12, 10 * _MOST_SAMPLES)
    return cells


def simulate_cell(cell: Cell, tests: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Scaled statistics by test, each (count,) float32, ascending; of the named tests, if given.

    The shipped tables rest on these streams: they are kept as they are, and are not among those of
    :mod:`noisedim.streams`. No user's data can share them: their entropy is two numbers, the second of 64 bits.
    """
    word = int.from_bytes(hashlib.sha256(cell.name.encode()).digest()[:8], "big")
    rng = np.random.default_rng([2410, word])
    own = [test for test in cell.tests() if tests is None or test.name in tests]
    null, one_by_one = own[0].null, cell.kind != own[0].null
    found = draw_statistics(null, cell.n, cell.dim, cell.count, rng, tests=own, one_by_one=one_by_one)
    return {name: np.sort(values).astype(np.float32) for name, values in found.items()}


def _cell_quantiles(values: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Quantiles of a cell; where fewer than ten of its values lie beyond, those of the Pearson III law of its moments."""
    from scipy import stats

    found = np.quantile(values, 1 - probabilities, method="median_unbiased")
    few = len(values) * np.minimum(probabilities, 1 - probabilities) < _FEWEST_BEYOND
    skewness = float(stats.skew(values))
    # At zero, SciPy's law is the normal; its series in between is sound.
    shape = stats.pearson3(skewness, loc=values.mean(), scale=values.std())
    found[few] = shape.ppf(1 - probabilities[few])
    return ordered_outward(found)


# A law that is known has the weight of a cell of this many samples.
_LIMIT_WEIGHT = 200_000


@dataclass(frozen=True)
class _Anchor:
    """A law that is known: its quantiles at :data:`PROBABILITIES`, which stand at ``n``, and its upper tail."""

    n: int
    dim: int
    quantiles: np.ndarray
    tail: Callable[[np.ndarray], np.ndarray]


def _limits(test: str, dims: Sequence[int]) -> list[_Anchor]:
    found = []
    for dim in dims:
        for n in calibrated(test).form.limit_rows:
            quantiles = limit_quantiles(test, dim, np.array(PROBABILITIES), n)
            if quantiles is not None:
                found.append(_Anchor(n, dim, quantiles, partial(_limit_tail, test, dim, n)))
    return found


def _limit_tail(test: str, dim: int, n: int, values: np.ndarray) -> np.ndarray:
    return limit_tail(test, dim, values, n)


def _sums(test: CalibratedTest, surface: Surface) -> list[_Anchor]:
    """The laws of a sum over coordinates, at few and many rows."""
    found: list[_Anchor] = []
    if test.contribution is None:
        return found
    for n in _SUM_ROWS:
        contribution = test.contribution(n)
        for dim in _SUM_DIMS:
            if surface.reaches(n, dim):
                law = SumLaw(contribution, dim)
                found.append(_Anchor(n, dim, law.quantiles(np.array(PROBABILITIES)), law.tail))
    return found


def fit_surface(test: str, samples: Sequence[tuple[Cell, np.ndarray]]) -> Surface:
    """The surface of a test through its cells, by least squares weighted by the cells' sizes."""
    form = calibrated(test).form
    surface = Surface(np.empty(0), form.knots, form.terms, form.reach, {})
    kept = [(cell, values) for cell, values in samples if surface.reaches(cell.n, cell.dim)]
    sums = _sums(calibrated(test), surface)
    dims = {cell.dim for cell, _ in kept} | {law.dim for law in sums}
    anchors = _limits(test, sorted(dims)) + sums
    at = [(cell.n, cell.dim) for cell, _ in kept] + [(anchor.n, anchor.dim) for anchor in anchors]
    design = np.array([surface.design(n, dim) for n, dim in at])
    counts = np.array([cell.count for cell, _ in kept] + [_LIMIT_WEIGHT] * len(anchors), dtype=float)
    laws = [values for _, values in kept] + [anchor.quantiles for anchor in anchors]
    if form.stretched:
        middle = [np.quantile(values, (0.3, 0.5, 0.7)) for _, values in kept]
        middle += [anchor.quantiles[[PROBABILITIES.index(p) for p in (0.7, 0.5, 0.3)]] for anchor in anchors]
        surface = replace(surface, stretch=_fit_stretch(design, counts, np.array(middle)))
        laws = [_stretched(surface, values, *where) for values, where in zip(laws, at, strict=True)]
    probabilities = np.array(PROBABILITIES)
    found = np.array([_cell_quantiles(values, probabilities) for values in laws[: len(kept)]] + laws[len(kept) :])
    coefficients = np.empty((len(probabilities), design.shape[1]))
    for i, p in enumerate(probabilities):
        few = counts * min(p, 1 - p) < _FEWEST_BEYOND
        coefficients[i] = _least_squares(design, found[:, i], np.where(few, _TRUST_IN_SHAPE, 1.0) * counts)
    surface = replace(surface, coefficients=coefficients)
    errors = _relative_error(surface, kept, calibrated(test).two_sided)
    known = _error_of_known(surface, anchors)
    return replace(surface, relative_error={p: max(error, known.get(p, 0.0)) for p, error in errors.items()})


def _least_squares(design: np.ndarray, found: np.ndarray, weights: np.ndarray) -> np.ndarray:
    root = np.sqrt(weights)
    return np.asarray(np.linalg.lstsq(root[:, None] * design, root * found, rcond=None)[0])


def _fit_stretch(design: np.ndarray, counts: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Location and log scale from the quantiles at .3, .5 and .7: the median, and half of the range around it."""
    low, median, high = middle.T
    return np.stack([_least_squares(design, median, counts), _least_squares(design, np.log((high - low) / 2), counts)])


def _stretched(surface: Surface, values: np.ndarray, n: int, dim: int) -> np.ndarray:
    location, scale = surface.standard(n, dim)
    return np.asarray(np.arcsinh((values - location) / scale))


def _error_of_known(surface: Surface, anchors: Sequence[_Anchor]) -> dict[str, float]:
    """By tail probability: root mean square of p̂/p − 1 over the laws that are known."""
    errors: dict[str, list[float]] = {}
    levels = (0.05, 0.01, 0.001)
    for anchor in anchors:
        quantiles = surface.quantiles(anchor.n, anchor.dim)
        values = np.interp([-p for p in levels], -np.array(PROBABILITIES), quantiles)
        for p, tail in zip(levels, anchor.tail(values), strict=True):
            errors.setdefault(str(p), []).append(float(tail) / p - 1)
    return {p: round(math.sqrt(float(np.mean(np.square(own)))), 4) for p, own in errors.items()}


def _relative_error(surface: Surface, samples: Sequence[tuple[Cell, np.ndarray]], two_sided: bool) -> dict[str, float]:
    """By tail probability: root mean square of p̂/p − 1 over the cells, minus the expected binomial noise.

    Not less than one standard deviation of that difference: a smaller error could not be told from none.
    """
    errors = {}
    for p in (0.05, 0.01, 0.001):
        excess, total, terms = 0.0, 0.0, 0
        for cell, values in samples:
            quantiles = surface.quantiles(cell.n, cell.dim)
            upper, lower = np.interp([-p, p - 1], -np.array(PROBABILITIES), quantiles)
            rates = [float((values > upper).mean())] + [float((values < lower).mean())] * two_sided
            excess += cell.count * sum((rate / p - 1) ** 2 - (1 - p) / p / cell.count for rate in rates)
            total += cell.count * len(rates)
            terms += len(rates)
        # Each term is (1 − p)/p times a χ² with one degree of freedom, whose variance is 2.
        resolution = (1 - p) / p * math.sqrt(2 * terms)
        errors[str(p)] = round(math.sqrt(max(resolution, excess) / total), 4) if total else 0.0
    return errors


def build(cells: Path, output: Path, tests: Collection[str] | None = None) -> dict[str, Surface]:
    """Fit the surfaces to the cells that are there and write the tables.

    Args:
        cells: folder of the cells.
        output: the file of tables.
        tests: fit these only and keep the shipped tables of all others.
    """
    samples: dict[str, list[tuple[Cell, np.ndarray]]] = {}
    for cell in plan():
        for test, values in _stored(cells, cell).items():
            if tests is None or test in tests:
                samples.setdefault(test, []).append((cell, values.astype(np.float64)))
    # Of these nothing is simulated.
    sums = [test.name for test in calibrated_tests() if test.contribution is not None]
    samples |= {test: [] for test in sums if tests is None or test in tests}
    surfaces = {test: fit_surface(test, own) for test, own in samples.items()}
    about, arrays = ({}, {}) if tests is None else read_tables()
    for test, surface in surfaces.items():
        about[test] = {
            "knots": surface.knots,
            "terms": surface.terms,
            "reach": surface.reach,
            "stretched": surface.stretch is not None,
            "relative_error": surface.relative_error,
            "cells": len(samples[test]),
            "samples": sum(cell.count for cell, _ in samples[test]),
        }
        rows = [surface.coefficients] if surface.stretch is None else [surface.coefficients, surface.stretch]
        arrays[test] = np.vstack(rows).astype(np.float32)
    write_arrays_atomically(output, {"about": np.array(json.dumps({"tests": about})), **arrays}, compressed=True)
    return surfaces


def _stored(folder: Path, cell: Cell) -> dict[str, np.ndarray]:
    path = folder / f"{cell.name}.npz"
    if not path.exists():
        return {}
    with np.load(path) as loaded:
        return {test: loaded[test] for test in loaded.files}


def _make_cell(cell: Cell, folder: Path, tests: Collection[str]) -> None:
    """Simulate these tests and add them to the cell's file."""
    import torch

    torch.set_num_threads(1)
    found = {**_stored(folder, cell), **simulate_cell(cell, tests)}
    write_arrays_atomically(folder / f"{cell.name}.npz", found)


def _missing(folder: Path, cell: Cell, tests: Collection[str] | None) -> list[str]:
    """The tests that this cell lacks."""
    stored = _stored(folder, cell)
    return [t.name for t in cell.tests() if t.name not in stored and (tests is None or t.name in tests)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="python -m noisedim.normality.nulls.build_tables",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cells", type=Path, required=True, help="folder of the simulated cells")
    parser.add_argument("--tests", nargs="+", help="only these tests; the shipped tables of the others are kept")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop simulating after this many seconds")
    parser.add_argument("--output", type=Path, help="where to write the tables, made of the cells that are there")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    from joblib import Parallel, delayed

    for name in options.tests or ():
        calibrated(name)
    began = time.monotonic()
    cells = plan()
    missing = [(cell, lacking) for cell in cells if (lacking := _missing(options.cells, cell, options.tests))]
    # Audited dimensions first, so that the tables of a run that was cut short are useful.
    missing.sort(key=lambda item: (item[0].dim not in _AUDITED_DIMS, item[0].kind != "one_dimensional"))
    while missing and time.monotonic() - began < options.seconds:
        now, missing = missing[: 2 * options.jobs], missing[2 * options.jobs :]
        Parallel(options.jobs)(delayed(_make_cell)(cell, options.cells, lacking) for cell, lacking in now)
    print(f"{len(cells) - len(missing)} of {len(cells)} cells are there")
    if options.output is not None:
        for test, surface in build(options.cells, options.output, options.tests).items():
            print(f"{test}: relative error of p {surface.relative_error}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
