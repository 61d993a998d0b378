"""Formulas made wrong on purpose, for as long as it takes to see whether a check turns red."""

import contextlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from noisedim.errors import InvalidInputError
from noisedim.verification.outcomes import Verdict
from noisedim.verification.registry import find_check
from noisedim.verification.run import run_case

__all__ = ["Mutant", "killer", "planted", "scaled", "with_argument"]

# Modules that may hold the original under a name of their own.
_OURS = ("noisedim", "theory_checks")


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


def _owner(target: str) -> tuple[Any, str]:
    """The module or class that holds ``target``, and its name there."""
    parts = target.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        with contextlib.suppress(ModuleNotFoundError):
            owner: Any = importlib.import_module(".".join(parts[:cut]))
            for part in parts[cut:-1]:
                owner = getattr(owner, part)
            if parts[-1] not in vars(owner):
                raise InvalidInputError(f"{target}: {owner.__name__} does not define {parts[-1]} itself")
            return owner, parts[-1]
    raise InvalidInputError(f"there is no {target}")


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Within the block the formula is wrong everywhere: in its own module and wherever else it was imported to."""
    owner, name = _owner(mutant.target)
    original = vars(owner)[name]
    if isinstance(original, property):
        getter = original.fget
        wrong: Any = property(mutant.change(getter))
    else:
        wrong = mutant.change(original)
    places: list[tuple[Any, str]] = [(owner, name)]
    if isinstance(owner, ModuleType):
        modules = [module for key, module in list(sys.modules.items()) if key.split(".")[0] in _OURS]
        places += [
            (module, alias)
            for module in modules
            for alias, value in list(vars(module).items())
            if value is original and (module, alias) != (owner, name)
        ]
    for place, alias in places:
        setattr(place, alias, wrong)
    try:
        yield
    finally:
        for place, alias in places:
            setattr(place, alias, original)


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
                if run_case(check, case, seed=seed).verdict is Verdict.REFUTED:
                    return check.case_id(case)
    return None
