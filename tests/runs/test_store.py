"""The store: a run is whole or to be resumed, whenever its maker dies; two makers make it once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from noisedim.data import load_images
from noisedim.errors import InvalidInputError, StorageError
from noisedim.runs import RunStore, make_run, make_runs
from noisedim.runs.environment import environment
from noisedim.training import DataConfig, NoiseConfig, TrainConfig

TINY = TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=120))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    # One folder for the session: null samples are made once.
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.mark.slow
def test_a_run_holds_all_that_was_promised(tmp_path):
    store = RunStore(tmp_path)
    folder = make_run(TINY, store)
    names = {path.name for path in folder.path.iterdir()} - {".lock"}
    assert names == {
        "config.json",
        "environment.json",
        "metrics.json",
        "embeddings.npz",
        "checkpoint.safetensors",
        "result.json",
    }
    arrays = folder.read_embeddings()
    assert arrays["z"].shape == (120, 2)
    np.testing.assert_array_equal(arrays["labels"], load_images("digits").labels[:120])
    assert folder.read_metrics()[-1]["step"] == 4
    result = folder.read_result()
    assert set(result["scores"]) == {"knn", "naive_bayes", "mlp", "linear"}
    assert result["measured_on"] == "training"
    assert TrainConfig.from_dict(json.loads((folder.path / "config.json").read_text())) == TINY


def test_held_out_images_do_not_train(tmp_path):
    config = TrainConfig(steps=2, batch_size=32, data=DataConfig(limit=200, fold=1))
    folder = make_run(config, RunStore(tmp_path))
    trained_on = folder.read_embeddings()["trained_on"]
    assert abs(int((~trained_on).sum()) - 40) <= 3
    result = folder.read_result()
    assert (result["measured_on"], result["n"]) == ("held-out", int((~trained_on).sum()))


def test_too_few_images_to_judge_on_are_said_before_training(tmp_path):
    config = TrainConfig(steps=2, batch_size=32, data=DataConfig(limit=80, fold=0))
    with pytest.raises(InvalidInputError, match=r"measured on 20 images or more; digits leaves 16 \(held out\)"):
        make_run(config, RunStore(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("fold", [None, 1])
def test_a_class_that_is_left_out_neither_trains_nor_is_measured(tmp_path, fold):
    config = TrainConfig(steps=2, batch_size=32, data=DataConfig(limit=300, fold=fold, without_class=3))
    folder = make_run(config, RunStore(tmp_path))
    arrays = folder.read_embeddings()
    outlier = arrays["labels"] == 3
    assert len(arrays["z"]) == 300
    assert outlier.any()
    assert not arrays["trained_on"][outlier].any()
    kept = int((~arrays["trained_on"] & ~outlier).sum()) if fold is not None else int((~outlier).sum())
    assert folder.read_result()["n"] == kept
    with pytest.raises(InvalidInputError, match=r"one of several classes of 'digits', which are 0, 1, .* got 12"):
        make_run(TrainConfig(data=DataConfig(without_class=12)), RunStore(tmp_path))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the channel's capacity of")
def test_information_stays_below_capacity_even_where_the_critic_is_bad(tmp_path):
    config = TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=200), noise=NoiseConfig(sigma=0.01))
    information = make_run(config, RunStore(tmp_path)).read_result()["information"]
    # At σ = 0.01 itself Theorem 4.1's bound would be hundreds of nats below zero.
    assert -1 < information["bound"] < information["ceiling"]
    assert information["evaluated_at_sigma"] >= 0.01


@pytest.mark.slow
def test_a_complete_run_is_not_made_again(tmp_path, monkeypatch):
    store = RunStore(tmp_path)
    make_run(TINY, store)
    monkeypatch.setattr("noisedim.runs.make.train", lambda *a, **k: pytest.fail("trained again"))
    assert make_run(TINY, store).is_complete


WORKER = textwrap.dedent("""
    import os, signal, sys
    import noisedim.files as files
    from noisedim.data import load_images
    from noisedim.runs import RunStore, make_run
    from noisedim.training import DataConfig, TrainConfig

    deadly, writes, real = int(sys.argv[2]), 0, os.replace
    def replace(self, target):
        global writes
        writes += 1
        if writes == deadly and sys.argv[3] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, target)
        if writes == deadly and sys.argv[3] == "after":
            os.kill(os.getpid(), signal.SIGKILL)
    type(files.Path()).replace = replace
    make_run(TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=120)), RunStore(sys.argv[1]))
    print(writes)
