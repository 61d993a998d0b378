"""Autoencoders in words: information compared with capacity, reconstructions, and draws of the prior."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from noisedim.document.content import Block, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import interval_words, mean_and_half_width
from noisedim.report.autoencoders.figures import rows_figure
from noisedim.report.autoencoders.records import AutoencoderRecord, autoencoder_records
from noisedim.report.autoencoders.verdicts import NoiseLevel, bound_verdict, match_verdict
from noisedim.report.study import Sources

__all__ = ["autoencoder_section", "autoencoder_words"]

_TITLE = "Autoencoders with the noisy channel (Section 4)"
_SHOWN = 16

Kinds = Mapping[str, Sequence[AutoencoderRecord]]


def _name(record: AutoencoderRecord) -> str:
    return f"noise σ = {record.level:g}" if record.has_channel else "variational (β = 1)"


def _noise_level(records: Sequence[AutoencoderRecord]) -> NoiseLevel:
    bounds = [record.information for record in records if record.information is not None]
    return NoiseLevel(
        level=records[0].level,
        capacity=records[0].capacity or 0.0,
        above_entropy={own.config.seed: own.reconstruction.information_above_entropy for own in records},
        information=tuple(bounds) if len(bounds) == len(records) else (),
        rejected={own.config.seed: own.rejected for own in records},
        n=records[0].n,
    )


def _level_words(level: NoiseLevel) -> str:
    return f"noise σ = {level.level:g}"


def autoencoder_words(levels: Sequence[NoiseLevel]) -> list[Verdict]:
    """Is the bound of Section 4 a measure of the information, and is the prior matched? In words."""
    verdicts = []
    found = bound_verdict(levels)
    if found is not None:
        low, high = _level_words(found.low), _level_words(found.high)
        verdicts.append(
            Verdict(
                "Section 4: is the reconstruction error a tight measure of the information?",
                "no" if found.is_empty else "not decided",
                f"the bound h(X) − (D/2) log(2πe E‖X − X̂‖²/D) rises by {interval_words(found.gains, digits=1)} nats from "
                f"{low} to {high}, whatever the unknown h(X) is; the capacity rises by "
                f"{found.high.capacity - found.low.capacity:.1f}. The information at {high} is at most "
                f"{found.high.capacity:.1f} nats, so at {low} the bound is at most {found.highest:.1f}"
                + (
                    ": it says nothing there. One error variance for all pixels is far from the truth"
                    if found.is_empty
                    else ""
                ),
            )
        )
    match = match_verdict(levels)
    shares = ", ".join(
        f"{_level_words(own)}: {np.mean(own.information):.2f} of {own.capacity:.2f}"
        for own in levels
        if own.information
    )
    verdicts.append(
        Verdict(
            "Section 4: does reconstruction through the noisy channel pass for N(0, I), on images that did not train?",
            {"all": "yes", "some": "in part", "none": "no"}[match.outcome],
            f"the battery does not reject {match.passed} of {match.runs} runs at 5% ({levels[0].n:,} images each); "
            f"information by the dual's bound, which needs no h(X), of the capacity in nats: {shares}",
        )
    )
    return verdicts


def _table(kinds: Kinds) -> Table:
    table = []
    for name, records in kinds.items():
        own = [record.reconstruction for record in records]
        most = [each.information_at_most for each in own if each.information_at_most is not None]
        bounds = [record.information for record in records if record.information is not None]
        knn = [record.knn for record in records if record.knn is not None]
        has_channel = records[0].has_channel
        table.append(
            {
                "autoencoder": name,
                "seeds": str(len(records)),
                "information at most (nats)": f"{most[0]:.2f}" if has_channel else mean_and_half_width(most, digits=2),
                "at least, by the dual": mean_and_half_width(bounds, digits=2) if has_channel and bounds else "–",
                "at least, by the error, minus h(X)": mean_and_half_width(
                    [each.information_above_entropy for each in own], digits=1
                ),
                "error per pixel, noisy code": mean_and_half_width([each.error for each in own], digits=4),
                "clean code": mean_and_half_width([each.clean_error for each in own], digits=4),
                "D₂ (nats)": mean_and_half_width([record.d2 for record in records], digits=4),
                "5-NN": mean_and_half_width(knn) if knn else "–",
            }
        )
    return Table(table)


def _protocol(first: AutoencoderRecord) -> Text:
    return Text(
        f"Y = f(X) + Z, X̂ = g(Y): I(X; Y) is at least h(X) − (D/2) log(2πe E‖X − X̂‖²/D), as corrected (E5), and at most "
        f"the channel's capacity. d = {first.config.dim}, {first.config.steps:,} steps of {first.config.batch_size}; "
        f"measured on {first.n:,} {first.measured_on} images. Grey levels are dequantised by uniform noise of one step "
        f"({first.reconstruction.grey_step:.4g}), which leaves the information unchanged and makes h(X) finite. "
        "h(X) stays unknown, so the bound is printed without it; the dual's bound is on the whole information, since "
        "here X′ = X. A variational autoencoder's information is bounded by the divergence of its posteriors from the "
        f"prior. One picture for all images has an error of {first.reconstruction.variance:.4f} per pixel."
    )


def _pictures(kinds: Kinds) -> Pictures:
    reconstructed: dict[str, np.ndarray] = {}
    drawn: dict[str, np.ndarray] = {}
    for name, records in kinds.items():
        samples = records[0].folder.read_samples()
        reconstructed.setdefault("held-out", samples["real"])
        reconstructed[name] = samples["reconstructed"]
        drawn[name] = samples["prior"]
    return Pictures(
        [
            draw(
                "autoencoder-reconstructions",
                rows_figure(reconstructed, columns=_SHOWN),
                alt="Rows of held-out images and their reconstructions, by noise level and by a variational autoencoder",
                caption="Held-out images, the first ones, and their reconstructions from clean codes of two numbers.",
            ),
            draw(
                "autoencoder-prior",
                rows_figure(drawn, columns=_SHOWN),
                alt="Rows of decoded draws of the prior, by noise level and by a variational autoencoder",
                caption="What the decoders make of draws of the prior, with the noise that training added.",
            ),
        ]
    )


def autoencoder_section(sources: Sources) -> Section | None:
    """Information compared with capacity, reconstructions and draws of the prior."""
    kinds: dict[str, list[AutoencoderRecord]] = defaultdict(list)
    for record in autoencoder_records(sources.encoders("autoencoders"), sources.store):
        kinds[_name(record)].append(record)
    with_channel = [records for records in kinds.values() if records[0].has_channel]
    if not any(len(records) > 1 for records in with_channel):
        return None
    first = next(iter(kinds.values()))[0]
    blocks: list[Block] = [_protocol(first), _pictures(kinds), _table(kinds)]
    return Section(_TITLE, autoencoder_words([_noise_level(records) for records in with_channel]), blocks)
