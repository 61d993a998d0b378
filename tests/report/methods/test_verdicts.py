"""Decisions on simulated records: rarely wrong, and made where the plan says that they can be."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noisedim.report.methods.plan import FOLD
from noisedim.report.methods.tables import images_words
from noisedim.report.methods.verdicts import (
    MATCH_MARGIN,
    Comparison,
    compare_curves,
    curves_of,
    decide,
    match_at,
    relative_seconds,
    together,
)
from noisedim.runs.studies.long_study import StudyRecord
from noisedim.statistics.equivalence import crossed_mean

SEEDS, BLOCKS = 8, 10
DIALS = (0.5, 1.0, 2.0)
# What eight seeds of the pilot scattered by: log distance and accuracy, over seeds and over blocks of test images.
SEED_SD, BLOCK_SD, REST_SD = 0.04, 0.03, 0.05


def records(rng, shifts, *, seeds=SEEDS, accuracy_shift=0.0, blocks=BLOCKS, folds=False):
    """Methods on one curve (accuracy .87 to .93, distance rising with it), shifted in log distance and accuracy.

    With ``folds`` each seed has images of its own, which all methods share.
    """
    accuracies = np.linspace(0.87, 0.93, len(DIALS))
    logs = np.linspace(log(0.04), log(0.09), len(DIALS))
    images = rng.normal(0, BLOCK_SD, (seeds if folds else 1, blocks))
    found = []
    for method, shift in shifts.items():
        for seed in range(seeds):
            own, image = rng.normal(0, SEED_SD), images[seed if folds else 0]
            for i, dial in enumerate(DIALS):
                noise = own + image + rng.normal(0, REST_SD, blocks)
                gain = accuracy_shift if method != "ours" else 0.0
                accuracy = accuracies[i] + gain + 0.01 * (image + rng.normal(0, REST_SD, blocks))
                values = {
                    "knn": tuple(accuracy),
                    "sliced_w2_squared": tuple(np.exp(2 * (logs[i] + shift + noise))),
                }
                labels = {"method": method, "dim": 8, "dial": dial} | ({FOLD: seed} if folds else {})
                found.append(
                    StudyRecord(
                        n=10_000,
                        seconds=1.0,
                        values=values,
                        config=f"{method}{seed}{dial}",
                        seed=seed,
                        labels=labels,
                        environment=0,
                    )
                )
    return found


def decisions(shifts, *, repetitions, seed, wanted=(0.90,), **options):
    rng = np.random.default_rng([seed, 20251125])
    return [
        compare_curves(curves_of(records(rng, shifts, **options), dim=8), "ours", wanted=wanted)
        for _ in range(repetitions)
    ]


def rate(found, decision, *, wanted=0.90):
    """Share of repetitions in which some comparison of the match ends so."""
    return np.mean([any(own.decision == decision for own in each if own.wanted == wanted) for each in found])


@pytest.mark.slow
def test_no_method_is_called_better_or_worse_when_all_are_alike():
    found = decisions({"ours": 0.0, "a": 0.0, "b": 0.0, "c": 0.0}, repetitions=150, seed=1)
    wrong = np.mean([any(own.decision in ("better", "worse") for own in each) for each in found])
    # At most 5%, over all comparisons of a repetition together; 150 repetitions of 5% exceed 16 with probability .4%.
    assert wrong <= 16 / 150


@pytest.mark.slow
def test_a_difference_at_the_margin_is_rarely_called_equivalent():
    found = decisions({"ours": 0.0, "a": MATCH_MARGIN}, repetitions=150, seed=2)
    assert rate(found, "equivalent") <= 16 / 150


@pytest.mark.slow
def test_cross_validated_decisions_keep_their_level_and_find_what_they_are_planned_for():
    plan = {"seeds": 20, "blocks": 3, "folds": True}
    found = decisions({"ours": 0.0, "a": 0.0, "b": 0.0}, repetitions=150, seed=8, **plan)
    assert np.mean([any(own.decision in ("better", "worse") for own in each) for each in found]) <= 16 / 150
    found = decisions({"ours": 0.0, "a": MATCH_MARGIN}, repetitions=150, seed=9, **plan)
    assert rate(found, "equivalent") <= 16 / 150
    found = decisions({"ours": 0.0, "a": -log(1.15)}, repetitions=40, seed=10, **plan)
    assert rate(found, "worse") >= 0.9


def test_where_each_seed_has_its_own_images_the_seeds_hold_the_whole_error():
    rng = np.random.default_rng(11)
    own = records(rng, {"ours": 0.0, "a": 0.0}, seeds=5, blocks=3, folds=True)
    curves = curves_of(own, dim=8)
    assert curves["ours"].own_images
    _, best = compare_curves(curves, "ours", wanted=(0.9,))
    # At the accurate end of both dials: Student's t over seeds, each the mean of its own images.
    each = [curves[name].accuracy[-1].mean(1) for name in ("ours", "a")]
    assert best.difference.error == pytest.approx(stats.sem(each[0] - each[1]))
    assert (best.difference.degrees, best.difference.image_error) == (4, 0)
    # All images have judged: more seeds would not decide what is open.
    assert all(one.needed is None for one in compare_curves(curves, "ours", wanted=(0.9,)))
    # One seed with images of two folds is not of that kind, nor one with the test images besides.
    for other in ({FOLD: 7}, {FOLD: None}):
        besides = replace(own[0], labels={**own[0].labels, **other})
        assert not curves_of([besides, *own], dim=8)["ours"].own_images
    # Two seeds with the same images neither.
    again = [replace(one, labels={**one.labels, FOLD: min(int(one.labels[FOLD]), 3)}) for one in own]
    assert not curves_of(again, dim=8)["ours"].own_images
    assert not curves_of(records(rng, {"ours": 0.0}, seeds=5), dim=8)["ours"].own_images


def test_a_large_difference_is_found_with_the_planned_power_and_in_the_right_direction():
    found = decisions({"ours": 0.0, "worse": log(1.3), "better": -log(1.3)}, repetitions=40, seed=3)
    for each in found:
        by = {own.method: own.decision for own in each if own.wanted is not None}
        assert by["worse"] != "worse"
        assert by["better"] != "better"
    for method, decision in (("worse", "better"), ("better", "worse")):
        own = [one.decision for each in found for one in each if one.wanted is not None and one.method == method]
        assert np.mean([each == decision for each in own]) >= 0.9


def test_a_better_accuracy_is_found_though_the_match_at_equal_accuracy_says_more():
    found = decisions({"ours": 0.0, "a": 0.0}, repetitions=10, seed=4, accuracy_shift=0.03)
    for each in found:
        match, accuracy = each
        assert accuracy.decision == "worse"
        # .03 of accuracy is half of the curve's range: the other matches better at equal accuracy, too.
        assert match.decision == "worse"


def test_who_alone_comes_up_to_an_accuracy_is_better_there_if_that_is_sure():
    (each,) = decisions({"ours": 0.0, "a": 0.0}, repetitions=1, seed=5, wanted=(0.99,))
    assert each[0].difference is None
    assert each[0].decision == "undecided"  # neither comes up to it
    (each,) = decisions({"ours": 0.0, "a": 0.0}, repetitions=1, seed=5, wanted=(0.945,), accuracy_shift=0.03)
    assert each[0].difference is None
    assert each[0].decision == "worse"  # .93 against .96
    (each,) = decisions({"ours": 0.0, "a": 0.0}, repetitions=1, seed=5, wanted=(0.915,), accuracy_shift=-0.03)
    assert each[0].decision == "better"  # .93 against .90


@pytest.mark.parametrize(("shift", "decision"), [(0.5, "better"), (-0.5, "worse")])
def test_a_dial_that_ends_above_an_accuracy_leaves_open_what_it_would_lose(shift, decision):
    # Ours comes down to .87, the other to .87 + gain: at .88 only the loser's end matters.
    for gain, ends in ((0.0, False), (0.02, True)):
        rng = np.random.default_rng(12)
        curves = curves_of(records(rng, {"ours": 0.0, "a": shift}, accuracy_shift=gain), dim=8)
        own, _ = compare_curves(curves, "ours", wanted=(0.88,))
        open_end = ends and decision != "worse"
        assert own.dial_ends == open_end
        assert own.decision == ("undecided" if open_end else decision)
        mirrored, _ = compare_curves({**curves, "ours": curves["a"], "a": curves["ours"]}, "ours", wanted=(0.88,))
        assert mirrored.dial_ends == open_end
        assert not open_end or (mirrored.decision, mirrored.needed) == ("undecided", None)
    # Where there is no dial to turn, its one value is all that the method can do.
    single = {
        name: replace(own, dial=own.dial[:1], accuracy=own.accuracy[1:2], squared=own.squared[1:2])
        for name, own in curves.items()
    }
    own, _ = compare_curves({"ours": curves["ours"], "a": single["a"]}, "ours", wanted=(0.88,))
    assert not own.dial_ends


def test_what_stays_undecided_says_how_many_seeds_would_decide_it():
    found = decisions({"ours": 0.0, "a": log(1.05)}, repetitions=20, seed=6, seeds=3)
    undecided = [own for each in found for own in each if own.decision == "undecided" and own.wanted is not None]
    assert undecided
    assert all(own.needed is None or own.needed > 3 for own in undecided)
    assert any(own.needed is not None for own in undecided)
    # Seeds, or images where no number of seeds would: never both.
    assert all((own.needed is None) == (own.more_images is not None and own.more_images > 1) for own in undecided)


def test_where_images_are_too_few_it_says_how_many_would_do():
    # Nearly all of the error is the images': one more seed changes nothing.
    rng = np.random.default_rng(13)
    own = records(rng, {"ours": 0.0, "a": log(1.05)}, seeds=8, blocks=4)
    wide = rng.normal(0, 0.1, 4)
    own = [
        replace(
            each,
            values={
                **each.values,
                "sliced_w2_squared": tuple(np.exp(2 * sign * wide) * each.values["sliced_w2_squared"]),
            },
        )
        for each in own
        for sign in [1 if each.labels["method"] == "ours" else -1]
    ]
    found, _ = compare_curves(curves_of(own, dim=8), "ours", wanted=(0.9,))
    assert (found.decision, found.needed) == ("undecided", None)
    assert found.more_images > 1
    words = images_words([found, replace(found, needed=9, more_images=None)], 10_000)
    count = int(words.removesuffix(" test images").replace(",", ""))
    assert 1 <= count / (10_000 * found.more_images) < 1.1
    assert images_words([replace(found, more_images=20.001)], 10_000) == "210,000 test images"
    assert images_words([replace(found, more_images=None)], 10_000) == "more test images"


def test_methods_with_fewer_seeds_are_compared_over_the_seeds_they_have():
    rng = np.random.default_rng(7)
    every = records(rng, {"ours": 0.0, "a": 0.0})
    few = [own for own in every if own.labels["method"] == "ours" or own.seed < 3]
    match, _ = compare_curves(curves_of(few, dim=8), "ours", wanted=(0.9,))
    assert match.difference.n == 3


def test_a_curve_is_straight_between_its_points_and_the_best_crossing_counts():
    accuracy, squared = np.array([0.8, 0.9, 0.85]), np.exp(2 * np.array([-3.0, -2.0, -2.5]))
    assert match_at(accuracy, squared, 0.85) == pytest.approx(-2.5)
    assert match_at(accuracy, squared, 0.88) == pytest.approx(-2.2)  # three fifths of the way from −2.5 to −2
    assert match_at(accuracy, squared, 0.75) == pytest.approx(-3.0)
    assert match_at(accuracy, squared, 0.95) == np.inf


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.3))
@settings(max_examples=60, deadline=None)
def test_a_decision_mirrors_when_the_methods_change_places(mean, spread):
    values = mean + spread * np.array([-1.0, 0.3, 0.7, -0.2, 0.2])
    one, other = (
        decide(crossed_mean(sign * values), margin=MATCH_MARGIN, comparisons=4, less_is_better=True) for sign in (1, -1)
    )
    mirrored = {"better": "worse", "worse": "better", "equivalent": "equivalent", "undecided": "undecided"}
    assert mirrored[one] == other


@pytest.mark.parametrize(
    ("decisions", "status"),
    [
        (["better", "better"], "supported"),
        (["better", "equivalent"], "only when"),
        (["better", "equivalent", "undecided"], "undecided"),
        (["better", "undecided", "worse"], "contradicted"),
    ],
)
def test_one_rival_that_is_better_contradicts_and_one_that_is_open_leaves_it_open(decisions, status):
    assert together([Comparison(f"m{i}", 0.9, None, own) for i, own in enumerate(decisions)]) == status


def test_times_are_relative_to_the_reference_on_its_own_machines():
    rng = np.random.default_rng(7)
    own = records(rng, {"ours": 0.0, "slow": 0.0, "elsewhere": 0.0}, seeds=3)
    seconds = {"ours": 2.0, "slow": 5.0, "elsewhere": 9.0}
    own = [
        replace(each, seconds=seconds[name], environment=int(name == "elsewhere"))
        for each in own
        for name in [str(each.labels["method"])]
    ]
    own[0] = replace(own[0], seconds=100.0)  # one run that was disturbed
    assert relative_seconds(own, "ours", dim=8) == {"ours": 1.0, "slow": 2.5}
    assert relative_seconds(own, "ours", dim=2) == {}
