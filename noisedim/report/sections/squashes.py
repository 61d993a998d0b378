"""Which map into [0, 1]^d matches the uniform prior best?"""

import numpy as np

from noisedim.report.collect import run_rows
from noisedim.report.content import Section, Sources, Table, Text, Verdict
from noisedim.report.words import interval_words, mean_and_half_width
from noisedim.statistics.intervals import student_t

__all__ = ["squashes_section"]

_WORDS = {"normal-cdf": "normal CDF", "logistic": "logistic", "clip": "clip"}
# How far from the prior, smaller is closer.
_MEASURE = "sliced_w2"


def squashes_section(sources: Sources) -> Section | None:
    """One row a map, and whether the default is the closest, paired by seed."""
    rows = run_rows(sources.plan.squashes, sources.store)
    names = list(dict.fromkeys(row["squash"] for row in rows))
    if not rows:
        return None
    groups = {name: sorted((r for r in rows if r["squash"] == name), key=lambda r: r["seed"]) for name in names}
    table = [
        {
            "map into [0, 1]²": _WORDS[name],
            "not rejected": f"{sum(not row['rejected'] for row in group)} of {len(group)}",
            "sliced W₂ (sd)": mean_and_half_width([row["sliced_w2"] for row in group]),
            "D₂ (nats)": mean_and_half_width([row["d2"] for row in group]),
            "5-NN": mean_and_half_width([row["knn"] for row in group]) if "knn" in group[0] else "",
        }
        for name, group in groups.items()
    ]
    words, closest = [], []
    default = groups.get("normal-cdf", [])
    for name, group in groups.items():
        if name == "normal-cdf":
            continue
        seeds = {row["seed"]: row[_MEASURE] for row in group}
        paired = [seeds[row["seed"]] - row[_MEASURE] for row in default if row["seed"] in seeds]
        if paired:
            words.append(f"{_WORDS[name]} minus normal CDF: {interval_words(paired)}")
            closest.append(np.sign(student_t(paired).lower) + np.sign(student_t(paired).upper))
    answer = "not measured"
    if closest:
        answer = "yes" if all(c > 0 for c in closest) else "no" if any(c < 0 for c in closest) else "not decided"
    verdict = Verdict(
        "Is the normal CDF the map into [0, 1]² that matches the uniform prior best?",
        answer,
        "sliced W₂ to N(0, I) after the probability integral transform, paired by seed; " + "; ".join(words),
    )
    first = rows[0]
    text = Text(
        f"The same encoder and objective (ε = {first['level']:g}) with three maps of a standardised output into the unit "
        f"square; all images train and are tested (n = {first['n']:,}). Distances are taken after the probability "
        "integral transform to N(0, I). With ε > 0 the optimum of the uniform objective is not exactly U[0, 1]² "
        "(Theorem 3.5: it is discrete), so none of them can reach the prior."
    )
    return Section("Uniform prior: the map into the cube", [verdict], [text, Table(table)])
