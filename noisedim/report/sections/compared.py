"""Compared with others: match against accuracy, rankings with ties, and once more at equal time."""

from noisedim.report.benchmarks import MethodRow, absent, method_rows
from noisedim.report.comparison_figures import pareto_figure
from noisedim.report.content import Block, Pictures, Section, Sources, Table, Text, Verdict, draw
from noisedim.report.words import mean_and_half_width
from noisedim.statistics.intervals import student_t
from noisedim.statistics.ranking import Place, paired_differences, rank

__all__ = ["compared_section", "equal_accuracy_verdict"]

_TITLE = "Compared with others"


def _comparable(rows: list[MethodRow]) -> list[MethodRow]:
    # A method with a single seed that trained cannot be paired.
    return [row for row in rows if len(row.records) > 1]


def equal_accuracy_verdict(rows: list[MethodRow]) -> Verdict:
    """Among methods whose accuracy overlaps that of a noise-injecting one: does anybody match the prior better?"""
    question = "At equal accuracy, does noise injection in one of its forms match the prior best?"
    rows = _comparable(rows)
    ours = [row for row in rows if row.info["injects_noise"]]
    others = [row for row in rows if not row.info["injects_noise"]]
    if not ours or not others:
        return Verdict(question, "not measured", "the runs to compare are not there")

    def mean(row: MethodRow, name: str) -> float:
        return student_t(list(row.values(name).values())).estimate

    pairs: list[tuple[str, str]] = []
    for other in others:
        theirs = student_t(list(other.values("knn").values()))
        peers = [row for row in ours if student_t(list(row.values("knn").values())).upper >= theirs.lower]
        if peers:
            best = min(peers, key=lambda row: mean(row, "d2"))
            pairs.append((best.info["method"], other.info["method"]))
    named = {row.info["method"]: row for row in rows}
    unmatched = [other for other in others if other.info["method"] not in {second for _, second in pairs}]
    found = paired_differences({name: row.values("d2") for name, row in named.items()}, pairs)
    words, losing, open_ = [], 0, 0
    for difference in found:
        gain = -difference.interval.estimate
        decided = difference.adjusted_p_value <= 0.05
        losing += decided and gain < 0
        open_ += not decided
        size = difference.interval
        words.append(
            f"{named[difference.first].words} against {named[difference.second].words}: D₂ "
            f"{size.estimate:+.4g} [{size.lower:+.4g}, {size.upper:+.4g}], "
            + ("better" if decided and gain > 0 else "worse" if decided else "not decided")
        )
    answer = "no" if losing or unmatched else "yes" if not open_ else "in part" if open_ < len(found) else "not decided"
    text = (
        "for each other method, the best-matching form of noise injection whose accuracy interval reaches it; "
        "differences paired by seed, decided at 5% after Holm "
        f"over {len(found)}: {'; '.join(words)}"
    )
    if unmatched:
        ahead = ", ".join(_ahead(other, ours) for other in unmatched)
        text += f". More accurate than every form of noise injection, beyond the intervals: {ahead}"
    return Verdict(question, answer, text)


def _ahead(other: MethodRow, ours: list[MethodRow]) -> str:
    """By how much a method is ahead of the most accurate form of noise injection, and how the two match."""
    best = max(ours, key=lambda row: student_t(list(row.values("knn").values())).estimate)
    parts = []
    for name, words in (("knn", "5-NN"), ("d2", "D₂")):
        values = {"other": other.values(name), "ours": best.values(name)}
        interval = paired_differences(values)[0].interval
        parts.append(f"{words} {interval.estimate:+.4g} [{interval.lower:+.4g}, {interval.upper:+.4g}]")
    return f"{other.words} (minus {best.words}: {', '.join(parts)})"


def _places(rows: list[MethodRow], name: str, larger: bool) -> dict[str, Place]:
    values = {row.info["method"]: row.values(name) for row in _comparable(rows)}
    values = {method: own for method, own in values.items() if len(own) > 1}
    return {place.name: place for place in rank(values, larger_is_better=larger)} if len(values) > 1 else {}


def _ranking_table(rows: list[MethodRow]) -> Table:
    match, slices, accuracy = (
        _places(rows, name, larger) for name, larger in (("d2", False), ("sliced_w2", False), ("knn", True))
    )

    def shown(places: dict[str, Place], row: MethodRow) -> str:
        place = places.get(row.info["method"])
        ranks = [each.rank for each in places.values()]
        if place is None:
            return "–"
        return f"{place.rank}{' =' if ranks.count(place.rank) > 1 else ''}"

    table = [
        {
            "number": str(number),
            "method": row.words,
            "kind": row.info["family"],
            "rank by D₂": shown(match, row),
            "rank by sliced W₂": shown(slices, row),
            "rank by 5-NN accuracy": shown(accuracy, row),
            "seconds a step": f"{row.step_seconds:.4f}",
            "tuned": _tuned(row),
        }
        for number, row in enumerate(rows, 1)
    ]
    return Table(table)


def _tuned(row: MethodRow) -> str:
    settings = row.info["settings"]
    if settings is None:
        return "every candidate failed"
    knob = row.info["knob"]
    value = {
        "σ": settings["noise"]["sigma"],
        "ε": settings["noise"]["epsilon"],
        "learning rate": settings["optimiser"]["learning_rate"],
    }.get(knob, settings["objective"]["strength"])
    return f"{knob} = {value:.3g}"


def _equal_time_table(rows: list[MethodRow]) -> Table:
    table = []
    for row in rows:
        timed = row.info["equal_time"]
        cells = {"method": row.words, "steps": f"{timed['steps']:,}" if timed["steps"] else "–"}
        for name, words in (("d2", "D₂ (nats)"), ("knn", "5-NN")):
            values = [record[name] for record in timed["records"]]
            cells[words] = mean_and_half_width(values, digits=4) if len(values) > 1 else "–"
        cells["failed"] = str(len(timed["failed"]))
        table.append(cells)
    return Table(table)


def compared_section(sources: Sources) -> Section:
    """A Pareto figure, a ranking with ties, and the comparison at equal time."""
    by_data = method_rows(sources.results)
    if not by_data:
        return absent(_TITLE)
    verdicts: list[Verdict] = []
    blocks: list[Block] = []
    for data, rows in by_data.items():
        verdicts.append(equal_accuracy_verdict(rows))
        drawn = [
            {
                "words": row.words,
                "family": row.info["family"],
                "seconds": row.step_seconds,
                "knn": row.values("knn"),
                "d2": row.values("d2"),
            }
            for row in rows
        ]
        seeds = max(len(row.records) for row in rows)
        numbers = ", ".join(f"{number} {row.words}" for number, row in enumerate(rows, 1))
        picture = draw(
            f"pareto-{data}",
            pareto_figure(drawn),
            alt="Match to the prior against accuracy downstream, one mark a method, its area by the cost of a step",
            caption=f"{data}, held-out images. Marks: means over up to {seeds} seeds (dots); area: seconds a training "
            f"step. {numbers}.",
        )
        blocks += [
            Pictures([picture]),
            Text(
                "Ranks: 1 plus the number of methods that are better, decided by paired differences over seeds at 5% "
                "after Holm over all pairs; = marks ties. With few seeds few pairs are decided."
            ),
            _ranking_table(rows),
            Text(
                "At equal time: each method trains for as many steps as fit into the closed-form dual's time, by the "
                "seconds a step measured on one thread; fewer seeds, the tuned settings of above. The time that fitting "
                "a post-hoc map takes comes on top and is not counted."
            ),
            _equal_time_table(rows),
        ]
    return Section(_TITLE, verdicts, blocks)
