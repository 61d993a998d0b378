"""The noise dial: what an embedding looks like at three capacities, above accuracy and n* at all of them."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure, scatter_classes
from noisedim.report.records import EncoderRecord, of_measure
from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Cloud", "dial_figure", "shown_capacities"]

Cloud = tuple[np.ndarray, np.ndarray | None]
"""Points (n, 2) and their labels (n,)."""


def shown_capacities(capacities: Sequence[float]) -> list[float]:
    """The smallest, the largest below log 10, and the largest, each once."""
    middle = [c for c in capacities if c < math.log(10)]
    return sorted({min(capacities), max(middle, default=min(capacities)), max(capacities)})


def dial_figure(
    groups: Mapping[float, Sequence[EncoderRecord]], clouds: Mapping[float, Cloud], *, chance: float
) -> "Figure":
    """Clouds of held-out embeddings, and what the capacity does to accuracy and match.

    Args:
        groups: records by capacity in nats, the smallest first.
        clouds: one seed's held-out embedding at a few of these capacities.
        chance: accuracy of a guess.
    """
    figure = new_figure(8.6, 5.9)
    grid = figure.add_gridspec(2, 1, height_ratios=(1.15, 1))
    above, below = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    panels = np.atleast_1d(above.subplots(1, len(clouds), sharex=True, sharey=True))
    for axes, (capacity, (z, labels)) in zip(panels, clouds.items(), strict=True):
        _draw_cloud(axes, z, labels)
        level = groups[capacity][0].level
        axes.set_title(f"{capacity:g} nats (σ = {level:.2g})", fontsize=10)
    accuracy, match = below.subplots(1, 2)
    _draw_accuracy(accuracy, groups, chance)
    _draw_match(match, groups)
    for axes in (accuracy, match):
        axes.set_xlabel("capacity of the noisy channel (nats)")
        for capacity in clouds:
            axes.axvline(capacity, color="#888888", lw=0.8, ls=":", zorder=0)
    return figure


def _draw_cloud(axes: "Axes", z: np.ndarray, labels: np.ndarray | None) -> None:
    scatter_classes(axes, z, labels, size=7, fontsize=7)
    angle = np.linspace(0, 2 * np.pi, 120)
    for share in (0.5, 0.99):
        radius = math.sqrt(-2 * math.log(1 - share))  # of N(0, I) in the plane
        axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=INK, lw=0.8, ls=(0, (4, 2)))
    axes.grid(visible=False)
    axes.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect="equal", xticks=[], yticks=[])


def _draw_accuracy(axes: "Axes", groups: Mapping[float, Sequence[EncoderRecord]], chance: float) -> None:
    found = {c: student_t(values) for c, group in groups.items() if (values := of_measure(group, "knn"))}
    if found:
        middle = [own.estimate for own in found.values()]
        ends = [
            [own.estimate - own.lower for own in found.values()],
            [own.upper - own.estimate for own in found.values()],
        ]
        axes.errorbar(list(found), middle, yerr=ends, color=PALETTE[0], marker=MARKERS[0], ms=5, lw=1.4, capsize=3)
    axes.axhline(chance, color="#888888", lw=0.8)
    axes.annotate("chance", (1, chance), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    axes.set(ylim=(0, 1))
    axes.set_title("Accuracy (5-NN, 10 classes)", loc="left", fontsize=10)


def _draw_match(axes: "Axes", groups: Mapping[float, Sequence[EncoderRecord]]) -> None:
    """Every seed, and the median; a seed that the battery tells nowhere from the prior is an arrow at the top."""
    values = {c: [record.measures.get("n_star", math.inf) for record in group] for c, group in groups.items()}
    finite = [v for own in values.values() for v in own if math.isfinite(v)]
    top = 4 * max(finite, default=100.0)
    for capacity, own in values.items():
        for value in own:
            marker = MARKERS[1] if math.isfinite(value) else "^"
            axes.scatter(capacity, min(value, top), s=16, marker=marker, color=PALETTE[1], alpha=0.55, lw=0)
    middle = [min(float(np.median(own)), top) for own in values.values()]
    axes.plot(list(values), middle, color=PALETTE[1], lw=1.4)
    axes.set_yscale("log")
    axes.set_title("n*, images needed to see a departure", loc="left", fontsize=10)
