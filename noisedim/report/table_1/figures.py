"""The figure of Table 1, from plain data."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["noise_effect_figure"]


def noise_effect_figure(
    effects: Mapping[str, Sequence[tuple[float, float, float, float]]], *, margin: float
) -> "Figure":
    """What noise adds to accuracy, with intervals, one panel per method.

    Args:
        effects: by method, (σ, difference, lower, upper), in points.
        margin: differences smaller than this count as none, points.
    """
    figure = new_figure(3.4 * len(effects), 3.2)
    panels = figure.subplots(1, len(effects), sharey=True, squeeze=False)[0]
    for number, (axes, (method, own)) in enumerate(zip(panels, effects.items(), strict=True)):
        colour, marker = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
        places = range(len(own))
        middle = [difference for _, difference, _, _ in own]
        spread = [[d - low for _, d, low, _ in own], [high - d for _, d, _, high in own]]
        axes.axhspan(-margin, margin, color="#bbbbbb", alpha=0.35, lw=0)
        axes.axhline(0, color=INK, lw=0.9)
        axes.errorbar(places, middle, yerr=spread, color=colour, marker=marker, ms=6, lw=0, elinewidth=1.4, capsize=4)
        axes.set_xticks(list(places), [f"{sigma:g}" for sigma, *_ in own])
        axes.set(xlabel="noise σ (deviations of the embedding)", title=method, xlim=(-0.5, len(own) - 0.5))
    panels[0].set_ylabel("top-1 minus that at σ = 0 (points)")
    return figure
