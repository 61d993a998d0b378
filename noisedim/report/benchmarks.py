"""From benchmarks' JSON files to rows by question. Draws and renders nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noisedim.document.content import Notice, Section
from noisedim.errors import InvalidInputError
from noisedim.files import read_json

__all__ = ["COMMAND", "MethodRow", "absent", "entries", "environment_words", "method_rows"]

COMMAND = "pytest benchmarks --benchmark-json"


@dataclass(frozen=True)
class MethodRow:
    """One method on one data set.

    Attributes:
        info: what the benchmark said of it.
        records: one dictionary a seed.
        failed: seed and error of the runs that failed.
        step_seconds: median seconds of a training step, one thread.
    """

    info: dict[str, Any]
    records: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    step_seconds: float

    @property
    def words(self) -> str:
        """Its name in tables."""
        return str(self.info["words"])

    def values(self, name: str) -> dict[int, float]:
        """A measure by seed, for the seeds that have it."""
        return {row["seed"]: row[name] for row in self.records if row.get(name) is not None}


def entries(results: Path, question: str | None = None, *, group: str | None = None) -> list[dict[str, Any]]:
    """The entries of every ``benchmarks*.json`` under ``results`` that answer ``question`` or are of ``group``.

    Raises: InvalidInputError: if a file is damaged.
    """
    found = []
    for path in sorted(results.glob("benchmarks*.json")):
        content = read_json(path)
        if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
            raise InvalidInputError(f"expected the JSON of pytest-benchmark; {path} is something else")
        for entry in content["benchmarks"]:
            asked = entry.get("extra_info", {}).get("question")
            if (question is None or asked == question) and (group is None or entry.get("group") == group):
                found.append(entry)
    return found


def method_rows(results: Path) -> dict[str, list[MethodRow]]:
    """The compared methods by data set, in the order of the file."""
    rows: dict[str, list[MethodRow]] = {}
    for entry in entries(results, "match"):
        info = entry["extra_info"]
        row = MethodRow(info, info["records"], info["failed"], entry["stats"]["median"])
        rows.setdefault(info["data"], []).append(row)
    return rows


def environment_words(entry: dict[str, Any]) -> str:
    """The hardware of an entry."""
    environment = entry["environment"]
    return environment["accelerator"] or f"{environment['cpu']}, {environment['cores']} cores"


def absent(title: str, files: Sequence[str] = ()) -> Section:
    """A section whose file is not there: says which command makes it."""
    what = " ".join([COMMAND, *files])
    return Section(title, [], [Notice(f"Not measured yet: `{what}` makes what this section reads.")])
