"""Figures from plain data. Each takes axes or makes them, and returns the figure; nothing here reads files."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["digit_colours", "embedding_figure", "figure_1", "figure_2", "figure_style", "training_figure"]

# Okabe–Ito's colours, told apart by all common kinds of colour vision; markers tell them apart in grey, too.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK = "#222222"


def figure_style() -> dict[str, Any]:
    """Settings for ``matplotlib.rc_context``: readable at the width of a phone, text kept as text in SVG."""
    return {
        "figure.dpi": 110,
        "savefig.dpi": 160,
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.grid": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "noisedim",
        "axes.axisbelow": True,
    }


def new_figure(width: float, height: float) -> "Figure":
    # Without pyplot: no global state, no window system.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def digit_colours(count: int) -> list[Any]:
    """A colour for each of ``count`` classes."""
    from matplotlib import colormaps

    if count <= 10:
        return [colormaps["tab10"](i) for i in range(count)]
    return [colormaps["turbo"](i / (count - 1)) for i in range(count)]


def scatter_classes(
    axes: "Axes", z: np.ndarray, labels: np.ndarray | None, *, size: float, fontsize: float = 9
) -> None:
    """Points (n, 2), coloured by class; each class is named at its medoid, since ten colours are not told apart alone.

    Args:
        axes: to draw into.
        z: points, (n, 2).
        labels: integers, (n,), or None.
        size: of a point.
        fontsize: of the names.
    """
    if labels is None:
        axes.scatter(z[:, 0], z[:, 1], s=size, c=PALETTE[0], lw=0, alpha=0.6)
        return
    values = np.unique(labels)
    colours = digit_colours(len(values))
    for value, colour in zip(values, colours, strict=True):
        own = z[labels == value]
        axes.scatter(own[:, 0], own[:, 1], s=size, color=colour, lw=0, alpha=0.6)
    for value, colour in zip(values, colours, strict=True):
        own = z[labels == value]
        centre = own[np.argmin(np.abs(own - np.median(own, axis=0)).sum(1))]
        axes.annotate(
            str(value),
            centre,
            ha="center",
            va="center",
            fontsize=fontsize,
            fontweight="bold",
            color=INK,
            zorder=5,
            bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": colour, "lw": 1.4},
        )


def embedding_figure(
    z: np.ndarray, labels: np.ndarray | None, prior: str, *, title: str = "", width: float = 4.6
) -> "Figure":
    """A 2-D embedding coloured by label, with the prior's contours, and marginals beside the prior's densities.

    Args:
        z: embeddings, (n, 2).
        labels: integers, (n,), or None.
        prior: ``"normal"`` or ``"uniform"``.
        title: a line above the picture.
        width: inches.
    """
    from scipy import stats

    figure = new_figure(width, width)
    grid = figure.add_gridspec(2, 2, width_ratios=(4, 1), height_ratios=(1, 4), wspace=0.02, hspace=0.02)
    main = figure.add_subplot(grid[1, 0])
    top = figure.add_subplot(grid[0, 0], sharex=main)
    right = figure.add_subplot(grid[1, 1], sharey=main)

    if prior == "normal":
        low, high, law = -3.6, 3.6, stats.norm()
        angle = np.linspace(0, 2 * np.pi, 200)
        for share in (0.5, 0.9, 0.99):
            radius = np.sqrt(stats.chi2(2).ppf(share))
            main.plot(radius * np.cos(angle), radius * np.sin(angle), color=INK, lw=0.9, ls=(0, (4, 2)), zorder=3)
            main.annotate(
                f"{share:.0%}",
                (0, radius),
                ha="center",
                va="center",
                fontsize=7,
                color=INK,
                zorder=4,
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
            )
    else:
        low, high, law = -0.06, 1.06, stats.uniform()
        main.plot([0, 1, 1, 0, 0], [0, 0, 1, 1, 0], color=INK, lw=0.9, ls=(0, (4, 2)), zorder=3)
    size = max(1.5, min(12.0, 12_000 / len(z)))
    scatter_classes(main, z, labels, size=size)
    main.set(xlim=(low, high), ylim=(low, high), xlabel="embedding, coordinate 1", ylabel="embedding, coordinate 2")
    bins = np.linspace(low, high, 41).tolist()
    points = np.linspace(low, high, 400)
    top.hist(z[:, 0], bins=bins, density=True, color="#bbbbbb")
    top.plot(points, law.pdf(points), color=INK, lw=1.2)
    right.hist(z[:, 1], bins=bins, density=True, color="#bbbbbb", orientation="horizontal")
    right.plot(law.pdf(points), points, color=INK, lw=1.2)
    for side in (top, right):
        side.tick_params(labelbottom=False, labelleft=False, length=0)
        side.grid(visible=False)
        for spine in side.spines.values():
            spine.set_visible(False)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def figure_2(panels: Sequence[tuple[str, np.ndarray, np.ndarray | None, str]]) -> list["Figure"]:
    """One embedding figure a panel ``(title, z, labels, prior)``: separate figures flow on a narrow screen."""
    return [embedding_figure(z, labels, prior, title=title) for title, z, labels, prior in panels]


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


def training_figure(metrics: Sequence["pd.DataFrame"], labels: Sequence[str]) -> "Figure":
    """Estimated information and capacity against the step, one line a run.

    Args:
        metrics: frames with columns step, bound, capacity (nats).
        labels: a name each.
    """
    figure = new_figure(6.4, 3.4)
    axes = figure.subplots()
    for number, (frame, label) in enumerate(zip(metrics, labels, strict=True)):
        colour = PALETTE[number % len(PALETTE)]
        axes.plot(frame["step"], frame["bound"], color=colour, lw=1.1, label=f"{label}: bound, one batch")
        axes.plot(frame["step"], frame["capacity"], color=colour, lw=1.1, ls="--", label=f"{label}: capacity")
    axes.set(xlabel="optimiser step", ylabel="information (nats)")
    low = min((float(frame["bound"].tail(len(frame) // 2).min()) for frame in metrics), default=0.0)
    axes.set_ylim(bottom=min(-0.2, low - 0.2))
    axes.legend(fontsize=8)
    return figure
