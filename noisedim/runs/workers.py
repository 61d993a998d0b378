"""Tasks in worker processes: one that is killed is tried once more, alone, and does not end the others."""

import ctypes
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["KILLED", "in_workers", "prepare_worker"]

Task = TypeVar("Task")
Answer = TypeVar("Answer")

KILLED = (
    "its process was killed twice, the second time while it ran alone; most likely it needs more memory than there is"
)
# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_PARENT_SECONDS = 1.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_watching = threading.Lock()


def prepare_worker() -> None:
    """Called in a worker before its task; it does nothing in the process that the user started.

    A worker ends with its parent: one whose parent was killed would go on, unseen. And it keeps the memory that a step
    frees for the next step: by default glibc returns the top of its heap to the system once about 4 MB are free, and the
    next step of a critic on all its pairs requests it again, page by page, a tenth of the time of the step.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if _watching.acquire(blocking=False):  # once per process, and never released
        threading.Thread(target=_end_with_parent, args=(parent.pid,), daemon=True, name="end with parent").start()
    if sys.platform != "linux":
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_TRIM_THRESHOLD, 256 * 2**20)
        set_option(_M_MMAP_THRESHOLD, 32 * 2**20)


def _end_with_parent(parent: int | None) -> None:
    """``parent`` may have been killed while this worker imported what it needs: then another process has adopted it."""
    first = os.getppid()
    while os.getppid() == first and (parent is None or _is_there(parent)):
        time.sleep(_PARENT_SECONDS)
    os._exit(143)


def _is_there(process: int) -> bool:
    if sys.platform == "win32":  # where signal 0 is not a question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def in_workers(
    work: Callable[[Task], Answer], tasks: Sequence[Task], *, jobs: int, failed: Callable[[Task], Answer]
) -> Iterator[tuple[int, Answer]]:
    """The answers of ``work`` to all tasks as they come, each with its task's position; order is not kept.

    If the system kills a worker, those that were under way are made again one at a time, each in a process of its own; one
    that is killed again gets the answer of ``failed``, and the others go on ``jobs`` at a time.

    Args:
        work: what is done to a task; it can be pickled.
        tasks: can be pickled.
        jobs: processes at a time; 1 works in this process unless one was killed.
        failed: the answer to a task whose process was killed twice.
    """
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    waiting = list(range(len(tasks)))
    while waiting:
        done = set()
        try:
            answers = Parallel(n_jobs=min(jobs, len(waiting)), batch_size=1, return_as="generator_unordered")(
                delayed(_numbered)(work, i, tasks[i]) for i in waiting
            )
            for i, answer in answers:
                done.add(i)
                yield i, answer
        except TerminatedWorkerError:
            waiting = [i for i in waiting if i not in done]
            # Tasks start in order, so those under way are among the first that have no answer.
            for i in waiting[:jobs]:
                yield i, _alone(work, tasks[i], failed)
            waiting = waiting[jobs:]
        else:
            return


def _numbered(work: Callable[[Task], Answer], i: int, task: Task) -> tuple[int, Answer]:
    return i, work(task)


def _alone(work: Callable[[Task], Answer], task: Task, failed: Callable[[Task], Answer]) -> Answer:
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # Not joblib's own pool: it is reused, and may still be ending after the worker that was killed.
    with ProcessPoolExecutor(max_workers=1, env=dict.fromkeys(_THREADS, "1")) as executor:
        try:
            return executor.submit(work, task).result()
        except TerminatedWorkerError:
            return failed(task)
