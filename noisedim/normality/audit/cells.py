"""What the audit measures: laws, shapes of samples, and numbers of trials."""

from typing import Any

from noisedim.normality.audit.laws import COMPOSITE_LAWS, FRESH_LAWS, HIGH_LAWS, LAWS, NEAR_THE_LIMIT
from noisedim.normality.battery import BUDGET

__all__ = ["audit_cells", "cell_name", "family_cells", "high_cells", "tail_cells"]

_ROWS = (20, 50, 200, 1000, 10_000)
_DIMS = (1, 2, 16, 64, 128)
# Trials of a cell: as many as say something of the level 0.001, fewer where a trial takes seconds.
_GOAL = {20: 4000, 50: 4000, 200: 2000, 1000: 500, 10_000: 200}
_POWER_SHAPE = (1024, 128)
_POWER_GOAL = 100
# Many dimensions, without the tests over pairs of rows: null, rows, columns, trials.
_HIGH = (
    ("simple", 200, 16, 400),
    ("composite", 200, 16, 400),
    ("simple", 1000, 64, 300),
    ("composite", 1000, 64, 200),
    ("simple", 2000, 256, 200),
    ("composite", 2000, 256, 200),
    ("simple", 4000, 768, 200),
    ("composite", 4000, 768, 200),
    ("simple", 6000, 2048, 200),
)
# The family-wise rate (:mod:`noisedim.normality.family`): trials by rows, and columns.
_FAMILY_GOAL = {200: 2000, 1000: 1000, 10_000: 200}
_FAMILY_DIMS = (2, 8, 16, 128, 256, 768)
_HIGH_POWER_SHAPE, _HIGH_POWER_GOAL = (10_000, 768), 50
# A sample takes twenty seconds, and the peers as long again: the battery alone.
_HIGHEST_POWER_SHAPE, _HIGHEST_POWER_GOAL = (20_000, 2048), 50
# Rows, and columns by the laws that are drawn there.
_LIMIT_POWER_SHAPE = (10_000, 64)
_COMPOSITE_POWER_ROWS, _COMPOSITE_POWER_DIMS = 10_000, (200, 384, 768)
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


def high_cells() -> list[dict[str, Any]]:
    """False alarms and power in many dimensions, of the tests that need no pairs of rows."""
    cells: list[dict[str, Any]] = [
        {"kind": "calibration", "law": null, "n": rows, "dim": columns, "goal": goal, "budget": 1e-9}
        for null, rows, columns, goal in _HIGH
    ]
    for (n, dim), goal, peers in (
        (_HIGH_POWER_SHAPE, _HIGH_POWER_GOAL, True),
        (_HIGHEST_POWER_SHAPE, _HIGHEST_POWER_GOAL, False),
    ):
        shape = {"n": n, "dim": dim, "goal": goal, "budget": 1e-9} | ({} if peers else {"peers": False})
        # In 2,048 dimensions that variance is below the threshold, where no test is certain.
        laws = [law for law in HIGH_LAWS if peers or law != "three directions of variance 1.22"]
        cells += [{"kind": "power", "law": law, **shape} for law in laws]
    alone = {"kind": "power", "goal": _HIGH_POWER_GOAL, "budget": 1e-9, "peers": False}
    n, dim = _HIGH_POWER_SHAPE
    cells += [{"law": law, "n": n, "dim": dim, **alone} for law in FRESH_LAWS]
    n, dim = _LIMIT_POWER_SHAPE
    cells += [{"law": law, "n": n, "dim": dim, **alone} for law in NEAR_THE_LIMIT]
    return cells + [
        {"law": law, "n": _COMPOSITE_POWER_ROWS, "dim": dim, "null": "composite", **alone}
        for dim in _COMPOSITE_POWER_DIMS
        for law in COMPOSITE_LAWS
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


def cell_name(cell: dict[str, Any]) -> str:
    """Of a cell, in the stream of its random numbers and among its results."""
    null = (cell["null"],) if "null" in cell else ()
    shape = (f"n = {cell['n']}", f"d = {cell['dim']}")
    return ", ".join([cell["kind"], cell["law"], *shape, *null, *cell.get("tests", ())])
