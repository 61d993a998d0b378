"""Table 1 in words: top-1 accuracy with noise minus accuracy without, on the same seeds."""

from collections.abc import Sequence

from noisedim.document.content import Block, Notice, Pictures, Section, Statement, Status, Table, Text, Verdict, draw
from noisedim.document.words import mean_and_half_width
from noisedim.report.study import Sources, untested
from noisedim.report.table_1.figures import noise_effect_figure
from noisedim.report.table_1.records import NoiseTable
from noisedim.report.table_1.verdicts import NoiseEffect, method_verdict, seeds_plan

__all__ = ["METHOD_WORDS", "effect_words", "table_1_section"]

_TITLE = "Noise in other methods (Table 1)"
_COMMAND = "noisedim table-1"
_STATEMENT = "Noise leaves the accuracy of SimCLR and VICReg as it is"
METHOD_WORDS = {
    "simclr": "SimCLR",
    "vicreg": "VICReg",
    "barlow": "Barlow Twins",
    "barlow-twins": "Barlow Twins",
    "infomax": "Deep InfoMax",
    "sigreg": "SIGReg",
}
"""Methods by both of their names: older tables say ``barlow``."""
_VERDICT_WORDS = {
    "helps": "helps",
    "harms": "harms",
    "neither": "neither helps nor harms",
    "not decided": "not decided",
}


def _points(share: float) -> str:
    return f"{100 * share:+.2f}"


def _difference_words(effect: NoiseEffect) -> str:
    return f"{_points(effect.difference)} [{_points(effect.lower)}, {_points(effect.upper)}]"


def effect_words(effect: NoiseEffect) -> str:
    """One difference in percentage points, with its interval, its two errors and its verdict."""
    return (
        f"{_points(effect.difference)} points [{_points(effect.lower)}, {_points(effect.upper)}] "
        f"(standard errors: {100 * effect.seed_error:.2f} by seeds, {100 * effect.image_error:.2f} by test images; "
        f"Holm p = {effect.adjusted_p_value:.2g}, equivalence Holm p = {effect.adjusted_equivalence_p_value:.2g}): "
        f"{_VERDICT_WORDS[effect.verdict]}"
    )


def _verdict(table: NoiseTable, method: str) -> Verdict:
    question = f"{METHOD_WORDS[method]} on {table.data}: does noise help, harm, or neither?"
    found = method_verdict(table.effects.get(method, ()))
    if found is None:
        return Verdict(question, "not measured", "fewer than two seeds are complete")
    levels = "; ".join(f"σ = {effect.sigma:g}: {effect_words(effect)}" for effect in found.effects)
    return Verdict(
        question,
        "in part" if found.outcome == "differs by level" else found.outcome,
        f"top-1 of the linear probe, σ minus σ = 0 on the same {found.effects[0].seeds} seeds. {levels}. "
        f"Neither: a difference of {100 * table.margin:g} points, the margin stated in advance, is excluded",
    )


def _accuracy_table(table: NoiseTable) -> Table:
    rows = []
    for method in table.methods:
        for sigma in table.sigmas:
            own, effect = table.of(method, sigma), table.effect(method, sigma)
            rows.append(
                {
                    "method": METHOD_WORDS[method],
                    "σ": f"{sigma:g}",
                    "seeds": str(len(own)),
                    "top-1 (%)": _percent([record.top1 for record in own]),
                    "top-5 (%)": _percent([record.top5 for record in own if record.top5 is not None]),
                    "kNN (%)": _percent([record.knn for record in own]),
                    "top-1 minus σ = 0 (points)": "–" if effect is None else _difference_words(effect),
                    "noise": "–" if effect is None else _VERDICT_WORDS[effect.verdict],
                }
            )
    return Table(rows, "Accuracy by method and noise; mean ± half of the 95% interval over seeds")


def _percent(values: Sequence[float]) -> str:
    if not values:
        return "–"
    if len(values) == 1:
        return f"{100 * values[0]:.2f}"
    return mean_and_half_width([100 * value for value in values], digits=2)


def _law_blocks(table: NoiseTable) -> list[Block]:
    """How the embedding's law moves with the noise, where two seeds are complete."""
    rows = []
    for method in table.methods:
        for sigma in table.sigmas:
            own = table.of(method, sigma)
            if len(own) < 2:
                continue
            cells = {"method": METHOD_WORDS[method], "σ": f"{sigma:g}"}
            for name, words, digits in (
                ("d2_embedding", "D₂ of the embedding (nats)", 2),
                ("sliced_w2_embedding", "sliced W₂", 3),
                ("kurtosis_error_embedding", "largest |excess kurtosis|", 2),
                ("rank_embedding", "effective rank, embedding", 1),
                ("rank_features", "effective rank, features", 1),
                ("spread", "spread", 2),
            ):
                cells[words] = mean_and_half_width([getattr(record, name) for record in own], digits=digits)
            rows.append(cells)
    if not rows:
        return []
    return [
        Text("What noise does to the embedding's law (clean embeddings of test images against N(0, I)):"),
        Table(rows, "The law of the embedding by method and noise; mean ± half of the 95% interval over seeds"),
    ]


