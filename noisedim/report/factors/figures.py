"""The figure of factors, from plain data. Nothing here reads files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import MARKERS, PALETTE, new_figure
from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["dots_figure"]


def dots_figure(panels: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> "Figure":
    """One panel per measure, one line per method: means with 95% t-intervals, and every seed as a faint dot.

    Args:
        panels: by measure, by method, by kind (``""`` for the plain one, drawn filled; a second kind is drawn hollow),
            one value per seed.
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
    all_axes[0].set_ylim(len(methods) - 0.5, -0.5)  # the first on top, no mark cut off
    if len(kinds) > 1:
        handles = [
            all_axes[0].scatter(
                [],
                [],
                s=34,
                marker=MARKERS[i],
                fc=PALETTE[i] if not i else "white",
                ec=PALETTE[i],
                label=kind or "as it is",
            )
            for i, kind in enumerate(kinds)
        ]
        figure.legend(handles=handles, fontsize=8, loc="outside lower center", ncols=len(kinds))
    return figure
