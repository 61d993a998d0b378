"""What is said of a claim: plain data, no computation."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["PAPER", "Claim", "Kind"]

Kind = Literal["paper", "new", "erratum", "evidence"]
PAPER = "arXiv 2410.06993"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim.

    Attributes:
        id: what the command line and the ledger call it.
        kind: ``paper`` (stated there), ``new`` (stated here first), ``erratum`` (stated there, wrong, corrected here),
            ``evidence`` (about encoders that were trained, or about the checks themselves).
        title: a line.
        statement: in words and formula, as it is true.
        hypotheses: what it needs; empty for none.
        source: where it is stated.
        printed: for ``paper``, whether it is printed right, or which errata touch it; for an erratum, the printed form.
        correction: for an erratum, what to print instead.
        counterexample: for an erratum, where the printed form fails.
        references: keys of :mod:`noisedim.citations`.
    """

    id: str
    kind: Kind
    title: str
    statement: str
    hypotheses: tuple[str, ...] = ()
    source: str
    printed: str = ""
    correction: str = ""
    counterexample: str = ""
    references: tuple[str, ...] = ("paper",)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
