"""Runs one case of one check: a row comes out, whatever happens inside."""

import contextlib
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from types import FrameType

import numpy as np

from noisedim.streams import seed_sequence
from noisedim.theory.quadrature import QuadratureError
from noisedim.verification.outcomes import Row, Verdict, worst
from noisedim.verification.primitives import PRIMITIVES, traced
from noisedim.verification.registry import Check, takes_case
from noisedim.verification.trial import Trial

__all__ = ["generator_for", "run_case"]


class _TimeUp(BaseException):
    """Not an Exception: a check that catches those must not outlive its limit."""


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Give up after ``seconds`` of wall clock, where the platform and the thread allow for an alarm."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(number: int, frame: FrameType | None) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def generator_for(seed: int, case_id: str) -> np.random.Generator:
    """A stream of its own for each case: it depends on the seed and the id, not on order or on process."""
    return np.random.default_rng(seed_sequence(seed, case_id))


@contextlib.contextmanager
def _watched(check: Check, trace: bool) -> Iterator[set[str]]:
    if trace and check.counts_for_primitives:
        with traced() as called:
            yield called
    else:
        yield set()


def run_case(check: Check, case: str, *, seed: int = 0, trace: bool = True) -> Row:
    """Run ``check`` on its case of that name.

    Args:
        check: a registered check.
        case: a key of ``check.cases``.
        seed: root seed of everything sampled.
        trace: whether to note which primitives are called.

    Returns: the row; an exception inside the check becomes a row with the verdict *error*, running past the limit one
        with *timed out*.
    """
    case_id = check.case_id(case)
    trial = Trial(generator_for(seed, case_id), intervals=check.intervals)
    began, message, verdict = time.perf_counter(), "", None
    called: set[str] = set()
    try:
        with _limited(check.limit), _watched(check, trace) as called:
            if takes_case(check):
                check.function(trial, check.cases[case])
            else:
                check.function(trial)
        trial.close()
    except _TimeUp:
        verdict, message = Verdict.TIMED_OUT, f"given up after {check.limit:g} seconds"
    except QuadratureError as error:
        verdict, message = Verdict.INCONCLUSIVE, f"quadrature: {error}"
    except Exception as error:  # whatever it is, the ledger says so
        place = traceback.extract_tb(error.__traceback__)[-1]
        verdict, message = Verdict.ERROR, f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"
    found = [finding.verdict for finding in trial.findings]
    if verdict is None:
        verdict = worst(found)
        message = "" if found else "nothing was examined"
    else:
        # What was refuted before the check broke off stays refuted.
        verdict = worst([*found, verdict])
    return Row(
        id=case_id,
        claim=check.claim,
        check=check.name,
        case=case,
        role=check.role,
        expected=check.expected,
        verdict=verdict,
        findings=tuple(trial.findings),
        hypotheses=tuple(trial.hypotheses),
        primitives=tuple(name for name in PRIMITIVES if name in called),
        seed=seed,
        seconds=time.perf_counter() - began,
        message=message,
        details=trial.details,
    )
