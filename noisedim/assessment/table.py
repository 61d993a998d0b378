"""An assessment as text for a terminal, beginning with the verdict."""

import math
from typing import TYPE_CHECKING

from noisedim.assessment.words import INDEX_WORDS, MAPPED_WORDS
from noisedim.normality.effects import BIAS_WORDS, EFFECT_WORDS
from noisedim.statistics.intervals import Interval

if TYPE_CHECKING:
    from noisedim.assessment.result import Assessment

__all__ = ["law_words", "n_star_words", "p_equals", "p_words", "print_assessment", "verdict_words"]


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
        return f"more than these {interval.n:,} rows, in which no departure is found to extrapolate from {ends}"
    return f"more than these {interval.n:,} rows; extrapolated to {number(interval.estimate)} {ends}"


def print_assessment(assessment: "Assessment") -> None:
    """Print verdict, tests and effect sizes to standard output."""
    from rich.console import Console
    from rich.table import Table

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise  # Rich would end the program with exit code 1, which means that a departure was found

    console = Plain()
    console.print(verdict_words(assessment), highlight=False)
    if assessment.is_mapped:
        console.print(MAPPED_WORDS, highlight=False)
    table = Table("test", "null", "p-value", "adjusted p", "p-value from", "a small p-value means")
    for result in assessment.results:
        mark = "*" if result.adjusted_p_value <= assessment.alpha else " "
        table.add_row(
            f"{mark} {result.name}",
            result.null,
            p_words(result.p_value),
            p_words(result.adjusted_p_value),
            result.calibrated_by.method,
            result.words,
        )
    console.print(table)
    effects = Table("effect size", "estimate [95%]", "at the prior", "what it is")
    for name, effect in assessment.effects.items():
        prior = f"{assessment.at_prior[name]:.3g}" if name in assessment.at_prior else ""
        effects.add_row(name, str(effect), prior, EFFECT_WORDS[name])
    console.print(effects)
    console.print(BIAS_WORDS, highlight=False)
    if assessment.n_star is not None:
        console.print(f"n*: {n_star_words(assessment.n_star)}", highlight=False)
    if assessment.index:
        listed = ", ".join(f"{name} {interval}" for name, interval in assessment.index.items())
        console.print(f"the paper's index (mean p, 99%): {listed}. {INDEX_WORDS}", highlight=False)
    if assessment.left_out:
        console.print(
            f"left out: {', '.join(assessment.left_out)} (the reasons are in the JSON output)", highlight=False
        )
