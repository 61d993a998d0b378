"""Levels and power in many dimensions and other shapes, of the battery without peers and without its tests over pairs."""

from collections.abc import Sequence

from noisedim.document.content import Table, Verdict
from noisedim.report.trust.cells import Cell
from noisedim.report.trust.verdicts import POWER
from noisedim.statistics.intervals import Interval

__all__ = ["first_tier_table", "fresh_laws_verdict", "shapes_table", "shapes_verdict"]

_ALPHA = 0.05
_NULLS = {"simple": "N(0, I)", "composite": "any normal law"}


def _words(rate: Interval, digits: int) -> str:
    return f"{rate.estimate:.{digits}%} [{rate.lower:.{digits}%}, {rate.upper:.{digits}%}]"


def _shape(cell: Cell) -> dict[str, str]:
    return {"n": f"{cell.n:,}", "d": f"{cell.dim:,}"}


def first_tier_table(cells: Sequence[Cell]) -> Table:
    """How often the battery rejects samples of its null, by shape."""
    rows = [
        {
            "null": _NULLS[cell.law],
            **_shape(cell),
            "samples": str(cell.trials),
            "rejects at 0.05 [95%]": _words(cell.rate("battery"), 1),
        }
        for cell in sorted(cells, key=lambda cell: (cell.dim, cell.law != "simple"))
    ]
    return Table(rows, "False alarms of the battery without its tests over pairs of rows")


def _shapes(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells of one null and shape together, the fewest dimensions first."""
    found: dict[tuple[int, int, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.dim, cell.n, cell.null), []).append(cell)
    return [found[key] for key in sorted(found)]


def shapes_verdict(cells: Sequence[Cell]) -> Verdict:
    """Whether the power is shown for every law of every shape; all limits hold jointly."""
    return _verdict(
        cells,
        "Does it see departures in other shapes, and where mean and covariance are estimated?",
        "power of the battery without its tests over pairs of rows, limits that hold jointly over all laws and shapes",
    )


def fresh_laws_verdict(cells: Sequence[Cell]) -> Verdict:
    """The same of laws for which nothing was designed."""
    return _verdict(
        cells,
        "Does it see laws for which nothing was designed?",
        "the tests were designed with the laws of the other tables in view; these were written down and committed before they "
        "were tried, once (power of the battery without its tests over pairs of rows, limits that hold jointly)",
    )


def _verdict(cells: Sequence[Cell], question: str, words: str) -> Verdict:
    level = 1 - _ALPHA / len(cells)
    rows, left = [], 0
    for shape in _shapes(cells):
        rates = {cell.law: cell.rate("battery", level=level) for cell in shape}
        seen = sum(rate.lower >= POWER for rate in rates.values())
        least = min(rates, key=lambda law: rates[law].estimate)
        left += len(rates) - seen
        rows.append(
            {
                "against": f"{_NULLS[shape[0].null]}, d = {shape[0].dim:,}",
                f"power above {POWER:.0%} shown": f"{seen} of {len(rates)} laws",
                "least often rejected": "–" if rates[least].estimate == 1 else f"{least}: {rates[least].estimate:.0%}",
                "n": f"{shape[0].n:,}",
                "samples of each": str(min(cell.trials for cell in shape)),
            }
        )
    return Verdict(question, "in part" if left else "yes", words, numbers=rows)


def shapes_table(cells: Sequence[Cell], caption: str = "Power in other shapes: rejections at 5%") -> Table:
    """Every law and shape."""
    rows = []
    for shape in _shapes(cells):
        for cell in shape:
            name, rate = cell.most_frequent(at=1)
            rows.append(
                {
                    "law": cell.law,
                    "against": _NULLS[cell.null],
                    **_shape(cell),
                    "samples": str(cell.trials),
                    "rejects at 0.05 [95%]": _words(cell.rate("battery"), 0),
                    "seen most often, at 0.01, by": f"{name} ({rate:.0%})" if rate else "none",
                }
            )
    return Table(rows, caption)
