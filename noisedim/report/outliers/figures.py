"""The figure of outliers, from plain data. Nothing here reads files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["roc_figure"]


def roc_figure(grid: Sequence[float], curves: Mapping[str, Sequence[Sequence[float]]]) -> "Figure":
    """Detection against false alarms: means over tasks with pointwise 95% t-intervals.

    Args:
        grid: false-alarm rates, (k,).
        curves: by name, one curve a task, each (k,).
    """
    figure = new_figure(5.6, 5.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=INK, lw=0.9, ls=(0, (4, 2)), label="chance")
    for number, (name, own) in enumerate(curves.items()):
        values = np.array(own)
        intervals = [student_t(column) for column in values.T]
        colour = PALETTE[number % len(PALETTE)]
        if len(values) > 1:
            lower, upper = (np.clip([getattr(i, end) for i in intervals], 0, 1) for end in ("lower", "upper"))
            axes.fill_between(grid, lower, upper, color=colour, alpha=0.18, lw=0)
        axes.plot(
            grid,
            values.mean(0),
            color=colour,
            marker=MARKERS[number % len(MARKERS)],
            markevery=(number, 8),
            ms=5,
            lw=1.5,
            label=name,
        )
    axes.set(
        xlim=(0, 1),
        ylim=(-0.01, 1.01),
        xlabel="false alarms: share of usual images called outliers",
        ylabel="detections: share of outliers found",
        aspect="equal",
    )
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=2)
    return figure
