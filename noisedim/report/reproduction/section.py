"""The paper's figures in words: reproduced, not reproduced, or not comparable, and why."""

from collections.abc import Sequence

from noisedim.assessment.table import p_equals
from noisedim.document.content import Block, Notice, Section, Table, Text, Verdict
from noisedim.document.words import interval_words, mean_and_half_width
from noisedim.report.records import EncoderRecord, encoder_records, of_measure
from noisedim.report.reproduction.series import Series, figure_1_series
from noisedim.report.reproduction.verdicts import (
    AccuracyVerdict,
    FallVerdict,
    Groups,
    IndexVerdict,
    InformationVerdict,
    accuracy_verdict,
    fall_verdict,
    index_verdicts,
    information_verdict,
)
from noisedim.report.study import Sources

__all__ = ["figure_1_words", "figure_2_words", "reproduction_section"]

_TITLE = "Which of the paper's figures are reproduced?"
_INDEX_WORDS = {
    "index_dagostino": "D'Agostino",
    "index_shapiro": "Shapiro–Wilk",
    "index_henze_zirkler": "Henze–Zirkler",
}
_COLUMNS = {
    "information": "information (nats)",
    **{name: f"{words} index" for name, words in _INDEX_WORDS.items()},
    "knn": "5-NN",
    "naive_bayes": "naive Bayes",
    "mlp": "perceptron",
    "silhouette": "silhouette",
}
_LAWS = {"normal": ("N(0, I)", "σ"), "uniform": ("U[0, 1]²", "ε")}
_RULES = (
    "“Reproduced” and “not reproduced” are decided by the interval given with them; “not decided” means that the interval "
    "contains values on both sides. A sample of the prior scores an index of about 0.5; the paper's discussion, too, says "
    "that the match is lost again below some capacity. The bound on the information is loose where the noise is small, and "
    "the paper's estimator with K candidates cannot exceed log K, so its points above that cannot be compared. The paper "
    "does not say on which images its classifiers were judged. Its Figure 2 shows pictures of MNIST and tests nothing; here "
    "each picture is one seed on this report's data, and a test can show that it departs from the prior, never that it does "
    "not. Table 1 and the generated images of Figures 3 and 4 have sections of their own."
)


def reproduction_section(sources: Sources) -> Section | None:
    """Verdicts from the profile's own Figures 1 and 2, and from Figure 1 on MNIST where a benchmark made it."""
    verdicts: list[Verdict] = []
    blocks: list[Block] = []
    own = encoder_records(sources.plans["capacity"], sources.store)
    if own:
        groups: dict[float, list[EncoderRecord]] = {}
        for record in sorted(own, key=lambda record: record.capacity):
            groups.setdefault(record.capacity, []).append(record)
        as_paper = sources.profile == "paper" and sources.data == "mnist"
        verdicts += figure_1_words(groups, f"{sources.data}, {own[0].objective}", as_paper=as_paper)
    verdicts += figure_2_words(encoder_records(sources.plans["embeddings"], sources.store))
    found = figure_1_series(sources.results)
    for series in found:
        verdicts += figure_1_words(series.groups, f"{series.data}, {series.objective}", as_paper=series.as_paper)
    blocks += [
        Notice(f"{series.data}, {series.objective}, {run.capacity:g} nats, seed {run.seed} failed: {run.error}")
        for series in found
        for run in series.failed
    ]
    blocks += [block for series in found for block in _series_blocks(series)]
    return Section(_TITLE, verdicts, [*blocks, Text(_RULES)]) if verdicts or blocks else None


def _series_blocks(series: Series) -> list[Block]:
    return [
        Text(
            f"{series.data}, {series.objective}, d = {series.dim}: {series.protocol}; {series.steps:,} steps of "
            f"{series.batch_size}. Seed s leaves out fold s and is measured on it. ± is half of a 95% t-interval. "
            f"Hardware: {series.hardware}."
        ),
        _table(series.groups),
    ]


