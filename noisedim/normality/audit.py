"""The tests, tested: ``python -m noisedim.normality.audit`` measures false alarms and power and adds to audit.json.

Trials are counted up cell by cell, each with a stream of its own, so a stopped run resumes, and running again
makes the intervals shorter. The report shows the file that ships with the package.
"""

import argparse
import json
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.files import read_json, write_json_atomically
from noisedim.normality.audit_peers import peer_p_values
from noisedim.normality.battery import BUDGET, run_battery
from noisedim.normality.nulls.null_samples import draw_statistics
from noisedim.normality.nulls.null_surfaces import table_reaches
from noisedim.normality.p_values import calibrated_p_value
from noisedim.normality.tests import calibrated_tests
from noisedim.schema import SCHEMAS
from noisedim.streams import numpy_stream

__all__ = [
    "HIGH_LAWS",
    "LAWS",
    "LEVELS",
    "TAIL_LEVELS",
    "audit_cells",
    "family_cells",
    "high_cells",
    "main",
    "measure",
    "measure_tails",
    "read_audit",
    "tail_cells",
]

LEVELS = (0.05, 0.01, 0.001)
TAIL_LEVELS = (0.05, 0.01, 0.001, 0.0005, 1e-4)
_ROWS = (20, 50, 200, 1000, 10_000)
_DIMS = (1, 2, 16, 64, 128)
# Trials of a cell: as many as say something of the level 0.001, fewer where a trial takes seconds.
_GOAL = {20: 4000, 50: 4000, 200: 2000, 1000: 500, 10_000: 200}
_POWER_SHAPE = (1024, 128)
_POWER_GOAL = 100

LAWS: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "prior": lambda rng, z: z,
    "uniform": lambda rng, z: rng.uniform(-np.sqrt(3), np.sqrt(3), z.shape),
    "Rademacher": lambda rng, z: rng.choice([-1.0, 1.0], z.shape),
    "sphere of radius √d": lambda rng, z: z / np.linalg.norm(z, axis=1, keepdims=True) * np.sqrt(z.shape[1]),
    "t with 10 degrees": lambda rng, z: rng.standard_t(10, z.shape) / np.sqrt(1.25),
    "one pair, ρ = 0.3": lambda rng, z: np.column_stack([z[:, :-1], 0.3 * z[:, 0] + np.sqrt(0.91) * z[:, -1]]),
    "one dead coordinate": lambda rng, z: z * (np.arange(z.shape[1]) > 0),
    "two collapsed coordinates": lambda rng, z: np.column_stack([z[:, :-1], z[:, 0]]),
    "5% outliers, σ = 2": lambda rng, z: z * np.where(rng.random((len(z), 1)) < 0.05, 2.0, 1.0),
    "σ off by 2%": lambda rng, z: 1.02 * z,
}
"""Alternatives at unit variance (but the last), from a generator and a sample of N(0, I)."""


# Many dimensions, without the tests over pairs of rows: null, rows, columns, trials.
_HIGH = (
    ("simple", 200, 16, 400),
    ("composite", 200, 16, 400),
    ("simple", 1000, 64, 300),
    ("composite", 1000, 64, 200),
    ("simple", 2000, 256, 200),
    ("composite", 2000, 256, 100),
    ("simple", 4000, 768, 60),
    ("simple", 6000, 2048, 10),
)
# The family-wise rate (:mod:`noisedim.normality.family`): trials by rows, and columns.
_FAMILY_GOAL = {200: 2000, 1000: 1000, 10_000: 200}
_FAMILY_DIMS = (2, 8, 16, 128, 256, 768)
_HIGH_POWER_SHAPE, _HIGH_POWER_GOAL = (10_000, 768), 50
# Tails of the null tables: null, rows, columns, trials, and which tests if not all of the null.
_TAILS: tuple[tuple[str, int, int, int, tuple[str, ...]], ...] = (
    ("simple", 60, 16, 200_000, ()),
    ("simple", 220, 2, 100_000, ()),
    ("simple", 220, 64, 20_000, ()),
    ("composite", 60, 16, 200_000, ()),
    ("composite", 220, 2, 60_000, ()),
    ("composite", 220, 64, 10_000, ()),
    ("uniform", 60, 16, 200_000, ()),
    ("uniform", 400, 64, 10_000, ()),
    ("one_dimensional", 50, 1, 1_000_000, ()),
    ("one_dimensional", 1000, 1, 100_000, ()),
    ("one_dimensional", 10_000, 1, 10_000, ()),
    ("simple", 30, 256, 100_000, ("hermite",)),
    ("simple", 220, 128, 60_000, ("hermite",)),
    ("simple", 1000, 128, 30_000, ("hermite",)),
    ("simple", 1000, 512, 4_000, ("hermite",)),
    ("simple", 10_000, 128, 1_000, ("hermite",)),
)


