"""Results that several tests and effect sizes of the same rows need: computed once, while they share."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

import numpy as np

__all__ = ["forget", "shared", "sharing"]

_Result = TypeVar("_Result")
# By function and identity of the rows, with a reference that does not keep them: a result goes with its rows, before
# another array can take their identity. Parts of the rows that a test draws would otherwise stay until the end.
_Results = dict[tuple[str, int], tuple["weakref.ref[np.ndarray]", Any]]
_results: ContextVar[_Results | None] = ContextVar("_results", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Inside, a :func:`shared` function computes once per array; the rows must not be changed meanwhile.

    Nested uses share with the outermost one. A result is released with its rows, or at the end.
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
        if key in results:
            known: _Result = results[key][1]
            return known
        result = function(rows)
        results[key] = (weakref.ref(rows, lambda _: results.pop(key, None)), result)
        return result

    return once


def forget(function: Callable[[np.ndarray], Any], rows: np.ndarray) -> None:
    """Release what a shared function gave for these rows, where it is as large as they are, and with it what was kept of it."""
    if (results := _results.get()) is not None:
        results.pop((f"{function.__module__}.{function.__qualname__}", id(rows)), None)
