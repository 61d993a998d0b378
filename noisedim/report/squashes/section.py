"""The maps into the unit square in words: one row per noise level and map."""

from collections.abc import Sequence

from noisedim.document.content import Section, Statement, Status, Table, Text, Verdict
from noisedim.document.words import bracketed, count_words, mean_and_half_width
from noisedim.report.records import EncoderRecord, encoder_records, of_measure
from noisedim.report.squashes.verdicts import SquashesVerdict, squashes_verdict
from noisedim.report.study import Sources

__all__ = ["squashes_section"]

_WORDS = {"normal-cdf": "normal CDF", "logistic": "logistic", "clip": "clip"}


def squashes_section(sources: Sources) -> Section | None:
    """How far from the prior each map leaves the embedding; None without runs."""
    records = encoder_records(sources.plans["squashes"], sources.store)
    if not records:
        return None
    text = Text(
        "The same encoder and objective with three maps of a standardised output into the unit square; all images train "
        f"and are tested (n = {records[0].n:,}). Distances are taken after the probability integral transform to "
        "N(0, I), which sends values near 0 or 1 far out."
    )
    verdict = _verdict_words(squashes_verdict(records))
    found = squashes_verdict(records)
    statuses: dict[str, Status] = {"yes": "supported", "in part": "only when", "no": "contradicted"}
    closer = sum(own.sign > 0 for own in found.differences)
    where = "; ".join(f"{_WORDS[own.squash]}, ε = {own.level:g}" for own in found.differences if own.sign > 0)
    seeds = len({record.seed for record in records})
    statement = Statement(
        "The normal CDF maps best into the cube",
        statuses.get(found.outcome, "undecided"),
        f"closer than {where}" if where else "closer in no comparison",
        f"n = {records[0].n:,}, {seeds} seeds",
        "more seeds" if closer < len(found.differences) else "",
        rank=62,
    )
    return Section(
        "Uniform prior: the map into the cube",
        [verdict],
        [text, _table(records)],
        statements=[statement],
        finding=f"For the uniform prior the normal CDF is the closest of three maps into the cube in {closer} of "
        f"{len(found.differences)} comparisons by sliced W₂ ({sources.data}, {seeds} seeds).",
    )


def _verdict_words(found: SquashesVerdict) -> Verdict:
    numbers = [
        {
            "ε": f"{own.level:g}",
            "map": _WORDS[own.squash],
            "its sliced W₂ minus the normal CDF's [95%]": bracketed(own.interval, signed=True),
        }
        for own in found.differences
    ]
    signs = [own.sign for own in found.differences]
    return Verdict(
        "Is the normal CDF the map into [0, 1]² that matches the uniform prior best?",
        "in some comparisons" if found.outcome == "in part" else found.outcome,
        "by sliced W₂ after the probability integral transform, paired by seed, the normal CDF is decided to be closer in "
        f"{count_words(signs.count(1), len(signs), 'comparisons')} with another map and farther in {signs.count(-1) or 'none'}",
        numbers=numbers,
    )


def _table(records: Sequence[EncoderRecord]) -> Table:
    rows = []
    for level, squash in dict.fromkeys((record.level, record.squash) for record in records):
        group = [record for record in records if (record.level, record.squash) == (level, squash)]
        cells = {
            "ε": f"{level:g}",
            "map into [0, 1]²": _WORDS[squash or ""],
            "not rejected": f"{sum(not record.rejected for record in group)} of {len(group)}",
            "sliced W₂ (sd)": mean_and_half_width([record.sliced_w2 for record in group]),
            "D₂ (nats)": mean_and_half_width([record.d2 for record in group]),
        }
        accuracies = of_measure(group, "knn")
        rows.append({**cells, "5-NN": mean_and_half_width(accuracies)} if accuracies else cells)
    return Table(rows, "The match by noise level and map; mean ± half of the 95% interval over seeds")
