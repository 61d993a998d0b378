"""Figures of generated images, from plain arrays. Nothing here reads files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.document.images import show_images

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from noisedim.statistics.intervals import Interval

__all__ = ["gap_figure", "pictures_figure", "prior_plane_figure"]


def pictures_figure(panels: Mapping[str, np.ndarray], *, columns: int = 8) -> "Figure":
    """Grids of images side by side, each under its title: images (n, c, h, w), uint8."""
    figure = new_figure(3.4 * len(panels), 3.7)
    for axes, (title, images) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels.items(), strict=True):
        show_images(axes, images[: columns**2], columns=columns)
        axes.set_title(title, fontsize=10)
    return figure


def prior_plane_figure(images: np.ndarray) -> "Figure":
    """Images over the plane of N(0, I), d = 2, in cells of equal probability (rows from the top of coordinate 2 down)."""
    from scipy import stats

    side = round(len(images) ** 0.5)
    figure = new_figure(6.4, 6.1)
    axes = figure.subplots()
    show_images(axes, images, columns=side)
    # Each cell is the image and the pixel of background before it.
    height, width = images.shape[-2] + 1, images.shape[-1] + 1
    edges = np.arange(0, side + 1, side // 4)
    quantiles = ["−∞", *(f"{value:+.2f}" for value in stats.norm.ppf(edges[1:-1] / side)), "+∞"]
    words = [f"{text}\n{edge / side:.0%}" for text, edge in zip(quantiles, edges, strict=True)]
    axes.set_xticks(edges * width, words)
    axes.set_yticks((side - edges) * height, [text.replace("\n", "  ") for text in words])
    axes.tick_params(length=3, labelsize=8)
    axes.set(xlabel="coordinate 1 of c, and its quantile", ylabel="coordinate 2 of c, and its quantile")
    return figure


def gap_figure(rows: Sequence[tuple[str, Sequence[float], "Interval", "Interval"]], *, margin: float) -> "Figure":
    """Differences of distances: every seed as a dot, intervals over seeds (thick) and over seeds and images (thin).

    Args:
        rows: name, one value per seed, the interval for these images, and the one for others.
        margin: of equivalence, drawn as a band around 0.
    """
    figure = new_figure(6.8, 1.3 + 0.55 * len(rows))
    axes = figure.subplots()
    axes.axvspan(-margin, margin, color="#009E73", alpha=0.13, lw=0, label=f"equivalent: within ±{margin:g}")
    axes.axvline(0, color=INK, lw=0.8)
    for number, (_, values, narrow, wide) in enumerate(rows):
        colour, marker = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
        axes.plot([wide.lower, wide.upper], [number, number], color=colour, lw=1.0)
        axes.plot([narrow.lower, narrow.upper], [number, number], color=colour, lw=3.0)
        axes.plot([narrow.estimate], [number], marker=marker, color=colour, ms=7, mec=INK, mew=0.6)
        axes.scatter(values, np.full(len(values), number - 0.22), s=10, color=colour, alpha=0.6, lw=0)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    # Linear around the margin, logarithmic beyond: the wrong laws are an order of magnitude off.
    axes.set_xscale("symlog", linthresh=2 * margin)
    ends = [end for _, values, _, wide in rows for end in (wide.lower, wide.upper, *values)]
    low, high = min(-1.5 * margin, *ends) * 1.2, max(1.5 * margin, *ends) * 1.2
    axes.set_xlim(low, high)
    ticks = [tick for tick in (-20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 50) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("kernel distance with sampled minus with encoded conditions,\nin lost classes (linear up to ±2)")
    axes.legend(fontsize=8, loc="lower right")
    return figure
