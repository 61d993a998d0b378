"""Does it match, and what does it cost? In words, every method of the comparison, seed by seed, on held-out images."""

from collections.abc import Sequence

import numpy as np

from noisedim.document.content import Block, Notice, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import bracketed, mean_and_half_width
from noisedim.report.benchmarks import MethodRow, absent, environment_words, method_rows
from noisedim.report.comparison.figures import label_curve_figure
from noisedim.report.comparison.verdicts import cost_verdict, match_verdict
from noisedim.report.scores import SCORE_WORDS
from noisedim.report.study import Sources
from noisedim.training import TrainConfig

__all__ = ["cost_section", "cost_words", "match_section", "match_words"]

_MATCH, _COST = "Does it match? Methods side by side", "What does it cost? Accuracy downstream"


def _cell(row: MethodRow, name: str, digits: int = 3) -> str:
    values = list(row.values(name).values())
    return mean_and_half_width(values, digits=digits) if len(values) > 1 else f"{values[0]:.3g}" if values else "–"


def _failures(rows: Sequence[MethodRow]) -> list[Block]:
    """A notice of every run that failed, with its seed."""
    return [Notice(f"{row.words}, seed {failed.seed} failed: {failed.error}") for row in rows for failed in row.failed]


def _budget_words(row: MethodRow, headline: TrainConfig) -> str:
    """How much less, or more, is trained here than for the section on seeds, whose results differ for that reason."""
    here, there = row.steps * row.batch_size, headline.steps * headline.batch_size
    if here == there:
        return ""
    return (
        f" Mind the budget: {here:,} images pass through a training here, {there:,} through one of “Seed by seed”: "
        "the two are not to be compared."
    )


def _protocol(rows: Sequence[MethodRow], headline: TrainConfig) -> Text:
    first = rows[0]
    n = sorted({record.n for row in rows for record in row.records})
    return Text(
        f"{first.protocol}; one encoder and one split for every method (fold 0, n = {', '.join(map(str, n))} images, "
        f"judges).{_budget_words(first, headline)} {first.tuning_rule} Every embedding is standardised by the training "
        "images' mean and variance before it is judged. ± is half of a 95% t-interval over seeds; all seeds are judged on "
        "the same images, so it shows how training varies, not how the result would vary over other images. Hardware: "
        f"{environment_words(first.environment)}."
    )


def match_words(rows: Sequence[MethodRow]) -> Verdict:
    """Which methods' held-out embeddings pass in most seeds, in words."""
    found = match_verdict(rows)

    def listed(own: Sequence[MethodRow]) -> str:
        return ", ".join(f"{row.words} ({row.passed}/{row.seeds})" for row in own) or "none"

    return Verdict(
        "Do embeddings trained with injected noise pass for the prior, and who else's do?",
        {"not measured": "not measured", "all": "yes", "some": "in part", "none": "no"}[found.outcome],
        f"seeds that the battery does not reject on held-out images; most seeds: {listed(found.most)}; "
        f"half or fewer: {listed(found.half_or_fewer)}. Not rejected is not proof: with this few images small departures "
        "are not seen",
    )


def _n_star(row: MethodRow) -> str:
    # Not a mean: a seed in which nothing was found has an extrapolated n*, or none at all (JSON's null, without limit).
    values = sorted(np.inf if record.n_star is None else record.n_star for record in row.records)
    if not values:
        return "–"
    ends = (float(np.median(values)), values[0], values[-1])
    middle, least, most = ("∞" if np.isinf(value) else f"{value:,.0f}" for value in ends)
    return f"{middle} [{least}, {most}]"


def _match_table(rows: Sequence[MethodRow]) -> Table:
    table = []
    for row in rows:
        d2, stability = row.values("d2"), row.stability
        table.append(
            {
                "method": row.words,
                "not rejected": f"{row.passed} of {len(row.records)}",
                "n*, median [least, most]": _n_star(row),
                "D₂ (nats)": _cell(row, "d2", 4),
                "D₂, best and worst seed": f"{min(d2.values()):.4f}, {max(d2.values()):.4f}" if d2 else "–",
                "sliced W₂ (sd)": _cell(row, "sliced_w2"),
                "HZ index": _cell(row, "index_henze_zirkler"),
                "information (nats)": _cell(row, "information", 2),
                "Procrustes over seeds": "–" if stability is None else f"{stability.procrustes:.2f}",
                "CKA over seeds": "–" if stability is None else f"{stability.cka:.2f}",
                "failed": str(len(row.failed)),
            }
        )
    return Table(table)


