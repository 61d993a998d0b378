"""Functions replaced for as long as a block runs, in their own module and wherever else they were imported to."""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from noisedim.errors import InvalidInputError

__all__ = ["replaced"]

# Modules that may hold the original under a name of their own.
_OURS = ("noisedim", "theory_checks")
# From the original to what takes its place.
Change = Callable[[Any], Any]


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
def replaced(changes: Mapping[str, Change]) -> Iterator[None]:
    """Within the block each target is what its change makes of it.

    Args:
        changes: by dotted name of a function, or of a method or property of a class.

    Raises: InvalidInputError: for a name that is not there.
    """
    places: list[tuple[Any, str, Any, Any]] = []
    elsewhere: dict[int, tuple[Any, Any]] = {}
    for target, change in changes.items():
        owner, name = _owner(target)
        original = vars(owner)[name]
        new: Any = property(change(original.fget)) if isinstance(original, property) else change(original)
        places.append((owner, name, original, new))
        if isinstance(owner, ModuleType):
            elsewhere[id(original)] = original, new
    known = {(id(owner), name) for owner, name, *_ in places}
    for key, module in list(sys.modules.items()):
        if elsewhere and key.split(".")[0] in _OURS:
            for alias, value in list(vars(module).items()):
                if id(value) in elsewhere and (id(module), alias) not in known:
                    places.append((module, alias, *elsewhere[id(value)]))
    for place, alias, _, new in places:
        setattr(place, alias, new)
    try:
        yield
    finally:
        for place, alias, original, _ in places:
            setattr(place, alias, original)
