"""From benchmarks' JSON files to typed rows by question. Draws and renders nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from noisedim.document.content import Notice, Section, Statement
from noisedim.errors import InvalidInputError
from noisedim.files import read_json
from noisedim.runs.compare import TUNING_SEED
from noisedim.schema import refusing, structured

__all__ = [
    "COMMAND",
    "EqualTime",
    "FailedRun",
    "MethodRow",
    "SeedRow",
    "Stability",
    "absent",
    "entries",
    "environment_words",
    "method_rows",
]

COMMAND = "pytest benchmarks --benchmark-json"


@dataclass(frozen=True)
class FailedRun:
    """A run that ended in an error, by its seed."""

    seed: int
    error: str


@dataclass(frozen=True, kw_only=True)
class Stability:
    """Mean similarity of held-out embeddings over pairs of seeds; 1 for equal ones up to rotation."""

    procrustes: float
    cka: float


@dataclass(frozen=True, kw_only=True)
class SeedRow:
    """What one seed of a compared method found on held-out images.

    Attributes:
        seed: of the run.
        n: images that judge.
        rejected: whether the battery rejects the prior.
        n_star: sample size at which the battery tells the embedding from the prior half of the time; None if none does.
        d2, sliced_w2: distances from the prior.
        index_henze_zirkler: the paper's index.
        information: lower bound, nats; None where none is computed.
        knn, naive_bayes, mlp, linear: accuracies.
        silhouette: of the classes.
        label_curve: accuracy by number of labels per class.
    """

    seed: int
    n: int
    rejected: bool
    d2: float
    sliced_w2: float
    knn: float
    n_star: float | None = None
    index_henze_zirkler: float | None = None
    information: float | None = None
    naive_bayes: float | None = None
    mlp: float | None = None
    linear: float | None = None
    silhouette: float | None = None
    label_curve: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EqualTime:
    """The same method with as many steps as the closed-form dual's time allows.

    Attributes:
        steps: of each run; None if the method has none.
        records: one per seed.
        failed: runs that ended in an error.
    """

    steps: int | None
    records: tuple[SeedRow, ...]
    failed: tuple[FailedRun, ...]


@dataclass(frozen=True, kw_only=True)
class MethodRow:
    """One method on one data set.

    Attributes:
        method: its key among the methods.
        words: its name in tables.
        family: noise injection, or what it is otherwise.
        injects_noise: whether it is the paper's method in one of its forms.
        knob: name of what was tuned.
        settings: the configuration that tuning took; None if every candidate failed.
        data, dim, steps, batch_size, protocol, tuning_rule: what all methods have in common.
        records: one per seed.
        failed: runs that ended in an error.
        stability: of its embeddings over seeds; None with fewer than two.
        peak_bytes: of training; None where it cannot be read.
        equal_time: the method at equal time.
        environment: where the benchmark ran.
        step_seconds: median seconds of a training step, one thread.
    """

    method: str
    words: str
    family: str
    injects_noise: bool
    knob: str
    settings: Mapping[str, Any] | None
    data: str
    dim: int
    steps: int
    batch_size: int
    protocol: str
    tuning_rule: str
    records: tuple[SeedRow, ...]
    failed: tuple[FailedRun, ...]
    stability: Stability | None = None
    peak_bytes: int | None = None
    equal_time: EqualTime
    environment: Mapping[str, Any]
    step_seconds: float

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Self:
        """From a benchmark's entry."""
        where = f"benchmark {entry.get('name')}"
        with refusing(where):
            own = {**entry["extra_info"], "step_seconds": entry["stats"]["median"]}
        return structured(own, cls, where=where, surplus="ignored")

    @property
    def seeds(self) -> int:
        """How many seeds were to judge, those that failed among them."""
        return len(self.records) + sum(failure.seed < TUNING_SEED for failure in self.failed)

    @property
    def passed(self) -> int:
        """How many seeds the battery does not reject."""
        return sum(not record.rejected for record in self.records)

    def values(self, name: str) -> dict[int, float]:
        """A measure by seed, for the seeds that have it."""
        found = {row.seed: getattr(row, name) for row in self.records}
        return {seed: value for seed, value in found.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What every entry of pytest-benchmark's JSON has."""

    name: str = ""
    group: str | None = None
    stats: dict[str, Any] = field(default_factory=dict)
    extra_info: dict[str, Any] = field(default_factory=dict)


def entries(results: Path, question: str | None = None, *, group: str | None = None) -> list[dict[str, Any]]:
    """The entries of every ``benchmarks*.json`` under ``results`` that answer ``question`` or are of ``group``.

    Raises: InvalidInputError: if a file is damaged.
    """
    found = []
    for path in sorted(results.glob("benchmarks*.json")):
        content = read_json(path)
        if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
            raise InvalidInputError(f"expected the JSON of pytest-benchmark; {path} is something else")
        structured(content["benchmarks"], list[_Entry], where=str(path), surplus="ignored")
        for entry in content["benchmarks"]:
            asked = entry.get("extra_info", {}).get("question")
            if (question is None or asked == question) and (group is None or entry.get("group") == group):
                found.append(entry)
    return found


def method_rows(results: Path) -> dict[str, list[MethodRow]]:
    """The compared methods by data set, in the order of the file."""
    rows: dict[str, list[MethodRow]] = {}
    for entry in entries(results, "match"):
        row = MethodRow.from_entry(entry)
        rows.setdefault(row.data, []).append(row)
    return rows


def environment_words(environment: Mapping[str, Any]) -> str:
    """The hardware that made an entry."""
    return environment["accelerator"] or f"{environment['cpu']}, {environment['cores']} cores"


def absent(title: str, files: Sequence[str] = (), *, statement: str = "", rank: int = 100) -> Section:
    """A section whose file is not there: says which command makes it, and that its statement, if any, is not tested."""
    what = " ".join([COMMAND, *files])
    untested = [Statement(statement, "not tested", "", "", f"`{what}`", rank)] if statement else []
    notice = Notice(f"Not measured yet: `{what}` makes what this section reads.")
    return Section(title, [], [notice], statements=untested)