def _protocol_blocks(table: NoiseTable) -> list[Block]:
    """The protocol, how far it is from the paper's, and what is missing."""
    blocks: list[Block] = [Text(f"{table.data}: {table.protocol}.")]
    if not table.comparable:
        blocks.append(
            Text(
                f"These figures are of another protocol{'' if table.trains_on.startswith('cifar10') else ' and other data'} "
                "than the paper's and are not comparable with its Table 1; the question carries over, the accuracies do not."
            )
        )
    if table.missing or table.failed:
        words = "; ".join(f"{each.method}, seed {each.seed}: {each.error}" for each in table.failed)
        makes = f": `{_COMMAND} --profile {table.profile}` makes them{_time_words(table, ' in ')}"
        blocks.append(
            Notice(
                f"{table.missing} runs of this table are missing"
                + (f", of which these failed: {words}" if words else makes)
            )
        )
    return blocks


def _time_words(table: NoiseTable, before: str) -> str:
    """How long the missing runs would take, at the mean of those that are there."""
    hours = table.hours_left
    if hours is None:
        return ""
    count = max(1, round(hours))
    return f"{before}about {count} hour{'s' if count > 1 else ''} of training, one at a time"


def _pictures(table: NoiseTable) -> list[Block]:
    shown = {
        METHOD_WORDS[method]: [(own.sigma, 100 * own.difference, 100 * own.lower, 100 * own.upper) for own in effects]
        for method, effects in table.effects.items()
        if effects
    }
    if not shown:
        return []
    picture = draw(
        f"table-1-{table.profile}",
        noise_effect_figure(shown, margin=100 * table.margin),
        alt="Top-1 accuracy with noise minus that without, in points, by noise level, one panel per method",
        caption=f"{table.data}, {table.n_test:,} test images. Bars: 95% intervals, by seeds and test images. "
        f"Grey: the margin of {100 * table.margin:g} points.",
    )
    return [Pictures([picture])]


def _plan_words(table: NoiseTable) -> list[Block]:
    """How many seeds would settle what is not decided."""
    effects = [effect for own in table.effects.values() for effect in own]
    plan = seeds_plan(
        effects,
        margin=table.margin,
        alpha=table.alpha,
        planned=table.planned_effects,
        seeds=table.planned_seeds,
        n_test=table.n_test or 2,
    )
    if plan is None:
        return []
    words = (
        f"about {plan.needed} seeds would find it so with 90% chance at each level"
        if plan.needed is not None
        else f"no number of seeds would find it so with these test images, but {plan.images:,} of them might"
    )
    return [
        Text(
            f"For what is not decided: if noise made no difference, {words}, given the scatter over seeds that is seen here "
            f"(±{100 * table.margin:g} points, all levels at once)."
        )
    ]


def _blocks(table: NoiseTable) -> list[Block]:
    if not table.records:
        return _protocol_blocks(table)
    return [
        *_protocol_blocks(table),
        *_pictures(table),
        _accuracy_table(table),
        Text(
            "Accuracies: means over seeds ± half of the 95% t-interval. Top-1 and top-5: offline linear probe on the "
            "backbone's features, its L2 penalty chosen on a tenth of the training images. kNN: 20 neighbours by cosine, "
            "weighted. Differences: 95% intervals with tails for few seeds (Cochran's, by the shares of both errors); their "
            "error holds the scatter over seeds and over test images, so they are about seeds and images not seen. Helps or "
            "harms: two-sided at 5% after Holm over all methods and levels, those without runs included; neither: two "
            "one-sided tests against the margin, also after Holm. Nothing is decided before all seeds of a level are there."
        ),
        *_plan_words(table),
        *_law_blocks(table),
    ]


def table_1_section(sources: Sources) -> Section:
    """Every ``table-1*.json`` among the results, one after the other."""
    files = sorted(sources.results.glob("table-1*.json"))
    if not files:
        return untested(_TITLE, _COMMAND, {_STATEMENT: 50})
    tables = [NoiseTable.read(file) for file in files]
    return Section(
        _TITLE,
        [_verdict(table, method) for table in tables for method in table.methods],
        [block for table in tables for block in _blocks(table)],
        statements=[statement for table in tables for statement in _statements(table)],
    )


def _statements(table: NoiseTable) -> list[Statement]:
    """One statement per table: all of its methods and levels together."""
    effects = [effect for own in table.effects.values() for effect in own]
    if not effects:
        made, every = len(table.records), len(table.records) + table.missing
        needs = f"`{_COMMAND} --profile {table.profile}`{_time_words(table, ', ')}"
        return [Statement(_STATEMENT, "not tested", f"{made} of {every} runs made", table.data, needs, rank=50)]
    said: set[str] = {effect.verdict for effect in effects}
    if len(effects) < table.planned_effects:
        said.add("not decided")
    pairs = [(METHOD_WORDS[method], effect) for method, own in table.effects.items() for effect in own]
    # What is farthest from being excluded: no interval reaches farther.
    method, widest = max(pairs, key=lambda pair: max(abs(pair[1].lower), abs(pair[1].upper)))
    status: Status = "supported" if said == {"neither"} else "undecided"
    if said & {"helps", "harms"}:
        status = "contradicted" if "neither" not in said else "only when"
    decided = sum(effect.verdict != "not decided" for effect in effects)
    margin = f"margin {100 * table.margin:g}"
    farthest = f"farthest interval {_difference_words(widest)} points ({method}, σ = {widest.sigma:g}; {margin})"
    effect = f"{farthest}; {decided} of {table.planned_effects} decided"
    budget = f"{table.data}, {min(effect.seeds for effect in effects)} seeds"
    more = f"`{_COMMAND} --profile {table.profile}`" if table.missing else "more seeds"
    needs = f"{more}{_time_words(table, ', ')}" if "not decided" in said else ""
    return [Statement(_STATEMENT, status, effect, budget, needs, rank=50)]
