"""The progress of one training run: loss, information compared with the capacity, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from noisedim.progress import progress_display
from noisedim.training.loop import Progress
from noisedim.training.resumable import RunConfig

__all__ = ["training_progress"]


@contextmanager
def training_progress(config: RunConfig) -> Iterator[Callable[[Progress], None]]:
    """A display on standard error while open, from the first figures on; yields the function that moves it."""
    with progress_display("training", config.steps) as display:
        warned = False

        def show(progress: Progress) -> None:
            nonlocal warned
            if progress.warning is not None and not warned:
                # Once: the figures of every step are in the run's metrics.
                warned = True
                display.say(f"warning: step {progress.step}: {progress.warning}")
            figures = f"loss {progress.loss:+.3f}"
            if progress.bound == progress.bound:  # NaN: this objective estimates no information
                # Of one batch it is an estimate, which may exceed the capacity that the information itself never does.
                information = min(progress.bound, progress.capacity)
                figures += f", information {information:.2f} of {progress.capacity:.2f} nats"
            display.update(progress.step, figures)

        yield show
