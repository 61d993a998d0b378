"""Table 1's decisions on simulated hits: no effect, small and large effects, and what is not decided."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from noisedim.errors import InvalidInputError
from noisedim.report.table_1.plan import PROFILES
from noisedim.report.table_1.verdicts import ALPHA, method_verdict, noise_effects, seeds_plan
from noisedim.statistics.equivalence import crossed_mean


def hits(effect, *, seeds=5, n=5000, accuracy=0.6, seed=0, scatter=0.002):
    """Hits of two settings on the same images: an effect on the accuracy, and scatter over seeds."""
    rng = np.random.default_rng(seed)
    ease = rng.uniform(size=n)  # of each image, shared by all runs

    def run(mean):
        level = mean + scatter * rng.standard_normal()
        return (0.7 * ease + 0.3 * rng.uniform(size=n) < level).astype(int)

    return {
        0.0: {s: run(accuracy) for s in range(seeds)},
        0.3: {s: run(accuracy + effect) for s in range(seeds)},
    }


def test_errors_and_interval_written_out():
    data = hits(0.02, seeds=4, n=800)
    (effect,) = noise_effects({"m": data}, margin=0.01)["m"]
    changes = np.array([data[0.3][s] - data[0.0][s] for s in range(4)])
    errors = stats.sem(changes.mean(1)), stats.sem(changes.mean(0))
    error = np.hypot(*errors)

    def above(t):
        """The tails of both errors in the shares of their variances."""
        share = errors[0] ** 2 / error**2
        return share * stats.t.sf(t, 3) + (1 - share) * stats.t.sf(t, 799)

    half = optimize.brentq(lambda t: above(t) - 0.025, 0, 20) * error
    assert effect.difference == pytest.approx(changes.mean())
    assert (effect.lower, effect.upper) == pytest.approx((changes.mean() - half, changes.mean() + half))
    assert effect.p_value == pytest.approx(2 * above(abs(changes.mean()) / error))
    both = [above((changes.mean() + 0.01) / error), above((0.01 - changes.mean()) / error)]
    assert effect.equivalence_p_value == pytest.approx(max(both))
    # The test images' own error of one accuracy is the binomial one: 0.29 points at 90.8% of 10,000.
    right = (np.arange(10_000) < 9083).astype(int)
    alone = {0.0: dict.fromkeys(range(2), 0 * right), 0.1: dict.fromkeys(range(2), right)}
    assert noise_effects({"m": alone}, margin=0.01)["m"][0].image_error == pytest.approx(0.00289, abs=1e-5)


def test_verdicts():
    cases = {"helps": 0.08, "harms": -0.08, "neither": 0.0}
    for verdict, effect in cases.items():
        (found,) = noise_effects({"m": hits(effect, scatter=1e-4)}, margin=0.03)["m"]
        assert found.verdict == verdict
    (found,) = noise_effects({"m": hits(0.01, scatter=0.02, seeds=3, n=500)}, margin=0.001)["m"]
    assert found.verdict == "not decided"


def test_no_effect_is_seldom_called_one_and_seldom_called_none_at_the_margin():
    rounds = 300
    verdicts = [noise_effects({"m": hits(0.0, n=400, seed=s)}, margin=0.02)["m"][0].verdict for s in range(rounds)]
    false = sum(verdict in ("helps", "harms") for verdict in verdicts)
    assert stats.binomtest(false, rounds, 0.05, alternative="greater").pvalue > 1e-6
    # At 0.7·ease + 0.3·noise < level, accuracy rises by 1/0.7 of the level: a true difference of the margin.
    at_margin = [
        noise_effects({"m": hits(0.02, n=400, seed=s)}, margin=0.02)["m"][0].verdict == "neither" for s in range(rounds)
    ]
    assert stats.binomtest(sum(at_margin), rounds, 0.05, alternative="greater").pvalue > 1e-6


def test_family_is_all_methods_and_levels():
    one = hits(0.01, seed=3)
    many = {f"m{i}": one for i in range(6)}
    (alone,) = noise_effects({"m": one}, margin=0.01)["m"]
    together = noise_effects(many, margin=0.01)["m0"][0]
    assert together.adjusted_p_value == pytest.approx(min(1, 6 * alone.p_value))


def test_adjusted_p_values_of_the_first_methods_can_only_fall_as_others_come():
    one = hits(0.01, seed=3)
    (alone,) = noise_effects({"m": one}, margin=0.02)["m"]
    (early,) = noise_effects({"m": one}, margin=0.02, planned=6)["m"]
    assert early.adjusted_p_value == pytest.approx(min(1, 6 * alone.p_value))
    assert early.adjusted_equivalence_p_value == pytest.approx(min(1, 6 * alone.equivalence_p_value))
    for later in range(5):
        all_six = {f"m{i}": hits(0.0, seed=10 * later + i) for i in range(5)} | {"m": one}
        found = noise_effects(all_six, margin=0.02)["m"][0]
        assert found.adjusted_p_value <= early.adjusted_p_value
        assert found.adjusted_equivalence_p_value <= early.adjusted_equivalence_p_value


def rejections(effect, *, seeds, scatter, shared, level, rounds=1500, parts=50):
    """How often the difference is called smaller than the plan's margin, and how often it is called different from 0.

    Per image and seed: a common effect, one of the image with every seed (its share of the variance), and the rest. One run in
    four differs at each of 10,000 images, here gathered in parts.
    """
    rng = np.random.default_rng([seeds, int(1e4 * scatter), int(10 * shared)])
    variance, margin = 0.25 * parts / 10_000, PROFILES["cifar-small"].margin
    equal = different = 0
    for _ in range(rounds):
        changes = effect + scatter * rng.standard_normal((seeds, 1))
        changes = changes + np.sqrt(shared * variance) * rng.standard_normal(parts)
        changes = changes + np.sqrt((1 - shared) * variance) * rng.standard_normal((seeds, parts))
        found = crossed_mean(changes.mean(1), changes)
        equal += found.p_equivalent(margin) <= level
        different += found.p_different() <= level
    return equal, different


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("scatter", [0.001, 0.004, 0.008, 0.02])
def test_the_plan_for_a_cpu_keeps_its_level_however_seeds_and_images_share_the_error(scatter, shared):
    seeds, rounds, level, margin = PROFILES["cifar-small"].seeds, 1500, 0.05, PROFILES["cifar-small"].margin
    equal, _ = rejections(margin, seeds=seeds, scatter=scatter, shared=shared, level=level)
    _, different = rejections(0.0, seeds=seeds, scatter=scatter, shared=shared, level=level)
    for wrong in (equal, different):
        assert stats.binomtest(wrong, rounds, level, alternative="greater").pvalue > 1e-3


def test_the_plan_for_a_cpu_finds_that_there_is_no_effect():
    # Seeds that scatter by .4 points, six levels: the chance that the plan states.
    for shared in (0.0, 1.0):
        plan = {"seeds": PROFILES["cifar-small"].seeds, "scatter": 0.004, "shared": shared, "level": ALPHA / 6}
        equal, _ = rejections(0.0, **plan, parts=1000)
        assert stats.binomtest(equal, 1500, 0.77, alternative="less").pvalue > 1e-3


def test_nothing_is_decided_before_all_seeds_of_the_plan_are_there():
    data = {"m": hits(0.08, seeds=3, scatter=1e-4)}
    assert noise_effects(data, margin=0.03, seeds=3)["m"][0].verdict == "helps"
    assert noise_effects(data, margin=0.03, seeds=4)["m"][0].verdict == "not decided"


def test_bad_input():
    data = hits(0.0, n=50)
    with pytest.raises(InvalidInputError, match=r"needs runs at sigma = 0 to compare with; got \[0.3\]"):
        noise_effects({"m": {0.3: data[0.3]}}, margin=0.01)
    data[0.3][0] = data[0.3][0][:-1]
    with pytest.raises(InvalidInputError, match=r"judged by the same images; got \[49, 50\]"):
        noise_effects({"m": data}, margin=0.01)


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        (("helps", "helps"), "helps"),
        (("neither", "neither"), "neither"),
        (("neither", "not decided"), "not decided"),
        (("helps", "not decided"), "differs by level"),
        (("helps", "harms"), "differs by level"),
    ],
)
def test_levels_together(verdicts, outcome):
    (effect,) = noise_effects({"m": hits(0.0, n=100)}, margin=0.01)["m"]
    assert method_verdict([replace(effect, verdict=verdict) for verdict in verdicts]).outcome == outcome


def test_without_two_seeds_nothing_is_said():
    data = hits(0.1, seeds=1)
    assert noise_effects({"m": data}, margin=0.01) == {"m": []}
    assert method_verdict([]) is None


def test_seeds_are_planned_only_for_what_is_not_decided():
    wide, close = (
        noise_effects({"m": hits(0.0, scatter=scatter, seeds=3, n=2000), "k": hits(0.0, seed=1, n=2000)}, margin=0.03)
        for scatter in (0.03, 1e-4)
    )
    few = [effect for own in wide.values() for effect in own]
    assert few[0].verdict == "not decided"
    plan = {"alpha": 0.05, "planned": 2, "seeds": 3, "n_test": 2000}
    needed = seeds_plan(few, margin=0.03, **plan).needed
    assert 3 < needed < 1000
    # Levels that are still to come take their share of the error rate; and while seeds are missing nothing is planned.
    assert needed < seeds_plan(few, margin=0.03, **{**plan, "planned": 6}).needed
    assert seeds_plan(few, margin=0.03, **{**plan, "seeds": 4}) is None
    # Test images alone are too few for a margin below their own error, however many seeds there are.
    short = seeds_plan(few, margin=0.001, **plan)
    assert short.needed is None
    error = np.sqrt(np.mean([effect.image_error**2 for effect in few]))
    quantiles = stats.norm.isf(0.05 / len(few)) + stats.norm.isf(0.05)
    assert short.images == pytest.approx(2000 * (quantiles * error / 0.001) ** 2, rel=0.01)
    decided = [effect for own in close.values() for effect in own]
    assert {effect.verdict for effect in decided} == {"neither"}
    assert seeds_plan(decided, margin=0.03, **plan) is None
