"""Section 4: reconstruction through the noisy channel as infomax, beside variational autoencoders."""

from collections import defaultdict
from typing import Any

import numpy as np

from noisedim.document.content import Block, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import interval_words, mean_and_half_width, share_word
from noisedim.report.generation_figures import rows_figure
from noisedim.report.study import Sources
from noisedim.runs.store import RunFolder
from noisedim.statistics.intervals import student_t
from noisedim.training import TrainConfig

__all__ = ["autoencoder_section", "autoencoder_verdicts"]

_TITLE = "Autoencoders with the noisy channel (Section 4)"
_SHOWN = 16

Rows = dict[str, list[tuple[TrainConfig, RunFolder, dict[str, Any]]]]


def _name(config: TrainConfig) -> str:
    if config.objective.name != "autoencoder":
        return "variational (β = 1)"
    return f"noise σ = {config.noise.target(config.build_prior()):g}"


def autoencoder_verdicts(kinds: Rows) -> list[Verdict]:
    """Is the bound of Section 4 a measure of the information, and is the prior matched?"""
    noisy = {name: rows for name, rows in kinds.items() if rows[0][0].objective.name == "autoencoder"}
    ordered = sorted(noisy, key=lambda name: noisy[name][0][2]["capacity"])
    low, high = ordered[0], ordered[-1]
    verdicts = []
    if low != high:

        def by_seed(name: str) -> dict[int, dict[str, float]]:
            return {config.seed: result["reconstruction"] for config, _, result in noisy[name]}

        first, last = by_seed(low), by_seed(high)
        gains = [
            last[s]["information_above_entropy"] - first[s]["information_above_entropy"]
            for s in first.keys() & last.keys()
        ]
        capacities = [noisy[name][0][2]["capacity"] for name in (low, high)]
        # I ≤ C at the weaker noise bounds h(X), and with it the bound at the stronger noise.
        highest = capacities[1] - float(np.mean(gains))
        empty = len(gains) > 1 and student_t(gains).lower > capacities[1]
        verdicts.append(
            Verdict(
                "Section 4: is the reconstruction error a tight measure of the information?",
                "no" if empty else "not decided",
                f"the bound h(X) − (D/2) log(2πe E‖X − X̂‖²/D) rises by {interval_words(gains, digits=1)} nats from {low} to "
                f"{high}, free of the unknown h(X); the capacity by {capacities[1] - capacities[0]:.1f}. The information at "
                f"{high} is at most {capacities[1]:.1f} nats, so at {low} the bound is at most {highest:.1f}"
                + (": it says nothing there. One error variance for all pixels is far from the truth" if empty else ""),
            )
        )
    runs = [row for rows in noisy.values() for row in rows]
    passed = sum(not result["assessment"]["rejected"] for _, _, result in runs)
    shares = ", ".join(
        f"{name}: {np.mean([r['information']['bound'] for _, _, r in rows]):.2f} of {rows[0][2]['capacity']:.2f}"
        for name, rows in noisy.items()
        if all(r["information"] is not None for _, _, r in rows)
    )
    verdicts.append(
        Verdict(
            "Section 4: does reconstruction through the noisy channel pass for N(0, I), on images that did not train?",
            share_word(passed, len(runs)),
            f"the battery does not reject {passed} of {len(runs)} runs at 5% ({runs[0][2]['n']:,} images each); information "
            f"by the dual's bound, which needs no h(X), of the capacity in nats: {shares}",
        )
    )
    return verdicts


def _table(kinds: Rows) -> Table:
    table = []
    for name, rows in kinds.items():
        own = [result["reconstruction"] for _, _, result in rows]
        most = [row["information_at_most"] for row in own if row["information_at_most"] is not None]
        bounds = [result["information"]["bound"] for _, _, result in rows if result["information"] is not None]
        knn = [result["scores"]["knn"] for _, _, result in rows if "scores" in result]
        is_noisy = rows[0][0].objective.name == "autoencoder"
        table.append(
            {
                "autoencoder": name,
                "seeds": str(len(rows)),
                "information at most (nats)": f"{most[0]:.2f}" if is_noisy else mean_and_half_width(most, digits=2),
                "at least, by the dual": mean_and_half_width(bounds, digits=2) if is_noisy and bounds else "–",
                "at least, by the error, minus h(X)": mean_and_half_width(
                    [row["information_above_entropy"] for row in own], digits=1
                ),
                "error of a pixel, noisy code": mean_and_half_width([row["error"] for row in own], digits=4),
                "clean code": mean_and_half_width([row["clean_error"] for row in own], digits=4),
                "D₂ (nats)": mean_and_half_width(
                    [result["assessment"]["effects"]["d2"]["estimate"] for _, _, result in rows], digits=4
                ),
                "5-NN": mean_and_half_width(knn) if knn else "–",
            }
        )
    return Table(table)


def autoencoder_section(sources: Sources) -> Section | None:
    """Information beside capacity, reconstructions and draws of the prior."""
    kinds: Rows = defaultdict(list)
    for config in sources.encoders("autoencoders"):
        folder = sources.store.open(config)
        if folder.is_complete and "reconstruction" in (result := folder.read_result()):
            kinds[_name(config)].append((config, folder, result))
    if not any(len(rows) > 1 and rows[0][0].objective.name == "autoencoder" for rows in kinds.values()):
        return None
    pictures: dict[str, np.ndarray] = {}
    draws: dict[str, np.ndarray] = {}
    for name, rows in kinds.items():
        samples = rows[0][1].read_samples()
        pictures.setdefault("held-out", samples["real"])
        pictures[name] = samples["reconstructed"]
        draws[name] = samples["prior"]
    config, _, result = next(iter(kinds.values()))[0]
    variance = result["reconstruction"]["variance"]
    blocks: list[Block] = [
        Text(
            f"Y = f(X) + Z, X̂ = g(Y): I(X; Y) is at least h(X) − (D/2) log(2πe E‖X − X̂‖²/D), as corrected (E5), and at most "
            f"the channel's capacity. d = {config.dim}, {config.steps:,} steps of {config.batch_size}; measured on "
            f"{result['n']:,} {result['measured_on']} images. Grey levels are dequantised by uniform noise of one step "
            f"({result['reconstruction']['grey_step']:.4g}), which changes the information by nothing and makes h(X) finite. "
            "h(X) stays unknown, so the bound is printed without it; what the dual's bound says is information in full, since "
            "here X′ = X. A variational autoencoder's information is bounded by the divergence of its posteriors from the "
            f"prior. One picture for all images has an error of {variance:.4f} a pixel."
        ),
        Pictures(
            [
                draw(
                    "autoencoder-reconstructions",
                    rows_figure(pictures, columns=_SHOWN),
                    alt="Rows of held-out images and their reconstructions, by noise level and by a variational autoencoder",
                    caption="Held-out images, the first ones, and their reconstructions from clean codes of two numbers.",
                ),
                draw(
                    "autoencoder-prior",
                    rows_figure(draws, columns=_SHOWN),
                    alt="Rows of decoded draws of the prior, by noise level and by a variational autoencoder",
                    caption="What the decoders make of draws of the prior, with the noise that training added.",
                ),
            ]
        ),
        _table(kinds),
    ]
    return Section(_TITLE, autoencoder_verdicts(kinds), blocks)
