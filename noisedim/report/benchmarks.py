"""What `pytest benchmarks` trains, by profile, and its JSON files' entries by question. Draws and renders nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from noisedim.errors import InvalidInputError
from noisedim.files import read_json
from noisedim.schema import plain, structured
from noisedim.training import DataConfig, TrainConfig

__all__ = [
    "COMMAND",
    "PROFILES",
    "FailedRun",
    "Profile",
    "answers",
    "entries",
    "environment_words",
    "to_entry",
]

COMMAND = "pytest benchmarks --benchmark-json"
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much the benchmarks train and time: all their budgets.

    Attributes:
        base: what all runs have in common; fold 0 is held out and judges.
        seeds: of every route to a prior, and of every variant with known factors.
        own_noise_seeds: of the routes with noise in the target's own coordinates, whose steps cost twice as much.
        outlier_steps: of an encoder in 8 dimensions that never sees one class; in 2 it trains as long as the base.
        factor_steps: of an encoder of shapes.
        rounds: how often anything is timed, at most.
        most_rows: how many rows, or images, anything is timed on, at most.
        words: the protocol in one sentence.
    """

    base: TrainConfig
    seeds: int
    own_noise_seeds: int
    outlier_steps: int
    factor_steps: int
    rounds: int
    most_rows: int
    words: str

    def rows(self, asked: int) -> int:
        """As many rows as a question asks for, or as this profile allows."""
        return min(asked, self.most_rows)


_DIGITS = TrainConfig(data=DataConfig(fold=0), steps=700, batch_size=128)
PROFILES = {
    "smoke": Profile(
        base=replace(_DIGITS, steps=30),
        seeds=2,
        own_noise_seeds=2,
        outlier_steps=13,
        factor_steps=30,
        rounds=1,
        most_rows=1024,
        words="30 steps per run, which shows that everything works; the numbers mean nothing",
    ),
    "digits": Profile(
        base=_DIGITS,
        seeds=5,
        own_noise_seeds=3,
        outlier_steps=300,
        factor_steps=400,
        rounds=30,
        most_rows=1_000_000,
        words="digits, d = 2, 700 steps of 128 images, five seeds",
    ),
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


def entries(results: Path) -> list[dict[str, Any]]:
    """The entries of every ``benchmarks*.json`` under ``results``.

    Raises: InvalidInputError: if a file is damaged.
    """
    found = []
    for path in sorted(results.glob("benchmarks*.json")):
        content = read_json(path)
        if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
            raise InvalidInputError(f"expected the JSON of pytest-benchmark; {path} is something else")
        structured(content["benchmarks"], list[_Entry], where=str(path), surplus="ignored")
        found += content["benchmarks"]
    return found


def to_entry(question: str, found: Any) -> dict[str, Any]:
    """The ``extra_info`` that holds a record; :func:`answers` reads it."""
    return {"question": question, **plain(found)}


def answers(results: Path, question: str, kind: type[Answer]) -> list[Answer]:
    """The records in the entries that answer ``question``, in the order of the files.

    Raises: InvalidInputError: if a file is damaged, or an entry is no such record.
    """
    asked = (entry for entry in entries(results) if entry.get("extra_info", {}).get("question") == question)
    return [
        structured(entry["extra_info"], kind, where=f"benchmark {entry.get('name')}", surplus="ignored")
        for entry in asked
    ]


def environment_words(environment: Mapping[str, Any]) -> str:
    """The hardware that made an entry."""
    return environment["accelerator"] or f"{environment['cpu']}, {environment['cores']} cores"
