"""Presets: what makes a method changes, and all else stays as in the base."""

from dataclasses import replace

import numpy as np
import pytest

from noisedim.downstream import rank_gaussianise
from noisedim.errors import InvalidInputError
from noisedim.runs import RunStore, load, make_run
from noisedim.runs.presets import PRESETS, configure, with_capacity
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=3, batch_size=32, data=DataConfig(limit=300, fold=0))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def test_a_preset_differs_from_the_base_in_what_makes_the_method_alone():
    for name in PRESETS:
        config = configure(name, BASE)
        own = {field: getattr(config, field) for field in ("prior", "noise", "objective", "gaussianise")}
        assert replace(BASE, **own) == config
    assert configure("uniform-dual", BASE).noise.epsilon == 0.1
    assert configure("beta-vae", BASE).objective.strength == 4


def test_the_noise_of_a_preset_is_that_of_its_dimension():
    # As much information as at d = 2 and σ = 0.3.
    for dim in (2, 8, 32):
        sigma = configure("dual", replace(BASE, dim=dim, batch_size=64)).noise.sigma
        assert dim / 2 * np.log1p(sigma**-2) == pytest.approx(np.log1p(0.3**-2))


@pytest.mark.slow
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
