"""Makes the null tables that ship with the package: ``python -m noisedim.normality.nulls.build_tables``.

First cells are simulated, one file each, so that a killed run goes on; then each quantile is smoothed over n and d, and
the surfaces are written to tables.npz, with how far the cells lie from them beyond their own noise. Laws for ever
more rows, where known (:mod:`noisedim.normality.nulls.limit_laws`), are cells as well. The number of
samples in a cell follows from a cost model, not from a clock, and its stream from its name, so the tables come out the
same wherever they are made with the same libraries.
"""

import argparse
import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.files import write_atomically
from noisedim.normality.nulls import null_samples
from noisedim.normality.nulls.limit_laws import limit_quantiles, limit_tail
from noisedim.normality.nulls.null_surfaces import PROBABILITIES, Surface, ordered_outward
from noisedim.normality.standardised import composite_statistics
from noisedim.normality.whitening import whiten

__all__ = ["Cell", "build", "fit_surface", "main", "plan", "simulate_cell"]

_DIMS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
# These get twice the time of others.
_AUDITED_DIMS = (1, 2, 3, 4, 16, 64, 128)
_ROWS = (20, 28, 40, 60, 90, 140, 220, 360, 600, 1000)
# Whitened statistics are tabulated from two rows a coordinate on; larger dimensions are not worth the time.
_COMPOSITE_DIM = 128
_MOST_SAMPLES = 20_000
# Henze and Zirkler's kernel narrows with n: in few dimensions its limit law at the β of n is near enough, in more its law
# at many rows is simulated, and from _NEAREST_DIM on, where few near pairs of rows make it, at fewer rows and in
# dimensions between (_NEAREST_DIMS), too.
_MANY_ROWS = (2_500, 5_000, 10_000)
_PAIRS_DIM, _NEAREST_DIM = 12, 48
_NEAREST_DIMS = (56, 80, 112)
# All composite tests once at many rows, between the other cells and the limit.
_WHITENED_ROWS, _WHITENED_DIMS = 2_500, (8, 16, 32, 64, 128)
_ONE_DIMENSIONAL_ROWS = (20, 24, 30, 40, 60, 100, 180, 350, 800, 2_000, 6_000, 20_000, 100_000)
# A quantile beyond which fewer values of a cell lie is taken from the law's shape, and weighs less.
_FEWEST_BEYOND = 9.5
_TRUST_IN_SHAPE = 0.25
_UNIFORM_ROWS = (20, 32, 60, 120, 400)


@dataclass(frozen=True)
class Cell:
    """One simulation: ``count`` samples of ``n`` rows in ``dim`` dimensions.

    ``kind`` is simple, composite, henze_zirkler (alone), whitened (all composite, one by one), uniform or one_dimensional.
    """

    kind: str
    n: int
    dim: int
    count: int

    @property
    def name(self) -> str:
        return f"{self.kind}-n{self.n}-d{self.dim}-b{self.count}"


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
    for dim in (dim for dim in sorted({*_DIMS, *_NEAREST_DIMS}) if _PAIRS_DIM <= dim <= _COMPOSITE_DIM):
        rows = {3 * dim} | {n for n in _ROWS if n > 3 * dim} if dim >= _NEAREST_DIM else set()
        for n in sorted(rows) + list(_MANY_ROWS if dim in _DIMS else []):
            cost = n * n * (1.5 + 0.025 * dim) / 1e3 + n * dim * 0.1
            add("henze_zirkler", n, dim, cost, 20 if n < 2_000 else 30)
    for n in _ONE_DIMENSIONAL_ROWS:
        add("one_dimensional", n, 1, n * 0.06, 12, 10 * _MOST_SAMPLES)
    return cells


def simulate_cell(cell: Cell) -> dict[str, np.ndarray]:
    """Scaled statistics by test, each (count,) float32, ascending."""
    word = int.from_bytes(hashlib.sha256(cell.name.encode()).digest()[:8], "big")
    rng = np.random.default_rng([2410, word])
    if cell.kind == "one_dimensional":
        found = null_samples.one_dimensional_null(cell.n, cell.count, rng)
    elif cell.kind == "uniform":
        found = null_samples.uniform_null(cell.n, cell.dim, cell.count, rng)
    elif cell.kind in ("henze_zirkler", "whitened"):
        tests = ("henze_zirkler",) if cell.kind == "henze_zirkler" else null_samples.COMPOSITE_TESTS
        rows = [composite_statistics(whiten(rng.standard_normal((cell.n, cell.dim))), tests) for _ in range(cell.count)]
        found = {test: np.array([row[test] for row in rows]) for test in tests}
    else:
        simple = cell.kind == "simple"
        found = null_samples.normal_null(cell.n, cell.dim, cell.count, rng, simple=simple, composite=not simple)
    return {name: np.sort(values).astype(np.float32) for name, values in found.items()}