def _rotated(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    return z @ np.linalg.qr(rng.standard_normal((z.shape[1], z.shape[1])))[0]


def _repeated(z: np.ndarray, share: float) -> np.ndarray:
    count = int(share * len(z))
    return np.concatenate([z[count : 2 * count], z[count:]])


def _first(z: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.column_stack([values, z[:, values.shape[1] :]])


def _rectified(z: np.ndarray) -> np.ndarray:
    mean = 1 / np.sqrt(2 * np.pi)
    return (np.maximum(z[:, : max(1, z.shape[1] // 20)], 0) - mean) / np.sqrt(0.5 - mean**2)


def _clusters(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    centres = rng.standard_normal((10, z.shape[1]))
    rows = centres[rng.integers(0, 10, len(z))] + 0.5 * z
    rows -= rows.mean(0)
    return rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows / len(z))).T


HIGH_LAWS: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "one direction of variance 0.01, rotated": lambda rng, z: _rotated(rng, _first(z, 0.1 * z[:, :1])),
    "one direction of variance 0.2, rotated": lambda rng, z: _rotated(rng, _first(z, np.sqrt(0.2) * z[:, :1])),
    "spectrum of condition 1.2, rotated": lambda rng, z: _rotated(
        rng, z * np.sqrt(np.linspace(1, 1.2, z.shape[1]) / 1.1)
    ),
    "1% of rows repeated": lambda rng, z: _repeated(z, 0.01),
    "0.5% of rows repeated": lambda rng, z: _repeated(z, 0.005),
    "rank 700 and 1e-3 of the rest": lambda rng, z: _rotated(rng, z * np.where(np.arange(z.shape[1]) < 700, 1, 1e-3)),
    "three directions of extra variance 1.5 √(d/n)": lambda rng, z: _rotated(
        rng, z * np.where(np.arange(z.shape[1]) < 3, np.sqrt(1 + 1.5 * np.sqrt(z.shape[1] / len(z))), 1)
    ),
    "t with 20 degrees, by coordinate": lambda rng, z: rng.standard_t(20, z.shape) / np.sqrt(20 / 18),
    "t with 20 degrees, radial": lambda rng, z: z * np.sqrt(18 / rng.chisquare(20, (len(z), 1))),
    "norms of √d": lambda rng, z: z / np.linalg.norm(z, axis=1, keepdims=True) * np.sqrt(z.shape[1]),
    "scale 1.01": lambda rng, z: 1.01 * z,
    "one exponential coordinate": lambda rng, z: _first(z, rng.exponential(size=(len(z), 1)) - 1),
    "5% of coordinates rectified": lambda rng, z: _first(z, _rectified(z)),
    "one exponential direction, rotated": lambda rng, z: _rotated(
        rng, _first(z, rng.exponential(size=(len(z), 1)) - 1)
    ),
    "5% of directions rectified, rotated": lambda rng, z: _rotated(rng, _first(z, _rectified(z))),
    "ten clusters, whitened": _clusters,
}
"""Departures that embeddings of hundreds of dimensions have; two before the last are near what is possible."""


def high_cells() -> list[dict[str, Any]]:
    """False alarms and power in many dimensions, of the tests that need no pairs of rows."""
    n, dim = _HIGH_POWER_SHAPE
    cells = [
        {"kind": "calibration", "law": null, "n": rows, "dim": columns, "goal": goal, "budget": 1e-9}
        for null, rows, columns, goal in _HIGH
    ]
    return cells + [
        {"kind": "power", "law": law, "n": n, "dim": dim, "goal": _HIGH_POWER_GOAL, "budget": 1e-9} for law in HIGH_LAWS
    ]


def family_cells() -> list[dict[str, Any]]:
    """The family-wise rate of whole batteries, on samples that its calibration has not seen."""
    return [
        {"kind": "calibration", "law": null, "n": rows, "dim": columns, "goal": goal, "budget": BUDGET}
        for rows, goal in _FAMILY_GOAL.items()
        for columns in _FAMILY_DIMS
        for null in ("simple", "composite")
        if null == "simple" or rows > columns
    ]


def tail_cells() -> list[dict[str, Any]]:
    """Each test with a null table by itself, on many samples of its null."""
    return [
        {"kind": "tails", "law": null, "n": rows, "dim": columns, "goal": goal} | ({"tests": tests} if tests else {})
        for null, rows, columns, goal, tests in _TAILS
    ]


def audit_cells() -> list[dict[str, Any]]:
    """What is measured: false alarms over n and d for both nulls, and power in many dimensions."""
    n, dim = _POWER_SHAPE
    cells: list[dict[str, Any]] = []
    for rows in _ROWS:
        for columns in _DIMS:
            cells.append({"kind": "calibration", "law": "simple", "n": rows, "dim": columns, "goal": _GOAL[rows]})
            if 2 * columns <= rows:
                goal = _GOAL[rows] // 4
                cells.append({"kind": "calibration", "law": "composite", "n": rows, "dim": columns, "goal": goal})
    return cells + [{"kind": "power", "law": law, "n": n, "dim": dim, "goal": _POWER_GOAL} for law in LAWS]


def _name(cell: dict[str, Any]) -> str:
    return ", ".join([cell["kind"], cell["law"], f"n = {cell['n']}", f"d = {cell['dim']}", *cell.get("tests", ())])


def measure(cell: dict[str, Any], first: int, trials: int) -> dict[str, Any]:
    """Counts of p at or below each of :data:`LEVELS` in trials ``first``, …: of each test, of the battery, of peers."""
    import torch

    torch.set_num_threads(1)
    counts: dict[str, list[int]] = {}

    def count(name: str, p_value: float) -> None:
        own = counts.setdefault(name, [0] * len(LEVELS))
        for i, level in enumerate(LEVELS):
            own[i] += p_value <= level

    for trial in range(first, first + trials):
        rng = numpy_stream(trial, f"audit, {_name(cell)}")
        z = rng.standard_normal((cell["n"], cell["dim"]))
        if cell["kind"] == "power":
            z = (LAWS | HIGH_LAWS)[cell["law"]](rng, z)
        null = cell["law"] if cell["kind"] == "calibration" else "simple"
        battery = run_battery(z, null=null, seed=trial, budget=cell.get("budget", float("inf")))
        for row in battery.rows:
            count(row.name, row.outcome.p_value)
        count("battery", float(battery.adjusted().min()))
        if cell["kind"] == "power":
            for name, p_value in peer_p_values(z, trial).items():
                count(name, p_value)
    return {"trials": trials, "counts": counts}


def measure_tails(cell: dict[str, Any], first: int, trials: int) -> dict[str, Any]:
    """Counts of p at or below each of :data:`TAIL_LEVELS`, by test, in samples drawn as for the null tables, all at once.

    ``first`` only names the stream: the samples depend on how the trials are divided, which the goal of the cell determines.
    """
    null, n, dim = cell["law"], cell["n"], cell["dim"]
    rng = numpy_stream(first, f"audit, {_name(cell)}")
    tests = [
        test
        for test in calibrated_tests(null)
        if test.name in cell.get("tests", (test.name,)) and table_reaches(test.name, n, dim)
    ]
    found = draw_statistics(null, n, dim, trials, rng, tests=tests)
    counts = {
        name: [_rejections(partial(calibrated_p_value, name, n=n, dim=dim), values, level) for level in TAIL_LEVELS]
        for name, values in found.items()
    }
    return {"trials": trials, "counts": counts}


def _rejections(p_value: Callable[[float], float], statistics: np.ndarray, level: float) -> int:
    """How many statistics have p at or below the level; p falls, if at all, on either side of their median."""
    ordered = np.sort(statistics).tolist()
    middle = len(ordered) // 2
    upper = bisect_left(ordered, True, lo=middle, key=lambda value: p_value(value) <= level)
    lower = bisect_left(ordered, True, hi=middle, key=lambda value: p_value(value) > level)
    return len(ordered) - upper + lower


def read_audit(*, high: bool = False, family: bool = False, tails: bool = False) -> dict[str, Any]:
    """What ships with the package: ``cells``, each with ``trials`` and ``counts`` by level.

    Args:
        high: many dimensions.
        family: the family-wise rate of whole batteries, on samples of their own.
        tails: each test with a null table by itself, at :data:`TAIL_LEVELS`.
    """
    which = {"-family": family, "-high": high, "-tails": tails}
    name = f"audit{next((suffix for suffix, wanted in which.items() if wanted), '')}.json"
    return SCHEMAS["audit"].current(json.loads((files("noisedim.normality") / name).read_text(encoding="utf-8")), name)


def _pieces(
    cells: Sequence[dict[str, Any]], found: dict[str, dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], int, int]]:
    """What is still to do, a tenth of each cell's goal at a time, all cells in turn."""
    for share in range(1, 11):
        for cell in cells:
            done = found.get(_name(cell), {"trials": 0})["trials"]
            wanted = cell["goal"] * share // 10
            if done < wanted:
                yield cell, done, wanted - done


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m noisedim.normality.audit", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="audit.json, added to if it is there")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--high", action="store_true", help="many dimensions, without the tests over pairs of rows")
    parser.add_argument("--family", action="store_true", help="the family-wise rate of whole batteries alone")
    parser.add_argument("--tails", action="store_true", help="each test with a null table by itself, into its tail")
    options = parser.parse_args(arguments)
    parts = ((options.family, family_cells), (options.high, high_cells), (options.tails, tail_cells))
    cells = next((part for wanted, part in parts if wanted), audit_cells)()
    measured = measure_tails if options.tails else measure
    from joblib import Parallel, delayed

    began = time.monotonic()
    found: dict[str, dict[str, Any]] = {}
    if options.output.exists():
        stored = SCHEMAS["audit"].current(read_json(options.output), str(options.output))
        found = {_name(cell): cell for cell in stored["cells"]}
    while time.monotonic() - began < options.seconds:
        pieces: dict[str, tuple[dict[str, Any], int, int]] = {}
        for piece in _pieces(cells, found):
            pieces.setdefault(_name(piece[0]), piece)
            if len(pieces) == 2 * options.jobs:
                break
        if not pieces:
            break
        now = list(pieces.values())
        results = Parallel(options.jobs)(delayed(measured)(cell, first, trials) for cell, first, trials in now)
        for (cell, _, _), result in zip(now, results, strict=True):
            _add(found.setdefault(_name(cell), {**cell, "trials": 0, "counts": {}}), result)
        content = {"levels": list(TAIL_LEVELS if options.tails else LEVELS), "cells": list(found.values())}
        write_json_atomically(options.output, SCHEMAS["audit"].stamped(content))
    print(f"{sum(cell['trials'] for cell in found.values()):,} trials of {sum(cell['goal'] for cell in cells):,}")
    return 0


def _add(cell: dict[str, Any], result: dict[str, Any]) -> None:
    cell["trials"] += result["trials"]
    for name, counts in result["counts"].items():
        before = cell["counts"].get(name, [0] * len(counts))
        cell["counts"][name] = [int(a + b) for a, b in zip(before, counts, strict=True)]


if __name__ == "__main__":
    raise SystemExit(main())
