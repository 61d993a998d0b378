"""A study of many short runs: one file holds a record per run, is written after each, and a run in it is not made again.

The runs of the report's own profiles have folders with checkpoints (:mod:`noisedim.runs.store`). A long study makes
hundreds of runs of seconds each, of which only the scores are kept.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from noisedim.checks import one_of
from noisedim.errors import TrainingDivergedError
from noisedim.files import read_json, sole_writer, write_text_atomically
from noisedim.runs.environment import environment
from noisedim.runs.split import RunSplit, split_images
from noisedim.runs.workers import KILLED, in_workers, prepare_worker
from noisedim.schema import SCHEMAS, read_record
from noisedim.training import DataConfig, TrainConfig

__all__ = ["Cell", "Label", "LongStudy", "Scores", "StudyFile", "StudyRecord", "images_of", "make_study", "read_study"]

Label = str | int | float


@dataclass(frozen=True)
class Cell:
    """One run of a study.

    Attributes:
        config: what is trained.
        labels: what varies in the study, by name, for its tables and verdicts.
    """

    config: TrainConfig
    labels: Mapping[str, Label]

    @property
    def words(self) -> str:
        """The run in a few words, for a progress display."""
        return ", ".join(f"{name} {value}" for name, value in self.labels.items())


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What a study measures of one run.

    Attributes:
        n: number of images that judge.
        seconds: CPU time of the training, one thread.
        values: by score, one value per block of test images.
        correct: by probe, which test images it classifies rightly, packed.
        whole: by score, a value that is not measured by block.
    """

    n: int
    seconds: float
    values: dict[str, tuple[float, ...]]
    correct: dict[str, str] = field(default_factory=dict)
    whole: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StudyRecord(Scores):
    """One run of a study as its file holds it.

    Attributes:
        config: digest of its configuration.
        seed: of the configuration.
        labels: those of its :class:`Cell`.
        environment: where it was made, an index into the file's list.
    """

    config: str
    seed: int
    labels: dict[str, Label]
    environment: int


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """The file of a study.

    Attributes:
        study, profile: what was asked for.
        command: makes it again.
        environments: versions, hardware and commit of the runs.
        records: one per run.
    """

    study: str
    profile: str
    command: str
    environments: tuple[dict[str, Any], ...]
    records: tuple[StudyRecord, ...]


@dataclass(frozen=True, kw_only=True)
class LongStudy:
    """What `noisedim study` makes.

    Attributes:
        name: as the command says it.
        question: in a sentence, for the command's help.
        cells: the runs of each profile. Seed by seed, so that a study that was stopped is balanced.
        measure: trains and measures one run, given its cell and the folder of the data sets.
    """

    name: str
    question: str
    cells: Mapping[str, Callable[[], Sequence[Cell]]]
    measure: Callable[[Cell, str | None], Scores]

    def profile(self, name: str) -> list[Cell]:
        """The runs of a profile, each once.

        Raises: InvalidInputError: for an unknown profile.
        """
        cells = self.cells[one_of("profile", name, tuple(self.cells))]()
        return list({cell.config.digest(): cell for cell in cells}.values())

    def file_name(self, profile: str) -> str:
        """Of the records of a profile."""
        return f"{self.name}-{profile}.json"

    def command(self, profile: str) -> str:
        """Makes the records of a profile."""
        return f"noisedim study {self.name} --profile {profile}"


@lru_cache(maxsize=2)
def _split(data: DataConfig, root: str | None) -> RunSplit:
    return split_images(TrainConfig(data=data), root)


def images_of(config: TrainConfig, data_root: str | None) -> RunSplit:
    """The images of a run, read once per process."""
    return _split(config.data, data_root)


def read_study(path: Path) -> StudyFile:
    """The records of a study.

    Raises: InvalidInputError: for a damaged file, by file and field.
    """
    return read_record(path, StudyFile, schema="study", surplus="ignored")


