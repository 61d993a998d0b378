"""Many runs: each once, failures named, and on a real Dask cluster nothing is lost when a worker is killed."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.runs import RunStore, make_run, make_runs
from noisedim.training import DataConfig, OptimiserConfig, TrainConfig

TINY = TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=120))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    # One folder for the session: null samples are made once.
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def embeddings(store, configs):
    return [store.open(config).read_embeddings()["z"] for config in configs]


@pytest.mark.slow
def test_a_failed_run_is_named_and_the_others_go_on(tmp_path):
    bad = replace(TINY, optimiser=OptimiserConfig(learning_rate=1e30, warmup=0, clip_norm=None))
    outcomes = make_runs([TINY, bad, TINY], RunStore(tmp_path), jobs=1)
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert "TrainingDivergedError" in outcomes[1].error
    assert "seed 0" in outcomes[1].error
    assert outcomes[1].folder is None


@pytest.mark.slow
def test_a_killed_dask_worker_loses_nothing_and_nothing_is_made_twice(tmp_path, one_thread):
    from distributed import LocalCluster

    store = RunStore(tmp_path)
    configs = [replace(TINY, steps=150, batch_size=64, seed=seed) for seed in range(4)]
    finished, killed, made = [], [], {}

    def stamps():
        folders = [store.open(config) for config in configs]
        return {f.path.name: (f.path / "result.json").stat().st_mtime_ns for f in folders if f.is_complete}

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:

        def kill_one_at_work(outcome):
            # As soon as one run is complete, a worker that has another under way dies without a word.
            finished.append(outcome.config.digest())
            busy = [worker for worker in cluster.scheduler.workers.values() if worker.processing]
            if not killed and busy:
                made.update(stamps())
                killed.append(cluster.workers[busy[0].name].process.pid)
                os.kill(killed[0], signal.SIGKILL)

        outcomes = make_runs(
            configs, store, backend="dask", address=cluster.scheduler_address, on_finished=kill_one_at_work
        )
    assert killed
    assert 0 < len(made) < len(configs)
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert all(store.open(config).is_complete for config in configs)
    assert sorted(finished) == sorted(config.digest() for config in configs)
    # What was complete before the kill was not written again.
    assert {digest: stamps()[digest] for digest in made} == made
    # And what the killed worker held came out as if nothing had happened.
    alone = RunStore(tmp_path / "alone")
    for config in configs:
        make_run(config, alone, device="cpu")
    for ours, theirs in zip(embeddings(store, configs), embeddings(alone, configs), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_bad_backends(tmp_path):
    store = RunStore(tmp_path)
    with pytest.raises(InvalidInputError, match="backend must be one of 'local', 'dask', 'ray'; got 'mpi'"):
        make_runs([TINY], store, backend="mpi")
    with pytest.raises(InvalidInputError, match="backend 'dask' needs address"):
        make_runs([TINY], store, backend="dask")
    with pytest.raises(InvalidInputError, match="backend 'local' has none, got 'tcp://x'"):
        make_runs([TINY], store, address="tcp://x")
