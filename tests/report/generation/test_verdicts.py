"""Decisions on generated images, on simulated seeds: no effect, small and large effects, and few images."""

import numpy as np
import pytest
from scipy import stats

from noisedim.report.generation.verdicts import (
    MARGIN,
    fidelity_verdict,
    law_gap,
    law_verdicts,
    likeness_verdict,
)


def gap(effect, *, spread=0.1, images=0.1, seeds=5, n=400, stream=0):
    """Seeds that scatter by ``spread`` around ``effect`` and share images whose choice has the error ``images``."""
    rng = np.random.default_rng([7, stream])
    influence = images * np.sqrt(n) * rng.standard_normal(n)
    shared = images * rng.standard_normal()
    return law_gap("x", effect + shared + spread * rng.standard_normal(seeds), [influence] * seeds)


def outcomes(matched, raw, standardised, wide):
    found = law_verdicts(matched, raw, standardised, wide)
    return found.matched.outcome, found.raw.outcome, found.standardised.outcome, found.wide.is_noticed


def test_large_effects_and_none():
    assert outcomes(gap(0), gap(9), gap(2), gap(5)) == ("equivalent", "harm", "harm", True)
    assert outcomes(gap(2), gap(0), gap(0), gap(5)) == ("not equivalent", "no harm", "no harm", True)
    assert outcomes(gap(-2), gap(9), gap(2), gap(0))[0] == "not equivalent"
    assert outcomes(gap(0), gap(9), gap(2), gap(0))[3] is False


def test_few_images_or_noisy_seeds_leave_it_open():
    found = law_verdicts(gap(0, images=0.8), gap(0, spread=2), gap(0, spread=2), gap(0.3, spread=2))
    # Equivalent for these images, but these images are few.
    assert found.matched.outcome == "equivalent here"
    assert (found.raw.outcome, found.standardised.outcome) == ("undecided", "undecided")
    assert law_verdicts(gap(0, spread=2), gap(9), gap(9), gap(9)).matched.outcome == "undecided"


def test_closer_is_not_the_same_as_equivalent():
    assert law_verdicts(gap(-0.6), gap(9), gap(9), gap(9)).matched.is_closer
    assert not law_verdicts(gap(0), gap(9), gap(9), gap(9)).matched.is_closer


def test_p_values_are_adjusted_over_the_four():
    gaps = gap(0.1), gap(0.4, stream=1), gap(0.4, stream=2), gap(0.4, stream=3)
    found = law_verdicts(*gaps)
    alone = [gaps[0].anywhere.p_equivalent(MARGIN), *(own.anywhere.p_above(0) for own in gaps[1:])]
    order = np.argsort(alone)
    holm = np.minimum(1, np.maximum.accumulate(np.sort(alone) * [4, 3, 2, 1]))
    assert [found.matched, found.raw, found.standardised, found.wide][order[-1]].p_value == pytest.approx(holm[-1])
    assert found.matched.p_value == pytest.approx(holm[list(order).index(0)])


def test_no_harm_is_seldom_called_harm_and_a_gap_of_the_margin_seldom_equivalent():
    rounds = 300
    harmed = equal = 0
    for i in range(rounds):
        found = law_verdicts(gap(MARGIN, stream=i), gap(0, stream=i), gap(9), gap(9))
        harmed += found.raw.outcome == "harm"
        equal += found.matched.outcome == "equivalent"
    for false in (harmed, equal):
        assert stats.binomtest(false, rounds, 0.05, alternative="greater").pvalue > 1e-6


@pytest.mark.parametrize(
    ("distances", "missing", "outcome"),
    [
        ([0.2, 0.3, 0.25], [0, 0, 0], "alike"),
        ([0.2, 0.3, 0.25], [0, 1, 0], "partly alike"),
        ([0.2, 0.3, 0.25], [1, 1, 2], "not alike"),
        ([5.0, 5.1, 5.2], [0, 0, 0], "not alike"),
        ([0.2, 1.0, 1.9], [0, 0, 0], "partly alike"),
    ],
)
def test_likeness(distances, missing, outcome):
    assert likeness_verdict(distances, missing).outcome == outcome


@pytest.mark.parametrize(
    ("errors", "outcome"),
    [([0.10, 0.11, 0.12], "within noise"), ([0.30, 0.31, 0.32], "beyond noise"), ([0.1, 0.18, 0.3], "undecided")],
)
def test_fidelity_is_against_the_channels_noise(errors, outcome):
    assert fidelity_verdict(errors, noise=0.18).outcome == outcome