@dataclass(frozen=True)
class _Form:
    """How a test's quantiles are smoothed: see :class:`~noisedim.normality.nulls.null_surfaces.Surface`."""

    kinds: tuple[str, ...]
    knots: tuple[float, ...]
    terms: tuple[str, ...]
    reach: tuple[tuple[int, int, int | None], ...]
    stretched: bool = False


_ALL_DIMS = (0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0)
_TO_128 = (0.0, 1.0, 2.0, 3.5, 5.0, 7.0)
_FORMS = {
    **{
        test: _Form(("simple",), _ALL_DIMS, ("one", "root", "inverse"), ((512, 0, None),))
        for test in null_samples.SIMPLE_TESTS
    },
    **{
        test: _Form(("composite", "whitened"), _TO_128, ("one", "root", "inverse", "power", "share"), ((128, 2, None),))
        for test in null_samples.COMPOSITE_TESTS
    },
    "henze_zirkler": _Form(
        ("composite", "whitened", "henze_zirkler"),
        (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
        ("one", "log", "log_square", "share_root", "share", "share_square"),
        # In many dimensions its law is that of the nearest pairs of rows: no limit is near, and no more rows were simulated.
        ((32, 2, 100_000), (128, 3, _MANY_ROWS[-1])),
        stretched=True,
    ),
    # Fourth moments take their limit law slowly.
    "hermite": _Form(("simple",), _ALL_DIMS, ("one", "root", "inverse", "power"), ((512, 0, None),)),
    **{
        test: _Form(("uniform",), _ALL_DIMS, ("one", "root", "inverse"), ((512, 0, None),))
        for test in null_samples.UNIFORM_TESTS
    },
    "smooth_pairs": _Form(("uniform",), (1.0, 2.0, 3.5, 5.0, 7.0, 9.0), ("one", "root", "inverse"), ((512, 0, None),)),
    "dagostino": _Form(("one_dimensional",), (), ("one", "root", "inverse", "power"), ((1, 0, None),)),
    "shapiro": _Form(
        ("one_dimensional",), (), ("one", "log", "log_square", "log_cube", "root", "inverse"), ((1, 0, 100_000),)
    ),
}


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


# The limit law of many rows, where it is known, stands at this n, or these, with the weight of so many samples each.
_LIMIT_AT = 1_000_000
_NARROWING_LIMIT_AT = (5_000, 20_000, 100_000)
_LIMIT_WEIGHT = 200_000


@dataclass(frozen=True)
class _Anchor:
    """A limit law: its quantiles at :data:`PROBABILITIES`, which stand at ``n``."""

    n: int
    dim: int
    quantiles: np.ndarray


def _anchors(test: str, dims: Sequence[int]) -> list[_Anchor]:
    found = []
    for dim in dims:
        for n in _NARROWING_LIMIT_AT if test == "henze_zirkler" else (_LIMIT_AT,):
            quantiles = limit_quantiles(test, dim, np.array(PROBABILITIES), n)
            if quantiles is not None:
                found.append(_Anchor(n, dim, quantiles))
    return found


def fit_surface(test: str, samples: Sequence[tuple[Cell, np.ndarray]]) -> Surface:
    """The surface of a test through its cells, by least squares weighted by the cells' sizes."""
    form = _FORMS[test]
    surface = Surface(np.empty(0), form.knots, form.terms, form.reach, {})
    kept = [(cell, values) for cell, values in samples if surface.reaches(cell.n, cell.dim)]
    anchors = _anchors(test, sorted({cell.dim for cell, _ in kept}))
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
    errors = _relative_error(surface, kept, test in null_samples.TWO_SIDED_TESTS)
    at_limit = _error_at_limit(test, surface, anchors)
    return replace(surface, relative_error={p: max(error, at_limit.get(p, 0.0)) for p, error in errors.items()})


def _least_squares(design: np.ndarray, found: np.ndarray, weights: np.ndarray) -> np.ndarray:
    root = np.sqrt(weights)
    return np.asarray(np.linalg.lstsq(root[:, None] * design, root * found, rcond=None)[0])


def _fit_stretch(design: np.ndarray, counts: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Location and log scale from the quantiles at .3, .5 and .7: the median, and half of what lies around it."""
    low, median, high = middle.T
    return np.stack([_least_squares(design, median, counts), _least_squares(design, np.log((high - low) / 2), counts)])


def _stretched(surface: Surface, values: np.ndarray, n: int, dim: int) -> np.ndarray:
    location, scale = surface.standard(n, dim)
    return np.asarray(np.arcsinh((values - location) / scale))


def _error_at_limit(test: str, surface: Surface, anchors: Sequence[_Anchor]) -> dict[str, float]:
    """By tail probability: root mean square of p̂/p − 1 over the limit laws."""
    errors: dict[str, list[float]] = {}
    levels = (0.05, 0.01, 0.001)
    for anchor in anchors:
        quantiles = surface.quantiles(anchor.n, anchor.dim)
        values = np.interp([-p for p in levels], -np.array(PROBABILITIES), quantiles)
        for p, tail in zip(levels, limit_tail(test, anchor.dim, values, anchor.n), strict=True):
            errors.setdefault(str(p), []).append(float(tail) / p - 1)
    return {p: round(math.sqrt(float(np.mean(np.square(own)))), 4) for p, own in errors.items()}


def _relative_error(surface: Surface, samples: Sequence[tuple[Cell, np.ndarray]], two_sided: bool) -> dict[str, float]:
    """By tail probability: root mean square of p̂/p − 1 over the cells, less what binomial noise alone would give.

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
        errors[str(p)] = round(math.sqrt(max(resolution, excess) / total), 4)
    return errors


def build(cells: Path, output: Path) -> dict[str, Surface]:
    """Fit all surfaces to the cells that are there and write the tables."""
    samples: dict[str, list[tuple[Cell, np.ndarray]]] = {}
    for cell in plan():
        path = cells / f"{cell.name}.npz"
        if not path.exists():
            continue
        with np.load(path) as loaded:
            for test in loaded.files:
                if cell.kind in _FORMS[test].kinds:
                    samples.setdefault(test, []).append((cell, loaded[test].astype(np.float64)))
    surfaces = {test: fit_surface(test, own) for test, own in samples.items()}
    about = {
        "tests": {
            test: {
                "knots": surface.knots,
                "terms": surface.terms,
                "reach": surface.reach,
                "stretched": surface.stretch is not None,
                "relative_error": surface.relative_error,
                "cells": len(samples[test]),
                "samples": sum(cell.count for cell, _ in samples[test]),
            }
            for test, surface in surfaces.items()
        }
    }
    arrays: dict[str, Any] = {}
    for test, surface in surfaces.items():
        rows = [surface.coefficients] if surface.stretch is None else [surface.coefficients, surface.stretch]
        arrays[test] = np.vstack(rows).astype(np.float32)
    write_atomically(output, lambda file: np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays))
    return surfaces


def _make_cell(cell: Cell, path: Path) -> None:
    import torch

    torch.set_num_threads(1)
    found: dict[str, Any] = dict(simulate_cell(cell))
    write_atomically(path, lambda file: np.savez(file, **found))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m noisedim.normality.nulls.build_tables", description=__doc__)
    parser.add_argument("--cells", type=Path, required=True, help="folder of the simulated cells")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop simulating after so long")
    parser.add_argument("--output", type=Path, help="where to write the tables, made of the cells that are there")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    from joblib import Parallel, delayed

    began = time.monotonic()
    paths = [(cell, options.cells / f"{cell.name}.npz") for cell in plan()]
    missing = [(cell, path) for cell, path in paths if not path.exists()]
    # Audited dimensions first, so that tables of a run that was cut short are of use.
    missing.sort(key=lambda item: (item[0].dim not in _AUDITED_DIMS, item[0].kind != "one_dimensional"))
    while missing and time.monotonic() - began < options.seconds:
        now, missing = missing[: 2 * options.jobs], missing[2 * options.jobs :]
        Parallel(options.jobs)(delayed(_make_cell)(cell, path) for cell, path in now)
    print(f"{len(paths) - len(missing)} of {len(paths)} cells are there")
    if options.output is not None:
        for test, surface in build(options.cells, options.output).items():
            print(f"{test}: relative error of p {surface.relative_error}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
