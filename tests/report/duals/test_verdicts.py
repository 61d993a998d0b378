"""The choice among the forms of the dual: decided on simulated runs with no, small and large effects."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from noisedim.report.duals.verdicts import REFERENCE, DualRecord, duals_verdict

METHODS = (REFERENCE, "row-dual", "adaptive-dual")
CELLS = [(sigma, batch) for sigma in (0.03, 0.3) for batch in (64, 256)]


def simulated(rng, *, ratio=1.0, gain=0.0, seeds=4):
    """Runs in which ``adaptive-dual`` has ``ratio`` times the divergence of the others, and ``gain`` in accuracy."""
    records = []
    for seed in range(seeds):
        for sigma, batch in CELLS:
            for method in METHODS:
                own = method == "adaptive-dual"
                records.append(
                    DualRecord(
                        method=method,
                        sigma=sigma,
                        batch=batch,
                        seed=seed,
                        n=360,
                        knn=0.75 + 0.005 * rng.standard_normal() + gain * own,
                        d2_coarse=0.01,
                        d2_fine=0.1 * np.exp(0.1 * rng.standard_normal()) * (ratio if own else 1.0),
                        sliced_w2=0.1,
                        seconds=2.0 if own else 1.0,
                    )
                )
    return records


def test_nothing_is_chosen_without_an_effect():
    chosen = [duals_verdict(simulated(np.random.default_rng([1, k]))).chosen for k in range(100)]
    assert sum(name != REFERENCE for name in chosen) <= 10  # 5% over all forms, and chance


def test_a_large_effect_is_chosen_and_named():
    found = duals_verdict(simulated(np.random.default_rng(2), ratio=0.3))
    assert found.chosen == "adaptive-dual"
    own = next(each for each in found.comparisons if each.method == "adaptive-dual")
    assert own.matches_better
    assert own.keeps_accuracy
    assert np.exp(own.log_ratio.estimate) == pytest.approx(0.3, rel=0.1)
    assert own.seconds_ratio == pytest.approx(2)
    assert (found.seeds, found.cells) == (4, 4)


@pytest.mark.parametrize("gain", [-0.05, -0.02])
def test_a_better_match_that_costs_accuracy_is_not(gain):
    found = duals_verdict(simulated(np.random.default_rng(3), ratio=0.3, gain=gain))
    assert found.chosen == REFERENCE
    assert found.closest.method == "adaptive-dual"  # and is still what is shown
    assert found.closest.matches_better


def test_the_seeds_needed_would_decide():
    rng = np.random.default_rng(7)
    found = duals_verdict(simulated(rng, ratio=0.3, gain=-0.017, seeds=3)).closest
    assert not found.keeps_accuracy
    assert found.seeds_needed > 3
    # The same scatter with as many seeds, and with one fewer.
    scale = (found.accuracy.upper - found.accuracy.estimate) / stats.t.ppf((1 + found.accuracy.level) / 2, 2) * 3**0.5

    def half(n):
        return stats.t.ppf((1 + found.accuracy.level) / 2, n - 1) * scale / n**0.5

    assert half(found.seeds_needed) < found.accuracy.estimate + 0.02 <= half(found.seeds_needed - 1)
    assert duals_verdict(simulated(rng, ratio=0.3, gain=-0.05)).closest.seeds_needed is None


def test_incomplete_seeds_do_not_count():
    records = simulated(np.random.default_rng(4), ratio=0.3)
    part = [own for own in records if not (own.seed == 3 and own.method == "row-dual" and own.batch == 64)]
    assert duals_verdict(part).seeds == 3
    assert duals_verdict([own for own in records if own.seed == 0]) is None


def test_a_divergence_of_zero_has_a_logarithm():
    records = [replace(own, d2_fine=-0.001) for own in simulated(np.random.default_rng(5))]
    assert duals_verdict(records).chosen == REFERENCE
