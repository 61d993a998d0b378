"""Accuracy against capacity in two dimensions: what the paper's Figure 1 shows, beside what this machine's budget gives."""

from collections.abc import Sequence

import numpy as np

from noisedim.document.content import (
    Block,
    Picture,
    Pictures,
    Section,
    Statement,
    Table,
    Text,
    Verdict,
    draw,
)
from noisedim.document.figures import MARKERS, PALETTE, new_figure
from noisedim.document.words import bracketed, decided_words
from noisedim.report.figure_1.plan import STUDY
from noisedim.report.figure_1.verdicts import LEAST_CAPACITY, LEVEL, by_capacity, figure_1_verdict
from noisedim.report.protocol import MNIST_IMAGES
from noisedim.report.study import Sources, untested
from noisedim.runs.studies.long_study import StudyRecord, read_study
from noisedim.statistics.intervals import student_t
from noisedim.training import TrainConfig

__all__ = ["figure_1_section"]

_TITLE = "Figure 1 on MNIST: accuracy against capacity"
_CLAIM = "In two dimensions, accuracy falls once the capacity is below log 10 nats"
_PROBES = {
    "knn": "5 nearest neighbours",
    "mlp": "perceptron",
    "naive_bayes": "Gaussian naive Bayes",
    "linear": "linear",
}
_PAPER_EPOCHS = 2000
_ENCODERS = {"mlp": "perceptron", "convnet": "ConvNet"}
_PAPER = ".95 or more (its axis begins there)"


def figure_1_section(sources: Sources) -> Section:
    """What the file of ``noisedim study figure-1`` holds."""
    path = sources.results / STUDY.file_name("mnist")
    if not path.is_file():
        return untested(_TITLE, STUDY.command("mnist"), {_CLAIM: 5})
    file = read_study(path)
    seeds = len({record.seed for record in file.records})
    text = Text(
        "The protocol is smaller than the paper's, as the next table says. Intervals have the paper's level, by Student's t "
        f"over seeds. Made by `{file.command}`."
    )
    verdict, statement = _answer(file.records, seeds)
    blocks: list[Block] = [text, _protocol(), Pictures([_picture(file.records)]), _table(file.records)]
    return Section(_TITLE, [verdict], blocks, [statement], _finding(file.records, seeds))


def _config() -> TrainConfig:
    """What all runs share; their capacities differ."""
    return STUDY.profile("mnist")[0].config


def _epochs(config: TrainConfig) -> float:
    return config.steps * config.batch_size / MNIST_IMAGES


def _protocol() -> Table:
    own = _config()
    rows = [
        {
            "protocol": "the paper",
            "encoder": "ConvNet",
            "image (pixels)": "24×24",
            "objective": "InfoNCE, its own critic",
            "epochs": f"{_PAPER_EPOCHS:,}",
            "steps": "about 117,000",
            "images per step": "1,024",
        },
        {
            "protocol": "here",
            "encoder": _ENCODERS[own.encoder],
            "image (pixels)": f"{own.data.size}×{own.data.size}",
            "objective": own.objective.name.replace("-", " "),
            "epochs": f"{_epochs(own):.1f}",
            "steps": f"{own.steps:,}",
            "images per step": f"{own.batch_size:,}",
        },
    ]
    shared = {"pixel noise of X′": f"{own.augmentation.noise:g}", "d": str(own.dim), "intervals": f"{LEVEL:.0%}"}
    return Table([row | shared for row in rows], "The paper's protocol and the one here")


def _finding(records: Sequence[StudyRecord], seeds: int) -> str:
    found = figure_1_verdict(records)
    if found is None:
        return ""
    far = "" if found.is_comparable else "; no capacity comes near the paper's accuracy"
    return (
        f"In two dimensions, 5-NN accuracy changes by {bracketed(found.fall, signed=True)} from a capacity of "
        f"{found.below:g} to one of {found.above:g} nats ({found.fall.level:.0%} interval, MNIST, {seeds} seeds){far}."
    )


