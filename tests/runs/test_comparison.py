"""The comparison's rule: the same budget for all, judged on images that nothing else uses."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from noisedim.downstream import rank_gaussianise
from noisedim.errors import InvalidInputError
from noisedim.runs import RunStore, load, make_run
from noisedim.runs.comparison import CONTENDERS, candidates, choose, configure, with_capacity
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=3, batch_size=32, data=DataConfig(limit=300, fold=0))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def test_every_method_has_the_same_budget_and_differs_in_its_knob_alone():
    for name in CONTENDERS:
        found = candidates(name, BASE, seed=9)
        assert len({config.digest() for config in found}) == 3
        for config in found:
            assert config.data.validate
            assert config.seed == 9
            assert (config.steps, config.batch_size, config.dim) == (BASE.steps, BASE.batch_size, BASE.dim)
            assert (config.encoder, config.augmentation) == (BASE.encoder, BASE.augmentation)
        usual = replace(found[1], data=BASE.data, seed=BASE.seed)
        assert usual == configure(name, BASE)


def result(accuracy, d2, n=400):
    """As much of a record as the rule reads."""
    assessment = SimpleNamespace(effects={"d2": SimpleNamespace(estimate=d2)})
    return SimpleNamespace(scores={"knn": accuracy}, n=n, assessment=assessment)


def test_the_rule_takes_accuracy_first_then_match():
    # One standard error of 0.8 at n = 400 is 0.02.
    assert choose([result(0.80, 0.5), result(0.785, 0.1), result(0.70, 0.01)]) == 1
    assert choose([result(0.80, 0.5), result(0.77, 0.1), None]) == 0
    assert choose([None, None, result(0.1, 3.0)]) == 2
    assert choose([None, None, None]) is None


def test_a_post_hoc_run_is_its_plain_run_through_the_map(tmp_path):
    store = RunStore(tmp_path)
    config = configure("infomax-rank", BASE)
    folder = make_run(config, store, device="cpu")
    plain = store.open(replace(config, gaussianise="none"))
    assert plain.is_complete
    arrays, before = folder.read_embeddings(), plain.read_embeddings()
    known = before["z"][before["trained_on"]]
    np.testing.assert_array_equal(arrays["z"], rank_gaussianise(known, before["z"]))
    row = folder.read_record().row()
    assert row["information"] is None
    assert row["n_star"] is None or row["n_star"] > 0
    assert set(row["label_curve"]) == {"1", "10", "all"}
    assert set(load(tmp_path)["status"]) == {"complete"}


def test_capacity_needs_a_channel():
    assert with_capacity(configure("infonce", BASE), 2.0).noise.capacity == 2.0
    for name in ("infomax", "sigreg"):
        with pytest.raises(InvalidInputError, match="capacity is for noise injection"):
            with_capacity(configure(name, BASE), 2.0)
    with pytest.raises(InvalidInputError, match="method must be one of"):
        configure("magic", BASE)
