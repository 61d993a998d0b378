"""Compared with others, in words: match against accuracy, rankings with ties, and once more at equal time."""

import math
import statistics
from collections.abc import Mapping, Sequence

from noisedim.document.content import (
    Block,
    Forest,
    ForestPanel,
    ForestRow,
    Pictures,
    Section,
    Statement,
    Status,
    Table,
    Text,
    Verdict,
    draw,
)
from noisedim.document.words import bracketed, mean_and_half_width
from noisedim.report.benchmarks import MethodRow, absent, method_rows
from noisedim.report.comparison.figures import pareto_figure
from noisedim.report.comparison.verdicts import (
    EqualAccuracyVerdict,
    MoreAccurate,
    equal_accuracy_verdict,
    mean_of,
    places,
)
from noisedim.report.study import Sources
from noisedim.statistics.intervals import student_t
from noisedim.statistics.ranking import Place

__all__ = ["compared_section", "equal_accuracy_words"]

_TITLE = "Compared with others"
_STATEMENT = "At equal accuracy, some form of noise injection matches best"


def equal_accuracy_words(rows: Sequence[MethodRow]) -> Verdict:
    """Among methods as accurate as a form of noise injection, whether any matches the prior better; in words."""
    question = "At equal accuracy, does noise injection in one of its forms match the prior best?"
    found = equal_accuracy_verdict(rows)
    if found is None:
        return Verdict(question, "not measured", "the runs to compare are not there")
    answer = {"best": "yes", "not best": "no", "best of some": "in part", "undecided": "not decided"}[found.outcome]
    return Verdict(question, answer, _evidence(found), is_main=True)


def _evidence(found: EqualAccuracyVerdict) -> str:
    duels = len(found.duels)
    counted = f"{found.count('better')} better, {found.count('worse')} worse, {found.count('not decided')} not decided"
    words = (
        "for each other method, the form of noise injection that matches best (D₂) among those whose accuracy interval "
        f"reaches it; of {duels} comparisons {counted}, paired by seed, at 5% after Holm (over {duels} for worse; over "
        f"{found.pairs} for better, since the best was chosen)"
    )
    worse = [f"{duel.ours.words} against {duel.theirs.words}" for duel in found.duels if duel.outcome == "worse"]
    if worse:
        words += f". Worse: {', '.join(worse)}"
    if found.unmatched:
        ahead = ", ".join(_ahead(each) for each in found.unmatched)
        words += f". More accurate than every form of noise injection, beyond the intervals: {ahead}"
    return words


def _ahead(found: MoreAccurate) -> str:
    """By how much a method is ahead of the most accurate form of noise injection, and how the two match."""
    knn, d2 = (bracketed(each.interval, digits=4, signed=True) for each in (found.knn, found.d2))
    return f"{found.theirs.words} (minus {found.ours.words}: 5-NN {knn}, D₂ {d2})"


def _duels_table(found: EqualAccuracyVerdict) -> Table:
    return Table(
        [
            {
                "other method": duel.theirs.words,
                "5-NN": f"{mean_of(duel.theirs, 'knn'):.3f}",
                "best form of noise injection": duel.ours.words,
                "its 5-NN": f"{mean_of(duel.ours, 'knn'):.3f}",
                "D₂, its minus the other's (nats)": bracketed(duel.d2.interval, digits=4, signed=True),
                "it matches": duel.outcome,
            }
            for duel in found.duels
        ]
    )


def _place_words(found: Mapping[str, Place], row: MethodRow) -> str:
    place = found.get(row.method)
    if place is None:
        return "–"
    ties = sum(each.rank == place.rank for each in found.values())
    return f"{place.rank}{' =' if ties > 1 else ''}"


def _ranking_table(rows: Sequence[MethodRow]) -> Table:
    match, slices, accuracy = (
        places(rows, name, larger_is_better=larger)
        for name, larger in (("d2", False), ("sliced_w2", False), ("knn", True))
    )
    return Table(
        [
            {
                "method": row.words,
                "kind": row.family,
                "rank by D₂": _place_words(match, row),
                "rank by sliced W₂": _place_words(slices, row),
                "rank by 5-NN accuracy": _place_words(accuracy, row),
                "seconds per step": f"{row.step_seconds:.4f}",
                "tuned": _tuned(row),
            }
            for row in rows
        ]
    )


def _tuned(row: MethodRow) -> str:
    settings = row.settings
    if settings is None:
        return "every candidate failed"
    value = {
        "σ": settings["noise"]["sigma"],
        "ε": settings["noise"]["epsilon"],
        "learning rate": settings["optimiser"]["learning_rate"],
    }.get(row.knob, settings["objective"]["strength"])
    return f"{row.knob} = {value:.3g}"


