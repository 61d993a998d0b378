"""The headline's and the maps' verdicts: what they count, and what they pair."""

import pytest

from noisedim.report.seeds.verdicts import classes_verdict, match_verdict
from noisedim.report.squashes.verdicts import squashes_verdict


def test_match_counts_the_battery_and_henze_zirkler_apart(encoder_record):
    p_values = (0.04, 0.06, 0.9)
    found = match_verdict([encoder_record(i, p_henze_zirkler=p, rejected=i < 2) for i, p in enumerate(p_values)])
    assert (found.seeds, found.passed, found.passed_henze_zirkler) == (3, 1, 2)
    assert found.p_henze_zirkler == p_values


@pytest.mark.parametrize(("knn", "outcome"), [(0.97, "yes"), (0.85, "in part"), (0.1, "no")])
def test_whether_classes_survive_has_three_answers(encoder_record, knn, outcome):
    found = classes_verdict([encoder_record(seed, knn=knn + 0.001 * (seed - 2)) for seed in range(5)])
    assert found.outcome == outcome
    assert (found.worst, found.best) == pytest.approx((knn - 0.002, knn + 0.002))


def test_without_labels_there_is_no_verdict_on_classes(encoder_record):
    assert classes_verdict([encoder_record()]) is None


@pytest.mark.parametrize(
    ("clip", "logistic", "outcome"),
    [
        (0.2, 0.3, "yes"),
        (0.05, 0.06, "no"),
        (0.05, 0.3, "in part"),
        (0.1, 0.1, "not decided"),
        (None, None, "not measured"),
    ],
)
def test_maps_are_paired_by_seed(encoder_record, clip, logistic, outcome):
    records = [
        # Seeds differ by more than maps do.
        encoder_record(seed, squash=squash, level=0.1, sliced_w2=value + 0.3 * seed + 0.001 * seed * (squash == "clip"))
        for squash, value in {"normal-cdf": 0.1, "clip": clip, "logistic": logistic}.items()
        for seed in range(3)
        if value is not None
    ]
    assert squashes_verdict(records).outcome == outcome


def test_levels_are_compared_one_by_one(encoder_record):
    records = [
        encoder_record(seed, squash=squash, level=level, sliced_w2=level + 0.1 * (squash == "clip") + 0.001 * seed)
        for level in (0.05, 0.1)
        for squash in ("normal-cdf", "clip")
        for seed in range(3)
    ]
    found = squashes_verdict(records).differences
    assert [(own.level, own.squash, own.sign) for own in found] == [(0.1, "clip", 1), (0.05, "clip", 1)]
    assert found[0].interval.estimate == pytest.approx(0.1)
