"""Figures of embeddings under other priors than N(0, I), from plain data. Nothing here reads files."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, new_figure, scatter_classes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Contours", "beside_draws_figure"]


@dataclass(frozen=True)
class Contours:
    """A density over the plane, and the levels that enclose given shares of it.

    Attributes:
        x, y: the grid's lines, (k,) and (l,).
        density: (l, k).
        levels: increasing, the largest share first.
        shares: of the probability, one a level.
    """

    x: np.ndarray
    y: np.ndarray
    density: np.ndarray
    levels: tuple[float, ...]
    shares: tuple[float, ...]


def beside_draws_figure(
    z: np.ndarray,
    labels: np.ndarray | None,
    draws: np.ndarray,
    contours: Contours | None,
    *,
    limits: tuple[tuple[float, float], tuple[float, float]],
    names: tuple[str, str],
    title: str,
    edge: np.ndarray | None = None,
) -> "Figure":
    """An embedding coloured by label, next to as many draws of its prior, both with the prior's contours.

    Args:
        z: embeddings, (n, 2).
        labels: integers, (n,), or None.
        draws: of the prior, (m, 2).
        contours: of the prior's density; None where it is constant.
        limits: of both axes.
        names: of both axes.
        title: a line above.
        edge: of the support, a closed line (k, 2), if there is one to draw; a round one is drawn round.
    """
    figure = new_figure(7.4, 3.8)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    size = max(1.5, min(12.0, 8_000 / len(z)))
    scatter_classes(left, z, labels, size=size, fontsize=8)
    right.scatter(draws[:, 0], draws[:, 1], s=size, c="#888888", lw=0, alpha=0.7)
    for axes, heading in ((left, "embedding, mapped"), (right, "draws of the prior")):
        axes.set_title(heading, fontsize=9)
        axes.set(xlim=limits[0], ylim=limits[1], xlabel=names[0])
        if contours is not None:
            _draw_contours(axes, contours)
        if edge is not None:
            axes.plot(edge[:, 0], edge[:, 1], color=INK, lw=0.9, ls=(0, (4, 2)), zorder=3)
            if np.allclose(np.ptp(edge, axis=0), np.ptp(edge), rtol=0.01):
                axes.set_aspect("equal")
    left.set_ylabel(names[1])
    figure.suptitle(title, fontsize=10)
    return figure


def _draw_contours(axes: "Axes", contours: Contours) -> None:
    lines = axes.contour(
        contours.x,
        contours.y,
        contours.density,
        levels=contours.levels,
        colors=INK,
        linewidths=0.9,
        linestyles=[(0, (4, 2))],
        zorder=3,
    )
    # Each named once, at its top.
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for segments, share in zip(lines.allsegs, contours.shares, strict=True):
        points = np.concatenate([np.asarray(segment) for segment in segments if len(segment)])
        seen = points[(points[:, 0] > left) & (points[:, 0] < right) & (points[:, 1] > bottom) & (points[:, 1] < top)]
        if len(seen):
            axes.annotate(
                f"{share:.0%}",
                seen[np.argmax(seen[:, 1])],
                ha="center",
                va="center",
                fontsize=7,
                color=INK,
                zorder=4,
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
            )
