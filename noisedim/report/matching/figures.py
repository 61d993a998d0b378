"""Sliced W₂ against each factor, one panel per factor."""

from collections.abc import Sequence

import numpy as np

from noisedim.document.content import Picture, draw
from noisedim.document.figures import MARKERS, PALETTE, new_figure
from noisedim.report.matching.plan import BATCHES, IMAGES, SIGMAS, STEPS
from noisedim.report.matching.verdicts import root, where
from noisedim.runs.studies.long_study import Label, StudyRecord

__all__ = ["matching_picture"]

_LEAST = 0.005


def matching_picture(records: Sequence[StudyRecord]) -> Picture:
    """Means over seeds, bars from the least to the largest seed."""
    figure = new_figure(10, 3.6)
    panels = figure.subplots(1, 3, sharey=True)

    def drawn(panel: object, factor: str, values: Sequence[float], style: dict[str, object], **changed: Label) -> None:
        found = [[_distance(r) for r in where(records, **{**changed, factor: value})] for value in values]
        at = [value for value, own in zip(values, found, strict=True) if own]
        kept = [own for own in found if own]
        means = np.array([np.mean(own) for own in kept])
        ends = np.array([[mean - min(own), max(own) - mean] for mean, own in zip(means, kept, strict=True)]).T
        if at:
            panel.errorbar(at, means, ends, capsize=2, lw=1.4, ms=5, **style)  # type: ignore[attr-defined]

    drawn(panels[0], "images", IMAGES, {"color": PALETTE[0], "marker": "o"})
    drawn(panels[1], "steps", STEPS, {"color": PALETTE[0], "marker": "o"})
    for i, batch in enumerate(BATCHES):
        drawn(
            panels[2],
            "sigma",
            SIGMAS,
            {"color": PALETTE[i], "marker": MARKERS[i], "label": f"batch {batch:,}"},
            batch=batch,
        )
    panels[2].legend()
    for panel, words in zip(panels, ("training images", "optimiser steps", "noise σ"), strict=True):
        panel.set(xscale="log", yscale="log", xlabel=words)
    for panel, values in ((panels[0], IMAGES), (panels[1], STEPS)):
        panel.set_xticks(values, [f"{value:,}" for value in values])
        panel.set_xticks([], minor=True)
    heights = (0.04, 0.05, 0.07, 0.1)
    panels[0].set_yticks(heights, [f"{height:g}" for height in heights])
    panels[0].set_yticks([], minor=True)
    panels[2].set_xticks(SIGMAS, [f"{sigma:g}" for sigma in SIGMAS])
    panels[2].set_xticks([], minor=True)
    panels[0].set_ylabel("sliced W₂, standard deviations")
    return draw(
        "matching",
        figure,
        alt="Distance from the prior against training images, steps, and noise by batch size",
        caption="d = 8, held-out match of the adaptive dual; means over seeds, bars from the least to the largest.",
    )


def _distance(record: StudyRecord) -> float:
    return max(_LEAST, root(float(np.mean(record.values["sliced_w2_squared"]))))
