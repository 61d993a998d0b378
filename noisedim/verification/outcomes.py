"""What a check can find: verdicts, findings (one relation each) and rows (one case of one check)."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["EXACT", "MARKS", "Finding", "Row", "Verdict", "worst"]


# What an exact identity may miss, relative to its largest term.
EXACT = 1e-9


class Verdict(StrEnum):
    """The three outcomes of a check that ran, and the three ways in which one did not."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    TIMED_OUT = "timed out"
    SKIPPED = "skipped"


# Shown beside the word, so that neither colour nor font carries a verdict alone.
MARKS = {
    Verdict.VERIFIED: "✓",
    Verdict.REFUTED: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.ERROR: "!",
    Verdict.TIMED_OUT: "!",
    Verdict.SKIPPED: "–",
}

_GRAVITY = (
    Verdict.REFUTED,
    Verdict.ERROR,
    Verdict.TIMED_OUT,
    Verdict.SKIPPED,
    Verdict.INCONCLUSIVE,
    Verdict.VERIFIED,
)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The gravest of some verdicts; nothing examined is nothing verified.

    >>> str(worst([Verdict.VERIFIED, Verdict.INCONCLUSIVE]))
    'inconclusive'
    """
    return min(verdicts, key=_GRAVITY.index) if verdicts else Verdict.INCONCLUSIVE


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One relation that was examined.

    Attributes:
        what: in words, with units where they are not nats.
        relation: ``=``, ``<=``, ``<`` or ``holds``.
        left, right: the two sides as computed; for ``holds``, 1 or 0 and 1.
        gap: by how much the relation is missed beyond rounding, in the units of the sides; 0 where it holds.
        error: for ``=``, the error relative to the largest term; NaN otherwise.
        delta: what counts as a violation: a tolerance (exact) or the smallest violation that must be seen (sampled).
        verdict: the outcome.
        n, alpha, beta: draws, and both error rates (α of the whole case), of a sampled finding; None for an exact one, and
            for the β of one whose n could not be planned.
        lower, upper: its interval.
        note: what a reader must know, such as why nothing could be decided.
    """

    what: str
    relation: str
    left: float
    right: float
    gap: float
    delta: float
    verdict: Verdict
    error: float = math.nan
    n: int | None = None
    alpha: float | None = None
    beta: float | None = None
    lower: float | None = None
    upper: float | None = None
    note: str = ""

    @property
    def sampled(self) -> bool:
        """Whether it rests on random draws."""
        return self.n is not None

    def __str__(self) -> str:
        sides = f"{_figure(self.left)} {self.relation} {_figure(self.right)}"
        if self.lower is not None and self.upper is not None:
            relation = "∋" if self.relation == "=" else self.relation
            sides = f"[{self.lower:.6g}, {self.upper:.6g}] {relation} {_figure(self.right)} (n = {self.n:,})"
        if self.relation == "holds":
            sides = "holds" if self.left else "does not hold"
        note = f" — {self.note}" if self.note else ""
        within = f" within {self.delta:g}" if self.sampled and self.delta and self.verdict is Verdict.VERIFIED else ""
        return f"{MARKS[self.verdict]} {self.verdict}{within}: {self.what}: {sides}{note}"


def _figure(value: float) -> str:
    return f"{value:.10g}"


def _named(value: Any) -> Any:
    """Infinities by name: JSON has none, and here they mean something."""
    return str(value) if isinstance(value, float) and math.isinf(value) else value


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one case of one check came to: a line of the ledger.

    Attributes:
        id: claim/check[case].
        claim, check, case: its parts.
        role: ``claim``, ``printed`` (an erratum's printed form), ``corrected``, ``mutant`` or ``trained``.
        expected: verified, or refuted for a printed form that is wrong.
        verdict: the gravest of the findings'.
        findings: all relations examined.
        hypotheses: of the paper, found satisfied by the case.
        primitives: that the case called, of :mod:`noisedim.verification.primitives`.
        seed: the root seed.
        seconds: how long it took.
        message: of an error, or why nothing was examined.
    """

    id: str
    claim: str
    check: str
    case: str
    role: str
    expected: Verdict
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    hypotheses: tuple[str, ...] = ()
    primitives: tuple[str, ...] = ()
    seed: int = 0
    seconds: float = 0.0
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the expected one."""
        return self.verdict is self.expected

    @property
    def failed(self) -> bool:
        """Whether it must turn a suite red: anything but the expected verdict and *inconclusive*."""
        return not self.as_expected and self.verdict is not Verdict.INCONCLUSIVE

    def summary(self) -> dict[str, Any]:
        """The figures of the row: worst gap, worst relative error, Δ, α, power and n over its findings."""
        sampled = [finding for finding in self.findings if finding.sampled]
        # Figures that are quoted, and integrals over a plane, have looser tolerances of their own.
        errors = [f.error for f in self.findings if not f.sampled and not math.isnan(f.error) and f.delta <= EXACT]
        deltas = [f.delta for f in sampled]
        planned = [f.beta for f in sampled if f.beta is not None]
        return {
            "worst_gap": _named(max((f.gap for f in self.findings), default=0.0)),
            "worst_relative_error": _named(max(errors, default=None)),
            "relations": len(self.findings),
            "delta": max(deltas, default=None),
            "alpha": max((f.alpha or 0.0 for f in sampled), default=0.0),
            "power": 1 - max(planned) if planned else None,
            "n": max((f.n or 0 for f in sampled), default=None),
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the ledger."""
        found = [{k: _named(v) for k, v in asdict(finding).items() if v is not None} for finding in self.findings]
        for finding in found:
            if math.isnan(finding.get("error", 0.0) if not isinstance(finding.get("error"), str) else 0.0):
                del finding["error"]
        return {
            "id": self.id,
            "claim": self.claim,
            "check": self.check,
            "case": self.case,
            "role": self.role,
            "expected": str(self.expected),
            "verdict": str(self.verdict),
            "as_expected": self.as_expected,
            "seed": self.seed,
            "seconds": self.seconds,
            "message": self.message,
            **self.summary(),
            "hypotheses": list(self.hypotheses),
            "primitives": list(self.primitives),
            "findings": found,
            "details": self.details,
        }
