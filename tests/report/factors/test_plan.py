"""Factors: what a record says is what its run's files give, on images that did not train."""

import json
from dataclasses import asdict

import pytest
import torch

from noisedim.data import load_images
from noisedim.downstream.disentanglement import mutual_information_gap
from noisedim.errors import InvalidInputError
from noisedim.report.factors import plan
from noisedim.report.factors.plan import (
    FACTOR_METHODS,
    factor_config,
    factor_record,
    make_variants,
    pixel_factor_record,
    reference_factor_record,
    variant_without_encoder,
)
from noisedim.runs import RunStore, make_run
from noisedim.schema import structured
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=20, batch_size=64, data=DataConfig(fold=0, limit=600))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def plain(record):
    """As JSON brings it back: numbers, lists and names only."""
    return json.loads(json.dumps(record, allow_nan=False))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the channel's capacity of")
def test_factors_are_judged_on_the_other_half_of_the_shapes(tmp_path):
    for name in ("dual", "uniform-dual"):
        config = factor_config(name, steps=3, seed=1)
        folder = make_run(config, RunStore(tmp_path))
        record = factor_record(folder, config)
        assert structured(plain(asdict(record)), type(record), where="here") == record
        arrays = folder.read_embeddings()
        held_out = ~arrays["trained_on"]
        assert record.n == held_out.sum() == 1536
        factors = load_images("shapes").factors.numpy()
        expected = mutual_information_gap(arrays["z"][held_out], factors[held_out])
        assert record.mig == pytest.approx(expected.value, abs=1e-12)
        assert len(record.accuracies) == 5
        assert record.seed == 1


@pytest.mark.slow
def test_rotations_leave_nothing_of_what_lay_along_axes(tmp_path):
    config = factor_config("dual", steps=1, seed=0)
    perfect, rotated = (reference_factor_record(config, rotate=rotate) for rotate in (False, True))
    assert perfect.mig > 0.99
    assert rotated.mig < 0.5
    assert perfect.informativeness == 1
    # The same inside a run's record: an embedding that is the factors has them lie along axes, and rotations undo it.
    store = RunStore(tmp_path)
    folder = store.open(config)
    factors = load_images("shapes").factors.double()
    z = (factors - factors.mean(0)) / factors.std(0)
    z = torch.cat([z, torch.randn(len(z), 1, generator=torch.Generator().manual_seed(0))], 1).numpy()
    folder.path.mkdir(parents=True)
    folder.write_embeddings(z=z)
    record = factor_record(folder, config)
    assert record.mig > 0.97
    assert record.mig_rotated < 0.4


@pytest.mark.slow
def test_components_of_pixels(tmp_path):
    record = pixel_factor_record(factor_config("dual", steps=1, seed=0))
    assert isinstance(record.converged, bool)
    assert 0 < record.mig < 0.5
    assert record.informativeness > 0.4


@pytest.mark.slow
def test_every_seed_of_every_variant_is_judged(tmp_path, monkeypatch):
    # Two of the variants, and no processes: what is tested is who is judged, not how fast.
    monkeypatch.setattr(plan, "FACTOR_METHODS", {name: FACTOR_METHODS[name] for name in ("dual", "infomax")})
    monkeypatch.setattr(plan, "available_cores", lambda: 1)
    found = make_variants(RunStore(tmp_path), steps=1, seeds=1, device="cpu", jobs=1)
    assert {name: [record.seed for record in own.records] for name, own in found.items()} == {
        "dual": [0],
        "infomax": [0],
    }
    assert found["dual"].factors == ("shape", "size", "x", "y", "brightness")
    assert {own.steps for own in found.values()} == {1}
    perfect = variant_without_encoder("perfect", seeds=2)
    assert [record.seed for record in perfect.records] == [0, 1]
    assert min(record.mig for record in perfect.records) > 0.99
    assert perfect.factors == ()


def test_shifted_views_are_a_configuration_of_their_own():
    moved, still = (factor_config(name, steps=3, seed=0).augmentation.shift for name in ("dual-moved", "dual"))
    assert moved > still == 0


def test_runs_of_another_kind_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"factors need a run on data with known factors and data.fold"):
        factor_record(RunStore(tmp_path).open(BASE), BASE)
