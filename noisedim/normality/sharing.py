"""Results that several tests and effect sizes of the same rows need: computed once, while they share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

import numpy as np

__all__ = ["forget", "shared", "sharing"]

_Result = TypeVar("_Result")
# By function and identity of the rows. The rows are held too, so that no other array can take their identity.
_results: ContextVar[dict[tuple[str, int], tuple[np.ndarray, Any]] | None] = ContextVar("_results", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Inside, a :func:`shared` function computes once per array; the rows must not be changed meanwhile.

    Nested uses share with the outermost one. What was kept is released at its end.
    """
    if _results.get() is not None:
        yield
        return
    token = _results.set({})
    try:
        yield
    finally:
        _results.reset(token)


def shared(function: Callable[[np.ndarray], _Result]) -> Callable[[np.ndarray], _Result]:
    """A function of rows alone, whose result is kept and given again inside :func:`sharing`; plain outside."""

    @wraps(function)
    def once(rows: np.ndarray) -> _Result:
        results = _results.get()
        if results is None:
            return function(rows)
        key = (f"{function.__module__}.{function.__qualname__}", id(rows))
        if key not in results:
            results[key] = (rows, function(rows))
        result: _Result = results[key][1]
        return result

    return once


def forget(function: Callable[[np.ndarray], Any], rows: np.ndarray) -> None:
    """Release what a shared function gave for these rows, where it is as large as they are, and what was kept of it."""
    results = _results.get()
    if results is None:
        return
    _, given = results.pop((f"{function.__module__}.{function.__qualname__}", id(rows)), (None, None))
    for key in [key for key, (kept, _) in results.items() if kept is given]:
        del results[key]
