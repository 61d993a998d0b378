"""``noisedim sweep``."""

from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.errors import InvalidInputError
from noisedim.runs.presets import PRESETS
from noisedim.training.config import TrainConfig

__all__ = ["Sweep"]

# Fields of the configuration that a grid sets, and the option that sets them.
_SET_BY_THE_GRID = {
    "seed": "--seeds",
    "data.name": "--data",
    "prior": "--methods",
    "objective.name": "--methods",
    "gaussianise": "--methods",
    "noise.sigma": "--capacities",
    "noise.epsilon": "--capacities",
    "noise.capacity": "--capacities",
}


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Make every run of a grid: method × capacity × seed × data. If it is interrupted, the same command resumes it.

    Examples: noisedim sweep --methods dual infonce --capacities 1 2 4 --seeds 0 1 2, or
    noisedim sweep --methods dual --data mnist --backend dask --address tcp://127.0.0.1:8786.
    """

    methods: tuple[Literal[tuple(PRESETS)], ...] = ("dual",)  # type: ignore[valid-type]
    """Which methods, with their usual settings."""
    capacities: tuple[float, ...] = ()
    """Capacities of the channel in nats; default each method's own noise level. Only for noise injection."""
    seeds: tuple[int, ...] = (0,)
    """Seeds."""
    data: Annotated[tuple[str, ...], tyro.conf.arg(aliases=["--dataset"])] = ("digits",)
    """Data sets: digits, mnist, fashion-mnist, or paths of .npy/.npz files."""
    base: Annotated[TrainConfig, tyro.conf.arg(prefix_name=True)] = field(default_factory=TrainConfig)
    """All else that the runs have in common; what the grid sets itself is refused here."""
    data_root: Path | None = None
    """Folder of the data sets in torchvision's layout; default NOISEDIM_DATA."""
    runs: Path = DEFAULT_RUNS
    """Folder of the runs."""
    table: Path | None = None
    """.csv file for all runs of the folder, one row per run."""
    jobs: int | None = None
    """Runs at a time; default the number of cores, or all workers of a cluster."""
    backend: Literal["local", "dask", "ray"] = "local"
    """Where to work: processes of this machine, or a cluster."""
    address: str | None = None
    """The cluster's scheduler."""
    device: Device = "auto"
    """Where to train: auto, cpu, cuda, cuda:N or mps."""

    def configs(self) -> list[TrainConfig]:
        """The grid, seeds innermost.

        Raises: InvalidInputError: for an option of ``base`` that the grid or one of its methods sets.
        """
        from noisedim.runs.presets import configure, with_capacity

        self._check_base()
        grid = []
        for name in self.data:
            for method in self.methods:
                own = configure(method, replace(self.base, data=replace(self.base.data, name=name)))
                levels = [with_capacity(own, capacity) for capacity in self.capacities] or [own]
                grid += [replace(config, seed=seed) for config in levels for seed in self.seeds]
        return grid

    def _check_base(self) -> None:
        from noisedim.runs.presets import PRESETS

        usual = TrainConfig()
        for path, instead in _SET_BY_THE_GRID.items():
            if (given := attrgetter(path)(self.base)) != attrgetter(path)(usual):
                option = f"--base.{path.replace('_', '-')}"
                raise InvalidInputError(f"{option} is set by the grid: say {instead} instead; got {given!r}")
        for method in self.methods:
            for name, own in PRESETS[method][1].options.items():
                given = getattr(self.base.objective, name)
                if given not in (getattr(usual.objective, name), own):
                    option = f"--base.objective.{name.replace('_', '-')}"
                    raise InvalidInputError(f"{option} is {own!r} in method {method!r}; got {given!r}")

    def run(self) -> int:
        """Make the runs that are missing and write their table; 2 if one failed."""
        from noisedim.files import write_text_atomically
        from noisedim.progress import progress_display
        from noisedim.runs import RunStore
        from noisedim.runs.sweep import make_runs

        store, configs = RunStore(self.runs), self.configs()
        where: dict[str, Any] = {
            "data_root": None if self.data_root is None else str(self.data_root),
            "device": self.device,
        }
        with progress_display("runs", len(configs)) as display:
            display.start()
            outcomes = make_runs(
                configs,
                store,
                **where,
                jobs=self.jobs,
                backend=self.backend,
                address=self.address,
                on_finished=lambda outcome: display.advance(outcome.words),
            )
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        for outcome in failed:
            print(f"failed     {outcome.config.title}: {outcome.error}")
        print(f"runs       {len(outcomes) - len(failed)} of {len(outcomes)} in {self.runs}")
        if self.table is not None:
            write_text_atomically(self.table, store.load().to_csv(index=False))
            print(f"table      {self.table}")
        return 2 if failed else 0
