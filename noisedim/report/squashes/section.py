"""Which map into [0, 1]^d matches the uniform prior best?"""

from typing import Any

from noisedim.document.content import Section, Table, Text, Verdict
from noisedim.document.words import interval_words, mean_and_half_width
from noisedim.report.records import run_rows
from noisedim.report.study import Sources
from noisedim.statistics.intervals import student_t

__all__ = ["squashes_section", "squashes_verdict"]

_WORDS = {"normal-cdf": "normal CDF", "logistic": "logistic", "clip": "clip"}
_DEFAULT = "normal-cdf"
# How far from the prior, smaller is closer.
_MEASURE = "sliced_w2"


def _differences(rows: list[dict[str, Any]], name: str) -> list[float]:
    """Of map ``name`` minus the default, seed by seed."""
    default = {row["seed"]: row[_MEASURE] for row in rows if row["squash"] == _DEFAULT}
    return [r[_MEASURE] - default[r["seed"]] for r in rows if r["squash"] == name and r["seed"] in default]


def squashes_verdict(rows: list[dict[str, Any]]) -> Verdict:
    """Whether the default map is the closest to the prior at every noise level, paired by seed."""
    words, signs = [], []
    for level in sorted({row["level"] for row in rows}, reverse=True):
        own = [row for row in rows if row["level"] == level]
        for name, spoken in _WORDS.items():
            paired = _differences(own, name) if name != _DEFAULT else []
            if paired:
                interval = student_t(paired)
                signs.append(int(interval.lower > 0) - int(interval.upper < 0))
                words.append(f"ε = {level:g}, {spoken} minus normal CDF: {interval_words(paired)}")
    answer = "not measured"
    if signs:
        answer = "yes" if min(signs) > 0 else "no" if max(signs) < 0 else "in part" if max(signs) > 0 else "not decided"
    return Verdict(
        "Is the normal CDF the map into [0, 1]² that matches the uniform prior best?",
        answer,
        "sliced W₂ to N(0, I) after the probability integral transform, smaller is closer; " + "; ".join(words),
    )


def squashes_section(sources: Sources) -> Section | None:
    """One row a noise level and map."""
    rows = run_rows(sources.encoders("squashes"), sources.store)
    if not rows:
        return None
    table = []
    for level, name in dict.fromkeys((row["level"], row["squash"]) for row in rows):
        group = [row for row in rows if (row["level"], row["squash"]) == (level, name)]
        cells = {
            "ε": f"{level:g}",
            "map into [0, 1]²": _WORDS[name],
            "not rejected": f"{sum(not row['rejected'] for row in group)} of {len(group)}",
            "sliced W₂ (sd)": mean_and_half_width([row["sliced_w2"] for row in group]),
            "D₂ (nats)": mean_and_half_width([row["d2"] for row in group]),
        }
        if "knn" in group[0]:
            cells["5-NN"] = mean_and_half_width([row["knn"] for row in group])
        table.append(cells)
    text = Text(
        "The same encoder and objective with three maps of a standardised output into the unit square; all images train "
        f"and are tested (n = {rows[0]['n']:,}). Distances are taken after the probability integral transform to "
        "N(0, I), where a value near 0 or 1 goes far out."
    )
    return Section("Uniform prior: the map into the cube", [squashes_verdict(rows)], [text, Table(table)])
