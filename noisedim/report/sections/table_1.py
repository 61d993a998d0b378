"""Noise in other methods (Table 1): accuracy with noise less accuracy without, on the same seeds."""

from typing import Any

from noisedim.document.content import Block, Notice, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import mean_and_half_width
from noisedim.files import read_json
from noisedim.report.study import Sources
from noisedim.report.table_1_figure import noise_effect_figure
from noisedim.statistics.equivalence import seeds_needed

__all__ = ["METHOD_WORDS", "effect_words", "table_1_section"]

_TITLE = "Noise in other methods (Table 1)"
_COMMAND = "noisedim table-1"
METHOD_WORDS = {
    "simclr": "SimCLR",
    "vicreg": "VICReg",
    "barlow": "Barlow Twins",
    "infomax": "Deep InfoMax",
    "sigreg": "SIGReg",
}
_VERDICT_WORDS = {
    "helps": "helps",
    "harms": "harms",
    "neither": "neither helps nor harms",
    "not decided": "not decided",
}


def effect_words(effect: dict[str, Any]) -> str:
    """One difference in percentage points, with its interval, its two errors and its verdict."""
    return (
        f"{100 * effect['difference']:+.2f} points [{100 * effect['lower']:+.2f}, {100 * effect['upper']:+.2f}] "
        f"(standard errors: {100 * effect['seed_error']:.2f} by seeds, {100 * effect['image_error']:.2f} by test images; "
        f"Holm p = {effect['adjusted_p_value']:.2g}, equivalence Holm p = {effect['adjusted_equivalence_p_value']:.2g}): "
        f"{_VERDICT_WORDS[effect['verdict']]}"
    )


def _verdict(table: dict[str, Any], method: str) -> Verdict:
    question = f"{METHOD_WORDS[method]} on {table['data']}: does noise help, harm, or neither?"
    effects = table["effects"].get(method, [])
    if not effects:
        return Verdict(question, "not measured", "fewer than two seeds are complete")
    answers = {effect["verdict"] for effect in effects}
    answer = answers.pop() if len(answers) == 1 else "in part"
    if answer == "in part" and answers == {"neither", "not decided"}:
        answer = "not decided"
    levels = "; ".join(f"σ = {effect['sigma']:g}: {effect_words(effect)}" for effect in effects)
    return Verdict(
        question,
        answer,
        f"top-1 of the linear probe, σ less σ = 0 on the same {effects[0]['seeds']} seeds. {levels}. "
        f"Neither: a difference of {100 * table['margin']:g} points, the margin stated in advance, is excluded",
    )


def _accuracy_table(table: dict[str, Any]) -> Table:
    rows = []
    effects = {(method, effect["sigma"]): effect for method, own in table["effects"].items() for effect in own}
    for method in table["methods"]:
        for sigma in table["sigmas"]:
            own = [row for row in table["records"] if (row["method"], row["sigma"]) == (method, sigma)]
            effect = effects.get((method, sigma))
            cells = {"method": METHOD_WORDS[method], "σ": f"{sigma:g}", "seeds": str(len(own))}
            for name, words in (("top1", "top-1 (%)"), ("top5", "top-5 (%)"), ("knn", "kNN (%)")):
                cells[words] = _percent([row[name] for row in own if row[name] is not None])
            cells["top-1 less σ = 0 (points)"] = (
                "–"
                if effect is None
                else f"{100 * effect['difference']:+.2f} [{100 * effect['lower']:+.2f}, {100 * effect['upper']:+.2f}]"
            )
            cells["noise"] = "–" if effect is None else _VERDICT_WORDS[effect["verdict"]]
            rows.append(cells)
    return Table(rows)


def _percent(values: list[float]) -> str:
    if not values:
        return "–"
    if len(values) == 1:
        return f"{100 * values[0]:.2f}"
    return mean_and_half_width([100 * value for value in values], digits=2)


