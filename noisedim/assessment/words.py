"""Sentences that every view of an assessment shares."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noisedim.normality.effects import EFFECT_WORDS
from noisedim.statistics.intervals import Interval

if TYPE_CHECKING:
    from noisedim.assessment.result import Assessment

__all__ = [
    "DIFFERENCE_WORDS",
    "INDEX_WORDS",
    "MAPPED_WORDS",
    "EffectInWords",
    "effects_in_words",
    "law_words",
    "n_star_words",
    "p_equals",
    "p_words",
    "verdict_words",
]

DIFFERENCE_WORDS = "minus the prior's [95%]"
"""Heads the column of effect sizes."""

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


@dataclass(frozen=True)
class EffectInWords:
    """One effect size.

    Attributes:
        name: of the effect.
        difference: to the value at the prior, with its interval.
        values: the estimate and the value at the prior, where that is not 0; else empty.
        what: it is.
    """

    name: str
    difference: str
    values: str
    what: str

    @property
    def told(self) -> str:
        """Values and what it is, in one."""
        return f"{self.values}; {self.what}" if self.values else self.what


def effects_in_words(assessment: "Assessment", names: Iterable[str] | None = None) -> list[EffectInWords]:
    """The named effect sizes of an assessment, or all."""
    differences = assessment.differences
    found = []
    for name in differences if names is None else names:
        values = ""
        if name in assessment.at_prior:
            values = f"{assessment.effects[name].estimate:.3g}, the prior's {assessment.at_prior[name]:.3g}"
        found.append(EffectInWords(name, str(differences[name]), values, EFFECT_WORDS.get(name, "")))
    return found


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
