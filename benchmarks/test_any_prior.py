"""Any prior: train for N(0, I) and map afterwards, or train for the target itself? The time is that of the map."""

import pytest
import torch

from noisedim.report.any_prior.plan import EPSILON, ROUTES, TARGETS, make_routes, measured_target, target_prior
from noisedim.report.benchmarks import to_entry


@pytest.fixture(scope="session")
def by_route(profile, base, store):
    """Records by target and route."""
    return make_routes(base, store, seeds=profile.seeds, own_noise_seeds=profile.own_noise_seeds)


@pytest.mark.benchmark(group="any prior")
@pytest.mark.parametrize("target", TARGETS)
def test_routes(benchmark, one_thread, profile, base, target, by_route):
    measured = measured_target(target, by_route, base, protocol=profile.words)
    benchmark.extra_info |= {**to_entry("any prior", measured), "epsilon": EPSILON}
    assert all(measured.routes[route] for route in ROUTES[target])
    # What is timed: the map of a thousand embeddings, which is all that a prior beyond N(0, I) costs.
    prior = target_prior(target)
    u = torch.randn((1000, prior.dim), generator=torch.Generator().manual_seed(0))
    benchmark.extra_info["rows"] = len(u)
    benchmark.pedantic(prior.from_normal, args=(u,), rounds=5, warmup_rounds=1)
