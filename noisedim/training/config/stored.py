"""A configuration as files hold it: plain nested data, and the digest that names its run folder."""

import dataclasses
import hashlib
import json
from typing import Any, ClassVar, Self, get_type_hints

import numpy as np

from noisedim.schema import structured

__all__ = ["ADDED_LATER", "StoredConfig"]

# Raised when the meaning of a configuration changes, so that old runs are not taken for new ones.
_FORMAT = 2
ADDED_LATER = {"added later": True}
"""Metadata of a field that came after runs were published: at its default it is no part of the digest, which stays theirs."""


class StoredConfig:
    """What every configuration of a run has in common; a frozen dataclass of plain values and other configurations."""

    stored_as: ClassVar[str]
    """What it is called when it is refused."""
    kind: ClassVar[str | None] = None
    """Part of the digest of what is not an encoder's run."""

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it; NumPy's numbers (seeds of a range, grids) as Python's."""

        def plain(items: list[tuple[str, Any]]) -> dict[str, Any]:
            return {name: value.item() if isinstance(value, np.generic) else value for name, value in items}

        return dataclasses.asdict(self, dict_factory=plain)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`; an unknown field or another type is refused by name.

        A missing field has its default.
        """
        structured(data, cls, where=f"not {cls.stored_as} of this version")
        return cls._built(data)

    @classmethod
    def _built(cls, data: dict[str, Any]) -> Self:
        # From the values as they came: 1 must not become 1.0, which would be another run by its digest.
        hints = get_type_hints(cls)

        def read(name: str, value: Any) -> Any:
            part = hints[name]
            if not dataclasses.is_dataclass(part):
                return value
            if isinstance(part, type) and issubclass(part, StoredConfig):
                return part._built(value)
            return part(**value)  # type: ignore[operator]

        return cls(**{name: read(name, value) for name, value in data.items()})

    def digest_content(self) -> dict[str, Any]:
        """What the digest is made of: all that shapes the result."""
        return _without_later_defaults(self, self.to_dict())

    def digest(self) -> str:
        """16 hexadecimal characters that name this configuration's run folder."""
        kind = {} if self.kind is None else {"kind": self.kind}
        content = {"format": _FORMAT, **kind, **self.digest_content()}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_later_defaults(config: Any, content: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.metadata.get("added later") and value == field.default:
            continue
        own = content[field.name]
        kept[field.name] = _without_later_defaults(value, own) if dataclasses.is_dataclass(value) else own
    return kept
