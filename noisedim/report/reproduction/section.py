"""The paper's figures in words: reproduced, not reproduced, or not comparable, and why."""

from collections.abc import Sequence

from noisedim.assessment.words import p_words
from noisedim.document.content import Block, Section, Text, Verdict
from noisedim.document.words import bracketed, decided_words
from noisedim.report.records import EncoderRecord, by_capacity, encoder_records
from noisedim.report.reproduction.verdicts import (
    LOG_CLASSES,
    PLOTTED_ACCURACY,
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
from noisedim.statistics.intervals import Interval

__all__ = ["figure_1_words", "figure_2_words", "reproduction_section"]

_TITLE = "Which of the paper's figures are reproduced?"
_INDEX_WORDS = {
    "index_dagostino": "D'Agostino",
    "index_shapiro": "Shapiro–Wilk",
    "index_henze_zirkler": "Henze–Zirkler",
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

_PAPER = (
    "These runs are short. The paper's own protocol takes hours on a GPU: "
    "`python -m noisedim.report --profile paper --data mnist`."
)


def reproduction_section(sources: Sources) -> Section:
    """Verdicts from the profile's own runs for Figures 1 and 2."""
    verdicts: list[Verdict] = []
    own = encoder_records(sources.plans["capacity"], sources.store)
    as_paper = sources.profile == "paper" and sources.data == "mnist"
    if own:
        verdicts += figure_1_words(by_capacity(own), f"{sources.data}, {own[0].objective_words}", as_paper=as_paper)
    verdicts += figure_2_words(encoder_records(sources.plans["embeddings"], sources.store))
    blocks: list[Block] = [] if as_paper else [Text(_PAPER)]
    return Section(_TITLE, verdicts, [*blocks, Text(_RULES)])


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
    cells = {"capacity (nats)": "index", **_difference(found.middle, found.high, found.gain)}
    if found.further is not None:
        cells |= _difference(found.low, found.middle, found.further)
    cells["seeds"] = str(found.gain.n)
    return Verdict(
        f"Figure 1, {where}: does the {_INDEX_WORDS[found.index]} index rise as the capacity falls?",
        f"only down to {found.middle:g} nats" if found.outcome == "in part" else found.outcome,
        f"the index at {found.middle:g} nats {decided_words(found.gain)} than at the largest capacity, paired by seed"
        + (f". Below {found.middle:g} nats it is decided to be lower" if found.is_lost_again else ""),
        numbers=[cells | {f"{c:g}": f"{mean:.2f}" for c, mean in found.means.items()}],
    )


def _difference(first: float, second: float, found: Interval) -> dict[str, str]:
    """The cell of a difference between two capacities."""
    return {f"{first:g} minus {second:g} [{found.level:.0%}]": bracketed(found, signed=True)}


_INFORMATION_WORDS = {
    "reproduced": "the bound is decided to be within a quarter of some capacity up to log 10, more than a quarter below the "
    "largest, as far as this bound can see, and above none",
    "not reproduced": "the bound is decided to exceed a capacity, or to be within a quarter of none up to log 10, or to be "
    "within a quarter of the largest still",
}
_INFORMATION_OPEN = (
    "it isn't decided whether the bound is within a quarter of some capacity up to log 10, more than a quarter below the "
    "largest, and above none"
)


def _information_words(found: InformationVerdict, where: str) -> Verdict:
    return Verdict(
        f"Figure 1, {where}: does the measured lower bound on the information follow the capacity, then leave it?",
        found.outcome,
        _INFORMATION_WORDS.get(found.outcome, _INFORMATION_OPEN),
        numbers=[
            {"capacity (nats)": "lower bound (nats)"} | {f"{c:g}": f"{mean:.2f}" for c, mean in found.means.items()},
            {"capacity (nats)": "within a quarter of it"} | {f"{c:g}": _follows(found, c) for c in found.means},
        ],
    )


def _follows(found: InformationVerdict, capacity: float) -> str:
    if capacity in found.follows:
        return "yes"
    return "no" if capacity <= LOG_CLASSES else "–"


def _fall_words(found: FallVerdict, where: str) -> Verdict:
    return Verdict(
        f"Figure 1, {where}: do downstream scores fall below log 10 nats?",
        found.outcome,
        f"5-NN accuracy at the smallest capacity above log 10 nats {decided_words(found.fall)} than at the smallest of all, "
        "paired by seed",
        numbers=[
            {"capacity (nats)": "5-NN", **_difference(found.high, found.low, found.fall), "seeds": str(found.fall.n)}
            | {f"{c:g}": f"{mean:.3f}" for c, mean in found.means.items()}
        ],
    )


def _accuracy_words(found: AccuracyVerdict, where: str) -> Verdict:
    return Verdict(
        f"Figure 1, {where}: do 2-D embeddings reach an accuracy of 0.95 to 0.99?",
        found.outcome,
        "accuracy on held-out images at the best capacity "
        + (
            f"{decided_words(found.accuracy, at=PLOTTED_ACCURACY)} than the least that the paper plots"
            if found.as_paper
            else "is no test of the paper's: data or length of training are not its own (MNIST, 2,000 epochs)"
        ),
        numbers=[
            {
                "best capacity (nats)": f"{found.capacity:g}",
                f"5-NN [{found.accuracy.level:.0%}]": bracketed(found.accuracy),
                "seeds": str(found.accuracy.n),
            }
        ],
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
                f"the whole battery {'rejects' if record.rejected else 'does not reject'} that law on the "
                f"{record.measured_on} images of one seed",
                numbers=[
                    {
                        "objective": record.objective_words,
                        "seed": str(record.seed),
                        "images": f"{record.n:,}",
                        "family-wise p": p_words(record.p_value),
                        "sliced W₂ (sd)": f"{record.sliced_w2:.3f}",
                    }
                ],
            )
        )
    return verdicts
