"""What noisedim refuses, as exceptions. Imports nothing of ours.

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
    """An argument or an array is not what the function is defined for; says what was expected and what came."""


class DataNotFoundError(NoisedimError, FileNotFoundError):
    """A data set is not where it was looked for; says where to put it."""

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
    """A step needs more memory than there is; says how much an image takes and how many would fit."""


class RankLostError(NoisedimError, ConnectionError):
    """Another process of those that train together has ended; what it had saved is intact."""


class TrainingDivergedError(NoisedimError, ArithmeticError):
    """The loss or the weights stopped being finite; says at which step and with which settings."""


def guarded(program: str, work: Callable[[], int]) -> int:
    """The exit code of ``work()``; an error of ours becomes one line on standard error and exit code 2.

    A fault of ours ends with 2 as well, after its traceback: Python's own 1 is an answer here (a departure was found).
    """
    try:
        return work()
    except NoisedimError as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has closed it (``| head``). Nothing more can be said there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except KeyboardInterrupt:
        print(f"{program}: stopped; what was made is kept, the same command goes on", file=sys.stderr)
        return 130
    except Exception:
        traceback.print_exc()
        print(f"{program}: error: this is a fault of {program}, not an answer about the input", file=sys.stderr)
        return 2
