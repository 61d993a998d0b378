"""Trials of the battery and of single tests: how often p is at or below each level."""

import json
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np

from noisedim.normality.audit.cells import cell_name
from noisedim.normality.audit.laws import COMPOSITE_LAWS, FRESH_LAWS, HIGH_LAWS, LAWS, TOLD
from noisedim.normality.audit.peers import Peer, peer_p_values
from noisedim.normality.battery import run_battery
from noisedim.normality.nulls.null_samples import draw_statistics
from noisedim.normality.nulls.null_surfaces import table_reaches
from noisedim.normality.p_values import calibrated_p_value
from noisedim.normality.tests import calibrated_tests
from noisedim.schema import SCHEMAS
from noisedim.streams import numpy_stream

__all__ = ["LEVELS", "TAIL_LEVELS", "measure", "measure_peer", "measure_tails", "read_audit", "relative_times"]

Law = Callable[[np.random.Generator, np.ndarray], np.ndarray]

_LAWS: Mapping[str, Law] = LAWS | HIGH_LAWS | COMPOSITE_LAWS | FRESH_LAWS

LEVELS = (0.05, 0.01, 0.001)
TAIL_LEVELS = (0.05, 0.01, 0.001, 0.0005, 1e-4)


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
        z = _sample(cell, trial)
        null = cell["law"] if cell["kind"] == "calibration" else cell.get("null", "simple")
        battery = run_battery(z, null=null, seed=trial, budget=cell.get("budget", float("inf")))
        for row in battery.rows:
            count(row.name, row.outcome.p_value)
        count("battery", float(battery.adjusted().min()))
        if cell["kind"] == "power" and cell.get("peers", True):
            for name, p_value in peer_p_values(z, trial).items():
                count(name, p_value)
    return {"trials": trials, "counts": counts}


def _sample(cell: dict[str, Any], trial: int, laws: Mapping[str, Law] = _LAWS) -> np.ndarray:
    rng = numpy_stream(trial, f"audit, {cell_name(cell)}")
    z = rng.standard_normal((cell["n"], cell["dim"]))
    return laws[cell["law"]](rng, z) if cell["kind"] == "power" else z


def measure_peer(cell: dict[str, Any], peer: Peer) -> list[int]:
    """Counts of one peer's p at or below each of :data:`LEVELS`, on all samples of a cell that the battery has seen."""
    laws = TOLD if peer.is_told else _LAWS
    trials = range(cell["trials"])
    p_values = peer.p_values((_sample(cell, trial, laws) for trial in trials), trials)
    return [sum(p <= level for p in p_values) for level in LEVELS]


def relative_times(cell: dict[str, Any], peers: Sequence[Peer], samples: int = 5) -> dict[str, float]:
    """How many times as long as the battery a peer takes for a sample of a cell, by name, once its null is known.

    One call for all samples is timed, after one that is not: a peer in another process starts it each time.
    """
    import torch

    torch.set_num_threads(1)
    trials = range(cell["trials"], cell["trials"] + samples)
    drawn = [_sample(cell, trial) for trial in trials]

    def seconds(work: Callable[[], object]) -> float:
        work()  # what is computed once
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    def battery() -> None:
        for z, trial in zip(drawn, trials, strict=True):
            run_battery(z, null=cell.get("null", "simple"), seed=trial, budget=cell.get("budget", float("inf")))

    whole = seconds(battery)
    return {peer.name: seconds(partial(peer.p_values, drawn, trials)) / whole for peer in peers}


def measure_tails(cell: dict[str, Any], first: int, trials: int) -> dict[str, Any]:
    """Counts of p at or below each of :data:`TAIL_LEVELS`, by test, in samples drawn as for the null tables, all at once.

    ``first`` only names the stream: the samples depend on how the trials are divided, which the goal of the cell determines.
    """
    null, n, dim = cell["law"], cell["n"], cell["dim"]
    rng = numpy_stream(first, f"audit, {cell_name(cell)}")
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
    return SCHEMAS["audit"].current(
        json.loads((files("noisedim.normality.audit") / name).read_text(encoding="utf-8")), name
    )
