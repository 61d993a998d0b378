"""Tests of R's packages beside the battery and pingouin: which laws each sees, its false alarms and how long it takes."""

from collections.abc import Mapping, Sequence

from noisedim.document.content import Block, Table, Text
from noisedim.report.trust.cells import PRIOR, Cell

__all__ = ["package_blocks"]

# Python's tests that have a time; the others, of single coordinates and spectra, are in the table above.
_BESIDE = ("battery", "Henze–Zirkler (pingouin)")


def package_blocks(cells: Sequence[Cell], versions: Mapping[str, str]) -> list[Block]:
    """A table with one row per test, one column per law; nothing where no package was counted.

    Args:
        cells: of one shape.
        versions: of the packages.
    """
    names = list(dict.fromkeys(name for cell in cells for name in cell.packages))
    if not names:
        return []
    first = cells[0]
    over = [name for cell in cells if cell.law == PRIOR for name in cell.packages if not cell.holds_level(name)]
    counted = f" ({', '.join(f'{name} {version}' for name, version in sorted(versions.items()))})" if versions else ""
    timed = next((cell for cell in cells if cell.times), first)
    rows = []
    for name in (*_BESIDE, *names):
        time = timed.relative_time(name)
        row = {"test": name, "time": "–" if time is None else f"{time:.2g}"}
        rows.append(row | {_words(cell): _rate(cell, name) for cell in sorted(cells, key=lambda own: own.law != PRIOR)})
    alarms = (
        f" False alarms of {', '.join(over)} are above 5% beyond doubt: what they reject says little." if over else ""
    )
    return [
        Text(
            f"R's packages have many tests of any normal law, whatever its mean and covariance{counted}. Those of `energy` and "
            "`mnt` are calibrated by simulation here; those of `MVN` and pingouin bring their own p-values. Where a test ends "
            "in an error, or the covariance is singular, it does not reject. Of N(0, I), rejections are false alarms. Times "
            f"are of one sample, in one run with the battery's, without calibration; R's hold a share of its start.{alarms}"
        ),
        Table(
            rows,
            f"Tests of any normal law, n = {first.n:,}, d = {first.dim}: rejections of {first.trials} samples at 5%, and time "
            "over the battery's",
        ),
    ]


def _words(cell: Cell) -> str:
    return "N(0, I)" if cell.law == PRIOR else cell.law


def _rate(cell: Cell, name: str) -> str:
    return f"{cell.rate(name).estimate:.0%}" if name in cell.counts else "–"
