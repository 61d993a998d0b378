"""Levels and power in many dimensions and other shapes, of the battery without peers and without its tests over pairs."""

from collections.abc import Sequence

from noisedim.document.content import Table, Verdict
from noisedim.report.trust.cells import Cell
from noisedim.report.trust.verdicts import POWER, power_verdict
from noisedim.statistics.intervals import Interval

__all__ = ["first_tier_table", "shapes_table", "shapes_verdict"]

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
    return Table(rows, "False alarms of the battery without its tests over pairs of rows, in many dimensions")


def _shapes(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells of one null and shape together, the fewest dimensions first."""
    found: dict[tuple[int, int, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.dim, cell.n, cell.null), []).append(cell)
    return [found[key] for key in sorted(found)]


def shapes_verdict(cells: Sequence[Cell]) -> Verdict:
    """Whether the power is shown for every law of every shape; limits hold jointly within a shape."""
    rows, are_shown = [], []
    for shape in _shapes(cells):
        found = power_verdict(shape)
        least = min(found.rates, key=lambda law: found.rates[law])
        are_shown.append(not found.weak)
        rows.append(
            {
                "against": f"{_NULLS[shape[0].null]}, d = {shape[0].dim:,}",
                f"power above {POWER:.0%} shown": f"{len(found.seen)} of {len(found.rates)} laws",
                "least often rejected": f"{least}: {found.rates[least]:.0%}",
                "n": f"{shape[0].n:,}",
                "samples of each": str(found.trials),
            }
        )
    shown = sum(are_shown)
    return Verdict(
        "Does it see departures in other shapes, and where mean and covariance are estimated?",
        "yes" if shown == len(rows) else "in part" if shown else "not decided",
        "the battery without its tests over pairs of rows; limits hold jointly over the laws of a shape",
        numbers=rows,
    )


def shapes_table(cells: Sequence[Cell]) -> Table:
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
    return Table(rows, "Power in other shapes: rejections at 5%")
