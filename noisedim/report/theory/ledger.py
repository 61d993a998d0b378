"""The part of theory.json that the section reads, typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noisedim.files import read_json
from noisedim.schema import SCHEMAS, refusing, structured
from noisedim.verification.outcomes import Verdict

__all__ = ["Case", "ClaimSummary", "Ledger", "Relation", "read_ledger"]


@dataclass(frozen=True, kw_only=True)
class Relation:
    """One relation that a case examined; see :class:`~noisedim.verification.outcomes.Finding`."""

    what: str
    relation: str
    left: float | str
    right: float | str
    delta: float
    verdict: Verdict
    n: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of one check; see :class:`~noisedim.verification.outcomes.Row`."""

    id: str
    claim: str
    case: str
    role: str
    verdict: Verdict
    n: int | None
    power: float | None
    findings: tuple[Relation, ...]
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ClaimSummary:
    """All cases of one claim.

    Attributes:
        erratum_kind: of an erratum, see :class:`~noisedim.theory.claims.Claim`; None for other claims.
        verdict: of the claim, or of an erratum's corrected form.
        words: the verdict as it is to be read; of an "if and only if" that no case refutes it.
        printed_form: verdict on an erratum's printed form; None for other claims.
        delta, alpha, power, most_draws: of the sampled cases.
    """

    id: str
    kind: str
    erratum_kind: str | None
    verdict: Verdict
    words: str
    printed_form: Verdict | None
    cases: int
    relations: int
    worst_relative_error: float | None
    delta: float | None
    alpha: float
    power: float | None
    most_draws: int | None

    @property
    def is_settled(self) -> bool:
        """For an erratum: whether what it says is verified and its printed form, where it has one, is refuted."""
        return self.printed_form in (None, Verdict.REFUTED) and self.verdict is Verdict.VERIFIED


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """All claims and cases of a complete run of the theory checks."""

    seed: int
    alpha_total: float
    sampled_cases: int
    relations: int
    mutants: int
    mutants_killed: int
    worst_relative_error: float | None
    primitives: Mapping[str, Any]
    claims: tuple[ClaimSummary, ...]
    cases: tuple[Case, ...]

    def of_kind(self, *kinds: str) -> list[ClaimSummary]:
        """The claims of these kinds, in the order of ``kinds``."""
        return [claim for kind in kinds for claim in self.claims if claim.kind == kind]

    def of_role(self, role: str) -> list[Case]:
        """The cases of this role."""
        return [case for case in self.cases if case.role == role]


def read_ledger(path: Path) -> Ledger:
    """The ledger in ``path``.

    Raises: InvalidInputError: if the file cannot be read, or is something else.
    """
    content = SCHEMAS["theory"].current(read_json(path), str(path))
    with refusing(str(path)):
        return structured({**content, "cases": content["rows"]}, Ledger, where=str(path), surplus="ignored")
