"""The claims as data: the paper's, what is added to them, and the errata by kind, each with an id and words for the authors.

>>> claim("theorem-2.2").printed
'right'
>>> [(row.id, row.erratum_kind) for row in ERRATA][:2]
[('E1', 'substantive'), ('E2', 'notation')]
"""

from types import MappingProxyType

from noisedim.errors import InvalidInputError
from noisedim.theory.claims.added import ADDED
from noisedim.theory.claims.errata import ERRATA
from noisedim.theory.claims.paper import PAPER_CLAIMS
from noisedim.theory.claims.record import ERRATUM_KINDS, Claim, ErratumKind, Kind

__all__ = ["CLAIMS", "ERRATA", "ERRATUM_KINDS", "Claim", "ErratumKind", "Kind", "claim"]

CLAIMS = MappingProxyType({item.id: item for item in (*PAPER_CLAIMS, *ADDED, *ERRATA)})


def claim(claim_id: str) -> Claim:
    """The claim of that id, whatever its case.

    Raises: InvalidInputError: if there is none; lists the ids.
    """
    found = {key.lower(): item for key, item in CLAIMS.items()}.get(claim_id.lower())
    if found is None:
        raise InvalidInputError(f"claim must be one of {', '.join(CLAIMS)}; got {claim_id!r}")
    return found