""")


def run_worker(root, deadly, when):
    return subprocess.run(
        [sys.executable, "-c", WORKER, str(root), str(deadly), when],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
def test_killed_before_or_after_any_write_it_resumes_to_the_same_result(tmp_path):
    whole = run_worker(tmp_path / "whole", -1, "never")
    assert whole.returncode == 0, whole.stderr
    writes = int(whole.stdout)
    assert writes >= 6
    wanted = RunStore(tmp_path / "whole").open(TINY)
    # One run is killed at write after write; each new process goes on with what the last one left.
    store = RunStore(tmp_path / "killed")
    for when in ("before", "after"):
        for deadly in range(1, writes + 1):
            folder = store.open(TINY)
            done = run_worker(tmp_path / "killed", deadly, when)
            assert done.returncode in (-signal.SIGKILL, 0)
            if folder.is_complete:
                break
        RunStore(tmp_path / "killed").load()  # readable at any moment
    done = run_worker(tmp_path / "killed", -1, "never")
    assert done.returncode == 0, done.stderr
    folder = store.open(TINY)
    assert not list(folder.path.glob(".*.partial"))
    np.testing.assert_array_equal(folder.read_embeddings()["z"], wanted.read_embeddings()["z"])
    a, b = folder.read_result(), wanted.read_result()
    a.pop("train_seconds"), b.pop("train_seconds")
    assert a == b


@pytest.mark.slow
def test_two_processes_asked_for_one_run_make_it_once(tmp_path):
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        import noisedim.runs.make as make
        from noisedim.runs import RunStore
        from noisedim.training import DataConfig, TrainConfig
        real = make.train
        def train(*arguments, **options):
            with open(sys.argv[1] + ".trained", "a") as file:
                file.write("x")
            return real(*arguments, **options)
        make.train = train
        make.make_run(TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=120)), RunStore(sys.argv[1]))
    """)
    root = str(tmp_path / "store")
    both = [subprocess.Popen([sys.executable, "-c", script, root]) for _ in range(2)]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    assert (tmp_path / "store.trained").read_text() == "x"
    assert RunStore(root).open(TINY).is_complete


@pytest.mark.slow
def test_a_held_lock_is_named(tmp_path):
    folder = RunStore(tmp_path).open(TINY)
    script = (
        "import sys; from noisedim.runs import RunStore; from noisedim.training import DataConfig, TrainConfig\n"
        "f = RunStore(sys.argv[1]).open(TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=120)))\n"
        "with f.lock():\n    print('held', flush=True); sys.stdin.read()\n"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StorageError, match="is being made by another process"), folder.lock(timeout=0.1):
            pass
        holder.kill()
    with folder.lock(timeout=30):  # the system released it when its holder died
        pass


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    folder = RunStore(tmp_path).open(TINY)
    with folder.lock():
        folder.write_result({"a": 1})

        def full(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="the disk is full"):
            folder.write_result({"a": 2})
    assert folder.read_result() == {"a": 1}


@pytest.mark.slow
def test_table_shows_complete_incomplete_and_damaged(tmp_path):
    store = RunStore(tmp_path)
    outcomes = make_runs([TINY, TINY, TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=20))], store, jobs=1)
    assert [outcome.error is None for outcome in outcomes] == [True, True, False]
    assert "batch_size=32 and 20 images" in outcomes[2].error
    with store.open(TrainConfig(steps=5)).lock():
        pass
    with store.open(TrainConfig(steps=6)).lock():
        (store.open(TrainConfig(steps=6)).path / "result.json").write_text("{")
    # What a version with other random numbers left lies under another name: shown, and not among the complete ones.
    made = store.open(TINY).path
    shutil.copytree(made, tmp_path / "0123456789abcdef")
    table = store.load()
    assert table.set_index("run").loc[["0123456789abcdef", made.name], "status"].tolist() == [
        "of another version",
        "complete",
    ]
    table = table.set_index("config.steps")
    assert table.loc[5, "status"] == "incomplete"
    assert table.loc[6, "status"].startswith("damaged: expected a JSON file")
    complete = table[table["status"] == "complete"]
    assert len(complete) == 1
    assert 0 <= complete["knn"].iloc[0] <= 1


def test_damaged_embeddings_are_named(tmp_path):
    folder = RunStore(tmp_path).open(TINY)
    with folder.lock():
        folder.write_embeddings(z=np.eye(3))
        path = folder.path / "embeddings.npz"
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InvalidInputError, match="expected the embeddings of a run"):
        folder.read_embeddings()


def test_environment_names_versions_but_no_place():
    found = environment()
    assert found["packages"]["torch"]
    text = str(found)
    assert os.uname().nodename not in text or len(os.uname().nodename) < 4
    assert f"{Path.home()}/" not in text