def _equal_time_table(rows: Sequence[MethodRow]) -> Table:
    table = []
    for row in rows:
        timed = row.equal_time
        cells = {"method": row.words, "steps": f"{timed.steps:,}" if timed.steps else "–"}
        for words, values in (
            ("D₂ (nats)", [record.d2 for record in timed.records]),
            ("5-NN", [record.knn for record in timed.records]),
        ):
            cells[words] = mean_and_half_width(values, digits=4) if len(values) > 1 else "–"
        cells["failed"] = str(len(timed.failed))
        table.append(cells)
    return Table(table)


def _pareto(data: str, rows: Sequence[MethodRow]) -> Pictures:
    seeds = max(len(row.records) for row in rows)
    picture = draw(
        f"pareto-{data}",
        pareto_figure(rows),
        alt="Match to the prior against accuracy downstream, one mark per method; the methods that none surpasses are named",
        caption=f"{data}, held-out images. Marks: means over up to {seeds} seeds (dots). Named: methods that no other "
        "surpasses both in accuracy and in match, by these means.",
    )
    return Pictures([picture])


def compared_section(sources: Sources) -> Section:
    """A Pareto figure, a ranking with ties, and the comparison at equal time."""
    by_data = method_rows(sources.results)
    if not by_data:
        return absent(_TITLE)  # the study of methods says what is not tested
    blocks: list[Block] = []
    statements: list[Statement] = []
    for data, rows in by_data.items():
        found = equal_accuracy_verdict(rows)
        if found is not None:
            statements.append(_statement(found, rows))
        blocks.append(_forest(data, rows))
        blocks.append(_pareto(data, rows))
        if found is not None and found.duels:
            blocks.append(_duels_table(found))
        blocks += [
            Text(
                "Ranks: 1 plus the number of methods that are better, decided by paired differences over seeds at 5% "
                "after Holm over all pairs; = marks ties. With few seeds few pairs are decided."
            ),
            _ranking_table(rows),
            Text(
                "At equal time: each method trains for as many steps as fit into the closed-form dual's time, by the "
                "seconds per step measured on one thread; fewer seeds, the tuned settings of above. The time to fit a "
                "post-hoc map is extra and not counted."
            ),
            _equal_time_table(rows),
        ]
    return Section(_TITLE, [equal_accuracy_words(rows) for rows in by_data.values()], blocks, statements=statements)


def _statement(found: EqualAccuracyVerdict, rows: Sequence[MethodRow]) -> Statement:
    statuses: dict[str, Status] = {"best": "supported", "not best": "contradicted", "best of some": "only when"}
    status = statuses.get(found.outcome, "undecided")
    effect = f"{found.count('better')} better, {found.count('worse')} worse, {found.count('not decided')} undecided"
    if found.unmatched:
        effect += f"; {', '.join(each.theirs.words for each in found.unmatched)} more accurate"
    budget = f"{rows[0].data}, {rows[0].seeds} seeds, {rows[0].steps:,} steps"
    return Statement(_STATEMENT, status, effect, budget, "more seeds" if found.count("not decided") else "", rank=30)


def _forest(data: str, rows: Sequence[MethodRow]) -> Forest:
    """Accuracy, match and n* of every method that trained with two seeds."""

    def intervals(name: str) -> list[ForestRow]:
        found = [(row, list(row.values(name).values())) for row in rows]
        means = [(row, student_t(values)) for row, values in found if len(values) > 1]
        return [ForestRow(row.words, m.estimate, m.lower, m.upper, is_ours=row.injects_noise) for row, m in means]

    # Not a mean: a seed in which nothing was found has no n* at all.
    spread = [
        (row, sorted(math.inf if record.n_star is None else record.n_star for record in row.records))
        for row in rows
        if row.records
    ]
    stars = [
        ForestRow(row.words, statistics.median(own), own[0], own[-1], is_ours=row.injects_noise) for row, own in spread
    ]
    panels = [
        ForestPanel("accuracy", "5-NN accuracy, held out", intervals("knn")),
        ForestPanel("match", "Sliced W₂ from the prior, smaller is better", intervals("sliced_w2"), False),
        ForestPanel("n*", "n*, median [least, most seed], larger is better", stars, logarithmic=True),
    ]
    caption = f"{data}, d = {rows[0].dim}, {rows[0].seeds} seeds, {rows[0].steps:,} steps; in colour: noise injection."
    return Forest(f"methods-{data}", panels, caption, rank=20)
