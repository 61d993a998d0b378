"""The comparison's decisions on simulated seeds: no effect, small and large effects, and the price of choosing."""

import numpy as np
import pytest
from scipy import stats

from noisedim.report.benchmarks import EqualTime, FailedRun, MethodRow, SeedRow
from noisedim.report.comparison.verdicts import (
    cost_verdict,
    equal_accuracy_verdict,
    match_verdict,
    places,
)
from noisedim.runs.compare import TUNING_SEED

EMPTY = EqualTime(steps=None, records=(), failed=())


def row(method, *, ours=False, knn=0.8, d2=0.01, spread=0.005, rejected=0, seeds=5, stream=0, failed=()):
    """One method whose first ``rejected`` seeds the battery rejects."""
    rng = np.random.default_rng([stream, *method.encode()])
    records = tuple(
        SeedRow(
            seed=seed,
            n=360,
            rejected=seed < rejected,
            knn=knn + spread * rng.standard_normal(),
            d2=d2 + 0.1 * spread * rng.standard_normal(),
            sliced_w2=0.1,
        )
        for seed in range(seeds)
    )
    return MethodRow(
        method=method,
        words=method,
        family="",
        injects_noise=ours,
        knob="",
        settings=None,
        data="simulated",
        dim=2,
        steps=1,
        batch_size=1,
        protocol="",
        tuning_rule="",
        records=records,
        failed=tuple(failed),
        stability=None,
        peak_bytes=None,
        equal_time=EMPTY,
        environment={},
        step_seconds=1.0,
    )


@pytest.mark.parametrize(
    ("rejected", "outcome"), [((0, 0), "all"), ((2, 2), "all"), ((0, 3), "some"), ((3, 5), "none")]
)
def test_match_is_by_most_seeds_of_each_form(rejected, outcome):
    rows = [row("a", ours=True, rejected=rejected[0]), row("b", ours=True, rejected=rejected[1]), row("other")]
    found = match_verdict(rows)
    assert found.outcome == outcome
    assert {own.method for own in (*found.most, *found.half_or_fewer)} == {"a", "b", "other"}


def test_a_failed_seed_does_not_pass_and_a_failed_candidate_is_no_seed():
    failed = [FailedRun(5, "diverged"), FailedRun(6, "diverged")]
    assert match_verdict([row("a", ours=True, rejected=1, failed=failed)]).outcome == "all"  # 4 of 7
    assert match_verdict([row("a", ours=True, rejected=2, failed=failed)]).outcome == "none"  # 3 of 7
    tuning = [FailedRun(TUNING_SEED, "diverged")] * 9
    assert match_verdict([row("a", ours=True, rejected=2, failed=tuning)]).outcome == "all"  # 3 of 5
    assert match_verdict([row("other")]).outcome == "not measured"


@pytest.mark.parametrize(
    ("effects", "outcome"),
    [
        ((-0.1, -0.1), "all lose"),
        ((-0.1, 0.0), "some lose"),
        ((0.1, 0.0), "none loses"),
        ((0.0, 0.0), "undecided"),
    ],
)
def test_costs(effects, outcome):
    forms = [row(f"form-{i}", ours=True, knn=0.8 + effect) for i, effect in enumerate(effects)]
    found = cost_verdict([*forms, row("infomax")])
    assert found.outcome == outcome
    assert [own.method for own, _ in found.differences] == ["form-0", "form-1"]
    assert found.differences[0][1].interval.n == 5


def test_a_cost_that_is_none_is_seldom_called_one():
    rounds = 400
    decided = [
        cost_verdict([row("a", ours=True, stream=i), row("b", ours=True, stream=i), row("infomax", stream=i)]).outcome
        != "undecided"
        for i in range(rounds)
    ]
    assert stats.binomtest(sum(decided), rounds, 0.05, alternative="greater").pvalue > 1e-6


def test_small_losses_are_seldom_decided_and_large_ones_nearly_always():
    def share(effect):
        rows = ([row("a", ours=True, knn=0.8 + effect, stream=i), row("infomax", stream=i)] for i in range(200))
        return np.mean([cost_verdict(own).outcome == "all lose" for own in rows])

    # In units of the scatter over seeds: half of it, and six times as much.
    assert 0 < share(-0.0025) < 0.5
    assert share(-0.03) > 0.95


def test_nothing_to_compare_is_none():
    assert cost_verdict([row("a", ours=True)]) is None
    assert cost_verdict([row("a", ours=True, seeds=1), row("infomax")]) is None
    assert equal_accuracy_verdict([row("a", ours=True)]) is None
    assert places([row("a")], "d2", larger_is_better=False) == {}


@pytest.mark.parametrize(
    ("d2", "outcome"), [(0.05, "best"), (0.001, "not best"), (0.01, "undecided")], ids=["worse", "better", "same"]
)
def test_at_equal_accuracy(d2, outcome):
    found = equal_accuracy_verdict([row("a", ours=True), row("other", d2=d2)])
    assert found.outcome == outcome
    assert len(found.duels) == found.pairs == 1
    both = equal_accuracy_verdict([row("a", ours=True), row("other", d2=d2), row("far", d2=0.05)])
    assert both.outcome == {"best": "best", "not best": "not best", "undecided": "best of some"}[outcome]


def test_who_is_more_accurate_than_every_form_is_out_of_reach():
    forms = [row("a", ours=True, knn=0.7), row("b", ours=True, knn=0.8)]
    found = equal_accuracy_verdict([*forms, row("ahead", knn=0.95, d2=0.5), row("level", d2=0.5)])
    assert found.outcome == "not best"
    (ahead,) = found.unmatched
    assert (ahead.theirs.method, ahead.ours.method) == ("ahead", "b")
    assert ahead.knn.interval.estimate == pytest.approx(0.15, abs=0.02)
    assert ahead.d2.interval.estimate == pytest.approx(0.49, abs=0.02)
    assert [(duel.ours.method, duel.theirs.method) for duel in found.duels] == [("b", "level")]


def test_the_best_of_many_equal_forms_is_seldom_called_better():
    """Holm over the duels alone would call it better: the best of twenty was chosen by the very difference."""
    rounds, naive, paid = 60, 0, 0
    for i in range(rounds):
        rows = [*(row(f"form-{k}", ours=True, stream=i) for k in range(20)), row("other", stream=i)]
        (duel,) = equal_accuracy_verdict(rows).duels
        naive += duel.d2.adjusted_p_value <= 0.05
        paid += duel.outcome == "better"
    assert stats.binomtest(paid, rounds, 0.05, alternative="greater").pvalue > 1e-6
    assert naive > paid


def test_places_are_ties_until_decided():
    rows = [row("near", d2=0.0100), row("same", d2=0.0101), row("far", d2=0.5), row("single", seeds=1)]
    found = places(rows, "d2", larger_is_better=False)
    assert {name: place.rank for name, place in found.items()} == {"near": 1, "same": 1, "far": 3}
    assert places(rows, "d2", larger_is_better=True)["far"].rank == 1
    # Nobody has information here, so nobody has a place by it.
    assert places(rows, "information", larger_is_better=True) == {}
