"""Runs made together are the runs made one by one, and one that diverges takes no other with it."""

from dataclasses import replace

import numpy as np
import pytest

from noisedim.data import load_images
from noisedim.runs import RunStore, make_run
from noisedim.runs.together import make_runs_together
from noisedim.training import DataConfig, NoiseConfig, OptimiserConfig, TrainConfig, embed
from noisedim.training.loop import load_model

TINY = TrainConfig(steps=6, batch_size=32, data=DataConfig(limit=200, fold=0))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def grid():
    return [
        replace(TINY, noise=NoiseConfig(capacity=capacity), seed=seed, data=replace(TINY.data, fold=seed))
        for capacity in (1.0, 3.0)
        for seed in (0, 1)
    ]


def test_same_results_as_one_by_one(tmp_path):
    together, alone = RunStore(tmp_path / "together"), RunStore(tmp_path / "alone")
    configs = [*grid(), replace(TINY, gaussianise="rank")]
    finished = []
    outcomes = make_runs_together(configs, together, device="cpu", most=3, on_finished=finished.append)
    assert [outcome.error for outcome in outcomes] == [None] * 5
    assert len(finished) == 5
    for config in configs:
        ours, theirs = together.open(config), make_run(config, alone, device="cpu")
        a, b = ours.read_embeddings(), theirs.read_embeddings()
        np.testing.assert_array_equal(a["trained_on"], b["trained_on"])
        np.testing.assert_allclose(a["z"], b["z"], rtol=0.05, atol=0.05)
        assert ours.read_result().keys() == theirs.read_result().keys()
    model, config = load_model(together.open(configs[0]).checkpoint_path)
    assert config == configs[0]
    z = together.open(configs[0]).read_embeddings()["z"]
    np.testing.assert_allclose(embed(model, load_images("digits").images[:200]), z, atol=1e-5)


def test_what_is_there_is_not_made_again(tmp_path):
    store = RunStore(tmp_path)
    make_runs_together(grid(), store, device="cpu")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/result.json")}
    assert len(before) == 4
    make_runs_together(grid(), store, device="cpu")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/result.json")} == before


def test_a_diverging_member_is_named_and_the_others_are_made(tmp_path):
    hot = OptimiserConfig(learning_rate=1e30, warmup=0, clip_norm=None)
    configs = [replace(TINY, optimiser=hot), replace(TINY, optimiser=hot, seed=1), TINY]
    outcomes = make_runs_together(configs, RunStore(tmp_path), device="cpu")
    assert [outcome.error is None for outcome in outcomes] == [False, False, True]
    assert "seed 1" in outcomes[1].error
