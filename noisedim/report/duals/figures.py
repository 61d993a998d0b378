"""Match against noise level for each form of the dual, one panel per batch size."""

from collections.abc import Mapping, Sequence

import numpy as np

from noisedim.document.content import Picture, draw
from noisedim.document.figures import PALETTE
from noisedim.report.duals.verdicts import DualRecord

__all__ = ["duals_picture"]

_MARKERS = "osD^v"


def duals_picture(profile: str, data: str, records: Sequence[DualRecord], words: Mapping[str, str]) -> Picture:
    """D₂ at noise 0.3 against σ: means over seeds, with a line from the smallest to the largest."""
    from matplotlib.figure import Figure

    batches = sorted({own.batch for own in records})
    # Room for the legend below, also below a single panel.
    figure = Figure(figsize=(max(5.6, 3.2 * len(batches)), 3.4), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(batches), sharey=True))
    for panel, batch in zip(axes, batches, strict=True):
        for i, (method, label) in enumerate(words.items()):
            own = [each for each in records if (each.method, each.batch) == (method, batch)]
            sigmas = sorted({each.sigma for each in own})
            found = [[max(each.d2_fine, 1e-3) for each in own if each.sigma == sigma] for sigma in sigmas]
            if not found:
                continue
            means = np.array([np.mean(values) for values in found])
            ends = np.array([[min(values), max(values)] for values in found]).T
            # Side by side, so that the lines of several forms can be told apart.
            at = np.array(sigmas) * 1.06 ** (i - 2)
            panel.errorbar(
                at,
                means,
                np.abs(ends - means),
                marker=_MARKERS[i],
                color=PALETTE[i],
                label=label,
                capsize=2,
                lw=1,
                ms=5,
            )
        panel.set(xscale="log", yscale="log", title=f"batch {batch}", xlabel="noise σ (sd of the embedding)")
        levels = sorted({own.sigma for own in records})
        panel.set_xticks(levels, [f"{level:g}" for level in levels])
        panel.set_xticks([], minor=True)
    axes[0].set_ylabel("D₂ at noise 0.3 (nats), held out")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3 if len(batches) > 1 else 2, frameon=False)
    return draw(
        f"duals-{profile}",
        figure,
        alt=f"Held-out divergence from the prior against noise level on {data}, by form of the dual and batch size",
        caption=f"{data}: divergence of held-out embeddings from the prior; means over seeds, lines from least to largest.",
    )
