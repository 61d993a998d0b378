"""A killed worker costs its own task at most, and workers do not outlive the process that started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from noisedim.runs.workers import in_workers


def double(task):
    number, folder, kills = task
    count = Path(folder) / f"{number}.{os.getpid()}"
    count.touch()
    tries = len(list(Path(folder).glob(f"{number}.*")))
    if tries <= kills:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def failed(task):
    return f"killed {task[0]}"


@pytest.mark.slow
@pytest.mark.parametrize(("number", "kills", "answer"), [(1, 1, 2), (4, 9, "killed 4")])
def test_a_task_whose_worker_is_killed_once_is_answered_and_twice_fails_alone(tmp_path, number, kills, answer):
    """One such task at a time: a pool that breaks ends its other workers, which counts as a first kill of their tasks."""
    tasks = [(task, str(tmp_path), kills if task == number else 0) for task in range(7)]
    answers = dict(in_workers(double, tasks, jobs=2, failed=failed))
    assert answers == {task: answer if task == number else 2 * task for task in range(7)}


@pytest.mark.slow
def test_an_error_of_a_task_is_raised_and_nothing_hangs():
    with pytest.raises(ValueError, match="no such task"):
        list(in_workers(refuse, [1, 2], jobs=2, failed=failed))


def refuse(task):
    raise ValueError("no such task")


_PARENT = """
import os, sys, time
from joblib import Parallel, delayed
from noisedim.runs.workers import prepare_worker

def stay(folder, late):
    if not late:
        prepare_worker()
    parent = os.getppid()
    open(os.path.join(folder, str(os.getpid())), "w").close()
    while late and os.getppid() == parent:
        time.sleep(0.05)
    prepare_worker()
    time.sleep(120)

if __name__ == "__main__":
    Parallel(n_jobs=2, batch_size=1)(delayed(stay)(sys.argv[1], sys.argv[2] == "late") for _ in range(2))
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["early", "late"])
def test_workers_end_when_their_parent_is_killed(when, tmp_path):
    """Also where the parent is killed before the worker watches it, as while it imports torch on a busy machine."""
    script, folder = tmp_path / "parent.py", tmp_path / "pids"
    script.write_text(_PARENT)
    folder.mkdir()
    root = Path(__file__).resolve().parents[2]
    parent = subprocess.Popen([sys.executable, script, folder, when], env={**os.environ, "PYTHONPATH": str(root)})
    try:
        until(lambda: len(list(folder.iterdir())) == 2)
        workers = [int(path.name) for path in folder.iterdir()]
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    until(lambda: not any(is_alive(pid) for pid in workers))


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
