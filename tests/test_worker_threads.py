"""Workers of ``pytest -n`` share the cores."""

import os

import pytest

from tests import worker_threads


@pytest.fixture(autouse=True)
def _unset(monkeypatch):
    for name in worker_threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("cores", "workers", "share"), [(2, 2, "1"), (16, 4, "4"), (3, 2, "1"), (2, 8, "1")])
def test_each_worker_gets_its_share_of_the_cores(monkeypatch, cores, workers, share):
    monkeypatch.setattr(worker_threads, "cores", lambda: cores)
    worker_threads.pytest_xdist_setupnodes(specs=[object()] * workers)
    assert [os.environ.pop(name) for name in worker_threads.VARIABLES] == [share] * 3


def test_a_number_that_is_asked_for_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    worker_threads.pytest_xdist_setupnodes(specs=[object()] * 2)
    assert [os.environ.get(name) for name in worker_threads.VARIABLES] == ["2", None, None]
