"""The style that all figures share: colours, markers, sizes, and points coloured by class."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["INK", "MARKERS", "PALETTE", "class_colours", "figure_style", "new_figure", "scatter_classes"]

# The Okabe–Ito palette can be told apart with every common kind of colour vision; markers distinguish series in grey.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK = "#222222"


def figure_style() -> dict[str, Any]:
    """Settings for ``matplotlib.rc_context``: readable at the width of a phone; text in SVG files stays text."""
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
    """An empty figure, inches wide and high; made without pyplot, which keeps global state and may need a display."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def class_colours(count: int) -> list[Any]:
    """One colour per class, for ``count`` classes."""
    from matplotlib import colormaps

    if count <= 10:
        return [colormaps["tab10"](i) for i in range(count)]
    return [colormaps["turbo"](i / (count - 1)) for i in range(count)]


def scatter_classes(
    axes: "Axes", z: np.ndarray, labels: np.ndarray | None, *, size: float, fontsize: float = 9
) -> None:
    """Points (n, 2), coloured by class and labelled at each class's medoid: ten colours alone are hard to tell apart.

    Args:
        axes: axes to draw into.
        z: points, (n, 2).
        labels: integers, (n,), or None.
        size: marker size of a point.
        fontsize: size of the class names.
    """
    if labels is None:
        axes.scatter(z[:, 0], z[:, 1], s=size, c=PALETTE[0], lw=0, alpha=0.6)
        return
    values = np.unique(labels)
    colours = class_colours(len(values))
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
