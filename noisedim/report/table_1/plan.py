"""Table 1: which runs it takes, by profile, and how its file is made from them.

Each method is trained with several noise levels and the same seeds; the question is the difference of a level from σ = 0,
seed by seed, in the top-1 accuracy of an offline linear probe on the backbone's features.

``cifar-small`` is what a CPU can do: as narrow a ResNet-18, and images as small, as may give SimCLR 55%. Its length was chosen
with seed 100 on a fifth of the training images that was held out, SimCLR without noise: .426 after 2 epochs of the other four
fifths, .502 after 10. Larger crops (from a fifth of the image) gave .469 after 5 epochs, a base rate of 1 besides gave .454.
Five seeds, by simulation: where one run in four differs at an image and seeds scatter by .4 points or less, a difference of
zero is found to be within two points with a chance of 77% or more at each of six levels, and one of two points in at most 5%
of tables, however seeds and images share the error. Eight were planned before, with the degrees of freedom of the seeds alone;
by then one run was made, which is no pair.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.files import sole_writer
from noisedim.report.table_1.records import FailedTableRun, NoiseTable, TableRecord
from noisedim.report.table_1.verdicts import ALPHA, noise_effects
from noisedim.runs.store import RunStore
from noisedim.runs.sweep import SweepOutcome, make_runs
from noisedim.training import DataConfig, TrainConfig
from noisedim.training.execution import Execution, resolve_device
from noisedim.training.recipes import pretraining, with_epochs

__all__ = ["PROFILES", "SIGMAS", "TableProfile", "make_table", "table_configs"]

Grid = Mapping[str, Mapping[float, Sequence[TrainConfig]]]

SIGMAS = (0.0, 0.1, 0.3, 0.5)


@dataclass(frozen=True)
class TableProfile:
    """How much is trained.

    Attributes:
        data: which images; the judge is their test split.
        images: how many train, which the epochs are counted in.
        epochs: passes over them.
        seeds: how many.
        methods: by the names of :data:`~noisedim.training.recipes.METHOD_NAMES`.
        margin: of equivalence, as a share of the test images; stated before anything is trained.
        words: the protocol in one sentence.
        changes: what differs from Appendix C, by field of the configuration.
        narrow_head: widths of the head's layers where the backbone is narrow, for all methods; the paper's if 0.
        comparable: whether its figures may stand next to the paper's.
        execution: how the encoder is computed; the plain way if omitted.
    """

    data: DataConfig
    images: int
    epochs: float
    seeds: int
    methods: tuple[str, ...]
    margin: float
    words: str
    changes: Mapping[str, Any]
    narrow_head: int = 0
    comparable: bool = False
    execution: Execution | None = None


_BOTH = ("simclr", "vicreg")
PROFILES: dict[str, TableProfile] = {
    "smoke": TableProfile(
        DataConfig(name="digits", fold=0, limit=400),
        320,
        1,
        2,
        _BOTH,
        0.05,
        "a few steps on digits: does everything work? Its figures mean nothing",
        {"width": 4, "batch_size": 64},
        narrow_head=32,
    ),
    "cifar-small": TableProfile(
        DataConfig(name="cifar10-jpeg", test_split=True, size=16),
        50_000,
        25,
        5,
        _BOTH,
        0.02,
        "shortened for a CPU: CIFAR-10 (JPEG q75), all 50,000 training images reduced to 16×16 pixels, 25 epochs of 256, "
        "ResNet-18 of a quarter of the width (16 channels in the first stage, 128 features), heads [256, 64] and "
        "[256, 256, 256], five seeds; all else as Appendix C",
        {"width": 16},
        narrow_head=256,
        execution=Execution(channels_last=True),
    ),
    "cifar-jpeg": TableProfile(
        DataConfig(name="cifar10-jpeg", test_split=True),
        50_000,
        800,
        5,
        _BOTH,
        0.01,
        "Appendix C on CIFAR-10 (JPEG q75), five seeds: other images than the paper's, not comparable with its figures",
        {},
    ),
    "cifar10": TableProfile(
        DataConfig(name="cifar10", test_split=True),
        50_000,
        800,
        5,
        _BOTH,
        0.01,
        "Appendix C on CIFAR-10, five seeds",
        {},
        comparable=True,
    ),
    "cifar100": TableProfile(
        DataConfig(name="cifar100", test_split=True),
        50_000,
        800,
        5,
        _BOTH,
        0.01,
        "Appendix C on CIFAR-100, five seeds",
        {},
        comparable=True,
    ),
}


def table_configs(
    profile: TableProfile,
    *,
    methods: Sequence[str] | None = None,
    seeds: int | None = None,
    epochs: float | None = None,
) -> dict[str, dict[float, list[TrainConfig]]]:
    """The runs, by method and noise level, one per seed."""
    grid: dict[str, dict[float, list[TrainConfig]]] = {}
    for method in profile.methods if methods is None else methods:
        grid[method] = {}
        for sigma in SIGMAS:
            config = replace(pretraining(method, profile.data, sigma=sigma), **profile.changes)
            if profile.narrow_head:
                wide = profile.narrow_head
                dim = wide // 4 if len(config.head) == 1 else wide
                config = replace(config, head=(wide,) * len(config.head), dim=dim)
            config = with_epochs(config, profile.images, epochs=profile.epochs if epochs is None else epochs)
            grid[method][sigma] = [
                replace(config, seed=seed) for seed in range(profile.seeds if seeds is None else seeds)
            ]
    return grid


def make_table(
    name: str,
    store: RunStore,
    output: Path,
    *,
    methods: Sequence[str] | None = None,
    seeds: int | None = None,
    epochs: float | None = None,
    data_root: str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    on_finished: Callable[[SweepOutcome], None] | None = None,
) -> NoiseTable:
    """Make the runs that neither the table's file nor the store holds, and write the file after each.

    Args:
        name: of a profile.
        store: where runs are kept.
        output: JSON file to write.
        methods, seeds, epochs: instead of the profile's; the protocol's words then say so.
        data_root: folder of the data sets.
        device: where to train.
        jobs: runs at a time; default 1 on a GPU, which one run keeps busy, otherwise the number of cores.
        on_finished: called as each run ends.

    Returns: what was written.

    Raises: InvalidInputError: for an unknown profile or method, a file of other runs, or one that another process
        adds to. StorageError: if it can't be written.
    """
    profile = PROFILES[one_of("profile", name, tuple(PROFILES))]
    grid = table_configs(profile, methods=methods, seeds=seeds, epochs=epochs)
    changed = {"methods": methods and " and ".join(methods), "seeds": seeds, "epochs": epochs}
    named = ", ".join(f"{key} = {value}" for key, value in changed.items() if value is not None)
    words = profile.words + (f"; but changed: {named}" if named else "")
    profile = replace(profile, words=words, comparable=profile.comparable and not named)
    if jobs is None and resolve_device(device).type == "cuda":
        jobs = 1

    with sole_writer(output):
        sheet = _Sheet(name, profile, grid, output)

        def finished(outcome: SweepOutcome) -> None:
            sheet.add(outcome)
            # After each run: whoever stops this has the table so far, and no need of the runs' folders.
            sheet.write()
            if on_finished is not None:
                on_finished(outcome)

        # Before the first run: that the file can't be written is to be known now.
        sheet.write()
        make_runs(
            sheet.missing(),
            store,
            data_root=data_root,
            device=device,
            execution=profile.execution,
            jobs=jobs,
            on_finished=finished,
        )
        return sheet.write()


class _Sheet:
    """A table while its runs are made: those that its file holds, and those that end.

    Raises: InvalidInputError: where the file holds other runs, which writing it would lose.
    """

    def __init__(self, name: str, profile: TableProfile, grid: Grid, output: Path) -> None:
        self.name, self.profile, self.grid, self.output = name, profile, grid, output
        # By digest, in the order of the table.
        self.places = {
            config.digest(): (method, sigma, config)
            for method, by_sigma in grid.items()
            for sigma, configs in by_sigma.items()
            for config in configs
        }
        self.known: dict[str, TableRecord] = {}
        self.failed: list[FailedTableRun] = []
        if not output.is_file():
            return
        records = NoiseTable.read(output).records
        if any(not record.config for record in records):
            raise InvalidInputError(
                f"{output} was written before tables held their runs' configurations; move it: complete runs in the store are "
                "used again"
            )
        self.known = {record.config: record for record in records}
        if surplus := len(self.known.keys() - self.places.keys()):
            raise InvalidInputError(
                f"{output} holds {surplus} runs that this table does not have; name another file with --output, or move "
                "that one"
            )

    def missing(self) -> list[TrainConfig]:
        """Method by method, and in each seed by seed: a table cut short has whole methods, or whole pairs of one."""
        runs = [(method, config) for digest, (method, _, config) in self.places.items() if digest not in self.known]
        methods = list(self.grid)
        return [config for _, config in sorted(runs, key=lambda run: (methods.index(run[0]), run[1].seed))]

    def add(self, outcome: SweepOutcome) -> None:
        digest = outcome.config.digest()
        method, sigma, config = self.places[digest]
        if outcome.folder is None:
            self.failed.append(FailedTableRun(method, config.seed, outcome.error or ""))
        else:
            self.known[digest] = TableRecord.of(outcome.folder, method=method, sigma=sigma, seed=config.seed)

    def write(self) -> NoiseTable:
        """Effects and verdicts of the complete runs, and the failed ones by name; to the file, too."""
        records = [self.known[digest] for digest in self.places if digest in self.known]
        hits: dict[str, dict[float, dict[int, np.ndarray]]] = {}
        for record in records:
            hits.setdefault(record.method, {}).setdefault(record.sigma, {})[record.seed] = record.hits
        effects = noise_effects(
            {method: own for method, own in hits.items() if 0.0 in own},
            margin=self.profile.margin,
            planned=len(self.grid) * (len(SIGMAS) - 1),
            seeds=min(len(configs) for own in self.grid.values() for configs in own.values()),
        )
        first = next(config for _, _, config in self.places.values())
        table = NoiseTable(
            profile=self.name,
            protocol=self.profile.words,
            comparable=self.profile.comparable,
            data=records[0].data if records else first.data.name,
            n_test=records[0].n if records else None,
            margin=self.profile.margin,
            alpha=ALPHA,
            methods=tuple(self.grid),
            sigmas=SIGMAS,
            steps=first.steps,
            records=tuple(records),
            effects={method: tuple(own) for method, own in effects.items()},
            missing=len(self.places) - len(records),
            failed=tuple(self.failed),
            settings={method: next(iter(own.values()))[0].to_dict() for method, own in self.grid.items()},
        )
        table.write(self.output)
        return table
