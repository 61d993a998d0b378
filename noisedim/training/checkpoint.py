"""Checkpoints: all the tensors of a run in one safetensors file, its scalars in the header, written atomically."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch

from noisedim.errors import CheckpointError, words_of
from noisedim.files import write_atomically

__all__ = ["Checkpoint", "flatten_state", "load_checkpoint", "save_checkpoint", "unflatten_state"]

_FORMAT = "noisedim-checkpoint-1"
_STRUCTURE = "__structure__"


@dataclass(frozen=True)
class Checkpoint:
    """What a file held: tensors by name, and metadata as JSON values."""

    tensors: dict[str, torch.Tensor]
    metadata: dict[str, Any]


def flatten_state(prefix: str, state: Any) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Tensors of a nested ``state_dict`` by path, and the rest of it as one JSON value.

    The inverse is :func:`unflatten_state`. Keys may be strings or integers (as in an optimiser's state), leaves tensors
    or JSON scalars.
    """
    tensors: dict[str, torch.Tensor] = {}

    def walk(node: Any, path: str) -> Any:
        if isinstance(node, torch.Tensor):
            tensors[path] = node.detach().cpu().contiguous()
            return {"t": path}
        if isinstance(node, Mapping):
            return {"d": [[key, walk(value, f"{path}/{key}")] for key, value in node.items()]}
        if isinstance(node, list | tuple):
            return {"l": [walk(value, f"{path}/{i}") for i, value in enumerate(node)], "tuple": isinstance(node, tuple)}
        return {"v": node}

    structure = walk(state, prefix)
    return tensors, {f"{_STRUCTURE}{prefix}": structure}


def unflatten_state(prefix: str, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> Any:
    """The state that :func:`flatten_state` took apart.

    Raises: CheckpointError: if a part of it is missing.
    """

    def build(node: dict[str, Any]) -> Any:
        if "t" in node:
            return tensors[node["t"]]
        if "d" in node:
            return {key: build(value) for key, value in node["d"]}
        if "l" in node:
            items = [build(value) for value in node["l"]]
            return tuple(items) if node["tuple"] else items
        return node["v"]

    try:
        return build(metadata[f"{_STRUCTURE}{prefix}"])
    except KeyError as error:
        raise CheckpointError(f"the checkpoint lacks {error} of {prefix!r}") from None
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"the checkpoint's {prefix!r} is damaged: {words_of(error)}") from None


def save_checkpoint(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """Write ``tensors`` and JSON-able ``metadata`` to ``path``, atomically.

    Raises: StorageError: if the disk is full or the folder can't be written; an older checkpoint is intact.
    """
    from safetensors.torch import save

    own = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    words = json.dumps(dict(metadata))
    content = save(own, {"format": _FORMAT, "metadata": words, "digest": _digest(words, own)})

    def write(file: BinaryIO) -> None:
        file.write(content)

    write_atomically(path, write)


def load_checkpoint(
    path: Path, *, expected_config_digest: str | None = None, expected_config: Mapping[str, Any] | None = None
) -> Checkpoint:
    """Read a checkpoint whole, or refuse it.

    Args:
        path: the file.
        expected_config_digest: refuse a checkpoint of another configuration.
        expected_config: that configuration, for the refusal to say in what it differs.

    Raises: CheckpointError: if the file is missing, truncated, not a noisedim checkpoint, of another format version, or
        of another configuration.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"expected a checkpoint; there is no file {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != _FORMAT:
                raise CheckpointError(f"expected format {_FORMAT}; {path} has {header.get('format', 'none')}")
            metadata = json.loads(header["metadata"])
            digest = metadata.get("config_digest")
            if expected_config_digest is not None and digest != expected_config_digest:
                raise CheckpointError(
                    f"expected a checkpoint of run {expected_config_digest}; {path} is of {digest}"
                    + _difference(expected_config, metadata.get("config"))
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    except (SafetensorError, OSError, LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"expected a checkpoint; {path} is damaged or no safetensors file ({words_of(error)})"
        ) from None
    # Files written before the digest have none.
    if header.get("digest") not in (None, _digest(header["metadata"], tensors)):
        raise CheckpointError(f"{path} is damaged: its content is not what was written; remove it to start over")
    _check_values(path, tensors, metadata)
    return Checkpoint(tensors, metadata)


def _digest(metadata: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of the metadata's text and of every tensor with its name, type and shape."""
    found = hashlib.sha256(metadata.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _check_values(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """Refuse what training never writes: states that are not finite, and counts below 0."""
    for name, tensor in tensors.items():
        # What was logged may lack a value, and an objective's running mean is NaN before its first batch.
        unset = name == "metrics" or (name.startswith("objective/") and tensor.ndim == 0)
        if not unset and tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(
                f"{path} is damaged: {name} holds values that are not finite; remove it to start over"
            )
    for name, kinds in (("steps_done", (int,)), ("seconds", (int, float))):
        value = metadata.get(name, 0)
        if type(value) not in kinds or not 0 <= value < math.inf:
            shown = repr(value)[:40]
            raise CheckpointError(f"{path} is damaged: {name} must be a finite number of at least 0; got {shown}")


def _difference(expected: Mapping[str, Any] | None, saved: Any) -> str:
    """Which settings of two configurations differ, in words."""
    if expected is None or not isinstance(saved, str):
        return ""
    # Both as JSON holds them: tuples become lists.
    came, ours = json.loads(saved), json.loads(json.dumps(dict(expected)))
    differ = [name for name in {**ours, **came} if ours.get(name) != came.get(name)]
    if not differ:
        return (
            ": the settings are equal, but it was written by a version whose random numbers were others, and cannot be "
            "resumed to the same result; remove it to start over"
        )
    first = differ[0]
    return f": another {', another '.join(differ)} ({first} is {came.get(first)!r} there and {ours.get(first)!r} here)"
