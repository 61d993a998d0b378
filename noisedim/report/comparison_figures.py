"""Figures of the comparison, from plain data. Nothing here reads files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["label_curve_figure", "law_figure", "pareto_figure"]


def _families(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["family"] for row in rows))


def pareto_figure(rows: Sequence[Mapping[str, Any]]) -> "Figure":
    """Match against accuracy, one mark a method, its area by the cost of a step; every seed as a faint dot.

    Args:
        rows: words, family, seconds, and by-seed dictionaries ``knn`` and ``d2``.
    """
    figure = new_figure(6.8, 5.6)
    axes = figure.subplots()
    families = _families(rows)
    least = min(row["seconds"] for row in rows)
    for number, row in enumerate(rows, 1):
        family = families.index(row["family"])
        colour, marker = PALETTE[family % len(PALETTE)], MARKERS[family % len(MARKERS)]
        seeds = sorted(row["knn"].keys() & row["d2"].keys())
        if not seeds:
            continue
        x, y = (np.array([row[name][seed] for seed in seeds]) for name in ("knn", "d2"))
        axes.scatter(x, y, s=7, color=colour, alpha=0.35, lw=0)
        area = 40 * row["seconds"] / least
        axes.scatter(x.mean(), y.mean(), s=area, color=colour, marker=marker, ec=INK, lw=0.6, alpha=0.85, zorder=3)
        # Beside its mark, further off the larger it is: small marks would not hold a number.
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
    """Accuracy against labels a class: one line a method, means over seeds.

    Args:
        curves: by method, by number of labels as text (``"1"``, …, ``"all"``), one value a seed.
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
    axes.set(xlabel="labels a class", ylabel="5-NN accuracy, held-out images")
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
    return figure


def law_figure(
    series: Mapping[str, Sequence[tuple[float, float]]], *, xlabel: str, ylabel: str = "seconds a step"
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
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3)
    return figure
