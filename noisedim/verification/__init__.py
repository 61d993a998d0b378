"""Claims put to the test: checks, the evidence they gather, and the ledger that says what came out.

A check is a function registered for a claim of :mod:`noisedim.theory.claims`, with named cases. The checks themselves
live in ``theory_checks/``, one file a claim; pytest, ``noisedim verify`` and the mutants all run the same ones.
"""

from noisedim.verification.outcomes import Finding, Row, Verdict
from noisedim.verification.registry import Check, check
from noisedim.verification.run import run_case
from noisedim.verification.trial import Trial

__all__ = ["Check", "Finding", "Row", "Trial", "Verdict", "check", "run_case"]
