"""From options to a report on disk: make missing runs, collect, draw, render."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from noisedim.data import load_images
from noisedim.errors import InvalidInputError
from noisedim.report.content import Sources
from noisedim.report.profiles import Plan, make_plan
from noisedim.report.render import render
from noisedim.runs import RunStore
from noisedim.runs.sweep import SweepOutcome, available_cores, make_runs

__all__ = ["ReportOptions", "write_report"]


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Bring the report up to date: make the runs it lacks, then write index.html, README.md and figures."""

    profile: Literal["smoke", "quick", "paper"] = "quick"
    """smoke: does everything work? quick: minutes on two cores. paper: the protocol of Appendix C, hours on a GPU."""
    data: Literal["digits", "mnist", "fashion-mnist"] = "digits"
    """Data set; digits are part of the installation."""
    data_root: Path | None = None
    """Folder of the data sets in torchvision's layout; NOISEDIM_DATA if omitted."""
    output: Path = Path("reports")
    """Folder to write to; runs are kept in its subfolder results/runs."""
    run: bool = True
    """Make missing runs; with --no-run only render what is there."""
    jobs: int | None = None
    """Runs at a time; the number of cores if omitted."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""


def write_report(options: ReportOptions) -> int:
    """Write the report and say where; returns the exit code 0.

    Raises: DataNotFoundError, InvalidInputError, StorageError: as their makers say; nothing is half-written.
    """
    plan = make_plan(options.profile, options.data)
    store = RunStore(options.output / "results" / "runs")
    failed: list[SweepOutcome] = []
    if options.run:
        load_images(options.data, root=options.data_root)  # absent data is found out before anything is trained
        failed = _make_missing(plan, store, options)
    if not any(store.open(config).is_complete for config in plan.configs):
        raise InvalidInputError(
            f"expected runs of the {options.profile} profile on {options.data} in {store.root}; there are none. "
            "Run without --no-run to make them"
        )
    words = [f"{outcome.config.title}: {outcome.error}" for outcome in failed]
    path = render(Sources(plan, store, options.output / "results"), words, options.output)
    print(f"report: {path}")
    return 0


def _make_missing(plan: Plan, store: RunStore, options: ReportOptions) -> list[SweepOutcome]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    unique = {config.digest(): config for config in plan.configs}
    missing = [config for config in unique.values() if not store.open(config).is_complete]
    if not missing:
        return []
    console = Console(stderr=True)
    jobs = options.jobs if options.jobs is not None else available_cores()
    console.print(f"{len(missing)} of {len(unique)} runs to make, {jobs} at a time; stop and start again at will")
    columns = (
        TextColumn("runs"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[last]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("runs", total=len(missing), last="")

        def finished(outcome: SweepOutcome) -> None:
            last = f"last: {outcome.config.title}"
            bar.update(task, advance=1, last=last if outcome.error is None else f"{last}: FAILED")

        outcomes = make_runs(
            missing,
            store,
            data_root=None if options.data_root is None else str(options.data_root),
            device=options.device,
            jobs=jobs,
            on_finished=finished,
        )
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failed:
        console.print(f"failed: {outcome.error}", style="bold", highlight=False)
    return failed
