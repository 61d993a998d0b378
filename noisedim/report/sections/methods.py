"""Does it match, and what does it cost? Every method of the comparison, seed by seed, on held-out images."""

from typing import Any

import numpy as np

from noisedim.document.content import Block, Notice, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import mean_and_half_width
from noisedim.report.benchmarks import MethodRow, absent, environment_words, method_rows
from noisedim.report.comparison_figures import label_curve_figure
from noisedim.report.scores import SCORE_WORDS
from noisedim.report.study import Sources
from noisedim.statistics.ranking import paired_differences

__all__ = ["cost_section", "cost_verdict", "failures", "match_section", "match_verdict"]

_MATCH, _COST = "Does it match? Methods side by side", "What does it cost? Accuracy downstream"


def _cell(row: MethodRow, name: str, digits: int = 3) -> str:
    values = list(row.values(name).values())
    return mean_and_half_width(values, digits=digits) if len(values) > 1 else f"{values[0]:.3g}" if values else "–"


def failures(rows: list[MethodRow]) -> list[Block]:
    """A notice of every run that failed, with its seed."""
    return [
        Notice(f"{row.words}, seed {failure['seed']} failed: {failure['error']}")
        for row in rows
        for failure in row.failed
    ]


def _budget_words(info: dict[str, Any], sources: Sources) -> str:
    """How much less, or more, is trained here than for the section on seeds: its results are others for it."""
    headline = sources.encoders("seeds")[0]
    here, there = info["steps"] * info["batch_size"], headline.steps * headline.batch_size
    if here == there:
        return ""
    return (
        f" Mind the budget: {here:,} images pass through a training here, {there:,} through one of “Seed by seed”: "
        "the two are not to be compared."
    )


def _protocol(rows: list[MethodRow], sources: Sources) -> Text:
    info = rows[0].info
    n = sorted({record["n"] for row in rows for record in row.records})
    return Text(
        f"{info['protocol']}; one encoder and one split for every method (fold 0, n = {', '.join(map(str, n))} images, "
        f"judges).{_budget_words(info, sources)} {info['tuning_rule']} Every "
        "embedding is standardised by the training images' mean and variance before it is judged. ± is half of a 95% "
        "t-interval over seeds; all seeds are judged on the same images, so it says how training varies, not how other "
        f"images would do. Hardware: {environment_words(info)}."
    )


def match_verdict(rows: list[MethodRow]) -> Verdict:
    """Which methods' held-out embeddings show no departure from the prior in most seeds."""
    passed = {row.words: sum(not record["rejected"] for record in row.records) for row in rows if row.records}
    seeds = {row.words: len(row.records) + len([f for f in row.failed if f["seed"] < 1000]) for row in rows}
    good = [f"{words} ({count}/{seeds[words]})" for words, count in passed.items() if 2 * count > seeds[words]]
    bad = [f"{words} ({count}/{seeds[words]})" for words, count in passed.items() if 2 * count <= seeds[words]]
    ours = [row for row in rows if row.info["injects_noise"] and row.records]
    ours_good = sum(2 * passed[row.words] > seeds[row.words] for row in ours)
    answer = "not measured" if not ours else "yes" if ours_good == len(ours) else "no" if not ours_good else "in part"
    return Verdict(
        "Do embeddings trained with injected noise pass for the prior, and who else's do?",
        answer,
        f"seeds that the battery does not reject on held-out images; most seeds: {', '.join(good) or 'none'}; "
        f"half or fewer: {', '.join(bad) or 'none'}. Not rejected is not proof: with this few images small departures "
        "are not seen",
    )


def _n_star(row: MethodRow) -> str:
    # Not a mean: a seed in which nothing was found has an extrapolated n*, or none at all (JSON's null, without limit).
    values = sorted(record["n_star"] if record["n_star"] is not None else np.inf for record in row.records)
    shown = (
        ["∞" if np.isinf(value) else f"{value:,.0f}" for value in (np.median(values), values[0], values[-1])]
        if values
        else []
    )
    return f"{shown[0]} [{shown[1]}, {shown[2]}]" if shown else "–"


def _match_table(rows: list[MethodRow]) -> Table:
    table = []
    for row in rows:
        d2 = row.values("d2")
        shaky = row.info.get("stability")
        table.append(
            {
                "method": row.words,
                "not rejected": f"{sum(not r['rejected'] for r in row.records)} of {len(row.records)}",
                "n*, median [least, most]": _n_star(row),
                "D₂ (nats)": _cell(row, "d2", 4),
                "D₂, best and worst seed": f"{min(d2.values()):.4f}, {max(d2.values()):.4f}" if d2 else "–",
                "sliced W₂ (sd)": _cell(row, "sliced_w2"),
                "HZ index": _cell(row, "index_henze_zirkler"),
                "information (nats)": _cell(row, "information", 2),
                "Procrustes over seeds": f"{shaky['procrustes']:.2f}" if shaky else "–",
                "CKA over seeds": f"{shaky['cka']:.2f}" if shaky else "–",
                "failed": str(len(row.failed)),
            }
        )
    return Table(table)


