"""What is said of a claim: plain data, no computation."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

__all__ = ["ERRATUM_KINDS", "PAPER", "Claim", "ErratumKind", "Kind", "erratum"]

Kind = Literal["paper", "new", "erratum", "evidence"]
ErratumKind = Literal["substantive", "hypothesis missing", "proof gap", "notation", "remark on method"]
ERRATUM_KINDS: tuple[ErratumKind, ...] = get_args(ErratumKind)
PAPER = "arXiv 2410.06993"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim.

    Attributes:
        id: what the command line and the ledger call it.
        kind: ``paper`` (stated there), ``new`` (stated here first), ``erratum`` (a note on what is printed there),
            ``evidence`` (about encoders that were trained, or about the checks themselves).
        title: a line.
        statement: in words and formula, as it is true.
        hypotheses: what it needs; empty for none.
        source: where it is stated.
        printed: for ``paper``, whether it is printed right, or which errata touch it; for an erratum, the printed form.
        proof: where an "if and only if" of the statement is proved; empty for a statement that has none. Cases can
            refute one, never establish it.
        erratum_kind: for an erratum, what is at stake: a false statement, a hypothesis that is needed and not asked for,
            a step of a proof, a symbol, or nothing that is false but something a reader should know.
        correction: for an erratum, what to print instead; for a remark, what is true.
        counterexample: for an erratum, where the printed form fails.
        satisfies: for an erratum, the paper's hypotheses that the counterexample satisfies, each checked by code.
        by_construction: those that it satisfies by the way it is built, which code cannot check.
        references: keys of :mod:`noisedim.citations`.
    """

    id: str
    kind: Kind
    title: str
    statement: str
    hypotheses: tuple[str, ...] = ()
    source: str
    printed: str = ""
    proof: str = ""
    erratum_kind: ErratumKind | None = None
    correction: str = ""
    counterexample: str = ""
    satisfies: tuple[str, ...] = ()
    by_construction: tuple[str, ...] = ()
    references: tuple[str, ...] = ("paper",)

    @property
    def is_remark(self) -> bool:
        """Whether it is an erratum's row that calls nothing in print false."""
        return self.erratum_kind == "remark on method"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def erratum(
    number: int,
    kind: ErratumKind,
    title: str,
    where: str,
    *,
    printed: str,
    counterexample: str,
    correction: str,
    satisfies: tuple[str, ...] = (),
    by_construction: tuple[str, ...] = (),
    proof: str = "",
    references: tuple[str, ...] = (),
) -> Claim:
    """A row of the errata."""
    return Claim(
        id=f"E{number}",
        kind="erratum",
        erratum_kind=kind,
        title=title,
        statement=correction,
        source=f"{PAPER}, {where}",
        printed=printed,
        correction=correction,
        counterexample=counterexample,
        satisfies=satisfies,
        by_construction=by_construction,
        proof=proof,
        references=("paper", *references),
    )
