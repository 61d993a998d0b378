"""Sentences that every view of an assessment shares."""

import math
from typing import TYPE_CHECKING

from noisedim.statistics.intervals import Interval

if TYPE_CHECKING:
    from noisedim.assessment.result import Assessment

__all__ = ["INDEX_WORDS", "MAPPED_WORDS", "law_words", "n_star_words", "p_equals", "p_words", "verdict_words"]

INDEX_WORDS = (
    "The index is the mean p-value over parts of about 50 rows: about 0.5 for a normal sample, but also for laws whose "
    "departure 50 rows do not show. A high index is therefore no evidence; the battery tests all rows together."
)
MAPPED_WORDS = (
    "Rows are mapped by the bijection that takes this prior to N(0, I); tests and effect sizes are of the mapped rows, in "
    "units of the normal. Divergences do not change under the map."
)


def law_words(assessment: "Assessment") -> str:
    """The null hypothesis in words."""
    return "any normal law" if assessment.null == "composite" else assessment.law


def verdict_words(assessment: "Assessment") -> str:
    """The verdict in one sentence."""
    if assessment.rejected:
        worst = assessment.worst
        mapped = "mapped to N(0, I), " if assessment.is_mapped and worst.null != "uniform" else ""
        verdict = f"DEPARTS from {law_words(assessment)}: {mapped}{worst.words}"
    else:
        verdict = f"no departure from {law_words(assessment)} found"
        if assessment.left_out:
            # What was not looked for cannot be excluded.
            verdict += f" by the tests that were run, {', '.join(assessment.left_out)} not among them"
    return (
        f"{verdict} (n = {assessment.n:,}, d = {assessment.dim}, family-wise {p_equals(assessment.p_value)}, "
        f"alpha = {assessment.alpha:g})"
    )


def p_words(p_value: float) -> str:
    """A p-value with three digits, or ``< 1e-15``."""
    return "< 1e-15" if p_value < 1e-15 else f"{p_value:.3g}"


def p_equals(p_value: float) -> str:
    """``p = 0.02``, or ``p < 1e-15``."""
    words = p_words(p_value)
    return f"p {words}" if words.startswith("<") else f"p = {words}"


def n_star_words(interval: Interval) -> str:
    """The estimate of n* in a sentence."""

    def number(value: float) -> str:
        return "∞" if math.isinf(value) else f"{value:,.0f}"

    ends = f"[{number(interval.lower)}, {number(interval.upper)}]"
    if interval.method == "subsamples":
        rows = f"{number(interval.estimate)} rows {ends}"
        return f"samples of about {rows} are rejected half of the time (measured on subsamples)"
    if math.isinf(interval.estimate):
        return f"more than these {interval.n:,} rows {ends}: they show no departure to extrapolate from"
    return f"more than these {interval.n:,} rows; extrapolated to {number(interval.estimate)} {ends}"
