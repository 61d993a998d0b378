"""Data of files as typed records, and records as data of files: the one place where both are checked.

A schema is a dataclass. Rules for every one of them: a field without a default must be there; a number that is no number
(NaN, infinite) is written as null, and null where a number must be is read as NaN. A file names the version of its layout,
one that names none is of version 1, and newer versions than this package's are refused. A file of an older version is first
brought to the newest, version by version; a field is never given another meaning under its old name.
"""

import dataclasses
import itertools
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.files import read_json

__all__ = ["SCHEMAS", "Schema", "plain", "read_record", "refusing", "structured"]

Record = TypeVar("Record")


@dataclass(frozen=True)
class Schema:
    """The layout of one kind of file.

    Attributes:
        version: the newest.
        key: the field that names it.
        steps: by an older version, what makes of its data those of the next; none where the reader takes both alike.
    """

    version: int
    key: str = "version"
    steps: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)

    def stamped(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The data of a file to be written, with the version first."""
        return {self.key: self.version, **data}

    def current(self, data: Any, where: str) -> dict[str, Any]:
        """The data of a file in the newest layout, without the version.

        Raises: InvalidInputError: for what is no object, for a version that is not known, and for data that are not of it.
        """
        if not isinstance(data, Mapping):
            raise InvalidInputError(f"{where}: expected an object; got {_shown(data)}")
        version = data.get(self.key, 1)
        if type(version) is not int or not 1 <= version <= self.version:
            raise InvalidInputError(
                f"{where} has layout {_shown(version)}; this version reads layouts 1 to {self.version}"
            )
        found = {name: value for name, value in data.items() if name != self.key}
        for older in range(version, self.version):
            with refusing(where):
                found = self.steps[older](found) if older in self.steps else found
        return found


def _with_environments(table: dict[str, Any]) -> dict[str, Any]:
    """Table 1's second layout: the environment stands with each run; those of before do not hold their test images."""
    environment = table.pop("environment")
    added = {"config": "", "correct": "", "environment": environment}
    return {**table, "records": [{**record, **added} for record in table["records"]]}


# Raise a version when a field changes its name or meaning, and add the step from the one before.
SCHEMAS = {
    "result": Schema(1, "schema"),
    "packed runs": Schema(1, "schema"),
    "study": Schema(1),
    "table-1": Schema(2, steps={1: _with_environments}),
    "audit": Schema(1),
    "theory": Schema(2, "format"),
}
"""Layouts by kind of file. A configuration's version is part of its digest instead, a prior's is FILE_FORMAT."""


def read_record(
    path: Path, kind: type[Record], *, schema: str | None = None, surplus: Literal["refused", "ignored"] = "refused"
) -> Record:
    """The record that a JSON file holds; with ``schema``, a key of :data:`SCHEMAS`, one of a versioned layout.

    Raises: InvalidInputError: naming the file and the field, for what is no JSON or not of this kind or version.
    """
    data = read_json(path)
    if schema is not None:
        data = SCHEMAS[schema].current(data, str(path))
    return structured(data, kind, where=str(path), surplus=surplus)


def structured(
    data: Any,
    kind: type[Record],
    *,
    where: str,
    surplus: Literal["refused", "ignored"] = "refused",
    given: Mapping[str, Any] | None = None,
) -> Record:
    """Plain data as a record.

    Args:
        data: as JSON holds it.
        kind: a dataclass, or a container of dataclasses.
        where: the file or run, for the refusal.
        surplus: whether fields that ``kind`` does not have are refused or ignored, at every depth.
        given: fields of ``kind`` that are not in the data.

    Raises: InvalidInputError: one sentence with ``where`` and the field, for a missing field, an unknown one, a value of
        another type, and what ``kind`` itself refuses.
    """
    with refusing(where):
        data = _prepared(data, kind, "", refuse=surplus == "refused", given=given or {})
        if given is None:
            return msgspec.convert(data, kind)
        hints = _hints(cast(Any, kind))
        return kind(**{name: _field(value, hints[name], name) for name, value in data.items()}, **given)


@contextmanager
def refusing(where: str) -> Iterator[None]:
    """While open, turns whatever the content of ``where`` makes fail into one sentence that names it.

    Raises: InvalidInputError.
    """
    try:
        yield
    except InvalidInputError as error:
        named = f"{error}".startswith(f"{where}:") or f" {where} " in f" {error} "
        raise InvalidInputError(str(error) if named else f"{where}: {error}") from None
    except msgspec.ValidationError as error:
        cause = error.__cause__ if isinstance(error.__cause__, InvalidInputError) else error
        raise InvalidInputError(f"{where}: {_sentence(cause)}") from None
    except KeyError as error:
        raise InvalidInputError(f"{where}: the field {_shown(error.args[0])} is missing") from None
    except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError, RecursionError) as error:
        # A record's own checks compare values before their types are known.
        raise InvalidInputError(f"{where}: {_shown(error)}") from None