def _answer(records: Sequence[StudyRecord], seeds: int) -> tuple[Verdict, Statement]:
    found = figure_1_verdict(records)
    config = _config()
    budget = f"MNIST, {seeds} seeds, {config.steps:,} steps of {config.batch_size:,}"
    question = (
        "Does accuracy in two dimensions fall once the capacity is below log 10 nats, as in the paper's Figure 1?"
    )
    if found is None:
        words = "fewer than two seeds"
        return Verdict(question, "not decided", words), Statement(
            _CLAIM, "undecided", words, budget, "more seeds", rank=5
        )
    own, top = found.fall, found.top
    words = f"5-NN accuracy {decided_words(own)} at a capacity above log 10 nats than at one below, paired by seed; "
    words += f"the paper shows {_PAPER}, and {'one' if found.is_comparable else 'no'} capacity comes near that"
    if own.upper < 0 and not found.is_comparable:
        words += ", so that this does not contradict it"
    level = f"[{own.level:.0%}]"
    numbers = [
        {
            "5-NN accuracy": f"change from {found.below:g} to {found.above:g} nats",
            f"estimate {level}": bracketed(own, signed=True),
            "seeds": str(own.n),
        },
        {
            "5-NN accuracy": f"the most, at {found.best:g} nats",
            f"estimate {level}": bracketed(top),
            "seeds": str(top.n),
        },
    ]
    answer = {"supported": "yes, at lower accuracies", "contradicted": "no"}.get(found.status, "not decided")
    short = f"{bracketed(own, signed=True)} from {found.below:g} to {found.above:g} nats; "
    short += f"the most is {top.estimate:.2f} (paper: .95 or more)"
    needs = (
        ""
        if found.status != "undecided"
        else "more seeds"
        if found.is_comparable
        else f"the paper's {_PAPER_EPOCHS:,} epochs"
    )
    verdict = Verdict(question, answer, words, numbers=numbers)
    return verdict, Statement(_CLAIM, found.status, short, budget, needs, rank=5)


def _table(records: Sequence[StudyRecord]) -> Table:
    found = {score: by_capacity(records, score) for score in (*_PROBES, "sliced_w2_squared")}
    rows = []
    for capacity in found["knn"]:
        row = {"capacity, nats": f"{capacity:g}"}
        for score, words in _PROBES.items():
            own = student_t(list(found[score][capacity].values()), level=LEVEL)
            row[words] = f"{own.estimate:.3f} ± {own.upper - own.estimate:.3f}" if own.n > 1 else f"{own.estimate:.3f}"
        square = float(np.mean(list(found["sliced_w2_squared"][capacity].values())))
        row["sliced W₂"] = f"{np.sqrt(max(0.0, square)):.3f}"
        row["the paper"] = _PAPER if capacity >= LEAST_CAPACITY else "falling"
        rows.append(row)
    return Table(rows, f"Accuracy on test images by capacity, mean ± half of the {LEVEL:.0%} interval over seeds")


def _picture(records: Sequence[StudyRecord]) -> Picture:
    config, figure = _config(), new_figure(7.5, 4.2)
    panel = figure.subplots()
    panel.axhspan(0.95, 1, color="#dddddd", zorder=0, label="the paper's axis")
    aside = 0.16 * (np.arange(len(_PROBES)) - (len(_PROBES) - 1) / 2)  # else the bars hide each other
    for i, (score, words) in enumerate(_PROBES.items()):
        values = by_capacity(records, score)
        means = np.array([np.mean(list(own.values())) for own in values.values()])
        ends = [student_t(list(own.values()), level=LEVEL) for own in values.values()]
        half = np.array([own.upper - own.estimate if own.n > 1 else 0.0 for own in ends])
        panel.errorbar(
            np.array(list(values)) + aside[i],
            means,
            half,
            color=PALETTE[i],
            marker=MARKERS[i],
            label=words,
            lw=1.1,
            ms=4,
        )
    panel.axvline(LEAST_CAPACITY, color="#222222", ls=":", lw=1)
    panel.annotate("log 10", (LEAST_CAPACITY, 0.33), xytext=(4, 0), textcoords="offset points", fontsize=9)
    panel.set(xlabel="capacity, nats", ylabel="accuracy on test images", ylim=(0.3, 1))
    panel.legend(loc="center right", bbox_to_anchor=(1, 0.72), ncols=3, fontsize=8)
    return draw(
        "figure-1-mnist",
        figure,
        alt="Accuracy of four classifiers in two dimensions against capacity, with the paper's axis in grey",
        caption=f"Ours: d = {config.dim}, means with {LEVEL:.0%} intervals over seeds. The paper plots .95 to 1 (grey) after "
        f"{round(_PAPER_EPOCHS / _epochs(config), -1):.0f} times the images.",
    )
