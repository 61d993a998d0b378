"""The maps' verdict: what it pairs, and when it is decided."""

import pytest

from noisedim.report.squashes.verdicts import squashes_verdict


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
