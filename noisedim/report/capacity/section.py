"""Capacity against information, match and usefulness: the paper's Figure 1, on held-out images."""

from typing import Any

import numpy as np

from noisedim.document.content import Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import interval_words, mean_and_half_width, share_word
from noisedim.report.capacity.figures import figure_1
from noisedim.report.records import run_rows
from noisedim.report.scores import SCORE_WORDS
from noisedim.report.study import Sources
from noisedim.statistics.intervals import student_t

__all__ = ["capacity_section", "capacity_verdicts"]

_CLASSES = 10


def _by_capacity(rows: list[dict[str, Any]]) -> dict[float, list[dict[str, Any]]]:
    capacities = sorted({row["capacity"] for row in rows})
    return {c: [row for row in rows if row["capacity"] == c] for c in capacities}


def _column(rows: list[dict[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows if row.get(name) is not None]


def _range(rows: list[dict[str, Any]]) -> str:
    """How many images judge: folds differ by one."""
    return "–".join(f"{n:,}" for n in sorted({min(row["n"] for row in rows), max(row["n"] for row in rows)}))


def capacity_verdicts(rows: list[dict[str, Any]]) -> list[Verdict]:
    """Answers from one row a capacity and seed."""
    groups = _by_capacity(rows)
    passed = {c: sum(not row["rejected"] for row in group) for c, group in groups.items()}
    listed = ", ".join(f"{passed[c]}/{len(group)} at {c:g}" for c, group in groups.items())
    verdicts = [
        Verdict(
            "Do embeddings of images that did not train pass for N(0, I)?",
            share_word(sum(passed.values()), len(rows)),
            f"seeds that the battery does not reject, by capacity in nats: {listed} "
            f"(n = {_range(rows)} held-out images)",
            is_main=True,
        )
    ]
    informed = {c: values for c, group in groups.items() if (values := _column(group, "information"))}
    if informed:
        over = [c for c, values in informed.items() if student_t(values).lower > c]
        gaps = ", ".join(f"{np.mean(values):.2f} at {c:g}" for c, values in informed.items())
        verdicts.append(
            Verdict(
                "Does the measured lower bound on the information stay below the capacity (5)?",
                "no" if over else "yes",
                f"means over seeds, nats, by capacity: {gaps}. That the information itself does is Theorem 3.4",
            )
        )
    if "knn" in rows[0]:
        low, high = min(groups), max(groups)
        paired = [b["knn"] - a["knn"] for a in groups[low] for b in groups[high] if a["seed"] == b["seed"]]
        interval = student_t(paired)
        verdicts.append(
            Verdict(
                "Does a small capacity cost accuracy downstream?",
                "yes" if interval.lower > 0 else "no" if interval.upper < 0 else "not decided",
                f"held-out 5-NN accuracy, {high:g} minus {low:g} nats, paired by seed: {interval_words(paired)}; "
                f"at the capacities {', '.join(f'{c:g}' for c in groups)}: "
                + ", ".join(f"{np.mean(_column(group, 'knn')):.3f}" for group in groups.values()),
            )
        )
    return verdicts


def _table(rows: list[dict[str, Any]]) -> Table:
    names = {"information": "information (nats)", "index_henze_zirkler": "HZ index", **SCORE_WORDS}
    table = []
    for capacity, group in _by_capacity(rows).items():
        cells = {
            "capacity (nats)": f"{capacity:g}",
            "σ": f"{group[0]['level']:.3g}",
            "not rejected": f"{sum(not row['rejected'] for row in group)} of {len(group)}",
        }
        cells |= {words: mean_and_half_width(v) for name, words in names.items() if (v := _column(group, name))}
        table.append(cells)
    return Table(table)


def capacity_section(sources: Sources) -> Section:
    """Figure 1 with its table."""
    import pandas as pd

    title = "Capacity against match and usefulness (the paper's Figure 1, in small)"
    rows = run_rows(sources.encoders("capacity"), sources.store)
    if not rows:
        return Section(
            title, [Verdict("Does Figure 1 of the paper come out?", "not measured", "the runs are not there")], []
        )
    frame = pd.DataFrame(rows)
    picture = draw(
        "figure-1",
        figure_1(frame, classes=_CLASSES),
        alt="Information, match to the prior and downstream scores against the capacity of the channel",
        caption=f"Means and 95% t-intervals over {frame['seed'].nunique()} seeds, each of which leaves another fifth of "
        f"the images out and is measured on it (n = {_range(rows)} images); dots are seeds. The "
        f"vertical line is the least capacity that can hold the class, log {_CLASSES} nats.",
    )
    explanation = Text(
        "The index is the paper's: p-values averaged over parts of 50 images. It is not a test (a normal sample scores "
        "about 0.5, and so do laws whose departure 50 images do not show); “not rejected” counts seeds that the "
        "calibrated battery passes on all held-out images. ± is half of a 95% t-interval over seeds; folds share "
        "training images, so intervals are approximate."
    )
    return Section(title, capacity_verdicts(rows), [Pictures([picture]), _table(rows), explanation])
