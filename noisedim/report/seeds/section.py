"""The headline's runs in words: one row per seed."""

from collections.abc import Sequence

from noisedim.document.content import Notice, Section, Table, Text, Verdict
from noisedim.document.words import bracketed, count_words, share_word
from noisedim.report.records import EncoderRecord, encoder_records
from noisedim.report.scores import SCORE_WORDS
from noisedim.report.seeds.verdicts import CHANCE, KEPT, ClassesVerdict, MatchVerdict, classes_verdict, match_verdict
from noisedim.report.study import Sources

__all__ = ["seeds_section"]

_TITLE = "Seed by seed, σ = 0.3"


def seeds_section(sources: Sources) -> Section:
    """Whether each seed reaches the prior, and what its embedding is worth."""
    records = encoder_records(sources.plans["seeds"], sources.store)
    if not records:
        return Section(_TITLE, [], [Notice(f"Not tested: `{sources.command}` makes the runs.")])
    verdicts = [_match_words(match_verdict(records), records[0])]
    classes = classes_verdict(records)
    if classes is not None:
        verdicts.append(_classes_words(classes))
    explanation = Text(
        "All images train and are tested: the question here is whether the method reaches the prior at all. Accuracies "
        "are 5-fold on the embeddings. HZ is the Henze–Zirkler test, calibrated by simulation at this n and d; the "
        "family-wise p is the smallest of the whole battery's after Holm. D₂ is at the noise level of the Mehler test, "
        "σ = d^¼."
    )
    return Section(_TITLE, verdicts, [explanation, _table(records)])


def _match_words(found: MatchVerdict, first: EncoderRecord) -> Verdict:
    return Verdict(
        f"Do embeddings of the images that trained pass for N(0, I)? (d = {first.dim}, σ = {first.level:g})",
        share_word(found.passed, found.seeds),
        f"the whole battery rejects {count_words(found.seeds - found.passed, found.seeds, 'seeds')}. Training makes these very "
        "images match, so a p near 1 is a closer match than chance gives; held-out images are the honest test",
        is_main=True,
        numbers=[
            {
                "test": test,
                "not rejected at 5%": f"{passed} of {found.seeds}",
                "p, seed by seed": ", ".join(f"{p:.2g}" for p in p_values),
                "images": f"{first.n:,}",
            }
            for test, passed, p_values in (
                ("Henze–Zirkler, calibrated", found.passed_henze_zirkler, found.p_henze_zirkler),
                ("the whole battery, family-wise", found.passed, found.p_values),
            )
        ],
    )


_CLASSES_WORDS = {
    "yes": "is decided to reach the least that the paper plots",
    "in part": "is decided to be above chance, but not to reach the least that the paper plots",
    "no": "is not decided to be above chance",
}


def _classes_words(found: ClassesVerdict) -> Verdict:
    return Verdict(
        "Do the classes survive, though no label was used?",
        "more than chance" if found.outcome == "in part" else found.outcome,
        f"5-NN accuracy in folds of all images {_CLASSES_WORDS[found.outcome]}",
        numbers=[
            {
                "probe": "5-NN, 5-fold",
                f"accuracy [{found.accuracy.level:.0%}]": bracketed(found.accuracy),
                "seeds": str(found.accuracy.n),
                "worst seed": f"{found.worst:.3f}",
                "best seed": f"{found.best:.3f}",
                "yes from": f"{KEPT:g}",
                "no at": f"{CHANCE:g}",
            }
        ],
    )


def _table(records: Sequence[EncoderRecord]) -> Table:
    rows = []
    for record in sorted(records, key=lambda record: record.seed):
        cells = {
            "seed": str(record.seed),
            "HZ p": f"{record.p_henze_zirkler:.3f}",
            "family-wise p": f"{record.p_value:.3f}",
            "information (nats)": f"{record.measures['information']:.2f} of {record.capacity:.2f}",
            "D₂ (nats)": f"{record.d2:.4f}",
            "sliced W₂ (sd)": f"{record.sliced_w2:.3f}",
        }
        cells |= {
            words: f"{record.measures[name]:.3f}" for name, words in SCORE_WORDS.items() if name in record.measures
        }
        rows.append({**cells, "training (s)": f"{record.train_seconds:.0f}"})
    return Table(rows, "Every seed")
