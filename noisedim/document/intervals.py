"""Where the marks of a forest stand: intervals as shares of the width of one axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from noisedim.document.content import ForestPanel, ForestRow

__all__ = ["PlacedPanel", "PlacedRow", "placed"]

_MARGIN = 0.04
_MOST_TICKS = 5


@dataclass(frozen=True)
class PlacedRow:
    """A row of a forest: percentages of the width, from the left.

    Attributes:
        row: what is drawn.
        middle, left, width: of the mark and of its interval.
        words: the numbers.
    """

    row: ForestRow
    middle: float
    left: float
    width: float
    words: str


@dataclass(frozen=True)
class PlacedPanel:
    """A panel with its rows sorted, the best first, and the ticks of its axis as (percentage, words)."""

    panel: ForestPanel
    rows: Sequence[PlacedRow]
    ticks: Sequence[tuple[float, str]]


def placed(panel: ForestPanel) -> PlacedPanel:
    """Sort a panel's rows and place them on a common axis."""
    ends = [end for row in panel.rows for end in (row.lower, row.estimate, row.upper) if math.isfinite(end)]
    if panel.logarithmic:
        ends = [end for end in ends if end > 0]
    scale = math.log10 if panel.logarithmic else float
    low, high = (scale(end) for end in (min(ends, default=0.1), max(ends, default=1.0)))
    spare = _MARGIN * (high - low) or 1.0
    low, high = low - spare, high + spare

    def place(value: float) -> float:
        if panel.logarithmic and value <= 0:
            return 0.0
        share = (scale(value) - low) / (high - low) if math.isfinite(value) else float(value > 0)
        return round(100 * min(1.0, max(0.0, share)), 2)

    ordered = sorted(panel.rows, key=lambda row: row.estimate, reverse=panel.larger_is_better)
    rows = [
        PlacedRow(
            row,
            place(row.estimate),
            place(row.lower),
            round(place(row.upper) - place(row.lower), 2),
            f"{_short(row.estimate)} [{_short(row.lower)}, {_short(row.upper)}]",
        )
        for row in ordered
    ]
    ticks = _powers(low, high) if panel.logarithmic else _steps(low, high)
    return PlacedPanel(panel, rows, [(place(tick), f"{tick:,g}") for tick in ticks])


def _short(value: float) -> str:
    """Three digits, as many as an interval deserves."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"


def _steps(low: float, high: float) -> list[float]:
    size = 10 ** math.floor(math.log10((high - low) / _MOST_TICKS))
    step = next(size * k for k in (1, 2, 5, 10) if (high - low) / (size * k) <= _MOST_TICKS)
    return [round(k * step, 12) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _powers(low: float, high: float) -> list[float]:
    found = [digit * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for digit in (1, 2, 5)]
    found = [value for value in found if low <= math.log10(value) <= high]
    return found if len(found) <= _MOST_TICKS + 1 else [value for value in found if f"{value:e}".startswith("1.0")]
