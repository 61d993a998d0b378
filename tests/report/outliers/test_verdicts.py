"""Decisions about outliers on simulated embeddings: no effect, small and large effects, and no false alarm at all."""

import numpy as np
import pytest
from scipy import stats

from noisedim.report.outliers.records import PIXELS, OutlierRecord, OutlierVariant
from noisedim.report.outliers.verdicts import (
    FITTED_DETECTORS,
    false_alarms,
    fitted_detectors,
    norm_detection,
)


def variant(name="dual-2", *, norm=0.5, fitted=None, alarms=(0.05, 0.01), classes=10, n=1000, stream=0, rejected=0):
    """AUROC of the norm around ``norm``, of fitted detectors around ``fitted``, and false alarms at the rates ``alarms``."""
    rng = np.random.default_rng([3, stream, *name.encode()])
    fitted = {} if fitted is None else fitted
    records = []
    for label in range(classes):
        means = {"norm": norm, **{detector: fitted.get(detector, norm) for detector in FITTED_DETECTORS}}
        areas = {detector: [mean + 0.02 * rng.standard_normal(), 0.0, 1.0] for detector, mean in means.items()}
        records.append(
            OutlierRecord(
                label=label,
                n=n,
                auroc={"class": areas},
                roc={},
                rejected=label < rejected,
                false_alarms={"far": [int(count) for count in rng.binomial(n, alarms)]},
                mean_square={"usual": 1.0, "class": 0.5},
            )
        )
    return OutlierVariant(
        variant=name,
        words=name,
        data="simulated",
        records=tuple(records),
        failed=(),
        grid=(),
        nominal=(0.05, 0.01),
        dim=2,
    )


@pytest.mark.parametrize(
    ("norms", "outcome"),
    [
        ((0.8, 0.8), "all above"),
        ((0.8, 0.2), "some above"),
        ((0.2, 0.2), "all below"),
        ((0.2, 0.5), "some below"),
        ((0.5, 0.5), "undecided"),
    ],
)
def test_the_norm_is_judged_against_chance(norms, outcome):
    found = norm_detection([variant(norm=norms[0]), variant("dual-8", norm=norms[1]), variant("infomax-8", norm=0.9)])
    assert found.outcome == outcome
    assert [own.variant.variant for own in found.variants] == ["dual-2", "dual-8"]  # only what follows the prior
    assert found.variants[0].auroc.n == 10
    assert (found.variants[0].mean_square_outliers, found.variants[0].mean_square_usual) == (0.5, 1.0)


def test_chance_is_seldom_called_anything_else():
    rounds = 400
    decided = sum(norm_detection([variant(stream=i)]).outcome != "undecided" for i in range(rounds))
    assert stats.binomtest(decided, rounds, 0.05, alternative="greater").pvalue > 1e-6


@pytest.mark.parametrize(
    ("alarms", "outcome"),
    [((0.12, 0.01), "more"), ((0.02, 0.01), "fewer"), ((0.02, 0.05), "more")],
)
def test_false_alarms_against_their_level(alarms, outcome):
    found = false_alarms([variant(alarms=alarms, rejected=3)])
    assert found.outcome == outcome
    assert [own.level for own in found.rates] == [0.05, 0.01]
    assert [(count, runs) for _, count, runs in found.rejected] == [(3, 10)]


def test_false_alarms_at_their_level_are_seldom_called_otherwise():
    rounds = 400
    found = [false_alarms([variant(stream=i)]).outcome for i in range(rounds)]
    # Two levels, each with an interval of 95%; counts of 10 in 1,000 are a little skewed.
    wrong = rounds - found.count("no difference seen")
    assert stats.binomtest(wrong, rounds, 0.14, alternative="greater").pvalue > 1e-6


def test_no_false_alarm_at_all_is_no_proof_of_none():
    found = false_alarms([variant(alarms=(0.05, 0.0), n=300)])
    rate = found.rates[1].rate
    # Clopper–Pearson for 0 of 300 at 95%: 1 − 0.025^(1/300).
    assert (rate.lower, rate.upper) == (0, pytest.approx(1 - 0.025 ** (1 / 300)))
    assert found.rates[1].sign == 0
    # Of 2,000 images the same count is decided to be fewer.
    assert false_alarms([variant(alarms=(0.05, 0.0), n=2000)]).rates[1].sign == -1


@pytest.mark.parametrize(
    ("gain", "outcome"), [(0.2, "all better"), (0.0, "undecided"), (-0.2, "undecided"), (0.005, "undecided")]
)
def test_the_best_fitted_detector_is_paired_with_the_norm(gain, outcome):
    own = variant(norm=0.6, fitted=dict.fromkeys(FITTED_DETECTORS, 0.6 + gain) | {"knn": 0.6 + 1.5 * gain})
    found = fitted_detectors([own])
    assert found.outcome == outcome
    assert found.pairs == len(FITTED_DETECTORS)
    if gain > 0.1:
        assert found.choices[0].detector == "knn"
        assert found.choices[0].against_norm.interval.estimate == pytest.approx(1.5 * gain, abs=0.03)
    assert found.choices[0].pixels_against_neighbours is None


def test_the_best_of_equal_detectors_is_seldom_called_better():
    rounds = 300
    better = sum(fitted_detectors([variant(stream=i)]).outcome != "undecided" for i in range(rounds))
    assert stats.binomtest(better, rounds, 0.05, alternative="greater").pvalue > 1e-6


@pytest.mark.parametrize(("pixels", "sign"), [(0.95, 1), (0.6, -1), (0.8, 0)])
def test_pixels_are_paired_with_neighbours_among_embeddings(pixels, sign):
    own = variant(fitted={"knn": 0.8})
    found = fitted_detectors([own, variant("dual-8", fitted={"knn": 0.8}), variant(PIXELS, fitted={"knn": pixels})])
    assert [choice.pixels_against_neighbours.sign() for choice in found.choices] == [sign, sign]
    assert found.pairs == 2 * (len(FITTED_DETECTORS) + 1)


def test_without_two_classes_nothing_is_said():
    few = [variant(classes=1), variant("infomax-8")]
    assert norm_detection(few) is false_alarms(few) is fitted_detectors(few) is None
