"""What reaches the paper's accuracy in two dimensions: a learning curve per condition, and what came of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.document.content import Notice, Picture, Pictures, Section, Statement, Status, Table, Text, Verdict, draw
from noisedim.document.figures import MARKERS, PALETTE, new_figure
from noisedim.report.study import Sources
from noisedim.report.two_dimensions.plan import CONDITIONS, STUDY
from noisedim.runs.long_study import StudyRecord, read_study
from noisedim.statistics.intervals import Interval, clopper_pearson

__all__ = ["PAPER", "Reached", "reached", "two_dimensions_section"]

_TITLE = "The paper's 0.95 to 0.99 in two dimensions"
PAPER = (0.95, 0.99)
"""Accuracies in two dimensions, read off the paper's Figure 1."""
_SUPERVISED = ("label", "label-clean", "convnet-label")
_WITHOUT_NOISE = ("vae",)


@dataclass(frozen=True)
class Reached:
    """What one condition came to at its best budget, chosen by the same test images, in its favour.

    Attributes:
        condition: its name.
        steps: of that budget.
        longest: of its longest budget.
        accuracy: 5-NN accuracy on test images, the best run's interval by Clopper and Pearson over the images.
        seeds: how many runs have that budget.
        training: of the same run, the same classifier's accuracy on training images.
        seconds: CPU time of the longest run.
    """

    condition: str
    steps: int
    longest: int
    accuracy: Interval
    seeds: int
    training: float
    seconds: float

    @property
    def is_paper(self) -> bool:
        """Whether the interval lies at or above the paper's least accuracy, or holds it."""
        return self.accuracy.upper >= PAPER[0]


def reached(records: Sequence[StudyRecord]) -> dict[str, Reached]:
    """By condition, in the plan's order, what its best budget gave."""
    found = {}
    for condition in CONDITIONS:
        own = [record for record in records if record.labels["condition"] == condition]
        if not own:
            continue
        best = max(own, key=lambda record: float(np.mean(record.values["knn"])))
        steps = int(best.labels["steps"])
        alike = [record for record in own if record.labels["steps"] == steps]
        accuracy = clopper_pearson(round(float(np.mean(best.values["knn"])) * best.n), best.n)
        longest = max(int(record.labels["steps"]) for record in own)
        seconds = max(record.seconds for record in own)
        found[condition] = Reached(condition, steps, longest, accuracy, len(alike), best.whole["training_knn"], seconds)
    return found


def two_dimensions_section(sources: Sources) -> Section:
    """What the file of ``noisedim study two-dimensions`` holds."""
    path = sources.results / STUDY.file_name("mnist")
    if not path.is_file():
        command = STUDY.command("mnist")
        statement = Statement(_CLAIM, "not tested", "", "", f"`{command}`", rank=4)
        return Section(_TITLE, [], [Notice(f"Not measured yet: `{command}` makes what it reads.")], [statement])
    file = read_study(path)
    found = reached(file.records)
    verdict, statement, finding = _answer(found)
    text = Text(
        "MNIST, d = 2, 5 nearest neighbours among 10,000 training images, judged on 10,000 test images; σ = 0.1, annealed. "
        "Each point is a run of its own with that budget and its whole schedule. The paper trains 2,000 epochs (about "
        f"117,000 steps of 1,024 images); where a curve ends, this machine's time did. Made by `{file.command}`."
    )
    return Section(_TITLE, [verdict], [text, Pictures([_picture(file.records)]), _table(found)], [statement], finding)


_CLAIM = "Noise injection reaches 5-NN accuracy .95 in two dimensions without labels"


def _answer(found: Mapping[str, Reached]) -> tuple[Verdict, Statement, str]:
    free = {name: own for name, own in found.items() if name not in (*_SUPERVISED, *_WITHOUT_NOISE)}
    supervised = {name: own for name, own in found.items() if name in _SUPERVISED}
    best = max(free.values(), key=lambda own: own.accuracy.estimate)
    with_labels = max(supervised.values(), key=lambda own: own.accuracy.estimate, default=None)
    longest = max(own.longest for own in free.values())
    effect = f"{_words(best)} without labels"
    if with_labels is not None:
        effect += f"; {_words(with_labels)} with them"
    any_reached = any(own.is_paper for own in free.values())
    status: Status = (
        "supported" if any_reached else "only when" if with_labels is not None and with_labels.is_paper else "undecided"
    )
    needs = f"longer training than {longest:,} steps, or the authors' code" if status == "undecided" else ""
    budget = f"MNIST, up to {longest:,} steps of 256"
    answer = "yes" if any_reached else f"not without labels up to {longest:,} steps"
    statement = Statement(
        _CLAIM, status, ("pairs share the class: " if status == "only when" else "") + effect, budget, needs, rank=4
    )
    most = "In two dimensions the most accurate embedding by noise injection was"
    finding = f"{most} {effect}; the paper's Figure 1 shows .95 to .99."
    return (
        Verdict("Is the paper's accuracy of .95 to .99 in two dimensions reached?", answer, effect),
        statement,
        finding,
    )


def _words(own: Reached) -> str:
    ends = own.accuracy
    where = f"{CONDITIONS[own.condition].words}, {own.steps:,} steps"
    return f"{ends.estimate:.3f} [{ends.lower:.3f}, {ends.upper:.3f}] ({where})"


def _table(found: Mapping[str, Reached]) -> Table:
    rows = []
    for own in found.values():
        ends = own.accuracy
        rows.append(
            {
                "condition": CONDITIONS[own.condition].words,
                "labels": "yes" if own.condition in _SUPERVISED else "no",
                "best budget, steps": f"{own.steps:,}",
                "longest": f"{own.longest:,}",
                "CPU seconds of the longest": f"{own.seconds:.0f}",
                "5-NN accuracy, best run": f"{ends.estimate:.3f} [{ends.lower:.3f}, {ends.upper:.3f}]",
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
        xscale="log", xlabel="optimiser steps (256 images each)", ylabel="5-NN accuracy, test images", ylim=(0.1, 1.0)
    )
    figure.legend(loc="outside right center", fontsize=8)
    return draw(
        "two-dimensions",
        figure,
        alt="Accuracy in two dimensions against training steps, one curve per condition, with the paper's accuracies in grey",
        caption="Accuracy against the budget of training, one run per point and seed; bars from the least to the largest seed.",
    )
