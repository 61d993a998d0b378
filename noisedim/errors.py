"""The exceptions that noisedim raises. Imports nothing else of noisedim.

Each class also derives from the built-in that a caller would expect, so that ``except ValueError`` keeps working.
The command line turns every :class:`NoisedimError` into one line on standard error and exit code 2.
"""

import os
import sys
import traceback
from collections.abc import Callable

__all__ = [
    "CheckpointError",
    "DataNotFoundError",
    "InvalidInputError",
    "NoisedimError",
    "OutOfMemoryError",
    "RankLostError",
    "StorageError",
    "TrainingDivergedError",
    "guarded",
]


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


def guarded(
    program: str,
    work: Callable[[], int],
    *,
    when_stopped: str = "completed work is kept, and the same command resumes",
) -> int:
    """The exit code of ``work()``; an error of noisedim becomes one line on standard error and exit code 2.

    Any other exception also gives exit code 2, after its traceback; Python's own code 1 means here that a departure was
    found. An interruption (Ctrl-C) gives 130, and ``when_stopped`` says what it leaves behind.
    """
    try:
        return work()
    except NoisedimError as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of the output has closed it (``| head``), so nothing may be written there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except KeyboardInterrupt:
        print(f"{program}: stopped; {when_stopped}", file=sys.stderr)
        return 130
    except Exception:
        traceback.print_exc()
        print(f"{program}: error: this is a fault of {program}, not an answer about the input", file=sys.stderr)
        return 2