def _one(
    cell: Cell, *, measure: Callable[[Cell, str | None], Scores], root: str | None
) -> tuple[Scores, dict[str, Any]] | str:
    import torch

    torch.set_num_threads(1)
    prepare_worker()
    try:
        return measure(cell, root), environment()
    except TrainingDivergedError as error:
        # It is a result of this cell, and the others go on.
        return str(error)


def _killed(cell: Cell) -> str:
    return KILLED


def make_study(
    study: LongStudy,
    profile: str,
    output: Path,
    *,
    jobs: int = 1,
    data_root: str | Path | None = None,
    on_finished: Callable[[Cell], object] = lambda cell: None,
    on_failed: Callable[[Cell, str], object] = lambda cell, words: None,
) -> tuple[StudyRecord, ...]:
    """Make every run of a profile that ``output`` does not hold yet; the file is written after each run.

    Args:
        study: which.
        profile: key of its ``cells``.
        output: JSON file.
        jobs: runs at a time, one thread each.
        data_root: folder of the data sets; default NOISEDIM_DATA.
        on_finished: called after each run that was made, and for each that was there already.
        on_failed: called with the reason for each run that diverged, or whose process was killed twice.

    Returns: the records of the profile, in its order; none of a run that failed.

    Raises: InvalidInputError: for an unknown profile, a damaged file, or one that another process adds to. DataNotFoundError:
        if the images are not there.
    """
    cells = study.profile(profile)
    with sole_writer(output):
        return _make(study, profile, cells, output, jobs, data_root, on_finished, on_failed)


def _make(
    study: LongStudy,
    profile: str,
    cells: Sequence[Cell],
    output: Path,
    jobs: int,
    data_root: str | Path | None,
    on_finished: Callable[[Cell], object],
    on_failed: Callable[[Cell, str], object],
) -> tuple[StudyRecord, ...]:
    root = os.environ.get("NOISEDIM_DATA") if data_root is None else str(data_root)
    environments: list[dict[str, Any]] = []
    known: dict[str, dict[str, Any]] = {}
    if output.is_file():
        read_study(output)
        stored = SCHEMAS["study"].current(read_json(output), str(output))
        environments = stored["environments"]
        known = {record["config"]: record for record in stored["records"]}
    missing = [cell for cell in cells if cell.config.digest() not in known]
    for cell in cells:
        if cell.config.digest() in known:
            on_finished(cell)
    one = partial(_one, measure=study.measure, root=root)
    for i, answer in in_workers(one, missing, jobs=jobs, failed=_killed):
        cell = missing[i]
        if isinstance(answer, str):
            on_failed(cell, answer)
            continue
        scores, where = answer
        if where not in environments:
            environments.append(where)
        record = StudyRecord(
            **vars(scores),
            config=cell.config.digest(),
            seed=cell.config.seed,
            labels=dict(cell.labels),
            environment=environments.index(where),
        )
        known[record.config] = _rounded(asdict(record))
        about = {
            "study": study.name,
            "profile": profile,
            "command": study.command(profile),
            "environments": environments,
        }
        _write(output, about, list(known.values()))
        on_finished(cell)
    found = {record.config: record for record in read_study(output).records} if output.is_file() else {}
    digests = (cell.config.digest() for cell in cells)
    return tuple(found[digest] for digest in digests if digest in found)


def _rounded(value: Any) -> Any:
    """Numbers to six significant digits: what is measured here has no more, and the files are committed."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(own) for name, own in value.items()}
    return [_rounded(own) for own in value] if isinstance(value, list | tuple) else value


def _write(path: Path, about: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> None:
    """JSON with one record per line: small, and a later run changes no line of an earlier one."""
    lines = [json.dumps(each, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for each in records]
    head = json.dumps(SCHEMAS["study"].stamped(about), ensure_ascii=False, indent=1)[:-2]
    write_text_atomically(path, head + ',\n "records": [\n' + ",\n".join(lines) + "\n ]\n}\n")
