"""Formulas made wrong on purpose, for as long as it takes to see whether a check turns red."""

import contextlib
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from noisedim.errors import InvalidInputError
from noisedim.verification.outcomes import Verdict
from noisedim.verification.planting import replaced
from noisedim.verification.primitives import PRIMITIVES, perturbed
from noisedim.verification.registry import Check, find_check
from noisedim.verification.run import run_case

__all__ = ["Cell", "Mutant", "killer", "planted", "primitive_cells", "scaled", "with_argument"]


@dataclass(frozen=True)
class Mutant:
    """One formula, one mistake, and the checks that must notice.

    Attributes:
        target: dotted name of a function, or of a method or property of a class.
        change: from the original to the wrong one.
        checks: ids of checks, of which at least one must be refuted on at least one case.
    """

    target: str
    change: Callable[[Any], Any]
    checks: tuple[str, ...]


def scaled(factor: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The result times ``factor``."""

    def change(original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **keywords: factor * original(*arguments, **keywords)

    return change


def with_argument(name: str, transform: Callable[[Any], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The same formula with one argument taken for another, such as σ for σ²."""

    def change(original: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(original)

        def mutated(*arguments: Any, **keywords: Any) -> Any:
            bound = signature.bind(*arguments, **keywords)
            bound.apply_defaults()
            bound.arguments[name] = transform(bound.arguments[name])
            return original(*bound.args, **bound.kwargs)

        return mutated

    return change


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Within the block the formula is wrong everywhere: in its own module and wherever else it was imported to."""
    with replaced({mutant.target: mutant.change}):
        yield


def killer(mutant: Mutant, *, seed: int = 0) -> str | None:
    """The id of the first case that refutes what it verifies of the right formula, or None: the mutant survives.

    A check that breaks on the mutant instead of refuting it does not count.
    """
    checks = [find_check(check_id) for check_id in mutant.checks]
    for check in checks:
        if check.expected is not Verdict.VERIFIED:
            raise InvalidInputError(f"{check.id} states a form that is refuted anyway")
    with planted(mutant):
        for check in checks:
            for case in check.cases:
                if run_case(check, case, seed=seed, trace=False).verdict is Verdict.REFUTED:
                    return check.case_id(case)
    return None


@dataclass(frozen=True)
class Cell:
    """What became of one claim when one primitive was wrong.

    Attributes:
        red: ids of cases that were refuted; the first only, unless every case was asked for.
        green: ids of cases that call the primitive and stayed as they were, of those tried.
    """

    red: tuple[str, ...]
    green: tuple[str, ...]


def _in_turn(checks: Sequence[Check]) -> list[tuple[Check, str]]:
    """The first case of each check, then the second of each, and so on."""
    rounds = itertools.zip_longest(*[[(check, case) for case in check.cases] for check in checks])
    return [pair for together in rounds for pair in together if pair is not None]


def primitive_cells(checks: Sequence[Check], *, every: bool = False, seed: int = 0) -> dict[str, Cell]:
    """For each primitive that these checks call: which cases it refutes when it is wrong.

    Args:
        checks: of one claim; those that state a wrong form, or sample, are left out.
        every: try every case, in place of stopping at the first that is refuted.

    What is called is found on the first and the last case of each check, or on all of them for ``every``.
    """
    checks = [check for check in checks if check.counts_for_primitives]
    calls: dict[str, set[str]] = {}
    for check in checks:
        names = list(check.cases)
        if not every:
            names = [names[0], names[-1]] if len(names) > 1 else names
        for case in names:
            calls[check.case_id(case)] = set(run_case(check, case, seed=seed).primitives)
    found = {}
    for primitive in PRIMITIVES:
        using = {check.id for check in checks if any(primitive in calls.get(i, ()) for i in check.case_ids())}
        red: list[str] = []
        green: list[str] = []
        # Those known to call it first; a case in the middle of another check may be the one that does.
        others = [check for check in checks if check.id not in using] if using else []
        for check, case in [*_in_turn([check for check in checks if check.id in using]), *_in_turn(others)]:
            case_id = check.case_id(case)
            if case_id in calls and primitive not in calls[case_id]:
                continue
            with perturbed(primitive):
                verdict = run_case(check, case, seed=seed, trace=False).verdict
            if verdict is Verdict.REFUTED:
                red.append(case_id)
            elif check.id in using:
                green.append(case_id)
            if red and not every:
                break
        if using:
            found[primitive] = Cell(tuple(red), tuple(green))
    return found