def plain(record: Any, *, without: tuple[str, ...] = (), leave_out_none: bool = False) -> dict[str, Any]:
    """A record as plain nested data, as JSON holds it.

    Args:
        record: a dataclass.
        without: fields to leave out.
        leave_out_none: whether to leave out its own fields that are None.
    """
    own = dataclasses.asdict(record)
    return {
        name: value for name, value in own.items() if name not in without and not (leave_out_none and value is None)
    }


def _field(value: Any, kind: Any, name: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidInputError(_sentence(error, name)) from None


def _sentence(error: Exception, name: str = "") -> str:
    words = str(error)[:300]
    if isinstance(error, InvalidInputError):
        return words
    what, _, place = words.partition(" - at `$")
    place = (name + place.rstrip("`")).lstrip(".")
    return f"{place}: {what[:1].lower()}{what[1:]}" if place else f"{what[:1].lower()}{what[1:]}"


def _shown(value: Any) -> str:
    shown = repr(value) if not isinstance(value, Exception) else str(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(kind).items() if name in kind.__dataclass_fields__}


@cache
def _required(kind: Any) -> tuple[str, ...]:
    without = dataclasses.MISSING
    return tuple(own.name for own in dataclasses.fields(kind) if own.default is own.default_factory is without)


@cache
def _parts(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(kind), get_args(kind)


def _prepared(data: Any, kind: Any, place: str, *, refuse: bool, given: Mapping[str, Any]) -> Any:
    """The data with surplus fields refused or left out, and NaN where null stands for a number."""
    if isinstance(data, np.generic):  # of records that are made, not read
        data = data.item()
    if kind is float:
        return float("nan") if data is None else data
    if isinstance(data, str | int | float):  # a file holds a hundred thousand of these
        return data

    def deeper(value: Any, part: Any, name: str) -> Any:
        return _prepared(value, part, f"{place}.{name}" if place and name else place or name, refuse=refuse, given={})

    if dataclasses.is_dataclass(kind) and isinstance(data, Mapping):
        hints = _hints(cast(Any, kind))
        known = [name for name in hints if name not in given]
        unknown = [name for name in data if name not in known]
        if unknown and refuse:
            raise InvalidInputError(f"unknown field {_shown(unknown[0])}" + (f" in {place}" if place else ""))
        missing = [name for name in _required(cast(Any, kind)) if name in known and name not in data]
        if missing:
            raise InvalidInputError(f"the field {missing[0]!r} is missing" + (f" in {place}" if place else ""))
        return {name: deeper(data[name], hints[name], name) for name in known if name in data}
    return _prepared_parts(data, kind, deeper)


def _prepared_parts(data: Any, kind: Any, deeper: Callable[[Any, Any, str], Any]) -> Any:
    origin, parts = _parts(kind)
    if origin in (Union, types.UnionType):
        fitting = [part for part in parts if dataclasses.is_dataclass(part) or get_origin(part) is not None]
        return deeper(data, fitting[0], "") if len(fitting) == 1 and data is not None else data
    if isinstance(data, list | tuple) and parts and origin in (tuple, list):
        kinds = itertools.repeat(parts[0]) if origin is list or parts[-1] is ... else itertools.chain(parts, data)
        return [deeper(item, part, str(i)) for i, (item, part) in enumerate(zip(data, kinds, strict=False))]
    if isinstance(data, Mapping) and len(parts) == 2 and isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: deeper(item, parts[1], str(name)) for name, item in data.items()}
    return data
