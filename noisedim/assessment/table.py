"""An assessment as text for a terminal, beginning with the verdict."""

from typing import TYPE_CHECKING

from noisedim.assessment.words import (
    DIFFERENCE_WORDS,
    INDEX_WORDS,
    MAPPED_WORDS,
    effects_in_words,
    n_star_words,
    p_equals,
    p_words,
    verdict_words,
)
from noisedim.normality.effects import BIAS_WORDS

if TYPE_CHECKING:
    from noisedim.assessment.result import Assessment

__all__ = ["n_star_words", "p_equals", "p_words", "print_assessment", "verdict_words"]

# Narrower terminals do not show which null a test has and where its p-value is from: JSON and page do.
_WIDE = 110


def print_assessment(assessment: "Assessment") -> None:
    """Print verdict, all tests and all effect sizes to standard output; names are never cut."""
    from rich.console import Console
    from rich.table import Column, Table

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise  # Rich would end the program with exit code 1, which means that a departure was found

    console = Plain()
    console.print(verdict_words(assessment), highlight=False)
    if assessment.made is not None:
        console.print(assessment.made.words, highlight=False, markup=False)
    if assessment.is_mapped:
        console.print(MAPPED_WORDS, highlight=False)
    wide = console.width >= _WIDE
    extra = (Column("null", no_wrap=True), Column("p-value from", no_wrap=True)) if wide else ()
    numbers = (Column("p-value", no_wrap=True), Column("adjusted p", no_wrap=True))
    table = Table(Column("test", no_wrap=True), *numbers, *extra, "a small p-value means")
    for result in assessment.results:
        mark = "*" if result.adjusted_p_value <= assessment.alpha else " "
        origin = (result.null, result.calibrated_by.method) if wide else ()
        table.add_row(
            f"{mark} {result.name}",
            p_words(result.p_value),
            p_words(result.adjusted_p_value),
            *origin,
            result.words,
        )
    console.print(table)
    difference = Column(DIFFERENCE_WORDS, no_wrap=True)
    effects = Table(Column("effect size", no_wrap=True), difference, "what it is")
    for own in effects_in_words(assessment):
        effects.add_row(own.name, own.difference, own.told)
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
