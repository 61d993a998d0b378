"""What ``pytest benchmarks`` says of each contestant: quality from the study's records, and which configuration it times."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import exp, sqrt
from pathlib import Path
from typing import Any

from noisedim.downstream.probes import PROBE_NAMES
from noisedim.report.methods.plan import CONTESTANTS, STUDY, Case, case_of
from noisedim.report.methods.verdicts import LEAST_SQUARE, Curve, best_accuracy, curves_of, distance_at
from noisedim.runs.studies.long_study import StudyFile, read_study
from noisedim.statistics.equivalence import CrossedMean
from noisedim.training import TrainConfig

__all__ = ["accuracy_entry", "match_entry", "timed_config"]

Measured = Callable[[Case, Mapping[str, Curve]], dict[str, Any]]

# Steps of a trainer that is timed: more than any timing takes.
_STEPS = 1_000_000


def timed_config(method: str) -> TrainConfig:
    """The study's configuration of a contestant in dimension 8, in the middle of its dial."""
    cells = [cell for cell in STUDY.cells["mnist"]() if cell.labels["method"] == method and cell.config.seed == 0]
    return replace(cells[len(cells) // 2].config, steps=_STEPS)


def match_entry(method: str, results: Path) -> dict[str, Any]:
    """How well a contestant matches the prior: sliced W₂ over its dial, and where it comes up to the study's accuracies.

    Args:
        method: key of :data:`~noisedim.report.methods.plan.CONTESTANTS`.
        results: folder of the study's files.
    """
    return _entry("match", method, results, _match)


def accuracy_entry(method: str, results: Path) -> dict[str, Any]:
    """How accurate a contestant is on the images that judge, by probe: the best over its dial."""
    return _entry("downstream", method, results, _accuracies)


def _entry(question: str, method: str, results: Path, measured: Measured) -> dict[str, Any]:
    found, missing = [], []
    for profile in STUDY.cells:
        planned = profile != "smoke" and any(cell.labels["method"] == method for cell in STUDY.cells[profile]())
        if not planned:
            continue
        path, command = results / STUDY.file_name(profile), STUDY.command(profile)
        file = read_study(path) if path.is_file() else None
        own = [] if file is None else _cases(file, profile, method, measured)
        found += own
        if not own:
            missing.append(f"{path.name} holds no seed of {method!r} with its whole dial; `{command}` makes it")
    contestant = CONTESTANTS[method]
    return {
        "question": question,
        "method": method,
        "words": contestant.words,
        "family": contestant.family,
        "dial": contestant.dial,
        "found": found,
        "missing": missing,
    }


def _cases(file: StudyFile, profile: str, method: str, measured: Measured) -> list[dict[str, Any]]:
    records = [record for record in file.records if record.labels["method"] == method]
    found = []
    for dim in sorted({int(record.labels["dim"]) for record in records}):
        own = [record for record in records if record.labels["dim"] == dim]
        curves = {probe: curves_of(own, dim=dim, probe=probe).get(method) for probe in PROBE_NAMES}
        curve = curves["knn"]
        if curve is None:
            continue
        case = case_of(profile, dim)
        found.append(
            {
                "dim": dim,
                "encoder": case.encoder,
                "folds": case.folds,
                "repeats_convnet": case.repeats_convnet,
                "command": file.command,
                "commits": sorted({str(file.environments[record.environment].get("commit")) for record in own}),
                "n": own[0].n,
                "seeds": list(curve.seeds),
                "dial_values": list(curve.dial),
                **measured(case, {probe: each for probe, each in curves.items() if each is not None}),
            }
        )
    return found


def _match(case: Case, curves: Mapping[str, Curve]) -> dict[str, Any]:
    curve = curves["knn"]
    return {
        "sliced_w2": [sqrt(max(LEAST_SQUARE, square)) for square in curve.squared.mean((1, 2))],
        "sliced_w2_at_accuracy": {
            f"{level:g}": _interval(distance_at(curve, level), transformed=exp) for level in case.levels
        },
    }


def _accuracies(case: Case, curves: Mapping[str, Curve]) -> dict[str, Any]:
    return {
        "accuracy": {probe: curve.accuracy.mean((1, 2)).tolist() for probe, curve in curves.items()},
        "best_accuracy": {probe: _interval(best_accuracy(curve)) for probe, curve in curves.items()},
    }


def _interval(found: CrossedMean | None, *, transformed: Callable[[float], float] = float) -> dict[str, float] | None:
    """95%, over seeds and the images that judge; None where a curve does not surely come up to the accuracy."""
    if found is None:
        return None
    ends = found.interval()
    return {name: transformed(getattr(ends, name)) for name in ("estimate", "lower", "upper")}
