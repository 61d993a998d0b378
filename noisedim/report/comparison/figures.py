"""Figures of the comparison, from plain data. Nothing here reads files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.report.benchmarks import MethodRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["label_curve_figure", "pareto_figure"]


def pareto_figure(rows: Sequence[MethodRow]) -> "Figure":
    """Match against accuracy, one numbered mark per method, its area by the cost of a step; every seed as a faint dot."""
    figure = new_figure(6.8, 5.6)
    axes = figure.subplots()
    families = list(dict.fromkeys(row.family for row in rows))
    least = min(row.step_seconds for row in rows)
    for number, row in enumerate(rows, 1):
        family = families.index(row.family)
        colour, marker = PALETTE[family % len(PALETTE)], MARKERS[family % len(MARKERS)]
        knn, d2 = row.values("knn"), row.values("d2")
        seeds = sorted(knn.keys() & d2.keys())
        if not seeds:
            continue
        x, y = (np.array([values[seed] for seed in seeds]) for values in (knn, d2))
        axes.scatter(x, y, s=7, color=colour, alpha=0.35, lw=0)
        area = 40 * row.step_seconds / least
        axes.scatter(x.mean(), y.mean(), s=area, color=colour, marker=marker, ec=INK, lw=0.6, alpha=0.85, zorder=3)
        # Next to its mark, further off the larger it is: small marks would not hold a number.
        away = 3 + (area / 3.14) ** 0.5
        axes.annotate(
            str(number),
            (x.mean(), y.mean()),
            xytext=(away, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            fontweight="bold",
            color=INK,
            zorder=4,
        )
    # Estimates may fall below the least true value, 0: linear there, logarithmic further out.
    axes.set_yscale("symlog", linthresh=1e-2)
    axes.set(xlabel="5-NN accuracy, held-out images", ylabel="D₂ from the prior, nats (smaller matches better)")
    handles = [
        axes.scatter([], [], s=40, color=PALETTE[i % len(PALETTE)], marker=MARKERS[i % len(MARKERS)], label=family)
        for i, family in enumerate(families)
    ]
    axes.legend(handles=handles, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3)
    return figure


def label_curve_figure(curves: Mapping[str, Mapping[str, Sequence[float]]]) -> "Figure":
    """Accuracy against labels per class: one line per method, means over seeds.

    Args:
        curves: by method, by number of labels as text (``"1"``, …, ``"all"``), one value per seed.
    """
    figure = new_figure(6.8, 4.2)
    axes = figure.subplots()
    names = list(dict.fromkeys(count for curve in curves.values() for count in curve))
    for number, (method, curve) in enumerate(curves.items()):
        places = [names.index(count) for count in curve]
        means = [float(np.mean(values)) for values in curve.values()]
        axes.plot(
            places,
            means,
            color=PALETTE[number % len(PALETTE)],
            marker=MARKERS[number % len(MARKERS)],
            ls=("-", "--", ":")[number // len(PALETTE) % 3],
            ms=4,
            lw=1.1,
            label=method,
        )
    axes.set_xticks(range(len(names)), names)
    axes.set(xlabel="labels per class", ylabel="5-NN accuracy, held-out images")
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
    return figure
