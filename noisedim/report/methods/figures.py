"""Accuracy against match, one curve per method over its own dial, with the errors of both."""

from collections.abc import Mapping

import numpy as np

from noisedim.document.content import Picture, draw
from noisedim.document.figures import MARKERS, PALETTE, new_figure
from noisedim.report.methods.plan import CONTESTANTS, FAMILIES, Case
from noisedim.report.methods.verdicts import LEAST_SQUARE, Curve

__all__ = ["curves_picture"]

_COLOURS = dict(zip(FAMILIES, PALETTE, strict=False))
_PROBES = {"knn": "5 nearest neighbours", "linear": "linear classifier"}


def curves_picture(case: Case, where: str, curves: Mapping[str, Mapping[str, Curve]]) -> Picture:
    """Sliced W₂ against accuracy, by probe; one curve per method.

    Args:
        case: what is compared.
        where: it in words, with the seeds if they are not the first.
        curves: by probe (``knn``, ``linear``), then by method.
    """
    figure = new_figure(10, 5.4)
    panels = np.atleast_1d(figure.subplots(1, len(curves), sharey=True))
    counts: dict[str, int] = {}
    for i, method in enumerate(next(iter(curves.values()))):
        own = CONTESTANTS[method]
        place = counts.get(own.family, 0)
        counts[own.family] = place + 1
        style = {
            "color": _COLOURS[own.family],
            "marker": MARKERS[place % len(MARKERS)],
            "ls": ("-", "--", ":", "-.")[place % 4],
            "label": own.words,
            "zorder": 3 if i == 0 else 2,
            "lw": 2.2 if i == 0 else 1.2,
        }
        for panel, by_method in zip(panels, curves.values(), strict=True):
            curve = by_method[method]
            accuracy, squared = curve.accuracy.mean((1, 2)), curve.squared.mean((1, 2))
            distance = np.sqrt(np.maximum(squared, LEAST_SQUARE))
            spread = [_half_width(values.mean(2)) for values in (curve.accuracy, curve.squared)]
            panel.plot(accuracy, distance, ms=6, **style)
            panel.errorbar(
                accuracy,
                distance,
                xerr=spread[0],
                yerr=spread[1] / (2 * distance),
                fmt="none",
                ecolor=style["color"],
                elinewidth=0.7,
                alpha=0.6,
            )
    for panel, (probe, by_method) in zip(panels, curves.items(), strict=True):
        panel.set(xlabel=f"accuracy on test images, {_PROBES[probe]}", yscale="log")
        ticks = [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4, 0.8]
        panel.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.set_yticks([], minor=True)
        # The means, not the ends of the longest bars, set the scale.
        accuracies = np.concatenate([own.accuracy.mean((1, 2)) for own in by_method.values()])
        squares = np.concatenate([own.squared.mean((1, 2)) for own in by_method.values()])
        panel.set_xlim(accuracies.min() - 0.02, accuracies.max() + 0.02)
        panel.set_ylim(np.sqrt(max(LEAST_SQUARE, squares.min())) * 0.75, np.sqrt(squares.max()) * 1.3)
    panels[0].axvline(case.headline, color="#222222", ls=":", lw=1)
    panels[0].set_ylabel("sliced W₂ to N(0, I), standard deviations")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    best = min(curves["knn"].values(), key=lambda own: float(own.squared.mean((1, 2)).min()))
    first = best.seeds[0]
    return draw(
        f"methods-{case.dim}-seeds-{first}" if first else f"methods-{case.dim}",
        figure,
        alt=f"Accuracy against distance from the prior in {case.dim} dimensions; {CONTESTANTS[best.method].words} comes "
        "nearest to the prior at the end of its dial",
        caption=f"{where}: lower right is better; dotted: the headline accuracy. A curve is a method over its dial; "
        "bars are 95% intervals over seeds.",
    )


def _half_width(values: np.ndarray) -> np.ndarray:
    """Half widths of Student's intervals, (dials,), of (dials, seeds)."""
    from scipy import stats

    seeds = values.shape[1]
    if seeds < 2:
        return np.zeros(len(values))
    return np.asarray(stats.t.ppf(0.975, seeds - 1) * values.std(1, ddof=1) / np.sqrt(seeds))