def match_section(sources: Sources) -> Section:
    """One row per method: the match on held-out images."""
    by_data = method_rows(sources.results)
    if not by_data:
        return absent(_MATCH)
    blocks: list[Block] = []
    for rows in by_data.values():
        blocks += [
            _protocol(rows, sources.encoders("seeds")[0]),
            *_failures(rows),
            _match_table(rows),
            Text(
                "n* is the sample size at which the battery tells the embedding from the prior half of the time, "
                "extrapolated where it finds nothing in all held-out images: larger is better. D₂ is the Rényi divergence "
                "of the embedding with noise σ = d^¼ (its estimate may fall below 0, which the true value cannot); sliced "
                "W₂ of a normal sample of this size is not 0 either. Information is a lower bound for the channel with this "
                "method's noise level (σ = 0.3 for methods that add none). Procrustes and CKA compare seeds' held-out "
                "embeddings: 1 for equal ones up to rotation."
            ),
        ]
    return Section(_MATCH, [match_words(rows) for rows in by_data.values()], blocks)


def cost_words(rows: Sequence[MethodRow]) -> Verdict:
    """What injected noise costs in accuracy, in words."""
    question = "Does injected noise cost accuracy downstream, beside plain Deep InfoMax (σ = 0)?"
    found = cost_verdict(rows)
    if found is None:
        return Verdict(question, "not measured", "the runs to compare are not there")
    listed = ", ".join(
        f"{row.words} {bracketed(difference.interval, signed=True)}{' *' if difference.sign() else ''}"
        for row, difference in found.differences
    )
    answer = {"all lose": "yes", "some lose": "some forms", "none loses": "no", "undecided": "not decided"}
    return Verdict(
        question,
        answer[found.outcome],
        f"held-out 5-NN accuracy minus plain Deep InfoMax's, paired by seed ({found.differences[0][1].interval.n} seeds), "
        f"95% t-intervals; * decided at 5% after Holm over {len(found.differences)}: {listed}",
        is_main=True,
    )


def _cost_table(rows: Sequence[MethodRow]) -> Table:
    table = []
    for row in rows:
        knn = row.values("knn")
        cells = {"method": row.words}
        cells |= {words: _cell(row, name) for name, words in SCORE_WORDS.items()}
        cells["5-NN, worst and best seed"] = f"{min(knn.values()):.3f}, {max(knn.values()):.3f}" if knn else "–"
        table.append(cells)
    return Table(table)


def _label_curves(data: str, rows: Sequence[MethodRow]) -> list[Block]:
    alive = [row for row in rows if row.records]
    if not alive:
        return []
    curves = {
        row.words: {
            count: [record.label_curve[count] for record in row.records] for count in row.records[0].label_curve
        }
        for row in alive
    }
    families: dict[str, list[MethodRow]] = {}
    for row in alive:
        families.setdefault(row.family, []).append(row)
    picture = draw(
        f"label-curves-{data}",
        label_curve_figure(curves, {max(own, key=_accuracy).words for own in families.values()}),
        alt="Accuracy of nearest neighbours against the number of labels per class, by method",
        caption=f"{data}: means over {len(alive[0].records)} seeds and ten draws of the labels; min(5, labels per class) "
        "nearest neighbours. In colour: the most accurate method of each kind, with all labels; grey: the others.",
    )
    return [Pictures([picture])]


def _accuracy(row: MethodRow) -> float:
    return float(np.mean(list(row.values("knn").values())))


def cost_section(sources: Sources) -> Section:
    """One row per method: accuracies of simple classifiers on its embedding, and how many labels they need."""
    by_data = method_rows(sources.results)
    if not by_data:
        return absent(_COST, statement="Injected noise costs accuracy against plain Deep InfoMax", rank=32)
    blocks: list[Block] = []
    for data, rows in by_data.items():
        blocks += [
            Text(
                f"Data: {data}. Classifiers are fitted on the training images' embeddings and judged on the held-out "
                "ones; the encoder saw no labels."
            ),
            _cost_table(rows),
            *_label_curves(data, rows),
        ]
    return Section(_COST, [cost_words(rows) for rows in by_data.values()], blocks)
