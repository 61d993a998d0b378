"""Crossed means: against Student's t, against simulation, and both ways of being wrong."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from noisedim.errors import InvalidInputError
from noisedim.statistics.equivalence import FEW_SEEDS, crossed_mean, more_images_needed, seeds_needed
from noisedim.statistics.intervals import student_t


def test_without_contributions_it_is_students_t():
    values = [0.3, -0.1, 0.4, 0.2]
    ours, theirs = crossed_mean(values).interval(level=0.9), student_t(values, level=0.9)
    assert (ours.lower, ours.upper) == pytest.approx((theirs.lower, theirs.upper), rel=1e-12)
    two_sided = stats.ttest_1samp(values, 0.0, alternative="greater")
    assert crossed_mean(values).p_above(0) == pytest.approx(two_sided.pvalue, rel=1e-9)


def test_equivalence_is_the_interval_inside_the_margin():
    mean = crossed_mean([0.3, -0.1, 0.4, 0.2, 0.25])
    interval = mean.interval(level=0.9)
    edge = max(abs(interval.lower), abs(interval.upper))
    assert mean.p_equivalent(edge * 1.001) < 0.05 < mean.p_equivalent(edge * 0.999)
    # By two one-sided tests of another library.
    upper = stats.ttest_1samp([0.3, -0.1, 0.4, 0.2, 0.25], 0.5, alternative="less").pvalue
    lower = stats.ttest_1samp([0.3, -0.1, 0.4, 0.2, 0.25], -0.5, alternative="greater").pvalue
    assert mean.p_equivalent(0.5) == pytest.approx(max(lower, upper), rel=1e-9)


def simulated(rng, mean, *, seeds=5, images=60):
    """Values a seed, and what each image adds to them: image effects that all seeds share, and noise of each seed's own."""
    shared = rng.standard_normal(images) * 3
    own = rng.standard_normal((seeds, images)) * 1.5
    contributions = shared + own
    values = mean + contributions.mean(1) + 0.2 * rng.standard_normal(seeds)
    return values, contributions - contributions.mean(1, keepdims=True)


def test_coverage_over_seeds_and_images():
    rng = np.random.default_rng(0)
    inside, narrow = 0, 0
    for _ in range(800):
        values, contributions = simulated(rng, 0.7)
        inside += 0.7 in crossed_mean(values, contributions).interval(level=0.9)
        narrow += 0.7 in crossed_mean(values).interval(level=0.9)
    # At least 90%; of 800, fewer than 674 has a chance below 1e-6. Seeds alone miss the choice of the images by far.
    assert inside >= 674
    assert narrow < 640


def test_false_equivalence_is_rare():
    # At the margin itself at most 5% may be called equivalent: more than 73 of 800 has a chance below 1e-6.
    rng = np.random.default_rng(1)
    called = sum(crossed_mean(*simulated(rng, 1.5)).p_equivalent(1.5) <= 0.05 for _ in range(800))
    assert called <= 73
    found = sum(crossed_mean(*simulated(rng, 0.0)).p_equivalent(1.5) <= 0.05 for _ in range(200))
    assert found > 100


def test_bad_input():
    with pytest.raises(InvalidInputError, match="two or more finite values"):
        crossed_mean([1.0])
    with pytest.raises(InvalidInputError, match=r"contributions must have shape \(2, n\); got \(3, 4\)"):
        crossed_mean([1.0, 2.0], np.zeros((3, 4)))
    with pytest.raises(InvalidInputError, match="margin must be a finite number > 0"):
        crossed_mean([1.0, 2.0]).p_equivalent(0.0)


