"""Whether the reconstruction bound can be tight, and whether the prior is matched, on simulated runs."""

from dataclasses import replace

import numpy as np
import pytest

from noisedim.report.autoencoders.verdicts import NoiseLevel, bound_verdict, match_verdict

CAPACITIES = {0.1: 4.615, 1.0: 0.693}


def level(sigma, *, above=0.0, scatter=0.1, seeds=3, rejected=0):
    rng = np.random.default_rng(round(10 * sigma))
    return NoiseLevel(
        level=sigma,
        capacity=CAPACITIES[sigma],
        above_entropy={seed: above + scatter * rng.standard_normal() for seed in range(seeds)},
        information=(),
        rejected={seed: seed < rejected for seed in range(seeds)},
        n=360,
    )


@pytest.mark.parametrize(("rise", "is_empty"), [(0.0, False), (3.9, False), (20.0, True)])
def test_a_rise_beyond_the_capacity_empties_the_bound(rise, is_empty):
    found = bound_verdict([level(0.1, above=rise), level(1.0)])
    assert found.is_empty is is_empty
    assert (found.low.level, found.high.level) == (1.0, 0.1)
    assert found.highest == pytest.approx(4.615 - rise, abs=0.3)
    # The unknown entropy of the images shifts both alike and changes nothing.
    shifted = bound_verdict([level(0.1, above=rise - 500), level(1.0, above=-500)])
    assert shifted.gains == pytest.approx(found.gains)


def test_scatter_over_seeds_leaves_it_open():
    wide = replace(level(0.1), above_entropy={0: 0.0, 1: 20.0, 2: 40.0})
    assert bound_verdict([wide, level(1.0)]).gain.estimate == pytest.approx(20, abs=0.3)
    assert not bound_verdict([wide, level(1.0)]).is_empty
    assert bound_verdict([level(0.1, above=20, seeds=1), level(1.0, seeds=1)]).gain is None
    assert not bound_verdict([level(0.1, above=20, seeds=1), level(1.0, seeds=1)]).is_empty


def test_one_level_cannot_be_compared():
    assert bound_verdict([level(0.1)]) is None


@pytest.mark.parametrize(
    ("rejected", "outcome", "passed"), [((0, 0), "all", 6), ((3, 1), "some", 2), ((3, 3), "none", 0)]
)
def test_match_counts_runs_of_all_levels(rejected, outcome, passed):
    found = match_verdict([level(0.1, rejected=rejected[0]), level(1.0, rejected=rejected[1])])
    assert (found.outcome, found.passed, found.runs) == (outcome, passed, 6)
