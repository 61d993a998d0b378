"""``noisedim table-1``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.report.table_1.plan import PROFILES
from noisedim.training.recipes import PretrainingMethod

__all__ = ["TableOne"]


@dataclass(frozen=True, kw_only=True)
class TableOne:
    """Noise in other methods: SimCLR and VICReg at σ = 0, 0.1, 0.3 and 0.5, the paper's Table 1, for the report.

    If stopped, the same command continues. Example: noisedim table-1 --profile cifar-short --data-root DIR
    """

    profile: Literal[tuple(PROFILES)] = "cifar-short"  # type: ignore[valid-type]
    """smoke: does everything work? cifar-short: a subset of CIFAR-10 (JPEG q75), narrow, half an hour on two cores.
    cifar-jpeg, cifar10, cifar100: Appendix C, 800 epochs, days on a GPU."""
    methods: tuple[PretrainingMethod, ...] | None = None
    """Other methods than the profile's."""
    seeds: int | None = None
    """Another number of seeds."""
    epochs: float | None = None
    """Another length of training."""
    data_root: Path | None = None
    """Folder of the data sets; default NOISEDIM_DATA."""
    runs: Path = DEFAULT_RUNS
    """Folder of the runs."""
    output: Path | None = None
    """JSON file to write; default where the report reads it, next to the folder of the runs."""
    jobs: int | None = None
    """Runs at a time; default 1 on a GPU, otherwise the number of cores."""
    device: Device = "auto"
    """Where to train."""

    def run(self) -> int:
        from noisedim.report.table_1.plan import make_table
        from noisedim.report.table_1.section import effect_words
        from noisedim.runs import RunStore

        output = self.runs.parent / f"table-1-{self.profile}.json" if self.output is None else self.output
        with _progress() as finished:
            table = make_table(
                self.profile,
                RunStore(self.runs),
                output,
                methods=self.methods,
                seeds=self.seeds,
                epochs=self.epochs,
                data_root=None if self.data_root is None else str(self.data_root),
                device=self.device,
                jobs=self.jobs,
                on_finished=finished,
            )
        for failure in table.failed:
            print(f"failed     {failure.method}, seed {failure.seed}: {failure.error}")
        print(f"data       {table.data}; {table.protocol}")
        for method, effects in table.effects.items():
            for effect in effects:
                print(f"{method:<10} σ = {effect.sigma}: {effect_words(effect)}")
        print(f"table      {output}; python -m noisedim.report adds it to the report")
        return 2 if table.failed else 0


@contextmanager
def _progress() -> Iterator[Callable[[object], None]]:
    """A count of finished runs on standard error while open; yields the function that moves it."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.completed:.0f} runs"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("runs", total=None)
        yield lambda outcome: bar.advance(task)
