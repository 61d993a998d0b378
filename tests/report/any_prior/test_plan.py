"""Routes to other priors: which runs serve which target, and records that are kept and read as they were written."""

import json

import numpy as np
import pytest
import torch

from noisedim.assessment import assess
from noisedim.errors import InvalidInputError
from noisedim.report.any_prior import plan
from noisedim.report.any_prior.plan import ROUTES, capacity, make_routes, measured_target, target_prior
from noisedim.runs import RunStore
from noisedim.schema import plain, structured
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=2, batch_size=32, data=DataConfig(limit=300, fold=0))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Records of one seed, and the store next to which they are kept."""
    store = RunStore(tmp_path_factory.mktemp("any-prior") / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        patch.setattr(plan, "available_cores", lambda: 1)
        yield make_routes(BASE, store, seeds=1, own_noise_seeds=1), store


def test_every_route_is_there_and_one_run_serves_all_targets(made):
    records, _ = made
    assert {target: tuple(routes) for target, routes in records.items()} == ROUTES
    assert {record.seed for routes in records.values() for own in routes.values() for record in own} == {0}
    mapped = {target: routes["mapped"][0] for target, routes in records.items()}
    assert len({record.train_seconds for record in mapped.values()}) == 1
    # Distances are taken on the side of N(0, I): the map there and back changes them by rounding only.
    assert np.ptp([record.sliced_w2 for record in mapped.values()]) < 1e-6
    assert np.ptp([record.d2 for record in mapped.values()]) < 1e-6


def test_records_are_kept_and_read_back(made, monkeypatch):
    records, store = made
    monkeypatch.setattr(plan, "_judged", lambda run: pytest.fail("trained again"))
    assert make_routes(BASE, store, seeds=1, own_noise_seeds=1) == records
    (path,) = store.root.parent.glob("any-prior-*-1-3.json")
    kept = json.loads(path.read_text())
    assert kept["normal"]["mapped"][0].keys() == {
        *("seed", "n", "p_value", "rejected", "d2", "sliced_w2", "knn_kl", "knn_kl_after"),
        *("knn", "linear", "train_seconds"),
    }


def test_a_target_is_measured_with_its_bias(made):
    records, _ = made
    found = measured_target("gamma-beta", records, BASE, protocol="a protocol")
    assert found.capacity == capacity(2)
    assert structured(json.loads(json.dumps(plain(found))), type(found), where="here") == found
    # Under N(0, I) the map is the identity: its estimates are equal before and after, and so are their biases.
    bias = measured_target("normal", records, BASE, protocol="").at_prior
    assert bias.knn_kl_after == pytest.approx(bias.knn_kl, abs=0.15)


@pytest.mark.parametrize("name", ["normal", "uniform", "gamma-beta", "disc", "sphere", "mixture"])
def test_draws_of_a_target_pass_for_it(name, tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    z = target_prior(name).sample(200, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert assess(z.numpy(), prior=target_prior(name), n_star=False).p_value > 1e-4


def test_an_unknown_target_is_refused():
    with pytest.raises(InvalidInputError, match=r"expected one of \['disc', 'gamma-beta'.*; got 'cauchy'"):
        target_prior("cauchy")
