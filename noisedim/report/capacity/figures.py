"""The paper's Figure 1 from a table with one row per run."""

from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figure_1"]


def _interval_line(axes: "Axes", frame: "pd.DataFrame", column: str, number: int, label: str) -> None:
    """Means over seeds with 95% t-intervals at each capacity, and every seed as a faint dot."""
    colour, marker = PALETTE[number], MARKERS[number]
    capacities, means, lower, upper = [], [], [], []
    for capacity in np.unique(frame["capacity"].to_numpy(dtype=float)):
        values = frame.loc[frame["capacity"] == capacity, column].dropna().to_numpy(dtype=float)
        if not len(values):
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


def figure_1(frame: "pd.DataFrame", *, classes: int) -> "Figure":
    """The paper's Figure 1 from one row a run: information, match to the prior, downstream scores, by capacity.

    Args:
        frame: columns capacity, information, ceiling, p_value, index_*, and the scores knn, naive_bayes, mlp, linear,
            silhouette; one row a run.
        classes: number of classes, for the least capacity that can hold the label.
    """
    figure = new_figure(6.4, 9.6)
    information, match, scores = figure.subplots(3, 1, sharex=True)
    top = float(frame["capacity"].max())
    information.plot([0, top], [0, top], color=INK, ls="--", lw=1, label="capacity, the bound (5)")
    _interval_line(information, frame, "information", 0, "lower bound, measured")
    information.set_ylabel("information (nats)")
    information.set_title("Information through the channel", loc="left")
    labels = {
        "index_dagostino": "index: D'Agostino–Pearson",
        "index_shapiro": "index: Shapiro–Wilk",
        "index_henze_zirkler": "index: Henze–Zirkler",
    }
    for number, (column, label) in enumerate(labels.items()):
        if column in frame:
            _interval_line(match, frame, column, number, label)
    _interval_line(match, frame, "p_henze_zirkler", 3, "calibrated p, Henze–Zirkler")
    match.axhline(0.05, color="#888888", ls=":", lw=1, label="0.05")
    match.set_ylim(-0.03, 1.03)
    match.set_ylabel("p-value or index")
    match.set_title("Match to N(0, I), on held-out images", loc="left")
    names = {
        "knn": "5 nearest neighbours",
        "naive_bayes": "Gaussian naive Bayes",
        "mlp": "perceptron",
        "silhouette": "silhouette (not accuracy)",
    }
    for number, (column, label) in enumerate(names.items()):
        if column in frame:
            _interval_line(scores, frame, column, number, label)
    scores.axhline(1 / classes, color="#888888", ls=":", lw=1, label=f"chance, 1/{classes}")
    scores.set_ylabel("accuracy, silhouette")
    scores.set_xlabel("capacity of the channel (nats)")
    scores.set_title("Downstream, on held-out images", loc="left")
    for axes in (information, match, scores):
        axes.axvline(np.log(classes), color="#888888", ls="-.", lw=0.8)
        axes.legend(
            fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.06 if axes is not scores else -0.16), ncols=3
        )
    information.annotate(
        f"log {classes}", (np.log(classes), 0), xytext=(3, 4), textcoords="offset points", fontsize=8, color=INK
    )
    return figure
