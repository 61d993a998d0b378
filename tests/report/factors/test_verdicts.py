"""Decisions about factors on simulated seeds: no effect, small and large effects, and gains that are no alignment."""

import numpy as np
import pytest
from scipy import stats

from noisedim.report.factors.records import FactorRecord, FactorVariant
from noisedim.report.factors.verdicts import axes_verdict, methods_verdict, prior_verdict, views_verdict

FACTORS = ("shape", "size", "x", "y", "brightness")


def variant(name, *, spread=0.003, seeds=5, stream=0, accuracies=(0.5,) * 5, **means):
    rng = np.random.default_rng([5, stream, *name.encode()])
    names = dict.fromkeys(("mig", "mig_rotated", "disentanglement", "completeness", "informativeness"), 0.05)
    records = tuple(
        FactorRecord(
            seed=seed,
            n=1536,
            mig_at_independence=0.002,
            accuracies=[float(mean + 0.01 * rng.standard_normal()) for mean in accuracies],
            **{key: mean + spread * rng.standard_normal() for key, mean in {**names, **means}.items()},
        )
        for seed in range(seeds)
    )
    return FactorVariant(variant=name, words=name, dim=6, records=records, factors=FACTORS)


def named(*variants):
    return {own.variant: own for own in variants}


@pytest.mark.parametrize(
    ("migs", "outcome"),
    [((0.3, 0.3), "all more"), ((0.3, 0.05), "some more"), ((0.05, 0.05), "undecided"), ((0.01, 0.01), "undecided")],
)
def test_axes_are_compared_with_random_rotations(migs, outcome):
    own = variant("dual", mig=migs[0]), variant("uniform-dual", mig=migs[1]), variant("vae", mig=0.3)
    found = axes_verdict(named(*own, variant("perfect", mig=1.0)))
    assert found.outcome == outcome
    assert (set(found.ours), set(found.others)) == ({"dual", "uniform-dual"}, {"vae"})  # references are not judged
    assert found.others["vae"].sign() == 1


@pytest.mark.parametrize(
    ("uniform", "outcome"),
    [
        ({"mig": 0.2, "disentanglement": 0.2}, "aligned"),
        ({"mig": 0.2, "mig_rotated": 0.2, "disentanglement": 0.2}, "higher, not aligned"),
        ({"mig": 0.2}, "partly aligned"),
        ({}, "undecided"),
        ({"mig": 0.01, "mig_rotated": 0.01}, "lower"),
    ],
)
def test_a_gain_that_rotations_keep_is_no_alignment(uniform, outcome):
    found = prior_verdict(named(variant("dual"), variant("uniform-dual", **uniform)))
    assert found.outcome == outcome
    assert list(found.differences) == ["mig", "disentanglement"]


def test_priors_that_do_not_differ_are_seldom_told_apart():
    rounds = 300
    decided = sum(
        prior_verdict(named(variant("dual", stream=i), variant("uniform-dual", stream=i))).outcome != "undecided"
        for i in range(rounds)
    )
    assert stats.binomtest(decided, rounds, 0.05, alternative="greater").pvalue > 1e-6


@pytest.mark.parametrize(
    ("others", "outcome"),
    [
        (({"mig": 0.3}, {}), "behind"),
        (({"mig": 0.01}, {}), "ahead"),
        (({"mig": 0.3}, {"mig": 0.01}), "mixed"),
        (({}, {}), "undecided"),
    ],
)
def test_other_methods(others, outcome):
    found = methods_verdict(named(variant("dual"), variant("vae", **others[0]), variant("infomax", **others[1])))
    assert found.outcome == outcome
    assert len(found.differences) == 4


@pytest.mark.parametrize(
    ("moved", "outcome"),
    [
        ((0.5, 0.8, 0.2, 0.2, 0.8), "decides"),
        ((0.5, 0.5, 0.2, 0.2, 0.5), "decides in part"),
        ((0.2, 0.8, 0.2, 0.2, 0.5), "decides in part"),  # what was not shifted is lost, too
        ((0.5,) * 5, "undecided"),
        ((0.5, 0.5, 0.49, 0.49, 0.5), "undecided"),  # as small as the scatter over seeds
    ],
)
def test_views_decide_what_is_kept(moved, outcome):
    found = views_verdict(named(variant("dual"), variant("dual-moved", accuracies=moved)))
    assert found.outcome == outcome
    assert tuple(found.differences) == FACTORS


def test_without_two_seeds_nothing_is_said():
    single = named(variant("dual", seeds=1), variant("vae"), variant("uniform-dual", seeds=1))
    assert axes_verdict(single) is prior_verdict(single) is methods_verdict(single) is views_verdict(single) is None
