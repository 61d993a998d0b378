"""Figures of two-dimensional embeddings and of their training, from arrays."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.document.figures import INK, PALETTE, new_figure, scatter_classes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["embedding_figure", "training_figure"]


def embedding_figure(
    z: np.ndarray, labels: np.ndarray | None, prior: str, *, title: str = "", width: float = 4.6
) -> "Figure":
    """A 2-D embedding coloured by label with the prior's contours, and its marginals with the prior's densities.

    Args:
        z: embeddings, (n, 2).
        labels: integers, (n,), or None.
        prior: ``"normal"`` or ``"uniform"``.
        title: line above the picture.
        width: of the figure, inches.
    """
    figure = new_figure(width, width)
    grid = figure.add_gridspec(2, 2, width_ratios=(4, 1), height_ratios=(1, 4), wspace=0.02, hspace=0.02)
    main = figure.add_subplot(grid[1, 0])
    top = figure.add_subplot(grid[0, 0], sharex=main)
    right = figure.add_subplot(grid[1, 1], sharey=main)

    low, high, law = _draw_prior(main, prior)
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


def _draw_prior(axes: "Axes", prior: str) -> tuple[float, float, Any]:
    """Draw the prior's regions; returns the limits of both axes and the law of a coordinate."""
    from scipy import stats

    if prior == "normal":
        angle = np.linspace(0, 2 * np.pi, 200)
        for share in (0.5, 0.9, 0.99):
            radius = np.sqrt(stats.chi2(2).ppf(share))
            axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=INK, lw=0.9, ls=(0, (4, 2)), zorder=3)
            axes.annotate(
                f"{share:.0%}",
                (0, radius),
                ha="center",
                va="center",
                fontsize=7,
                color=INK,
                zorder=4,
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
            )
        return -3.6, 3.6, stats.norm()
    axes.plot([0, 1, 1, 0, 0], [0, 0, 1, 1, 0], color=INK, lw=0.9, ls=(0, (4, 2)), zorder=3)
    return -0.06, 1.06, stats.uniform()


def training_figure(metrics: Sequence["pd.DataFrame"], labels: Sequence[str]) -> "Figure":
    """Estimated information and capacity against the step, one line per run.

    Args:
        metrics: frames with columns step, bound, capacity (nats).
        labels: one name per frame.
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
