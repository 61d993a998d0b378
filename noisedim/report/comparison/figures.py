"""Figures of the comparison, from plain data. Nothing here reads files."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.report.benchmarks import MethodRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["best_of_both", "label_curve_figure", "pareto_figure"]


def pareto_figure(rows: Sequence[MethodRow]) -> "Figure":
    """Match against accuracy, one mark per method with its seeds as faint dots; methods that none surpasses are named."""
    figure = new_figure(6.8, 5.0)
    axes = figure.subplots()
    families = list(dict.fromkeys(row.family for row in rows))
    means: dict[str, tuple[float, float]] = {}
    for row in rows:
        family = families.index(row.family)
        colour, marker = PALETTE[family % len(PALETTE)], MARKERS[family % len(MARKERS)]
        knn, d2 = row.values("knn"), row.values("d2")
        seeds = sorted(knn.keys() & d2.keys())
        if not seeds:
            continue
        x, y = (np.array([values[seed] for seed in seeds]) for values in (knn, d2))
        means[row.words] = float(x.mean()), float(y.mean())
        axes.scatter(x, y, s=7, color=colour, alpha=0.35, lw=0)
        axes.scatter(x.mean(), y.mean(), s=45, color=colour, marker=marker, ec=INK, lw=0.6, zorder=3)
    for number, name in enumerate(best_of_both(means)):
        axes.annotate(
            name,
            means[name],
            # Alternately above and below: neighbours on the front are close.
            xytext=(0, 9 if number % 2 == 0 else -9),
            textcoords="offset points",
            ha="center",
            va="bottom" if number % 2 == 0 else "top",
            fontsize=8,
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


def best_of_both(means: Mapping[str, tuple[float, float]]) -> list[str]:
    """The names that no other surpasses both in the first number (larger is better) and in the second (smaller is)."""

    def surpassed(own: tuple[float, float]) -> bool:
        return any(a >= own[0] and b <= own[1] and (a, b) != own for a, b in means.values())

    return sorted((name for name, own in means.items() if not surpassed(own)), key=lambda name: means[name])


def label_curve_figure(curves: Mapping[str, Mapping[str, Sequence[float]]], named: Collection[str]) -> "Figure":
    """Accuracy against labels per class: one line per method, means over seeds; grey but for those that are named.

    Args:
        curves: by method, by number of labels as text (``"1"``, …, ``"all"``), one value per seed.
        named: methods with a colour and a name, a few.
    """
    figure = new_figure(6.8, 4.2)
    axes = figure.subplots()
    names = list(dict.fromkeys(count for curve in curves.values() for count in curve))
    shown = [method for method in curves if method in named]
    for method in sorted(curves, key=lambda method: method in named):
        places = [names.index(count) for count in curves[method]]
        means = [float(np.mean(values)) for values in curves[method].values()]
        if method not in named:
            axes.plot(places, means, color="#bbbbbb", lw=0.8)
            continue
        number = shown.index(method)
        colour, marker = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
        axes.plot(places, means, color=colour, marker=marker, ms=4, lw=1.3, label=method)
    axes.set_xticks(range(len(names)), names)
    axes.set(xlabel="labels per class", ylabel="5-NN accuracy, held-out images")
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return figure