def test_planned_seeds_do_decide():
    # Normal differences over seeds, exact test images: the planned number decides equivalence as often as it says.
    scatter, margin, levels = 0.01, 0.01, 6
    needed = seeds_needed([scatter / np.sqrt(3)] * levels, [0.0] * levels, 3, margin=margin)
    assert needed is not None
    rng = np.random.default_rng(0)

    def decided(n, rounds=4000):
        draws = scatter * rng.standard_normal((rounds, n))
        error = draws.std(1, ddof=1) / np.sqrt(n)
        p = stats.t.sf((margin - np.abs(draws.mean(1))) / error, n - 1)
        return int((p <= 0.05 / levels).sum()), rounds

    assert stats.binomtest(*decided(needed), 0.9, alternative="less").pvalue > 1e-6
    assert stats.binomtest(*decided(needed // 2), 0.9, alternative="less").pvalue < 1e-6
    assert seeds_needed([0.001] * 6, [0.01] * 6, 3, margin=0.01) is None


def test_planned_seeds_know_how_well_the_images_error_is_known():
    # Ten blocks of images and no scatter over seeds: Student's t with nine degrees of freedom at both places.
    error = 0.004
    needs = (stats.t.isf(0.05 / 6, 9) + stats.t.isf(0.05, 9)) * error
    assert seeds_needed([0.0] * 6, [error] * 6, 4, margin=1.001 * needs, image_degrees=9) == 3
    assert seeds_needed([0.0] * 6, [error] * 6, 4, margin=0.999 * needs, image_degrees=9) is None
    assert seeds_needed([0.0] * 6, [error] * 6, 4, margin=0.999 * needs) == 3


@pytest.mark.parametrize("shares", [(0.2, 0.8), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0)])
@pytest.mark.parametrize("seeds", [3, FEW_SEEDS - 1, FEW_SEEDS])
def test_tails_of_few_seeds_mix_both_laws(seeds, shares):
    found = crossed_mean(*simulated(np.random.default_rng(4), 0.3, seeds=seeds, images=60))
    degrees = 1 / (shares[0] ** 2 / (seeds - 1) + shares[1] ** 2 / 59)
    parts = {"seed_error": np.sqrt(shares[0]), "image_error": np.sqrt(shares[1]), "degrees": degrees}
    scaled = replace(found, **parts, error=1.0, estimate=2.5)
    expected = shares[0] * stats.t.sf(2.5, seeds - 1) + shares[1] * stats.t.sf(2.5, 59)
    if seeds == FEW_SEEDS:
        expected = stats.t.sf(2.5, degrees)
    assert scaled.p_above(0.0) == pytest.approx(expected)
    assert scaled.p_different() == pytest.approx(2 * expected)
    # The interval is the set of means that are not rejected.
    interval = scaled.interval(level=0.9)
    assert replace(scaled, estimate=scaled.estimate - interval.lower).p_different() == pytest.approx(0.1)


@pytest.mark.parametrize(("seeds", "share"), [(3, 0.5), (3, 0.85), (3, 0.95), (5, 0.85), (5, 0.95)])
def test_few_seeds_keep_the_level_where_satterthwaites_degrees_of_freedom_do_not(seeds, share):
    # The mean's variance is 1: scatter over seeds has this share of it, the choice of ten images the rest.
    rng = np.random.default_rng([seeds, int(100 * share)])
    rounds, level, images = 40_000, 0.0025, 10
    chosen = np.sqrt(images * (1 - share)) * rng.standard_normal((rounds, images))
    values = np.sqrt(seeds * share) * rng.standard_normal((rounds, seeds)) + chosen.mean(1, keepdims=True)
    error = np.sqrt(values.var(1, ddof=1) / seeds + chosen.var(1, ddof=1) / images)
    rejected = by_satterthwaite = 0
    # No test of this level rejects what lies nearer to 0 than the normal law's quantile.
    for i in np.flatnonzero(np.abs(values.mean(1)) > stats.norm.isf(level / 2) * error):
        found = crossed_mean(values[i], np.tile(chosen[i], (seeds, 1)))
        rejected += found.p_different() <= level
        by_satterthwaite += 2 * stats.t.sf(abs(found.estimate) / found.error, found.degrees) <= level
    assert stats.binomtest(rejected, rounds, level, alternative="greater").pvalue > 1e-6
    if share > 0.5:
        assert stats.binomtest(by_satterthwaite, rounds, level, alternative="greater").pvalue < 1e-6


def test_planned_seeds_below_eight_have_the_mixed_tails():
    seed_error, image_error, levels = 0.02, 0.01, 4

    def half(n, above):
        """Where the upper tail of the mean's law, in its standard errors, is ``above``; its error besides."""
        parts = np.array([3 * seed_error**2 / n, image_error**2])
        shares = parts / parts.sum()

        def tail(t):
            return shares[0] * stats.t.sf(t, n - 1) + shares[1] * stats.t.sf(t, 9) - above

        return optimize.brentq(tail, 0, 1e3) * np.sqrt(parts.sum())

    for wanted in (4, 5, 6, 7):
        margin = half(wanted, 0.05 / levels) + half(wanted, 0.05)
        errors = {"seed_errors": [seed_error] * levels, "image_errors": [image_error] * levels, "seeds": 3}
        assert seeds_needed(**errors, margin=1.001 * margin, image_degrees=9) == wanted
        assert seeds_needed(**errors, margin=0.999 * margin, image_degrees=9) == wanted + 1


def test_without_scatter_of_images_few_seeds_have_students_law():
    values = [0.3, -0.1, 0.4]
    still = crossed_mean(values, np.tile([0.2, 0.2], (3, 1)))
    assert still.p_different() == pytest.approx(crossed_mean(values).p_different())
    assert still.interval().method == "Student t"


def test_planned_seeds_count_the_images_degrees_of_freedom():
    # Mostly the images' error, which thousands of images tell exactly: the normal quantiles, not Student's of three seeds.
    error, margin = 0.004, 0.02
    exact = (stats.norm.ppf(1 - 0.05 / 6) + stats.norm.ppf(0.95)) * error
    assert exact < margin
    assert seeds_needed([1e-5] * 6, [error] * 6, 4, margin=margin) == 3
    assert seeds_needed([0.0] * 6, [error] * 6, 4, margin=margin) == 3
    assert seeds_needed([0.0] * 6, [error] * 6, 4, margin=exact * 0.999) is None


@pytest.mark.parametrize("blocks", [2, 10, 10_000])
def test_planned_images_do_decide_with_enough_seeds(blocks):
    error, margin, levels = 0.05, 0.06, 3
    ratio = more_images_needed([error] * levels, margin=margin, image_degrees=blocks - 1)
    assert ratio > 1
    rng = np.random.default_rng(1)

    def decided(times, rounds=20_000):
        """Equivalence of differences of zero, whose error comes from blocks of images alone: (successes, rounds)."""
        degrees = round(blocks * times) - 1
        mean = error / np.sqrt(times) * rng.standard_normal(rounds)
        found = error / np.sqrt(times) * np.sqrt(rng.chisquare(degrees, rounds) / degrees)
        return int((stats.t.sf((margin - np.abs(mean)) / found, degrees) <= 0.05 / levels).sum()), rounds

    assert stats.binomtest(*decided(np.ceil(blocks * ratio) / blocks), 0.9, alternative="less").pvalue > 1e-6
    assert stats.binomtest(*decided(ratio / 1.5), 0.9, alternative="less").pvalue < 1e-6


@given(st.floats(0.001, 0.1), st.floats(0.005, 0.1), st.sampled_from([9, 199, np.inf]))
@settings(max_examples=40, deadline=None)
def test_seeds_can_decide_once_there_are_the_images_that_are_needed(error, margin, degrees):
    ratio = more_images_needed([error], margin=margin, image_degrees=degrees)

    def needed(times):
        own = (degrees + 1) * times - 1
        return seeds_needed([1e-9], [error / np.sqrt(times)], 3, margin=margin, image_degrees=own)

    assert needed(1.001 * ratio) == 3
    assert ratio == 1 or needed(0.999 * ratio) is None


def test_images_without_error_are_enough():
    assert more_images_needed([0.0, 0.0], margin=0.1) == 1
