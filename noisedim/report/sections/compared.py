"""Compared with others: match against accuracy, rankings with ties, and once more at equal time."""

from dataclasses import dataclass

from noisedim.document.content import Block, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import mean_and_half_width
from noisedim.report.benchmarks import MethodRow, absent, method_rows
from noisedim.report.comparison_figures import pareto_figure
from noisedim.report.study import Sources
from noisedim.statistics.intervals import Interval, student_t
from noisedim.statistics.ranking import Difference, Place, paired_differences, rank

__all__ = ["compared_section", "equal_accuracy_verdict"]

_TITLE = "Compared with others"


def _comparable(rows: list[MethodRow]) -> list[MethodRow]:
    # A method with a single seed that trained cannot be paired.
    return [row for row in rows if len(row.records) > 1]


def _mean(row: MethodRow, name: str) -> float:
    return student_t(list(row.values(name).values())).estimate


@dataclass(frozen=True)
class _Duel:
    """The best-matching form of noise injection that is as accurate as another method, against that method.

    Attributes:
        ours, theirs: the two.
        d2: ours minus theirs; its p-value is Holm's over the duels, which tells whether even the best form is worse.
        chosen_p_value: Holm's over every form that could have been chosen, which tells whether the chosen one is better.
    """

    ours: MethodRow
    theirs: MethodRow
    d2: Difference
    chosen_p_value: float

    @property
    def answer(self) -> str:
        """``better``, ``worse`` or ``not decided``, at 5%."""
        if self.d2.interval.estimate < 0:
            return "better" if self.chosen_p_value <= 0.05 else "not decided"
        return "worse" if self.d2.adjusted_p_value <= 0.05 else "not decided"


def _duels(rows: list[MethodRow]) -> tuple[list[_Duel], int]:
    """One duel a method that some form of noise injection reaches in accuracy, and how many pairs were looked at."""
    named = {row.info["method"]: row for row in _comparable(rows)}
    values = {name: row.values("d2") for name, row in named.items()}
    peers: dict[str, list[str]] = {}
    for name, row in named.items():
        if not row.info["injects_noise"]:
            least = student_t(list(row.values("knn").values())).lower
            reach = [
                own
                for own, ours in named.items()
                if ours.info["injects_noise"] and student_t(list(ours.values("knn").values())).upper >= least
            ]
            if reach:
                peers[name] = sorted(reach, key=lambda own: _mean(named[own], "d2"))
    looked_at = paired_differences(values, [(own, other) for other, reach in peers.items() for own in reach])
    chosen = {(pair.first, pair.second): pair.adjusted_p_value for pair in looked_at}
    found = paired_differences(values, [(reach[0], other) for other, reach in peers.items()])
    return [_Duel(named[d.first], named[d.second], d, chosen[d.first, d.second]) for d in found], len(looked_at)


def equal_accuracy_verdict(rows: list[MethodRow]) -> Verdict:
    """Among methods whose accuracy overlaps that of a noise-injecting one: does anybody match the prior better?"""
    question = "At equal accuracy, does noise injection in one of its forms match the prior best?"
    ours = [row for row in _comparable(rows) if row.info["injects_noise"]]
    others = [row for row in _comparable(rows) if not row.info["injects_noise"]]
    if not ours or not others:
        return Verdict(question, "not measured", "the runs to compare are not there")
    duels, pairs = _duels(rows)
    answers = [duel.answer for duel in duels]
    counted = {name: answers.count(name) for name in ("better", "worse", "not decided")}
    met = {duel.theirs.info["method"] for duel in duels}
    unmatched = [other for other in others if other.info["method"] not in met]
    if counted["worse"] or unmatched:
        answer = "no"
    elif not counted["not decided"]:
        answer = "yes"
    else:
        answer = "in part" if counted["better"] else "not decided"
    text = (
        "for each other method, the form of noise injection that matches best (D₂) among those whose accuracy interval "
        f"reaches it; of {len(duels)} comparisons {', '.join(f'{count} {name}' for name, count in counted.items())}, paired "
        f"by seed, at 5% after Holm (over {len(duels)} for worse; over {pairs} for better, since the best was chosen)"
    )
    worse = [f"{duel.ours.words} against {duel.theirs.words}" for duel in duels if duel.answer == "worse"]
    if worse:
        text += f". Worse: {', '.join(worse)}"
    if unmatched:
        ahead = ", ".join(_ahead(other, ours) for other in unmatched)
        text += f". More accurate than every form of noise injection, beyond the intervals: {ahead}"
    return Verdict(question, answer, text, is_main=True)


def _duels_table(rows: list[MethodRow]) -> Table:
    return Table(
        [
            {
                "other method": duel.theirs.words,
                "5-NN": f"{_mean(duel.theirs, 'knn'):.3f}",
                "best form of noise injection": duel.ours.words,
                "its 5-NN": f"{_mean(duel.ours, 'knn'):.3f}",
                "D₂, its less the other's (nats)": f"{_signed(duel.d2.interval)}",
                "it matches": duel.answer,
            }
            for duel in _duels(rows)[0]
        ]
    )


def _signed(interval: Interval) -> str:
    return f"{interval.estimate:+.4f} [{interval.lower:+.4f}, {interval.upper:+.4f}]"


def _ahead(other: MethodRow, ours: list[MethodRow]) -> str:
    """By how much a method is ahead of the most accurate form of noise injection, and how the two match."""
    best = max(ours, key=lambda row: _mean(row, "knn"))
    parts = []
    for name, words in (("knn", "5-NN"), ("d2", "D₂")):
        values = {"other": other.values(name), "ours": best.values(name)}
        interval = paired_differences(values)[0].interval
        parts.append(f"{words} {_signed(interval)}")
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
        blocks.append(Pictures([picture]))
        if duels := _duels_table(rows).rows:
            blocks.append(Table(duels))
        blocks += [
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
