"""One progress display for everything that takes long: a bar on a terminal, plain lines elsewhere.

It writes to standard error. Where that is no terminal (a log file, ``nohup``, a batch system), a line is printed at the
start, at the end, and every half minute in between, also while nothing advances.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ProgressDisplay", "completed_step", "progress_display", "progress_of_steps", "without_steps"]

_SECONDS_BETWEEN_LINES = 30.0
_SECONDS_BEFORE_STEPS = 3.0

_on_step: ContextVar[Callable[[str], None] | None] = ContextVar("on_step", default=None)


class _View(Protocol):
    """How a display shows itself."""

    def start(self, completed: int) -> None: ...

    def show(self, completed: int, note: str) -> None: ...

    def say(self, text: str) -> None: ...

    def stop(self) -> None: ...


class ProgressDisplay:
    """How far some work has come.

    Nothing is shown before the first call of any method, so that a process that has nothing to report stays silent.
    """

    def __init__(self, view: _View) -> None:
        self._view = view
        self._started = False
        self._completed = 0

    def start(self) -> None:
        """Show the display now, with nothing completed."""
        self._start(0)

    def update(self, completed: int, note: str = "") -> None:
        """Show that ``completed`` units are done; ``note`` is a few words about the last one."""
        self._start(completed)
        self._completed = completed
        self._view.show(completed, note)

    def advance(self, note: str = "") -> None:
        """Show that one more unit is done."""
        self.update(self._completed + 1, note)

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.start()
        self._view.say(text)

    def _start(self, completed: int) -> None:
        if not self._started:
            self._started = True
            self._view.start(completed)

    def stop(self) -> None:
        """End the display; what it showed last stays."""
        if self._started:
            self._view.stop()


@contextmanager
def progress_display(
    what: str,
    total: int | None,
    *,
    file: TextIO | None = None,
    seconds_between_lines: float = _SECONDS_BETWEEN_LINES,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[ProgressDisplay]:
    """A display while open.

    Args:
        what: the units that are counted, such as ``runs``.
        total: how many there are; None if unknown.
        file: where to write; standard error if omitted.
        seconds_between_lines: where the file is no terminal.
        clock: tells seconds.
    """
    from rich.console import Console

    console = Console(file=file, stderr=file is None)
    view: _View
    if console.is_terminal:
        view = _Bar(what, total, console)
    else:
        view = _Lines(what, total, sys.stderr if file is None else file, seconds_between_lines, clock)
    display = ProgressDisplay(view)
    try:
        yield display
    finally:
        display.stop()


def completed_step(name: str) -> None:
    """Tell whoever shows progress, if anyone does, that a step of the work is done."""
    if (on_step := _on_step.get()) is not None:
        on_step(name)


@contextmanager
def without_steps(name: str) -> Iterator[None]:
    """What is done inside counts as one step, whatever steps it has itself."""
    token = _on_step.set(None)
    try:
        yield
    finally:
        _on_step.reset(token)
    completed_step(name)


@contextmanager
def progress_of_steps(
    what: str, total: int, *, file: TextIO | None = None, seconds_before: float = _SECONDS_BEFORE_STEPS
) -> Iterator[None]:
    """Show how many of about ``total`` steps are done inside, if they take longer than ``seconds_before``.

    Args:
        what: the steps in words.
        total: how many there are at most.
        file: where to write; standard error if omitted.
        seconds_before: work that is over by then shows nothing.
    """
    lock, done = threading.Lock(), [0]
    with progress_display(what, total, file=file) as display:

        def show(name: str) -> None:
            with lock:
                if shown.is_set():
                    display.update(min(done[0], total), name)

        def begin() -> None:
            shown.set()
            show("")

        def count(name: str) -> None:
            done[0] += 1
            show(name)

        shown = threading.Event()
        timer = threading.Timer(seconds_before, begin)
        timer.daemon = True
        timer.start()
        token = _on_step.set(count)
        try:
            yield
            done[0] = total
        finally:
            _on_step.reset(token)
            timer.cancel()
            timer.join()
            show("done" if done[0] == total else "")


class _Bar:
    """A bar with counts and times."""

    def __init__(self, what: str, total: int | None, console: "Console") -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        # Redirected, what is printed to standard output would end up on standard error.
        self._bar = Progress(*columns, console=console, redirect_stdout=False)
        self._task = self._bar.add_task(what, total=total, note="", start=False)

    def start(self, completed: int) -> None:
        self._bar.update(self._task, completed=completed)
        self._bar.start_task(self._task)
        self._bar.start()

    def show(self, completed: int, note: str) -> None:
        self._bar.update(self._task, completed=completed, note=note)

    def say(self, text: str) -> None:
        self._bar.console.print(text, style="bold", highlight=False, markup=False)

    def stop(self) -> None:
        self._bar.stop()


class _Lines:
    """Plain lines at intervals, printed by a thread, so that they also come while the work is silent."""

    def __init__(
        self, what: str, total: int | None, file: TextIO, seconds_between: float, clock: Callable[[], float]
    ) -> None:
        self._what, self._total, self._file = what, total, file
        self._seconds_between, self._clock = seconds_between, clock
        self._completed, self._note = 0, ""
        # Where and when counting began: a resumed run does not begin at 0.
        self._first, self._began = 0, 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._print_at_intervals, daemon=True)

    def start(self, completed: int) -> None:
        self._first = self._completed = completed
        self._began = self._clock()
        self._print()
        self._thread.start()

    def show(self, completed: int, note: str) -> None:
        self._completed, self._note = completed, note

    def say(self, text: str) -> None:
        print(text, file=self._file, flush=True)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        if self._completed > self._first:
            self._print()

    def _print_at_intervals(self) -> None:
        while not self._over.wait(self._seconds_between):
            self._print()

    def _print(self) -> None:
        self.say(self._line())

    def _line(self) -> str:
        count = f"{self._completed:,}" if self._total is None else f"{self._completed:,} of {self._total:,}"
        line = f"{self._what}: {count}"
        if self._note:
            line += f"; {self._note}"
        seconds = self._clock() - self._began
        if seconds > 0:
            line += f"; {_duration(seconds)} elapsed"
        done = self._completed - self._first
        if self._total is not None and done and self._completed < self._total:
            line += f", about {_duration(seconds / done * (self._total - self._completed))} left"
        return line


def _duration(seconds: float) -> str:
    """In words: ``45 s``, ``12 min`` or ``3 h 05 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
