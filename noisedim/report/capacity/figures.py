"""The paper's Figure 1, from one record per run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.report.records import EncoderRecord, of_measure
from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figure_1"]

_INDICES = {
    "index_dagostino": "index: D'Agostino–Pearson",
    "index_shapiro": "index: Shapiro–Wilk",
    "index_henze_zirkler": "index: Henze–Zirkler",
}
_SCORES = {
    "knn": "5 nearest neighbours",
    "naive_bayes": "Gaussian naive Bayes",
    "mlp": "perceptron",
    "linear": "linear",
}


def figure_1(groups: Mapping[float, Sequence[EncoderRecord]], *, classes: int) -> "Figure":
    """Information, match to the prior, and downstream scores by capacity.

    Args:
        groups: records by capacity in nats, the smallest first.
        classes: number of classes; its logarithm is the smallest capacity that can hold the label.
    """
    figure = new_figure(9.6, 7.6)
    (information, match), (scores, clusters) = figure.subplots(2, 2, sharex=True)
    _draw_information(information, groups)
    _draw_match(match, groups)
    for number, (name, label) in enumerate(_SCORES.items()):
        _interval_line(scores, {c: of_measure(group, name) for c, group in groups.items()}, number, label)
    scores.axhline(1 / classes, color="#888888", ls=":", lw=1, label=f"chance, 1/{classes}")
    scores.set(ylabel="accuracy", ylim=(0, 1))
    scores.set_title("Accuracy, held out", loc="left", fontsize=11)
    _interval_line(clusters, {c: of_measure(group, "silhouette") for c, group in groups.items()}, 0, "of the classes")
    clusters.set(ylabel="silhouette")
    clusters.set_title("Silhouette, held out", loc="left", fontsize=11)
    for axes in (information, match, scores, clusters):
        axes.axvline(np.log(classes), color="#888888", ls="-.", lw=0.8)
        axes.legend(fontsize=8, loc="lower right" if axes is scores else "best", ncols=2 if axes is scores else 1)
    for axes in (scores, clusters):
        axes.set_xlabel("capacity of the channel (nats)")
    information.annotate(
        f"log {classes}", (np.log(classes), 0), xytext=(3, 4), textcoords="offset points", fontsize=8, color=INK
    )
    return figure


def _draw_information(axes: "Axes", groups: Mapping[float, Sequence[EncoderRecord]]) -> None:
    top = max(groups)
    axes.plot([0, top], [0, top], color=INK, ls="--", lw=1, label="capacity, the bound (5)")
    bounds = {c: of_measure(group, "information") for c, group in groups.items()}
    _interval_line(axes, bounds, 0, "lower bound, measured")
    axes.set_ylabel("information (nats)")
    axes.set_title("Information through the channel", loc="left", fontsize=11)


def _draw_match(axes: "Axes", groups: Mapping[float, Sequence[EncoderRecord]]) -> None:
    for number, (name, label) in enumerate(_INDICES.items()):
        _interval_line(axes, {c: of_measure(group, name) for c, group in groups.items()}, number, label)
    p_values = {c: [record.p_henze_zirkler for record in group] for c, group in groups.items()}
    _interval_line(axes, p_values, 3, "calibrated p, Henze–Zirkler")
    axes.axhline(0.05, color="#888888", ls=":", lw=1, label="0.05")
    axes.set_ylim(-0.03, 1.03)
    axes.set_ylabel("p-value or index")
    axes.set_title("Match to N(0, I), held out", loc="left", fontsize=11)


def _interval_line(axes: "Axes", series: Mapping[float, Sequence[float]], number: int, label: str) -> None:
    """Means over seeds with 95% t-intervals at each capacity, and every seed as a faint dot."""
    colour, marker = PALETTE[number], MARKERS[number]
    capacities, means, lower, upper = [], [], [], []
    for capacity, own in series.items():
        values = [value for value in own if np.isfinite(value)]
        if not values:
            continue
        interval = student_t(values)
        capacities.append(capacity)
        means.append(interval.estimate)
        lower.append(interval.lower)
        upper.append(interval.upper)
        axes.scatter([capacity] * len(values), values, s=8, color=colour, alpha=0.35, lw=0)
    if not capacities:
        return
    error = np.abs(np.array([np.subtract(means, lower), np.subtract(upper, means)]))
    axes.errorbar(capacities, means, yerr=error, color=colour, marker=marker, ms=4.5, lw=1.3, capsize=2.5, label=label)
