"""What `pytest benchmarks` trains, by profile, and its JSON files' entries by question. Draws and renders nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from noisedim.errors import InvalidInputError
from noisedim.files import read_json
from noisedim.schema import structured
from noisedim.training import DataConfig, TrainConfig

__all__ = ["COMMAND", "PROFILES", "FailedRun", "Profile", "entries", "environment_words"]

COMMAND = "pytest benchmarks --benchmark-json"


@dataclass(frozen=True)
class Profile:
    """How much the benchmarks train and time.

    Attributes:
        base: what all runs have in common; fold 0 is held out and judges.
        seeds: number of seeds.
        rounds: how often a step or an embedding of each method is timed.
        words: the protocol in one sentence.
    """

    base: TrainConfig
    seeds: int
    rounds: int
    words: str


_DIGITS = TrainConfig(data=DataConfig(fold=0), steps=700, batch_size=128)
PROFILES = {
    "smoke": Profile(
        replace(_DIGITS, steps=30),
        2,
        2,
        "30 steps per run, which shows that everything works; the numbers mean nothing",
    ),
    "digits": Profile(_DIGITS, 5, 15, "digits, d = 2, 700 steps of 128 images, five seeds"),
}


@dataclass(frozen=True)
class FailedRun:
    """A run that ended in an error, by its seed."""

    seed: int
    error: str


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What every entry of pytest-benchmark's JSON has."""

    name: str = ""
    stats: dict[str, Any] = field(default_factory=dict)
    extra_info: dict[str, Any] = field(default_factory=dict)


def entries(results: Path, question: str | None = None) -> list[dict[str, Any]]:
    """The entries of every ``benchmarks*.json`` under ``results``, or those that answer ``question``.

    Raises: InvalidInputError: if a file is damaged.
    """
    found = []
    for path in sorted(results.glob("benchmarks*.json")):
        content = read_json(path)
        if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
            raise InvalidInputError(f"expected the JSON of pytest-benchmark; {path} is something else")
        structured(content["benchmarks"], list[_Entry], where=str(path), surplus="ignored")
        for entry in content["benchmarks"]:
            if question is None or entry.get("extra_info", {}).get("question") == question:
                found.append(entry)
    return found


def environment_words(environment: Mapping[str, Any]) -> str:
    """The hardware that made an entry."""
    return environment["accelerator"] or f"{environment['cpu']}, {environment['cores']} cores"
