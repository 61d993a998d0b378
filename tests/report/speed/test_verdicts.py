"""Faster, slower, as fast or undecided: by the interval of the ratio, on simulated times."""

import numpy as np
import pytest

from noisedim.report.speed.records import PeerTiming
from noisedim.report.speed.verdicts import peer_verdicts


def timing(lower, upper):
    return PeerTiming(
        subject="a kernel",
        case="",
        peer="a peer",
        ratio=(lower + upper) / 2,
        lower=lower,
        upper=upper,
        level=0.95,
        rounds=9,
    )


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"),
    [
        (0.5, 0.9, "faster"),
        (1.01, 3.0, "slower"),
        (0.95, 1.05, "as fast"),
        (0.89, 1.05, "undecided"),
        (0.95, 1.11, "undecided"),
        (0.5, 2.0, "undecided"),  # an interval on both sides of 1 is no equality
    ],
)
def test_outcomes(lower, upper, outcome):
    assert [verdict.outcome for verdict in peer_verdicts([timing(lower, upper)])] == [outcome]


@pytest.mark.parametrize(("effect", "outcome"), [(1.0, "as fast"), (0.5, "faster"), (2.0, "slower")])
def test_simulated_times_of_no_and_of_a_large_effect(effect, outcome):
    rng = np.random.default_rng(0)
    ratios = np.sort(effect * rng.lognormal(0, 0.03, 15))
    # Ranks 4 and 12 of 15 hold the median with 96.5%: binomial(15, ½).
    (verdict,) = peer_verdicts([timing(float(ratios[3]), float(ratios[11]))])
    assert verdict.outcome == outcome
