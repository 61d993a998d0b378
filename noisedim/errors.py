"""The exceptions that noisedim raises. Imports nothing else of noisedim.

Each class also derives from the built-in that a caller would expect, so that ``except ValueError`` keeps working.
The command line turns every :class:`NoisedimError` into one line on standard error and exit code 2.
"""

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = [
    "CheckpointError",
    "DataNotFoundError",
    "InvalidInputError",
    "NoisedimError",
    "OutOfMemoryError",
    "RankLostError",
    "StorageError",
    "Terminated",
    "TrainingDivergedError",
    "guarded",
    "words_of",
]

# Of another library's error in a message of ours.
_MOST_CHARACTERS = 300


class NoisedimError(Exception):
    """Base of all errors that noisedim raises on purpose."""


class InvalidInputError(NoisedimError, ValueError):
    """An argument or an array is outside the domain of the function; says what was expected and what was given."""


class DataNotFoundError(NoisedimError, FileNotFoundError):
    """A data set was not found; says where to put it."""

    # FileNotFoundError formats (errno, strerror) pairs; ours carry one sentence.
    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class CheckpointError(NoisedimError):
    """A checkpoint is unreadable, truncated, or belongs to another configuration."""


class StorageError(NoisedimError, OSError):
    """A file could not be written (disk full, no permission); what was there before is intact."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class OutOfMemoryError(NoisedimError, MemoryError):
    """A training step needs more memory than is available; says which settings reduce it."""


class RankLostError(NoisedimError, ConnectionError):
    """Another process of a distributed run has ended; what it had saved is intact."""


class TrainingDivergedError(NoisedimError, ArithmeticError):
    """The loss or the weights stopped being finite; says at which step and with which settings."""


def words_of(error: BaseException) -> str:
    r"""What another library's error says, in one printable line: it may quote a damaged file, at any length.

    >>> words_of(ValueError("no number:\n" + chr(0) + "x"))
    'no number: \\x00x'
    """
    line = " ".join(str(error).split())
    words = "".join(own if own.isprintable() else repr(own)[1:-1] for own in line[: _MOST_CHARACTERS + 1])
    return words if len(words) <= _MOST_CHARACTERS else words[: _MOST_CHARACTERS - 1] + "…"


def guarded(
    program: str,
    work: Callable[[], int],
    *,
    when_stopped: str = "completed work is kept, and the same command resumes",
) -> int:
    """The exit code of ``work()``; an error of noisedim becomes one line on standard error and exit code 2.

    Any other exception also gives exit code 2, after its traceback; Python's own code 1 means here that a departure was
    found. An interruption (Ctrl-C) gives 130 and SIGTERM 143, and ``when_stopped`` says what they leave behind. A reader
    that closes the output early (``| head``) gives 141, as the shell has it for a broken pipe. What a terminal's encoding
    lacks is replaced, not refused.
    """
    _replace_what_cannot_be_written()
    try:
        with _terminable():
            code = work()
            # Here and not at exit, where a closed output would be nobody's error.
            sys.stdout.flush()
            return code
    except NoisedimError as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of the output has closed it, so nothing may be written there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt as stopped:
        print(f"{program}: stopped; {when_stopped}", file=sys.stderr)
        return 143 if isinstance(stopped, Terminated) else 130
    except Exception:
        traceback.print_exc()
        print(f"{program}: error: this is a fault of {program}, not an answer about the input", file=sys.stderr)
        return 2


class Terminated(KeyboardInterrupt):
    """SIGTERM, which stops work as Ctrl-C does."""


@contextmanager
def _terminable() -> Iterator[None]:
    """While open, SIGTERM raises :class:`Terminated`; only in the main thread, which alone may set handlers."""

    def stop(number: int, frame: object) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _replace_what_cannot_be_written() -> None:
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper) and output.errors == "strict":
            output.reconfigure(errors="replace")