def match_section(sources: Sources) -> Section:
    """One row a method: the match on held-out images."""
    by_data = method_rows(sources.results)
    if not by_data:
        return absent(_MATCH)
    verdicts: list[Verdict] = []
    blocks: list[Block] = []
    for rows in by_data.values():
        verdicts.append(match_verdict(rows))
        blocks += [
            _protocol(rows, sources),
            *failures(rows),
            _match_table(rows),
            Text(
                "n* is the sample size at which the battery tells the embedding from the prior half of the time, "
                "extrapolated where it finds nothing in all held-out images: larger is better. D₂ is the Rényi divergence "
                "of the embedding with noise σ = d^¼ (its estimate may fall below the true value's 0); sliced W₂ of a "
                "normal sample of this size is not 0 either. Information is a lower bound for the channel with this "
                "method's noise level (σ = 0.3 for methods that add none). Procrustes and CKA compare seeds' held-out "
                "embeddings: 1 for equal ones up to rotation."
            ),
        ]
    return Section(_MATCH, verdicts, blocks)


def cost_verdict(rows: list[MethodRow]) -> Verdict:
    """Accuracy of each noise-injecting method beside plain Deep InfoMax, paired by seed, Holm over the family."""
    question = "Does injected noise cost accuracy downstream, beside plain Deep InfoMax (σ = 0)?"
    named = {row.info["method"]: row for row in rows if len(row.records) > 1}
    ours = [name for name, row in named.items() if row.info["injects_noise"]]
    if "infomax" not in named or not ours:
        return Verdict(question, "not measured", "the runs to compare are not there")
    values = {name: named[name].values("knn") for name in [*ours, "infomax"]}
    found = paired_differences(values, [(name, "infomax") for name in ours])
    lost = [d for d in found if d.adjusted_p_value <= 0.05 and d.interval.estimate < 0]
    listed = ", ".join(
        f"{named[d.first].words} {d.interval.estimate:+.3f} [{d.interval.lower:+.3f}, {d.interval.upper:+.3f}]"
        f"{' *' if d.adjusted_p_value <= 0.05 else ''}"
        for d in found
    )
    answer = "not decided" if not any(d.adjusted_p_value <= 0.05 for d in found) else "no"
    if lost:
        answer = "yes" if len(lost) == len(found) else "some forms"
    return Verdict(
        question,
        answer,
        f"held-out 5-NN accuracy minus plain Deep InfoMax's, paired by seed ({found[0].interval.n} seeds), 95% "
        f"t-intervals; * decided at 5% after Holm over {len(found)}: {listed}",
        is_main=True,
    )


def _cost_table(rows: list[MethodRow]) -> Table:
    table = []
    for row in rows:
        knn = row.values("knn")
        cells = {"method": row.words}
        cells |= {words: _cell(row, name) for name, words in SCORE_WORDS.items()}
        cells["5-NN, worst and best seed"] = f"{min(knn.values()):.3f}, {max(knn.values()):.3f}" if knn else "–"
        table.append(cells)
    return Table(table)


def cost_section(sources: Sources) -> Section:
    """One row a method: what simple classifiers make of its embedding, and how many labels they need."""
    by_data = method_rows(sources.results)
    if not by_data:
        return absent(_COST)
    verdicts: list[Verdict] = []
    blocks: list[Block] = []
    for data, rows in by_data.items():
        verdicts.append(cost_verdict(rows))
        alive = [row for row in rows if row.records]
        curves = {
            row.words: {
                count: [record["label_curve"][count] for record in row.records]
                for count in row.records[0]["label_curve"]
            }
            for row in alive
        }
        blocks += [
            Text(
                f"Data: {data}. Classifiers are fitted on the training images' embeddings and judged on the held-out "
                "ones; the encoder saw no labels."
            ),
            _cost_table(rows),
        ]
        if curves:
            picture = draw(
                f"label-curves-{data}",
                label_curve_figure(curves),
                alt="Accuracy of nearest neighbours against the number of labels a class, by method",
                caption=f"{data}: means over {len(alive[0].records)} seeds and ten draws of the labels; min(5, labels a "
                "class) nearest neighbours.",
            )
            blocks.append(Pictures([picture]))
    return Section(_COST, verdicts, blocks)
