"""Accuracy against capacity in two dimensions: what the paper's Figure 1 shows, beside what this machine's budget gives."""

from collections.abc import Mapping, Sequence
from math import log

import numpy as np

from noisedim.document.content import (
    Block,
    Notice,
    Picture,
    Pictures,
    Section,
    Statement,
    Status,
    Table,
    Text,
    Verdict,
    draw,
)
from noisedim.document.figures import MARKERS, PALETTE, new_figure
from noisedim.report.figure_1.plan import STUDY
from noisedim.report.study import Sources
from noisedim.runs.long_study import StudyRecord, read_study
from noisedim.statistics.intervals import Interval, student_t

__all__ = ["LEAST_CAPACITY", "by_capacity", "fall", "figure_1_section"]

_TITLE = "Figure 1 on MNIST: accuracy against capacity"
_CLAIM = "In two dimensions, accuracy falls once the capacity is below log 10 nats"
LEAST_CAPACITY = log(10)
"""What ten balanced classes need, nats: the dotted line of the paper's figure."""
_PROBES = {
    "knn": "5 nearest neighbours",
    "mlp": "perceptron",
    "naive_bayes": "Gaussian naive Bayes",
    "linear": "linear",
}
_PAPER = ".95 or more (its axis begins there)"
_LEAST_ACCURACY = 0.95


def by_capacity(records: Sequence[StudyRecord], score: str) -> dict[float, dict[int, float]]:
    """The score by capacity and seed, capacities ascending."""
    found: dict[float, dict[int, float]] = {}
    for record in sorted(records, key=lambda own: float(own.labels["capacity"])):
        found.setdefault(float(record.labels["capacity"]), {})[record.seed] = float(np.mean(record.values[score]))
    return found


def fall(values: Mapping[float, Mapping[int, float]], *, at: float, below: float) -> Interval | None:
    """Score at capacity ``at`` minus score at ``below``, paired by seed; None with fewer than two common seeds."""
    common = sorted(set(values.get(at, {})) & set(values.get(below, {})))
    return (
        student_t([values[at][seed] - values[below][seed] for seed in common], level=0.99) if len(common) > 1 else None
    )


def figure_1_section(sources: Sources) -> Section:
    """What the file of ``noisedim study figure-1`` holds."""
    path = sources.results / STUDY.file_name("mnist")
    if not path.is_file():
        command = STUDY.command("mnist")
        statement = Statement(_CLAIM, "not tested", "", "", f"`{command}`", rank=5)
        return Section(_TITLE, [], [Notice(f"Not measured yet: `{command}` makes what it reads.")], [statement])
    file = read_study(path)
    seeds = len({record.seed for record in file.records})
    text = Text(
        "The paper trains a ConvNet on 24×24 images for 2,000 epochs of 1,024 with InfoNCE and its own critic; here a "
        "perceptron on 12×12 images trains 2,000 steps of 256 (8.5 epochs) with the adaptive dual. Both add pixel noise "
        "of 0.6 to X′, d = 2. Intervals are 99%, as in the paper, by Student's t over seeds. "
        f"Made by `{file.command}`."
    )
    verdict, statement = _answer(file.records, seeds)
    blocks: list[Block] = [text, Pictures([_picture(file.records)]), _table(file.records)]
    return Section(_TITLE, [verdict], blocks, [statement], f"{statement.text}: {statement.effect}.")


def _answer(records: Sequence[StudyRecord], seeds: int) -> tuple[Verdict, Statement]:
    values = by_capacity(records, "knn")
    capacities = sorted(values)
    above = min((own for own in capacities if own >= LEAST_CAPACITY), default=capacities[-1])
    below = max((own for own in capacities if own < LEAST_CAPACITY - 1), default=capacities[0])
    own = fall(values, at=above, below=below)
    budget = f"MNIST, {seeds} seeds, 2,000 steps of 256"
    question = (
        "Does accuracy in two dimensions fall once the capacity is below log 10 nats, as in the paper's Figure 1?"
    )
    if own is None:
        return Verdict(question, "not decided", "fewer than two seeds"), Statement(
            _CLAIM, "undecided", "", budget, "more seeds", rank=5
        )
    best = max(capacities, key=lambda c: float(np.mean(list(values[c].values()))))
    top = student_t(list(values[best].values()), level=0.99)
    words = (
        f"5-NN accuracy at {above:g} nats exceeds that at {below:g} nats by {own.estimate:.3f} [{own.lower:.3f}, "
        f"{own.upper:.3f}]; the most is {top.estimate:.3f} [{top.lower:.3f}, {top.upper:.3f}] at {best:g} nats, where the "
        f"paper shows {_PAPER}"
    )
    status: Status = "supported" if own.lower > 0 else "undecided"
    # An embedding that tells classes apart this badly does not fill the channel: its capacity is not what limits it.
    comparable = top.upper >= _LEAST_ACCURACY
    answer = "yes, at lower accuracies" if status == "supported" else "no" if own.upper < 0 else "not decided"
    if own.upper < 0 and comparable:
        status = "contradicted"
    needs = "" if status != "undecided" else "more seeds" if comparable else "the paper's 2,000 epochs"
    return Verdict(question, answer, words), Statement(_CLAIM, status, words, budget, needs, rank=5)


def _table(records: Sequence[StudyRecord]) -> Table:
    found = {score: by_capacity(records, score) for score in (*_PROBES, "sliced_w2_squared")}
    rows = []
    for capacity in found["knn"]:
        row = {"capacity, nats": f"{capacity:g}"}
        for score, words in _PROBES.items():
            own = student_t(list(found[score][capacity].values()), level=0.99)
            row[words] = f"{own.estimate:.3f} ± {own.upper - own.estimate:.3f}" if own.n > 1 else f"{own.estimate:.3f}"
        square = float(np.mean(list(found["sliced_w2_squared"][capacity].values())))
        row["sliced W₂"] = f"{np.sqrt(max(0.0, square)):.3f}"
        row["the paper"] = _PAPER if capacity >= LEAST_CAPACITY else "falling"
        rows.append(row)
    return Table(rows, "Accuracy on test images by capacity, mean ± half of the 99% interval over seeds")


def _picture(records: Sequence[StudyRecord]) -> Picture:
    figure = new_figure(7.5, 4.2)
    panel = figure.subplots()
    panel.axhspan(0.95, 1, color="#dddddd", zorder=0, label="the paper's axis")
    for i, (score, words) in enumerate(_PROBES.items()):
        values = by_capacity(records, score)
        means = np.array([np.mean(list(own.values())) for own in values.values()])
        ends = [student_t(list(own.values()), level=0.99) for own in values.values()]
        half = np.array([own.upper - own.estimate if own.n > 1 else 0.0 for own in ends])
        panel.errorbar(
            list(values), means, half, color=PALETTE[i], marker=MARKERS[i], label=words, capsize=2, lw=1.3, ms=5
        )
    panel.axvline(LEAST_CAPACITY, color="#222222", ls=":", lw=1)
    panel.annotate("log 10", (LEAST_CAPACITY, 0.03), xytext=(4, 0), textcoords="offset points", fontsize=9)
    panel.set(xlabel="capacity, nats", ylabel="accuracy on test images", ylim=(0, 1))
    panel.legend(loc="lower right", fontsize=8)
    return draw(
        "figure-1-mnist",
        figure,
        alt="Accuracy of four classifiers in two dimensions against capacity, with the paper's axis in grey",
        caption="Ours: d = 2, means with 99% intervals over seeds. The paper plots .95 to 1 (grey) after 230 times the images.",
    )
