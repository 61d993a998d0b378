"""``noisedim table-1``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.report.table_1.plan import PROFILES
from noisedim.training.recipes import METHOD_NAMES

__all__ = ["TableOne"]


@dataclass(frozen=True, kw_only=True)
class TableOne:
    """Noise in other methods: SimCLR and VICReg at σ = 0, 0.1, 0.3 and 0.5, the paper's Table 1, for the report.

    If it is interrupted, the same command resumes it. Example: noisedim table-1 --profile cifar-small --data-root DIR
    """

    profile: Literal[tuple(PROFILES)] = "cifar-small"  # type: ignore[valid-type]
    """smoke: does everything work? cifar-small: CIFAR-10 (JPEG q75) at 16×16 pixels, narrow; 40 runs of half an
    hour to an hour on one core, each kept as it is made. cifar-jpeg, cifar10, cifar100: Appendix C, 800 epochs, days
    on a GPU."""
    methods: tuple[Literal[METHOD_NAMES], ...] | None = None  # type: ignore[valid-type]
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
    """Where to train: auto, cpu, cuda, cuda:N or mps."""

    def run(self) -> int:
        """Make the runs that are missing and print the effects of noise."""
        from noisedim.checks import positive_integer
        from noisedim.progress import progress_display
        from noisedim.report.table_1.plan import make_table
        from noisedim.report.table_1.section import effect_words
        from noisedim.runs import RunStore

        if self.seeds is not None:
            positive_integer("seeds", self.seeds)
        output = self.runs.parent / f"table-1-{self.profile}.json" if self.output is None else self.output
        with progress_display("runs", None) as display:
            display.start()
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
                on_finished=lambda outcome: display.advance(outcome.words),
            )
        for failure in table.failed:
            print(f"failed     {failure.method}, seed {failure.seed}: {failure.error}")
        print(f"data       {table.data}; {table.protocol}")
        for method, effects in table.effects.items():
            for effect in effects:
                print(f"{method:<10} σ = {effect.sigma}: {effect_words(effect)}")
        print(f"table      {output}; python -m noisedim.report adds it to the report")
        return 2 if table.failed else 0