def _law_table(table: dict[str, Any]) -> Table:
    """How the embedding's law moves with the noise."""
    rows = []
    for method in table["methods"]:
        for sigma in table["sigmas"]:
            own = [row for row in table["records"] if (row["method"], row["sigma"]) == (method, sigma)]
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
                cells[words] = mean_and_half_width([row[name] for row in own], digits=digits)
            rows.append(cells)
    return Table(rows)


def _blocks(table: dict[str, Any]) -> list[Block]:
    place = table["settings"][table["methods"][0]]["data"]["name"]
    blocks: list[Block] = [Text(f"{table['data']}: {table['protocol']}.")]
    if not table["comparable"]:
        blocks.append(
            Text(
                f"These figures are of another protocol{'' if place.startswith('cifar10') else ' and other data'} than the "
                "paper's and are not set beside its Table 1; what carries over is the question, not the accuracies."
            )
        )
    if table["missing"] or table["failed"]:
        words = "; ".join(f"{each['method']}, seed {each['seed']}: {each['error']}" for each in table["failed"])
        blocks.append(
            Notice(
                f"{table['missing']} runs of this table are missing"
                + (
                    f", of which these failed: {words}"
                    if words
                    else f": `{_COMMAND} --profile {table['profile']}` makes them"
                )
            )
        )
    if table["records"]:
        shown = {
            METHOD_WORDS[method]: [
                (effect["sigma"], *(100 * effect[name] for name in ("difference", "lower", "upper"))) for effect in own
            ]
            for method, own in table["effects"].items()
            if own
        }
        if shown:
            figure = noise_effect_figure(shown, margin=100 * table["margin"])
            picture = draw(
                f"table-1-{table['profile']}",
                figure,
                alt="Top-1 accuracy with noise less that without, in points, by noise level, one panel a method",
                caption=f"{table['data']}, {table['n_test']:,} test images. Bars: 95% intervals, by seeds and test images. "
                f"Grey: the margin of {100 * table['margin']:g} points.",
            )
            blocks.append(Pictures([picture]))
        blocks += [
            _accuracy_table(table),
            Text(
                "Accuracies: means over seeds ± half of the 95% t-interval. Top-1 and top-5: offline linear probe on the "
                "backbone's features; "
                + "the L2 penalty is chosen on a tenth of the training images. kNN: 20 neighbours by cosine, weighted. "
                "Differences: 95% intervals by Student's t with the seeds' degrees of freedom, whose standard error has "
                "both the scatter over seeds and that over test images, so it is of images and seeds not seen. Helps or "
                "harms: two-sided at 5% after Holm over all methods and levels; neither: two one-sided tests against the "
                "margin, likewise."
            ),
            *_plan(table),
            Text("What noise does to the embedding's law (clean embeddings of test images against N(0, I)):"),
            _law_table(table),
        ]
    return blocks


def _plan(table: dict[str, Any]) -> list[Block]:
    """How many seeds would settle what is not decided."""
    effects = [effect for own in table["effects"].values() for effect in own]
    if len(effects) < 2 or all(effect["verdict"] != "not decided" for effect in effects):
        return []
    needed = seeds_needed(
        [effect["seed_error"] for effect in effects],
        [effect["image_error"] for effect in effects],
        min(effect["seeds"] for effect in effects),
        margin=table["margin"],
        alpha=table["alpha"],
    )
    words = (
        f"about {needed} seeds would find it so with 90% chance at each level"
        if needed is not None
        else "no number of seeds would find it so with these test images"
    )
    return [
        Text(
            f"What is not decided: if noise made no difference, {words}, at the scatter over seeds that is seen here "
            f"(±{100 * table['margin']:g} points, all levels at once)."
        )
    ]


def table_1_section(sources: Sources) -> Section:
    """Every ``table-1*.json`` among the results, one after the other."""
    files = sorted(sources.results.glob("table-1*.json"))
    if not files:
        return Section(_TITLE, [], [Notice(f"Not measured yet: `{_COMMAND}` makes what this section reads.")])
    verdicts: list[Verdict] = []
    blocks: list[Block] = []
    for file in files:
        table = read_json(file)
        verdicts += [_verdict(table, method) for method in table["methods"]]
        blocks += _blocks(table)
    return Section(_TITLE, verdicts, blocks)
