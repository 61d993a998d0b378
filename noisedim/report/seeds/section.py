"""Does the method reach the prior at all? All images train and are tested, seed by seed."""

from typing import Any

from noisedim.document.content import Section, Table, Text, Verdict
from noisedim.document.words import interval_words, share_word
from noisedim.report.records import run_rows
from noisedim.report.scores import SCORE_WORDS
from noisedim.report.study import Sources
from noisedim.statistics.intervals import student_t

__all__ = ["seeds_section", "seeds_verdicts"]

# What chance says of ten classes, and where the paper's axis of accuracies begins.
_CHANCE, _KEPT = 0.1, 0.95


def seeds_verdicts(rows: list[dict[str, Any]]) -> list[Verdict]:
    """Answers from one row a seed."""
    passed_hz = sum(row["p_henze_zirkler"] > 0.05 for row in rows)
    passed = sum(not row["rejected"] for row in rows)
    p_values = ", ".join(f"{row['p_henze_zirkler']:.2g}" for row in rows)
    verdicts = [
        Verdict(
            f"Do embeddings of the images that trained pass for N(0, I)? (d = {rows[0]['dim']}, "
            f"σ = {rows[0]['level']:g})",
            share_word(passed, len(rows)),
            f"calibrated Henze–Zirkler does not reject {passed_hz} of {len(rows)} seeds at 5% (p = {p_values}; "
            f"n = {rows[0]['n']:,}); "
            f"the whole battery, family-wise, does not reject {passed} of {len(rows)}. "
            "Training makes these very images match, so a p near 1 is closer than chance; "
            "held-out images are the honest test",
            is_main=True,
        )
    ]
    if "knn" in rows[0]:
        knn = [row["knn"] for row in rows]
        interval = student_t(knn)
        verdicts.append(
            Verdict(
                "Do the classes survive, though no label was used?",
                "yes" if interval.lower >= _KEPT else "no" if interval.lower <= _CHANCE else "in part",
                f"5-NN accuracy, 5-fold on embeddings of all images: {interval_words(knn)}; "
                f"worst seed {min(knn):.3f}, best {max(knn):.3f}; yes from {_KEPT:g} on, no at chance ({_CHANCE:g})",
            )
        )
    return verdicts


def _table(rows: list[dict[str, Any]]) -> Table:
    table = []
    for row in sorted(rows, key=lambda row: row["seed"]):
        cells = {
            "seed": str(row["seed"]),
            "HZ p": f"{row['p_henze_zirkler']:.3f}",
            "family-wise p": f"{row['p_value']:.3f}",
            "information (nats)": f"{row['information']:.2f} of {row['capacity']:.2f}",
            "D₂ (nats)": f"{row['d2']:.4f}",
            "sliced W₂ (sd)": f"{row['sliced_w2']:.3f}",
        }
        cells |= {words: f"{row[name]:.3f}" for name, words in SCORE_WORDS.items() if row.get(name) is not None}
        table.append({**cells, "training (s)": f"{row['train_seconds']:.0f}"})
    return Table(table)


def seeds_section(sources: Sources) -> Section:
    """One row a seed of the headline runs."""
    title = "Seed by seed, σ = 0.3"
    rows = run_rows(sources.encoders("seeds"), sources.store)
    if not rows:
        return Section(
            title, [Verdict("Does the embedding follow its prior?", "not measured", "the runs are not there")], []
        )
    explanation = Text(
        "All images train and are tested: the question here is whether the method reaches the prior at all. Accuracies "
        "are 5-fold on the embeddings. HZ is the Henze–Zirkler test, calibrated by simulation at this n and d; the "
        "family-wise p is the least of the whole battery's after Holm. D₂ is at the noise level of the Mehler test, σ = d^¼."
    )
    return Section(title, seeds_verdicts(rows), [explanation, _table(rows)])
