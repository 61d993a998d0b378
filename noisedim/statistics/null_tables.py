"""Makes the null tables that ship with the package: ``python -m noisedim.statistics.null_tables``.

First cells are simulated, one file each, so that a killed run goes on; then quantiles are smoothed over n and written
to null_tables.npz. The number of samples in a cell follows from a cost model, not from a clock, and its stream from its
name, so the tables come out the same wherever they are made with the same libraries.
"""

import argparse
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from noisedim.files import write_atomically
from noisedim.statistics import null_laws, scaling

__all__ = ["Cell", "main", "plan", "simulate_cell"]

_DIMS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_ROWS = (20, 28, 40, 60, 90, 140, 220, 360, 600, 1000)
# Whitened statistics are tabulated from two rows a coordinate on; larger dimensions are not worth the time.
_COMPOSITE_DIM = 128
_MOST_SAMPLES = 20_000
_HENZE_ZIRKLER_DIM = 64
# Henze and Zirkler's β follows n: cells of _LIMIT_ROWS rows with the β of more.
_LIMIT_ROWS = 400
_NOMINAL_ROWS = (2_500, 8_000, 25_000, 100_000)
_ONE_DIMENSIONAL_ROWS = (20, 24, 30, 40, 60, 100, 180, 350, 800, 2_000, 6_000, 20_000, 100_000)
_UNIFORM_ROWS = (20, 32, 60, 120, 400)


@dataclass(frozen=True)
class Cell:
    """One simulation: ``kind`` is simple, composite, henze_zirkler, uniform or one_dimensional."""

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
        count = int(min(most, max(200, scale * budget * 1e6 / microseconds)))
        cells.append(Cell(kind, n, dim, count // 100 * 100))

    for dim in _DIMS:
        for n in _ROWS:
            draw = n * dim * 0.03
            add("simple", n, dim, n * n * (4 + 0.1 * dim) / 1e3 + draw + n * 0.3, 4 if n < 200 else 7)
        if dim <= _COMPOSITE_DIM:
            for n in sorted({n for n in _ROWS if n > 2 * dim} | {max(20, 2 * dim), max(28, 3 * dim)}):
                add("composite", n, dim, n * n * (7 + 0.15 * dim) / 1e3 + n * dim * (0.03 + 0.001 * dim) + n * 0.3, 6)
        if dim <= _HENZE_ZIRKLER_DIM:
            for n in _NOMINAL_ROWS:
                add("henze_zirkler", n, dim, _LIMIT_ROWS**2 * (3 + 0.08 * dim) / 1e3, 6)
        for n in _UNIFORM_ROWS[: 5 if dim <= 64 else 4]:
            add("uniform", n, dim, n * dim * (0.03 + 0.0002 * dim), 3)
    for n in _ONE_DIMENSIONAL_ROWS:
        add("one_dimensional", n, 1, n * 0.06, 12, 10 * _MOST_SAMPLES)
    return cells


def simulate_cell(cell: Cell) -> dict[str, np.ndarray]:
    """Scaled statistics by test, each (count,) float32, ascending."""
    word = int.from_bytes(hashlib.sha256(cell.name.encode()).digest()[:8], "big")
    rng = np.random.default_rng([2410, word])
    if cell.kind == "one_dimensional":
        found = null_laws.one_dimensional_null(cell.n, cell.count, rng)
    elif cell.kind == "uniform":
        found = null_laws.uniform_null(cell.n, cell.dim, cell.count, rng)
    elif cell.kind == "henze_zirkler":
        beta = scaling.henze_zirkler_beta(cell.n, cell.dim)
        found = null_laws.normal_null(
            _LIMIT_ROWS, cell.dim, cell.count, rng, simple=False, henze_zirkler_beta=beta
        )
        found = {"henze_zirkler": found["henze_zirkler"]}
    else:
        simple = cell.kind == "simple"
        found = null_laws.normal_null(cell.n, cell.dim, cell.count, rng, simple=simple, composite=not simple)
    return {name: np.sort(values).astype(np.float32) for name, values in found.items()}


def _make_cell(cell: Cell, path: Path) -> None:
    import torch

    torch.set_num_threads(1)
    found = simulate_cell(cell)
    write_atomically(path, lambda file: np.savez(file, **found))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m noisedim.statistics.null_tables", description=__doc__)
    parser.add_argument("--cells", type=Path, required=True, help="folder of the simulated cells")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop simulating after so long")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    from joblib import Parallel, delayed

    began = time.monotonic()
    paths = [(cell, options.cells / f"{cell.name}.npz") for cell in plan()]
    missing = [(cell, path) for cell, path in paths if not path.exists()]
    while missing and time.monotonic() - began < options.seconds:
        now, missing = missing[: 2 * options.jobs], missing[2 * options.jobs :]
        Parallel(options.jobs)(delayed(_make_cell)(cell, path) for cell, path in now)
    print(f"{len(paths) - len(missing)} of {len(paths)} cells are there")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
