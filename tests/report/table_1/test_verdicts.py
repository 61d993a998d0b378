"""Table 1's decisions on simulated hits: no effect, small and large effects, and what is not decided."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

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
    degrees = error**4 / (errors[0] ** 4 / 3 + errors[1] ** 4 / 799)  # Satterthwaite's
    assert effect.difference == pytest.approx(changes.mean())
    assert (effect.lower, effect.upper) == pytest.approx(stats.t.interval(0.95, degrees, changes.mean(), error))
    assert effect.p_value == pytest.approx(2 * stats.t.sf(abs(changes.mean()) / error, degrees))
    both = [stats.t.sf((changes.mean() + 0.01) / error, degrees), stats.t.cdf((changes.mean() - 0.01) / error, degrees)]
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


def test_what_is_decided_of_the_first_methods_stays_decided():
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


@pytest.mark.parametrize("shared", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("scatter", [0.002, 0.004])
def test_the_plan_for_a_cpu_decides_as_it_says(scatter, shared):
    # Per image and seed: a common effect, one of the image with every seed (its share of the variance), and the rest. One
    # run in four differs at each of 10,000 images, here gathered in 200 parts.
    seeds, parts, rounds = PROFILES["cifar-small"].seeds, 200, 1500
    rng = np.random.default_rng(0)
    variance, margin = 0.25 * parts / 10_000, PROFILES["cifar-small"].margin

    def share_called_none(effect):
        called = 0
        for _ in range(rounds):
            changes = effect + scatter * rng.standard_normal((seeds, 1))
            changes = changes + np.sqrt(shared * variance) * rng.standard_normal(parts)
            changes = changes + np.sqrt((1 - shared) * variance) * rng.standard_normal((seeds, parts))
            called += crossed_mean(changes.mean(1), changes).p_equivalent(margin) <= ALPHA / 6
        return called

    assert stats.binomtest(share_called_none(margin), rounds, ALPHA / 6, alternative="greater").pvalue > 1e-6
    assert stats.binomtest(share_called_none(0.0), rounds, 0.86, alternative="less").pvalue > 1e-6


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
    assert 3 < seeds_plan(few, margin=0.03, alpha=0.05).needed < 1000
    # Test images alone are too few for a margin below their own error, however many seeds there are.
    assert seeds_plan(few, margin=0.001, alpha=0.05).needed is None
    decided = [effect for own in close.values() for effect in own]
    assert {effect.verdict for effect in decided} == {"neither"}
    assert seeds_plan(decided, margin=0.03, alpha=0.05) is None
