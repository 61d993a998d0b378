"""Mapped or trained for: decisions on simulated seeds, for no effect, small and large effects."""

import numpy as np
import pytest
from scipy import stats

from noisedim.report.any_prior.records import DivergenceBias, RouteRecord, TargetRoutes
from noisedim.report.any_prior.verdicts import accuracy_verdict, divergence_verdict, match_verdict


def records(*, seeds=5, spread=0.001, stream=0, **means):
    rng = np.random.default_rng([11, stream])
    names = {"sliced_w2": 0.1, "d2": 0.0, "knn": 0.7, "linear": 0.6, "knn_kl": 0.1, "knn_kl_after": 0.1, **means}
    return tuple(
        RouteRecord(
            seed=seed,
            n=360,
            rejected=False,
            p_value=0.5,
            train_seconds=3.0,
            **{name: mean + spread * rng.standard_normal() for name, mean in names.items()},
        )
        for seed in range(seeds)
    )


def target(name, routes, bias=(0.04, 0.04)):
    return TargetRoutes(
        target=name,
        law=f"law {name}",
        data="simulated",
        protocol="",
        capacity=3.58,
        routes=routes,
        at_prior=DivergenceBias(*bias),
    )


def targets(*trained, stream=0):
    """The normal law, and one target for each of ``trained``: what the embedding trained for it differs in."""
    found = [target("normal", {"mapped": records(stream=stream)})]
    for i, means in enumerate(trained):
        routes = {
            "mapped": records(stream=10 * stream + 2 * i + 1),
            "own": records(stream=10 * stream + 2 * i + 2, **means),
        }
        found.append(target(f"target-{i}", routes))
    return {own.target: own for own in found}


@pytest.mark.parametrize(
    ("distances", "outcome"),
    [
        ((0.13, 0.13), "closer"),
        ((0.07, 0.13), "both"),
        ((0.07, 0.07), "farther"),
        ((0.13, 0.1), "some closer"),
        ((0.1, 0.1), "undecided"),
    ],
)
def test_match(distances, outcome):
    found = match_verdict(targets(*({"sliced_w2": distance} for distance in distances)))
    assert found.outcome == outcome
    assert [own.target for own in found.differences] == ["target-0", "target-1"]
    assert found.capacity == 3.58


def test_no_difference_is_seldom_decided():
    rounds = 300
    decided = sum(match_verdict(targets({}, {}, stream=i)).outcome != "undecided" for i in range(rounds))
    assert stats.binomtest(decided, rounds, 0.05, alternative="greater").pvalue > 1e-6


def test_accuracy_lost_to_the_map_or_to_the_route_is_counted():
    same = accuracy_verdict(targets({}, {}))
    assert (same.lost, same.comparisons) == (0, 4)
    assert accuracy_verdict(targets({"knn": 0.8}, {})).lost == 1
    assert accuracy_verdict(targets({"knn": 0.6}, {})).lost == 0  # the mapped one is better
    by_map = {**targets({}), "normal": target("normal", {"mapped": records(knn=0.8)})}
    found = accuracy_verdict(by_map)
    assert found.lost == 1
    assert found.by_map["target-0"].sign() == -1


def test_divergence_is_minus_the_bias_of_its_estimate():
    found = divergence_verdict(targets({}))
    assert set(found.intervals) == {"target-0"}
    assert found.largest < 0.01
    biased = {"target-0": target("target-0", {"mapped": records()}, bias=(0.04, -0.1))}
    # The estimates agree, so what is left is the bias that was taken off.
    assert divergence_verdict(biased).intervals["target-0"].estimate == pytest.approx(0.14, abs=0.002)
    assert divergence_verdict(biased).largest > 0.14
    two = {name: target(name, {"mapped": records()}) for name in ("a", "b")}
    assert divergence_verdict(two).intervals["a"].level == 0.975


def test_without_pairs_nothing_is_said():
    alone = {"normal": target("normal", {"mapped": records()})}
    assert match_verdict(alone) is accuracy_verdict(alone) is divergence_verdict(alone) is None
    single = targets({})
    routes = {**single["target-0"].routes, "own": records(seeds=1)}
    assert match_verdict({**single, "target-0": target("target-0", routes)}) is None
