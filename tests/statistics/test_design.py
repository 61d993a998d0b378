"""Sample sizes: the declared power is reached when it is simulated, and the declared error rate kept."""

import math

import numpy as np
import pytest
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.statistics.design import bernstein_reach, min_samples, min_samples_chi_square
from noisedim.statistics.intervals import empirical_bernstein, scale_chi_square


def test_a_violation_of_delta_is_seen_and_a_true_claim_kept() -> None:
    alpha, beta, delta = 0.01, 0.05, 0.05
    n = min_samples(delta, alpha, beta, width=1.0, deviation=math.sqrt(1 / 12))
    rng = np.random.default_rng(0)
    seen = refuted = 0
    repetitions = 300
    for _ in range(repetitions):
        found = empirical_bernstein(rng.random(n), 0, 1, level=1 - alpha)
        seen += 0.5 + delta not in found
        refuted += 0.5 not in found
    assert seen >= stats.binom.ppf(1e-6, repetitions, 1 - beta)
    assert refuted <= stats.binom.ppf(1 - 1e-6, repetitions, alpha)


def test_chi_square_design_is_exact() -> None:
    alpha, beta, delta = 0.01, 0.2, 0.3
    k = min_samples_chi_square(delta, alpha, beta)
    rng = np.random.default_rng(1)
    inside = 0
    repetitions = 2000
    for _ in range(repetitions):
        found = scale_chi_square(float(rng.chisquare(k)), k, level=1 - alpha)
        inside += math.exp(-delta) <= found.lower and found.upper <= math.exp(delta)
    # The design's power is at least 80%, and not much more: one degree fewer would not do.
    low, high = stats.binom.ppf([1e-6, 1 - 1e-6], repetitions, [1 - beta, 1 - beta + 0.02])
    assert low <= inside <= high


def test_reach_falls_with_n_and_the_least_n_is_least() -> None:
    values = [bernstein_reach(n, 1e-6, 1e-3, width=5, deviation=1) for n in (100, 1000, 10_000, 100_000)]
    assert values == sorted(values, reverse=True)
    n = min_samples(0.03, 1e-6, 1e-3, width=5, deviation=1)
    assert bernstein_reach(n, 1e-6, 1e-3, width=5, deviation=1) <= 0.03
    assert bernstein_reach(n - 1, 1e-6, 1e-3, width=5, deviation=1) > 0.03


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1])
def test_rates_outside_the_unit_interval_are_refused(alpha: float) -> None:
    with pytest.raises(InvalidInputError, match="alpha must lie strictly between 0 and 1"):
        min_samples(0.1, alpha, 0.1, width=1, deviation=1)


def test_out_of_reach_is_said() -> None:
    with pytest.raises(InvalidInputError, match="needs more than 1,000,000,000 draws"):
        min_samples(1e-6, 1e-6, 1e-3, width=1, deviation=1)
