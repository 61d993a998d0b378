"""An assessment in a few lines: the verdict, the most telling tests and effects, and where more is."""

import html
import textwrap
from typing import TYPE_CHECKING

from noisedim.assessment.words import DIFFERENCE_WORDS, effects_in_words, n_star_words, p_words, verdict_words

if TYPE_CHECKING:
    from noisedim.assessment.result import Assessment, TestResult

__all__ = ["summary", "summary_html", "telling_effects", "telling_tests"]

_MOST = 3
# What says most about an embedding where no test points at an effect.
_USUAL_EFFECTS = ("d2", "sliced_w2", "effective_rank")
_MORE = 'more: .tests and .effects, or .to_html("page.html") with pictures'


def telling_tests(assessment: "Assessment") -> "list[TestResult]":
    """The three tests with the smallest adjusted p-values."""
    return sorted(assessment.results, key=lambda result: (result.adjusted_p_value, result.p_value))[:_MOST]


def telling_effects(assessment: "Assessment") -> list[str]:
    """Names of three effects: those that the most telling tests of a departure point at, then the usual ones."""
    departing = [
        result.effect
        for result in telling_tests(assessment)
        if result.adjusted_p_value <= assessment.alpha and result.effect
    ]
    ordered = dict.fromkeys([*departing, *_USUAL_EFFECTS, *assessment.effects])
    return [name for name in ordered if name in assessment.effects][:_MOST]


def summary(assessment: "Assessment", *, width: int = 80, more: str = _MORE) -> str:
    """Verdict, three tests and three effects in at most twenty lines of ``width`` characters; no name is cut.

    Args:
        assessment: what is told.
        width: characters in a line.
        more: how to see more.
    """
    lines = [verdict_words(assessment)]
    if assessment.made is not None:
        lines.append(assessment.made.words)
    # No line ends between a symbol and its value.
    lines = [
        line.replace("\u00a0", " ")
        for text in lines
        for line in textwrap.wrap(text.replace(" = ", "\u00a0=\u00a0"), width, break_on_hyphens=False)
    ]
    tests = [
        (
            f"{'*' if result.adjusted_p_value <= assessment.alpha else ' '} {result.name}",
            p_words(result.adjusted_p_value),
            result.words,
        )
        for result in telling_tests(assessment)
    ]
    lines += ["", *_columns(("  test (* departs)", "adjusted p", "a small p-value means"), tests, width)]
    effects = [
        (f"  {own.name}", own.difference, own.told) for own in effects_in_words(assessment, telling_effects(assessment))
    ]
    lines += ["", *_columns(("  effect size", DIFFERENCE_WORDS, "what it is"), effects, width)]
    lines.append("")
    if assessment.n_star is not None:
        lines += textwrap.wrap(f"n*: {n_star_words(assessment.n_star)}", width)
    if assessment.left_out:
        lines.append(f"left out: {len(assessment.left_out)} tests, which were not possible at this n and d")
    return "\n".join([*lines, *textwrap.wrap(more, width)])


def _columns(header: tuple[str, str, str], rows: list[tuple[str, str, str]], width: int) -> list[str]:
    """Lines of three columns; the last is shortened to the width, the others never are."""
    first, second = (max(len(row[i]) for row in [header, *rows]) for i in (0, 1))
    left = max(12, width - first - second - 4)
    return [
        f"{a:<{first}}  {b:<{second}}  {textwrap.shorten(c, left, placeholder=' …')}".rstrip()
        for a, b, c in [header, *rows]
    ]


def summary_html(assessment: "Assessment") -> str:
    """The same for a notebook."""

    def table(header: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> str:
        head = "".join(f"<th style='text-align:left'>{html.escape(cell)}</th>" for cell in header)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    tests = [(result.name, p_words(result.adjusted_p_value), result.words) for result in telling_tests(assessment)]
    effects = [
        (own.name, own.difference, own.told) for own in effects_in_words(assessment, telling_effects(assessment))
    ]
    made = "" if assessment.made is None else f"<p>{html.escape(assessment.made.words)}</p>"
    return (
        f"<p><strong>{html.escape(verdict_words(assessment))}</strong></p>{made}"
        + table(("test", "adjusted p", "a small p-value means"), tests)
        + table(("effect size", DIFFERENCE_WORDS, "what it is"), effects)
        + f"<p>{html.escape(_MORE)}</p>"
    )
