"""Are the claims true, and can the checks fail? Decided from the ledger alone."""

from dataclasses import dataclass, replace

from noisedim.report.theory.ledger import ClaimSummary, Ledger
from noisedim.theory.claims import ERRATUM_KINDS, ErratumKind, Kind
from noisedim.verification.outcomes import Verdict

__all__ = [
    "ClaimsVerdict",
    "ErrataVerdict",
    "MutantsVerdict",
    "TrainedVerdict",
    "claims_verdict",
    "errata_verdict",
    "mutants_verdict",
    "tolerances",
    "trained_verdict",
]

# The claims that the paper's two bounds rest on.
_BOUNDS = {"theorem-3.4", "theorem-3.5"}
# The kind of erratum that calls nothing in print wrong.
_REMARK: ErratumKind = "remark on method"


@dataclass(frozen=True)
class ClaimsVerdict:
    """The paper's claims, as corrected, and those that were added.

    Attributes:
        claims: all of them.
        planned_powers: power of each sampled case for which it could be planned.
    """

    claims: tuple[ClaimSummary, ...]
    planned_powers: tuple[float, ...]

    @property
    def others(self) -> tuple[ClaimSummary, ...]:
        """Claims that are not verified."""
        return tuple(claim for claim in self.claims if claim.verdict is not Verdict.VERIFIED)

    @property
    def verified(self) -> int:
        """Number of verified claims."""
        return len(self.claims) - len(self.others)

    def of_kind(self, kind: Kind) -> "ClaimsVerdict":
        """Those of one kind, ``paper`` or ``new``."""
        return replace(self, claims=tuple(claim for claim in self.claims if claim.kind == kind))


@dataclass(frozen=True)
class ErrataVerdict:
    """Where the print is wrong, and how.

    Attributes:
        settled: rows whose correction is verified and whose printed form, where it has one, is refuted.
        errata: all of them.
        corrections: those that call something in print wrong; the others are remarks.
        printed_forms: those whose printed form is checked.
        refuted_forms: those whose printed form is refuted.
        kinds: number of rows by kind, in the order of gravity.
        bounds_stand: whether the paper's two bounds are verified.
    """

    settled: int
    errata: int
    corrections: int
    printed_forms: int
    refuted_forms: int
    kinds: tuple[tuple[str, int], ...]
    bounds_stand: bool


@dataclass(frozen=True)
class MutantsVerdict:
    """Formulas that were made wrong on purpose, and how many of them were refuted."""

    killed: int
    mutants: int


@dataclass(frozen=True)
class TrainedVerdict:
    """The inequalities in trained encoders: cases by verdict."""

    cases: int
    verified: int
    inconclusive: int
    refuted: int


def claims_verdict(ledger: Ledger) -> ClaimsVerdict:
    """The claims of the paper, then the new ones."""
    planned = tuple(case.power for case in ledger.cases if case.n is not None and case.power is not None)
    return ClaimsVerdict(tuple(ledger.of_kind("paper", "new")), planned)


def errata_verdict(ledger: Ledger) -> ErrataVerdict:
    """How many errata there are of each kind, and how many are settled."""
    errata = ledger.of_kind("erratum")
    verified = {claim.id for claim in ledger.of_kind("paper", "new") if claim.verdict is Verdict.VERIFIED}
    counted = ((kind, sum(claim.erratum_kind == kind for claim in errata)) for kind in ERRATUM_KINDS)
    kinds = tuple((kind, rows) for kind, rows in counted if rows)
    forms = [claim.printed_form for claim in errata if claim.printed_form is not None]
    return ErrataVerdict(
        settled=sum(claim.is_settled for claim in errata),
        errata=len(errata),
        corrections=sum(claim.erratum_kind != _REMARK for claim in errata),
        printed_forms=len(forms),
        refuted_forms=forms.count(Verdict.REFUTED),
        kinds=kinds,
        bounds_stand=verified >= _BOUNDS,
    )


def mutants_verdict(ledger: Ledger) -> MutantsVerdict:
    """Whether the checks can fail."""
    return MutantsVerdict(ledger.mutants_killed, ledger.mutants)


def trained_verdict(ledger: Ledger) -> TrainedVerdict | None:
    """Whether trained encoders satisfy the inequalities; None without such cases."""
    verdicts = [case.verdict for case in ledger.of_role("trained")]
    if not verdicts:
        return None
    counted = (verdicts.count(verdict) for verdict in (Verdict.VERIFIED, Verdict.INCONCLUSIVE, Verdict.REFUTED))
    return TrainedVerdict(len(verdicts), *counted)


def tolerances(ledger: Ledger) -> dict[float, list[str]]:
    """How closely exact identities hold: the claims by tolerance, the smallest tolerance first."""
    claims: dict[float, set[str]] = {}
    for case in ledger.cases:
        for finding in case.findings:
            if finding.relation == "=" and finding.n is None and case.role != "mutant":
                claims.setdefault(finding.delta, set()).add(case.claim)
    return {delta: sorted(claims[delta]) for delta in sorted(claims)}
