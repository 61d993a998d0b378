"""A progress display for one training run: loss, information against capacity, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from noisedim.training.loop import Progress
from noisedim.training.resumable import RunConfig

__all__ = ["training_progress"]


@contextmanager
def training_progress(config: RunConfig) -> Iterator[Callable[[Progress], None]]:
    """Shows a bar on standard error, from the first figures on while open; yields the function that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    bar = Bar(*columns, console=Console(stderr=True))
    task = bar.add_task("training", total=config.steps, figures="")

    told = False

    def show(progress: Progress) -> None:
        nonlocal told
        bar.start()
        if progress.warning is not None and not told:
            # Once: the figures of every step are in the run's metrics.
            told = True
            bar.console.print(f"warning: step {progress.step}: {progress.warning}", style="bold", highlight=False)
        figures = f"loss {progress.loss:+.3f}"
        if progress.bound == progress.bound:  # NaN: this objective estimates no information
            figures += f"  information {progress.bound:.2f} of {progress.capacity:.2f} nats"
        bar.update(task, completed=progress.step, figures=figures)

    try:
        yield show
    finally:
        bar.stop()
