"""``python -m noisedim.normality.audit`` measures false alarms and power, and adds to a file.

Trials are counted up cell by cell, each with a stream of its own, so a stopped run resumes, and running again
makes the intervals shorter.
"""

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from noisedim.files import read_json, sole_writer, write_json_atomically
from noisedim.normality.audit.cells import audit_cells, cell_name, family_cells, high_cells, tail_cells
from noisedim.normality.audit.laws import TOLD
from noisedim.normality.audit.measure import LEVELS, TAIL_LEVELS, measure, measure_peer, measure_tails, relative_times
from noisedim.normality.audit.peers import PEERS
from noisedim.normality.audit.r_tests import r_version
from noisedim.schema import SCHEMAS

__all__ = ["main"]


def _pieces(
    cells: Sequence[dict[str, Any]], found: dict[str, dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], int, int]]:
    """What is still to do, a tenth of each cell's goal at a time, all cells in turn."""
    for share in range(1, 11):
        for cell in cells:
            done = found.get(cell_name(cell), {"trials": 0})["trials"]
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
    parser.add_argument(
        "--peer",
        choices=[peer.name for peer in PEERS],
        help="count this peer alone, on the samples of the power cells that the file has without it",
    )
    parser.add_argument(
        "--times",
        action="store_true",
        help="time all peers of the power cells beside the battery, on one law per shape",
    )
    options = parser.parse_args(arguments)
    with sole_writer(options.output):
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    parts = ((options.family, family_cells), (options.high, high_cells), (options.tails, tail_cells))
    cells = next((part for wanted, part in parts if wanted), audit_cells)()
    measured = measure_tails if options.tails else measure
    from joblib import Parallel, delayed

    began = time.monotonic()
    found: dict[str, dict[str, Any]] = {}
    packages: dict[str, str] = {}
    if options.output.exists():
        stored = SCHEMAS["audit"].current(read_json(options.output), str(options.output))
        found = {cell_name(cell): cell for cell in stored["cells"]}
        packages = stored.get("packages", {})
    levels = list(TAIL_LEVELS if options.tails else LEVELS)

    def write() -> None:
        table = {"levels": levels, "cells": list(found.values()), **({"packages": packages} if packages else {})}
        write_json_atomically(options.output, SCHEMAS["audit"].stamped(table))

    if options.peer is not None:
        peer = next(peer for peer in PEERS if peer.name == options.peer)
        if peer.package:
            packages[peer.package] = r_version(peer.package)
        for cell in _for_peers(found.values()):
            is_fit = cell["n"] <= peer.most_rows and (not peer.is_told or cell["law"] in TOLD)
            if is_fit and peer.name not in cell["counts"]:
                cell["counts"][peer.name] = measure_peer(cell, peer)
                write()
        return 0
    if options.times:
        first = {(cell["n"], cell["dim"]): cell for cell in reversed(_for_peers(found.values()))}
        for cell in first.values():
            timed = [peer for peer in PEERS if peer.name in cell["counts"] and not peer.is_told]
            cell["times"] = {name: float(f"{ratio:.2g}") for name, ratio in relative_times(cell, timed).items()}
            write()
        return 0
    while time.monotonic() - began < options.seconds:
        pieces: dict[str, tuple[dict[str, Any], int, int]] = {}
        for piece in _pieces(cells, found):
            pieces.setdefault(cell_name(piece[0]), piece)
            if len(pieces) == 2 * options.jobs:
                break
        if not pieces:
            break
        now = list(pieces.values())
        results = Parallel(options.jobs)(delayed(measured)(cell, first, trials) for cell, first, trials in now)
        for (cell, _, _), result in zip(now, results, strict=True):
            _add(found.setdefault(cell_name(cell), {**cell, "trials": 0, "counts": {}}), result)
        write()
    print(f"{sum(cell['trials'] for cell in found.values()):,} trials of {sum(cell['goal'] for cell in cells):,}")
    return 0


def _for_peers(cells: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [cell for cell in cells if cell["kind"] == "power" and cell.get("peers", True)]


def _add(cell: dict[str, Any], result: dict[str, Any]) -> None:
    cell["trials"] += result["trials"]
    # A peer that is counted alone has not seen these samples.
    for name in {peer.name for peer in PEERS} & cell["counts"].keys() - result["counts"].keys():
        del cell["counts"][name]
    for name, counts in result["counts"].items():
        before = cell["counts"].get(name, [0] * len(counts))
        cell["counts"][name] = [int(a + b) for a, b in zip(before, counts, strict=True)]


if __name__ == "__main__":
    raise SystemExit(main())
