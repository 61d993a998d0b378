"""Figure 1 as a benchmark trained it: one series per data set and objective."""

from dataclasses import dataclass
from pathlib import Path

from noisedim.report.benchmarks import entries, environment_words
from noisedim.report.records import SeedMeasures

__all__ = ["FailedSeed", "Series", "figure_1_series"]


@dataclass(frozen=True)
class FailedSeed:
    """A run of a series that ended in an error."""

    capacity: float
    seed: int
    error: str


@dataclass(frozen=True)
class Series:
    """Runs of one objective on one data set.

    Attributes:
        data, objective, dim, steps, batch_size, protocol: what was trained.
        as_paper: whether data and length of training are the paper's.
        hardware: where, in words.
        groups: one record per seed, by capacity in nats, the smallest first.
        failed: runs that ended in an error.
    """

    data: str
    objective: str
    dim: int
    steps: int
    batch_size: int
    protocol: str
    as_paper: bool
    hardware: str
    groups: dict[float, list[SeedMeasures]]
    failed: list[FailedSeed]


def figure_1_series(results: Path) -> list[Series]:
    """The series in the benchmarks' files under ``results``, in the order of the files."""
    found: dict[tuple[str, str], Series] = {}
    for info in (entry["extra_info"] for entry in entries(results, "figure 1")):
        names = ("data", "objective", "dim", "steps", "batch_size", "protocol", "as_paper")
        series = found.setdefault(
            (info["data"], info["objective"]),
            Series(
                **{name: info[name] for name in names},
                hardware=environment_words(info["environment"]),
                groups={},
                failed=[],
            ),
        )
        own = [SeedMeasures.from_row(record) for record in info["records"]]
        if own:
            series.groups.setdefault(info["capacity"], []).extend(own)
        series.failed.extend(FailedSeed(info["capacity"], each["seed"], each["error"]) for each in info["failed"])
    for series in found.values():
        ordered = sorted(series.groups.items())
        series.groups.clear()
        series.groups.update(ordered)
    return list(found.values())
