"""The figure of costs, from plain data. Nothing here reads files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from noisedim.document.figures import MARKERS, PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["law_figure"]


def law_figure(
    series: Mapping[str, Sequence[tuple[float, float]]], *, xlabel: str, ylabel: str = "seconds per step"
) -> "Figure":
    """Cost against size on logarithmic axes, one line each.

    Args:
        series: by name, (size, cost) pairs.
        xlabel: what the size is.
        ylabel: what the cost is.
    """
    figure = new_figure(6.4, 4.4)
    axes = figure.subplots()
    for number, (name, points) in enumerate(series.items()):
        sizes, costs = zip(*points, strict=True)
        axes.loglog(
            sizes,
            costs,
            color=PALETTE[number % len(PALETTE)],
            marker=MARKERS[number % len(MARKERS)],
            ls=("-", "--")[number // len(PALETTE) % 2],
            ms=4,
            lw=1.1,
            label=name,
        )
    measured = sorted({size for points in series.values() for size, _ in points})
    axes.set_xticks(measured, [f"{size:,g}" for size in measured])
    axes.set_xticks([], minor=True)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3)
    return figure
