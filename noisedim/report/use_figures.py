"""Figures of the uses beside classification, from plain data. Nothing here reads files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["dots_figure", "roc_figure"]


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


def dots_figure(panels: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> "Figure":
    """One panel a measure, one line a method: means with 95% t-intervals, and every seed as a faint dot.

    Args:
        panels: by measure, by method, by kind (``""`` for the plain one, drawn filled; a second kind is drawn hollow),
            one value a seed.
    """
    methods = list(dict.fromkeys(method for panel in panels.values() for method in panel))
    figure = new_figure(3.2 * len(panels) + 2.2, 0.42 * len(methods) + 1.5)
    all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    kinds: dict[str, None] = {}
    for axes, (measure, panel) in zip(all_axes, panels.items(), strict=True):
        for place, method in enumerate(methods):
            for number, (kind, own) in enumerate(panel.get(method, {}).items()):
                kinds.setdefault(kind)
                colour, y = PALETTE[number], place + 0.22 * number
                axes.scatter(own, [y] * len(own), s=7, color=colour, alpha=0.4, lw=0)
                mean = student_t(own)
                if len(own) > 1:
                    axes.plot([mean.lower, mean.upper], [y, y], color=colour, lw=1.4)
                face = colour if not number else "white"
                axes.scatter(mean.estimate, y, s=34, marker=MARKERS[number], fc=face, ec=colour, lw=1.3, zorder=3)
        axes.set_xlabel(measure)
        axes.set(xlim=(-0.06, 1.06), xticks=np.linspace(0, 1, 6).tolist())
    all_axes[0].set_yticks(range(len(methods)), methods)
    all_axes[0].invert_yaxis()
    if len(kinds) > 1:
        handles = [
            all_axes[0].scatter(
                [], [], s=34, marker=MARKERS[i], fc=PALETTE[i] if not i else "white", ec=PALETTE[i], label=kind
            )
            for i, kind in enumerate(kinds)
        ]
        figure.legend(handles=handles, fontsize=8, loc="outside lower center", ncols=len(kinds))
    return figure