def figure_1_words(groups: Groups, where: str, *, as_paper: bool) -> list[Verdict]:
    """The paper's four observations in Figure 1, each with the interval that decides it.

    Args:
        groups: records by capacity in nats, the smallest first; held-out images.
        where: data and objective in words.
        as_paper: whether data and length of training are the paper's.
    """
    if len(groups) < 2:
        return []
    verdicts = [_index_words(found, where) for found in index_verdicts(groups)]
    information, fall = information_verdict(groups), fall_verdict(groups)
    accuracy = accuracy_verdict(groups, as_paper=as_paper)
    if information is not None:
        verdicts.append(_information_words(information, where))
    if fall is not None:
        verdicts.append(_fall_words(fall, where))
    if accuracy is not None:
        verdicts.append(_accuracy_words(accuracy, where))
    return verdicts


def _index_words(found: IndexVerdict, where: str) -> Verdict:
    means = ", ".join(f"{mean:.2f} at {c:g}" for c, mean in found.means.items())
    further = ""
    if found.further is not None:
        further = f"; at {found.low:g} minus at {found.middle:g}: {interval_words(found.further)}"
    return Verdict(
        f"Figure 1, {where}: does the {_INDEX_WORDS[found.index]} index rise as the capacity falls?",
        f"only down to {found.middle:g} nats" if found.outcome == "in part" else found.outcome,
        f"index at {found.middle:g} nats minus at {found.high:g}: {interval_words(found.gain)}{further}; by capacity: {means}"
        + (f". Below {found.middle:g} nats the match is lost again" if found.is_lost_again else ""),
    )


def _information_words(found: InformationVerdict, where: str) -> Verdict:
    means = ", ".join(f"{mean:.2f} of {c:g}" for c, mean in found.means.items())
    return Verdict(
        f"Figure 1, {where}: does the measured lower bound on the information follow the capacity, then leave it?",
        found.outcome,
        f"means, nats, of the capacity: {means}. Following: within a quarter of the capacity at some capacity up to log 10 "
        f"({', '.join(f'{c:g}' for c in found.follows) or 'none'}); leaving: more than a quarter below at {found.last:g}, "
        "as far as this bound can see",
    )


def _fall_words(found: FallVerdict, where: str) -> Verdict:
    return Verdict(
        f"Figure 1, {where}: do downstream scores fall below log 10 nats?",
        found.outcome,
        f"5-NN accuracy at {found.high:g} nats minus at {found.low:g}: {interval_words(found.fall)}; by capacity: "
        + ", ".join(f"{mean:.3f}" for mean in found.means.values()),
    )


def _accuracy_words(found: AccuracyVerdict, where: str) -> Verdict:
    return Verdict(
        f"Figure 1, {where}: do 2-D embeddings reach an accuracy of 0.95 to 0.99?",
        found.outcome,
        ("" if found.as_paper else "data or length of training are not the paper's (MNIST, 2,000 epochs); ")
        + f"held-out 5-NN accuracy, best capacity ({found.capacity:g} nats): {interval_words(found.accuracy)}",
    )


def figure_2_words(records: Sequence[EncoderRecord]) -> list[Verdict]:
    """Figure 2's pictures: does each embedding test as the prior it is drawn with?"""
    verdicts = []
    for record in records:
        if record.dim != 2:
            continue
        law, symbol = _LAWS[record.prior]
        verdicts.append(
            Verdict(
                f"Figure 2: does the embedding at {symbol} = {record.level:g} follow {law}?",
                "it departs" if record.rejected else "no departure seen",
                f"{record.objective}, seed {record.seed}, {record.n:,} {record.measured_on} images: family-wise "
                f"{p_equals(record.p_value)}, sliced W₂ {record.sliced_w2:.3f} sd",
            )
        )
    return verdicts


def _table(groups: Groups) -> Table:
    rows = []
    for capacity, group in groups.items():
        cells = {"capacity (nats)": f"{capacity:g}", "seeds": str(len(group))}
        for name, words in _COLUMNS.items():
            values = of_measure(group, name)
            cells[words] = mean_and_half_width(values) if len(values) > 1 else "–"
        rows.append(cells)
    return Table(rows)
