"""What reaches the paper's accuracy in two dimensions: a learning curve per condition, and what came of each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from noisedim.document.content import Block, Picture, Pictures, Section, Statement, Table, Text, Verdict, draw
from noisedim.document.figures import MARKERS, PALETTE, new_figure
from noisedim.document.words import bracketed
from noisedim.report.study import Sources, untested
from noisedim.report.two_dimensions.plan import CONDITIONS, STUDY
from noisedim.report.two_dimensions.verdicts import (
    PAPER,
    SUPERVISED,
    Reached,
    TwoDimensionsVerdict,
    reached,
    two_dimensions_verdict,
)
from noisedim.runs.studies.long_study import StudyRecord, read_study
from noisedim.runs.studies.trained_scores import REFERENCE_ROWS
from noisedim.training import TrainConfig

__all__ = ["two_dimensions_section"]

_TITLE = "The paper's 0.95 to 0.99 in two dimensions"


def two_dimensions_section(sources: Sources) -> Section:
    """What the file of ``noisedim study two-dimensions`` holds."""
    path = sources.results / STUDY.file_name("mnist")
    if not path.is_file():
        return untested(_TITLE, STUDY.command("mnist"), {_CLAIM: 4})
    file = read_study(path)
    found = reached(file.records)
    verdict, statement, finding = _answer(two_dimensions_verdict(found))
    text = Text(
        "MNIST, noise annealed to its target, neighbours among training images. Each point is a run of its own with that "
        "budget and its whole schedule. The paper trains longer than any of these; where a curve ends, this machine's time "
        f"did. Made by `{file.command}`."
    )
    blocks: list[Block] = [text, _protocol(file.records[0].n), Pictures([_picture(file.records)]), _table(found)]
    return Section(_TITLE, [verdict], blocks, [statement], finding)


def _config() -> TrainConfig:
    """What all runs share: dimension, noise and images per step."""
    return STUDY.profile("mnist")[0].config


def _protocol(test_images: int) -> Table:
    config = _config()
    here = {
        "d": str(config.dim),
        "σ": f"{config.noise.sigma:g}",
        "neighbours": "5",
        "among training images": f"{REFERENCE_ROWS:,}",
        "test images": f"{test_images:,}",
    }
    paper = {"the paper's epochs": "2,000", "its steps": "about 117,000", "its images per step": "1,024"}
    return Table([{"data": "MNIST", **here, **paper}], "What all runs share, and how long the paper trains")


_CLAIM = "Noise injection reaches 5-NN accuracy .95 in two dimensions"


def _answer(found: TwoDimensionsVerdict) -> tuple[Verdict, Statement, str]:
    answer = "yes" if found.status == "supported" else "not without labels at these budgets"
    needs = "longer training, or the authors' code" if found.status == "undecided" else ""
    short = f"{bracketed(found.best.accuracy)} without labels"
    if found.with_labels is not None:
        short = f"pairs share the class: {bracketed(found.with_labels.accuracy)}; {short}"
    budget = f"MNIST, up to {found.longest.longest:,} steps; others fewer"
    statement = Statement(_CLAIM, found.status, short, budget, needs, rank=4)
    most = "In two dimensions the most accurate embedding by noise injection reached an accuracy of"
    finding = f"{most} {bracketed(found.best.accuracy)} without labels ({budget})"
    if found.with_labels is not None:
        finding += f", and {bracketed(found.with_labels.accuracy)} with them"
    question = "Is the paper's accuracy of .95 to .99 in two dimensions reached?"
    words = f"the most accurate run by noise injection without labels {_reaches(found.best)} by its interval"
    if found.with_labels is not None:
        words += f"; the most accurate one with labels {_reaches(found.with_labels)}"
    return Verdict(question, answer, words, numbers=_numbers(found)), statement, f"{finding}."


def _reaches(own: Reached) -> str:
    return "reaches the paper's accuracy" if own.is_paper else "stays below the paper's accuracy"


def _numbers(found: TwoDimensionsVerdict) -> list[dict[str, str]]:
    rows = {"best without labels": found.best, "best with labels": found.with_labels}
    if found.longest.condition != found.best.condition:
        rows["longest without labels"] = found.longest
    return [
        {
            "noise injection": name,
            "5-NN accuracy [95%]": bracketed(own.accuracy),
            "condition": CONDITIONS[own.condition].words,
            "steps": f"{own.steps:,}",
            "longest budget (steps)": f"{own.longest:,}",
        }
        for name, own in rows.items()
        if own is not None
    ]


def _table(found: Mapping[str, Reached]) -> Table:
    rows = []
    for own in found.values():
        rows.append(
            {
                "condition": CONDITIONS[own.condition].words,
                "labels": "yes" if own.condition in SUPERVISED else "no",
                "best budget, steps": f"{own.steps:,}",
                "longest": f"{own.longest:,}",
                "CPU seconds of the longest": f"{own.seconds:.0f}",
                "5-NN accuracy, best run": bracketed(own.accuracy),
                "seeds": str(own.seeds),
                "on training images, themselves among the neighbours": f"{own.training:.3f}",
                "reaches .95": "yes" if own.is_paper else "no",
            }
        )
    return Table(
        rows,
        "What each condition came to at its best budget; intervals over test images",
    )


def _picture(records: Sequence[StudyRecord]) -> Picture:
    figure = new_figure(8, 4.6)
    panel = figure.subplots()
    panel.axhspan(*PAPER, color="#dddddd", zorder=0, label="the paper's Figure 1")
    for i, (name, own) in enumerate(CONDITIONS.items()):
        mine = [record for record in records if record.labels["condition"] == name]
        steps = sorted({int(record.labels["steps"]) for record in mine})
        values = [[float(np.mean(r.values["knn"])) for r in mine if r.labels["steps"] == at] for at in steps]
        if not steps:
            continue
        means = np.array([np.mean(each) for each in values])
        ends = np.array([[mean - min(each), max(each) - mean] for mean, each in zip(means, values, strict=True)]).T
        style: dict[str, Any] = {"color": PALETTE[i % len(PALETTE)], "marker": MARKERS[i % len(MARKERS)]}
        panel.errorbar(
            steps, means, ends, label=own.words, capsize=2, lw=1.3, ms=5, ls="-" if i < len(PALETTE) else "--", **style
        )
    panel.set(
        xscale="log",
        xlabel=f"optimiser steps ({_config().batch_size} images each)",
        ylabel="5-NN accuracy, test images",
        ylim=(0.1, 1.0),
    )
    figure.legend(loc="outside right center", fontsize=8)
    return draw(
        "two-dimensions",
        figure,
        alt="Accuracy in two dimensions against training steps, one curve per condition, with the paper's accuracies in grey",
        caption="Accuracy against the budget of training, one run per point and seed; bars from the least to the largest seed.",
    )
