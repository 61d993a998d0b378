"""Every claim rests on what its checks compute with: each primitive made wrong, each claim must lose a case to it.

Entropy, Kullback–Leibler and Rényi divergences, quadrature, log-sum-exp, h(Z), I(Z; Y), I(f(X′); Y) and I(Y; f(X) | f(X′)),
off by about 1%. A case that compares a formula with itself would stay verified. Cases that sample are left out, and so are
forms that are refuted anyway.
"""

from noisedim.theory.claims import CLAIMS
from noisedim.verification import Trial, check
from noisedim.verification.mutation import primitive_cells
from noisedim.verification.registry import checks_of

_CLAIMS = {claim_id: claim_id for claim_id in CLAIMS if claim_id not in ("mutations", "trained-encoders")}


@check("mutations", cases=_CLAIMS, role="mutant", limit=300.0)
def wrong_primitives(trial: Trial, claim_id: str) -> None:
    """Each primitive that the claim's cases call refutes at least one of them when it is wrong."""
    cells = primitive_cells(checks_of(claim_id))
    trial.details["primitives"] = {name: {"red": list(c.red), "green": list(c.green)} for name, c in cells.items()}
    trial.details["about"] = claim_id
    for name, cell in cells.items():
        trial.holds(f"{name} wrong: a case of {claim_id} is refuted", bool(cell.red))
    if not cells:
        trial.holds(f"{claim_id} calls no primitive: sums over tables and closed forms alone", True)
