"""AUROC against scikit-learn and a jackknife; its interval's coverage; the curve."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from noisedim.errors import InvalidInputError
from noisedim.statistics.roc import auroc, detection_rates

scores = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=30)


def sklearn_area(negative, positive):
    return roc_auc_score(np.repeat([0, 1], [len(negative), len(positive)]), np.concatenate([negative, positive]))


@given(scores, scores)
def test_area_is_scikit_learns_also_with_ties(negative, positive):
    found = auroc(negative, positive)
    assert found.estimate == pytest.approx(sklearn_area(negative, positive), abs=1e-12)
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    turned = auroc(positive, negative)
    assert turned.estimate == pytest.approx(1 - found.estimate, abs=1e-12)
    assert turned.lower == pytest.approx(1 - found.upper, abs=1e-6)


@given(scores, scores)
def test_only_the_order_counts(negative, positive):
    assert auroc(negative, positive) == auroc(np.exp(negative), np.exp(positive))


def test_variance_is_the_two_sample_jackknife():
    # DeLong's variance is that of jackknife pseudo-values over each group on its own.
    rng = np.random.default_rng(0)
    negative, positive = rng.standard_normal(40), rng.standard_normal(25) + 0.8
    area = sklearn_area(negative, positive)

    def part(values, other, first):
        left_out = [np.delete(values, i) for i in range(len(values))]
        areas = np.array([sklearn_area(*((own, other) if first else (other, own))) for own in left_out])
        pseudo = len(values) * area - (len(values) - 1) * areas
        return pseudo.var(ddof=1) / len(values)

    error = np.sqrt(part(negative, positive, True) + part(positive, negative, False))
    found = auroc(negative, positive)
    logits = np.log([found.lower / (1 - found.lower), found.upper / (1 - found.upper)])
    assert (logits[1] - logits[0]) / 2 == pytest.approx(stats.norm.isf(0.025) * error / (area * (1 - area)))


@pytest.mark.parametrize(("shift", "m", "n"), [(0.0, 40, 40), (1.0, 300, 20), (2.5, 30, 40)])
def test_interval_holds_the_truth_about_as_often_as_it_says(shift, m, n):
    rng = np.random.default_rng(1)
    truth = stats.norm.cdf(shift / np.sqrt(2))
    trials = 400
    inside = sum(truth in auroc(rng.standard_normal(m), rng.standard_normal(n) + shift) for _ in range(trials))
    # Approximate: from 92.5% to 99% true coverage passes, up to four standard errors of the simulation.
    assert 0.925 - 4 * 0.013 <= inside / trials <= 1.0


def test_without_overlap_the_interval_is_not_a_point():
    for m, n in ((20, 20), (300, 10)):
        perfect = auroc(np.arange(m), np.arange(n) + 1000.0)
        assert (perfect.estimate, perfect.upper, perfect.method) == (1.0, 1.0, "Newcombe")
        # Newcombe's equation at its root, by brute force.
        grid = np.linspace(0.5, 1 - 1e-9, 2_000_001)
        spare = (m + n) / 2 - 1
        variance = grid * (1 - grid) * (1 + spare * ((1 - grid) / (2 - grid) + grid / (1 + grid))) / (m * n)
        inside = (1 - grid) ** 2 <= stats.norm.isf(0.025) ** 2 * variance
        assert perfect.lower == pytest.approx(grid[inside].min(), abs=1e-6)
        assert auroc(np.arange(n) + 1000.0, np.arange(m)).upper == pytest.approx(1 - perfect.lower)


def test_infinite_scores_have_an_order():
    assert auroc([0.0, 1.0, np.inf], [np.inf, np.inf, 2.0]).estimate == pytest.approx((2.5 + 2.5 + 2) / 9)


def test_curve_is_scikit_learns():
    rng = np.random.default_rng(2)
    negative, positive = rng.integers(0, 12, 60).astype(float), rng.integers(4, 16, 45).astype(float)
    alarms, found, _ = roc_curve(
        np.repeat([0, 1], [60, 45]), np.concatenate([negative, positive]), drop_intermediate=False
    )
    inner = np.linspace(0.01, 1, 53)
    np.testing.assert_allclose(detection_rates(negative, positive, inner), np.interp(inner, alarms, found), atol=1e-12)
    assert detection_rates(negative, positive, [0.0])[0] == pytest.approx((positive > negative.max()).mean())
    # The area under it is AUROC.
    fine = np.linspace(0, 1, 200_001)
    assert np.trapezoid(detection_rates(negative, positive, fine), fine) == pytest.approx(
        auroc(negative, positive).estimate, abs=1e-4
    )


@pytest.mark.parametrize("bad", [[1.0], [], [1.0, np.nan], [[1.0, 2.0]]])
def test_bad_scores_are_refused(bad):
    with pytest.raises(InvalidInputError, match="positive must be 2 or more numbers"):
        auroc([0.0, 1.0], bad)
    with pytest.raises(InvalidInputError, match="level must lie"):
        auroc([0.0, 1.0], [0.0, 1.0], level=95)
