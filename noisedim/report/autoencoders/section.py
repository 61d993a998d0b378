"""Autoencoders in words: information compared with capacity, reconstructions, and draws of the prior."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from noisedim.assessment.reconstruction import Reconstruction
from noisedim.document.content import Block, Pictures, Section, Statement, Table, Text, Verdict, draw
from noisedim.document.words import bracketed, count_words, mean_and_half_width
from noisedim.report.autoencoders.figures import rows_figure
from noisedim.report.autoencoders.verdicts import BoundVerdict, NoiseLevel, bound_verdict, match_verdict
from noisedim.report.study import Sources, untested
from noisedim.runs.record import RunRecord
from noisedim.runs.run import Run
from noisedim.runs.store import RunStore
from noisedim.training import TrainConfig

__all__ = ["autoencoder_section", "autoencoder_words"]

_TITLE = "Autoencoders with the noisy channel (Section 4)"
_STATEMENT = "Section 4's reconstruction error measures information"
_SHOWN = 16


@dataclass(frozen=True)
class Measured:
    """One complete run: its record, with the errors and bounds of its reconstructions, and its folder with the images."""

    record: RunRecord
    reconstruction: Reconstruction
    folder: Run

    @property
    def has_channel(self) -> bool:
        """Whether its codes pass the noisy channel; else it is variational."""
        return self.record.config.objective.name == "autoencoder"


Kinds = Mapping[str, Sequence[Measured]]


def _measured(configs: Sequence[TrainConfig], store: RunStore) -> list[Measured]:
    folders = [store.find(config) for config in configs]
    found = [(folder, folder.read_record()) for folder in folders if folder.is_complete]
    return [
        Measured(record, record.reconstruction, folder) for folder, record in found if record.reconstruction is not None
    ]


def _name(run: Measured) -> str:
    return f"noise σ = {run.record.level:g}" if run.has_channel else "variational (β = 1)"


def _noise_level(runs: Sequence[Measured]) -> NoiseLevel:
    records = [run.record for run in runs]
    bounds = [record.information.bound for record in records if record.information is not None]
    return NoiseLevel(
        level=records[0].level,
        capacity=records[0].capacity or 0.0,
        above_entropy={run.record.config.seed: run.reconstruction.information_above_entropy for run in runs},
        information=tuple(bounds) if len(bounds) == len(records) else (),
        rejected={record.config.seed: record.assessment.rejected for record in records},
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
                _bound_words(found, low, high),
                numbers=_bound_rows(found, low, high),
            )
        )
    match = match_verdict(levels)
    numbers = [
        {
            "autoencoder": _level_words(own),
            "not rejected": f"{list(own.rejected.values()).count(False)} of {len(own.rejected)}",
            "images of a run": f"{own.n:,}",
            "information by the dual (nats)": f"{np.mean(own.information):.2f}" if own.information else "–",
            "capacity (nats)": f"{own.capacity:.2f}",
        }
        for own in levels
    ]
    verdicts.append(
        Verdict(
            "Section 4: does reconstruction through the noisy channel pass for N(0, I), on images that did not train?",
            {"all": "yes", "some": "in part", "none": "no"}[match.outcome],
            f"the battery rejects {count_words(match.runs - match.passed, match.runs, 'runs')} at 5%; the table's bound on the "
            "information is the dual's, which needs no h(X)",
            numbers=numbers,
        )
    )
    return verdicts


def _bound_words(found: BoundVerdict, low: str, high: str) -> str:
    """The unknown h(X) cancels in the rise, and the capacity bounds the information at its end."""
    rise = f"decided to rise from {low} to {high} by more than the capacity at the latter"
    if found.is_empty:
        return (
            f"the bound by the error is {rise}, which it cannot exceed; the unknown h(X) cancels in the rise. So at the "
            "stronger noise it is below zero: it says nothing there. One error variance for all pixels is far from the truth"
        )
    return f"the bound by the error is not {rise}; if it did, it would say nothing at the stronger noise"


def _bound_rows(found: BoundVerdict, low: str, high: str) -> list[dict[str, str]]:
    rise = f"{np.mean(found.gains):.1f}" if found.gain is None else bracketed(found.gain, digits=1, signed=True)
    between = f"from {low} to {high}"
    rows = {
        "rise of the bound": (between, rise),
        "rise of the capacity": (between, f"{found.high.capacity - found.low.capacity:.1f}"),
        "information, at most": (high, f"{found.high.capacity:.1f}"),
        "the bound, at most": (low, f"{found.highest:.1f}"),
    }
    seeds = str(len(found.gains))
    return [
        {"quantity": name, "at": where, "nats [95%]": value, "seeds": seeds if "bound" in name else "–"}
        for name, (where, value) in rows.items()
    ]


def _table(kinds: Kinds) -> Table:
    table = []
    for name, runs in kinds.items():
        own, records = [run.reconstruction for run in runs], [run.record for run in runs]
        most = [each.information_at_most for each in own if each.information_at_most is not None]
        bounds = [record.information.bound for record in records if record.information is not None]
        knn = [record.scores["knn"] for record in records if "knn" in record.scores]
        d2 = [record.assessment.effects["d2"].estimate for record in records]
        has_channel = runs[0].has_channel
        table.append(
            {
                "autoencoder": name,
                "seeds": str(len(runs)),
                "information at most (nats)": f"{most[0]:.2f}" if has_channel else mean_and_half_width(most, digits=2),
                "at least, by the dual": mean_and_half_width(bounds, digits=2) if has_channel and bounds else "–",
                "at least, by the error, minus h(X)": mean_and_half_width(
                    [each.information_above_entropy for each in own], digits=1
                ),
                "error per pixel, noisy code": mean_and_half_width([each.error for each in own], digits=4),
                "clean code": mean_and_half_width([each.clean_error for each in own], digits=4),
                "D₂ (nats)": mean_and_half_width(d2, digits=4),
                "5-NN": mean_and_half_width(knn) if knn else "–",
            }
        )
    return Table(table, "Information and error, by autoencoder")


def _protocol(first: Measured) -> Text:
    record, config = first.record, first.record.config
    return Text(
        f"Y = f(X) + Z, X̂ = g(Y): I(X; Y) is at least h(X) − (D/2) log(2πe E‖X − X̂‖²/D), as corrected (E5), and at most "
        f"the channel's capacity. d = {config.dim}, {config.steps:,} steps of {config.batch_size}; "
        f"measured on {record.n:,} {record.measured_on} images. Grey levels are dequantised by uniform noise of one step "
        f"({first.reconstruction.grey_step:.4g}), which leaves the information unchanged and makes h(X) finite. "
        "h(X) stays unknown, so the bound is printed without it; the dual's bound is on the whole information, since "
        "here X′ = X. A variational autoencoder's information is bounded by the divergence of its posteriors from the "
        f"prior. One picture for all images has an error of {first.reconstruction.variance:.4f} per pixel."
    )


def _pictures(kinds: Kinds) -> Pictures:
    reconstructed: dict[str, np.ndarray] = {}
    drawn: dict[str, np.ndarray] = {}
    for name, runs in kinds.items():
        samples = runs[0].folder.read_samples()
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
    """Information compared with capacity, reconstructions and draws of the prior; None if no run is planned."""
    if not sources.plans["autoencoders"]:
        return None
    kinds: dict[str, list[Measured]] = defaultdict(list)
    for run in _measured(sources.encoders("autoencoders"), sources.store):
        kinds[_name(run)].append(run)
    with_channel = [runs for runs in kinds.values() if runs[0].has_channel]
    if not any(len(runs) > 1 for runs in with_channel):
        return untested(_TITLE, sources.command, {_STATEMENT: 80})
    first = next(iter(kinds.values()))[0]
    blocks: list[Block] = [_protocol(first), _pictures(kinds), _table(kinds)]
    levels = [_noise_level(runs) for runs in with_channel]
    return Section(_TITLE, autoencoder_words(levels), blocks, statements=_statements(levels, first))


def _statements(levels: Sequence[NoiseLevel], first: Measured) -> list[Statement]:
    found = bound_verdict(levels)
    if found is None or found.gain is None:
        return []
    budget = f"n = {first.record.n:,}, {found.gain.n} seeds, {first.record.config.steps:,} steps"
    effect = f"{bracketed(found.gain, digits=1, signed=True)} nats; capacity {found.high.capacity:.1f}"
    if found.is_empty:
        return [Statement(_STATEMENT, "contradicted", effect, budget, rank=80)]
    return [Statement(_STATEMENT, "undecided", effect, budget, "more seeds", rank=80)]
