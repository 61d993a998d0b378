"""A claim and the results of its checks, in words for a terminal."""

import textwrap
from collections.abc import Sequence

from noisedim.theory.claims import Claim
from noisedim.verification.ledger import in_words
from noisedim.verification.outcomes import MARKS, Row, Verdict, worst

__all__ = ["claim_words", "row_words", "verdict_words"]

_WIDTH = 110


def _paragraph(label: str, text: str) -> list[str]:
    indent = " " * 14
    return textwrap.wrap(f"{label:<13} {text}", _WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def claim_words(item: Claim) -> list[str]:
    """Title, statement, hypotheses and source; for an erratum also the printed form and its counterexample."""
    lines = [f"{item.id}: {item.title}", "=" * min(_WIDTH, len(item.id) + len(item.title) + 2)]
    if item.kind == "erratum":
        lines += _paragraph("kind", item.erratum_kind or "")
        lines += _paragraph("printed", item.printed)
        lines += _paragraph("but" if item.is_remark else "fails at", item.counterexample)
        for hypothesis in (*item.satisfies, *item.by_construction):
            lines += _paragraph("satisfies", hypothesis)
        lines += _paragraph("what is true" if item.is_remark else "correct", item.correction)
    else:
        lines += _paragraph("statement", item.statement)
        for hypothesis in item.hypotheses:
            lines += _paragraph("assumes", hypothesis)
        if item.printed:
            lines += _paragraph("printed", item.printed)
    if item.proof:
        lines += _paragraph("proof", item.proof)
    return lines + _paragraph("source", item.source)


def row_words(row: Row, *, every: bool, room: int | None) -> list[str]:
    """The findings of a row: all of them, or the first ``room``; if the row is unexpected, the unexpected findings."""
    found = list(row.findings)
    unexpected = [finding for finding in found if finding.verdict is not row.expected]
    shown = found if every else found[: room or 0] if row.as_expected else unexpected
    lines = [f"[{row.case}] {finding}" for finding in shown]
    if row.message:
        lines.append(f"[{row.case}] {MARKS[row.verdict]} {row.verdict}: {row.message}")
    return lines


def verdict_words(item: Claim, rows: Sequence[Row]) -> str:
    """The verdict in one line; for an erratum, the verdicts on the printed and the corrected form."""
    about = [row.verdict for row in rows if row.role != "printed"]
    printed = {row.verdict for row in rows if row.role == "printed"}
    verdict = worst(about)
    words = f"{MARKS[verdict]} {item.id} {in_words(item, verdict, len(about))}"
    if printed:
        mark = Verdict.REFUTED if printed == {Verdict.REFUTED} else worst(sorted(printed - {Verdict.REFUTED}))
        words = f"printed form: {MARKS[mark]} {mark}; corrected form: {MARKS[verdict]} {in_words(item, verdict, len(about))}"
    open_rows = sum(row.verdict is Verdict.INCONCLUSIVE for row in rows)
    return words + (f" ({open_rows} of {len(rows)} cases inconclusive)" if open_rows else "")
