"""Verdicts by capacity follow the numbers, and leave open what an interval leaves open."""

import pytest

from noisedim.report.capacity.verdicts import accuracy_verdict, bound_verdict, match_verdict
from noisedim.report.records import by_capacity


def test_groups_are_ordered_by_capacity(encoder_record):
    groups = by_capacity([encoder_record(seed, capacity=c) for c in (3.0, 1.0) for seed in range(2)])
    assert list(groups) == [1.0, 3.0]
    assert [record.seed for record in groups[1.0]] == [0, 1]


def test_match_counts_seeds_by_capacity_and_images(encoder_record):
    records = [encoder_record(seed, capacity=c, rejected=c > 2, n=360 - seed) for c in (1.0, 3.0) for seed in range(2)]
    found = match_verdict(by_capacity(records))
    assert found.passed == {1.0: 2, 3.0: 0}
    assert found.seeds == {1.0: 2, 3.0: 2}
    assert (found.fewest, found.most) == (359, 360)


def test_the_bound_must_be_shown_to_exceed_the_capacity(encoder_record):
    def verdict(gaps):
        return bound_verdict(by_capacity([encoder_record(seed, information=1 + gap) for seed, gap in enumerate(gaps)]))

    assert verdict([0.1, 0.11, 0.12]).above == (1.0,)
    assert verdict([-0.2, -0.1, -0.15]).above == ()
    assert verdict([-0.3, 0.5, 0.3]).above == ()  # a mean above it, in an interval on both sides
    assert verdict([0.1, 0.11, 0.12]).means[1.0] == pytest.approx(1.11)
    assert bound_verdict(by_capacity([encoder_record()])) is None


@pytest.mark.parametrize(("gain", "outcome"), [(0.1, "yes"), (-0.1, "no"), (0.0, "not decided")])
def test_accuracy_is_paired_by_seed(encoder_record, gain, outcome):
    # Seeds differ by far more than capacities do: without pairing nothing is decided.
    records = [
        encoder_record(seed, capacity=c, knn=0.1 * seed + gain * (c > 2) + 0.001 * seed * (c > 2) - 0.002 * (c > 2))
        for c in (1.0, 3.0)
        for seed in range(5)
    ]
    found = accuracy_verdict(by_capacity(records))
    assert (found.low, found.high) == (1.0, 3.0)
    assert found.outcome == outcome
    assert accuracy_verdict(by_capacity([encoder_record()])) is None
