"""Paired differences against scipy, and the family-wise error."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from noisedim.errors import InvalidInputError
from noisedim.statistics.differences import paired_differences
from noisedim.statistics.intervals import clopper_pearson


def table(rng, means, seeds=5, spread=1.0, shared=0.0):
    common = shared * rng.standard_normal(seeds)
    return {name: dict(enumerate(mean + common + spread * rng.standard_normal(seeds))) for name, mean in means.items()}


@pytest.mark.slow
def test_differences_by_scipy_and_statsmodels():
    values = table(np.random.default_rng(0), {"a": 0.0, "b": 1.0, "c": 3.0}, shared=5.0)
    found = paired_differences(values)
    assert [(d.first, d.second) for d in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    raw = [stats.ttest_rel(list(values[d.first].values()), list(values[d.second].values())) for d in found]
    for ours, theirs in zip(found, raw, strict=True):
        assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
        interval = theirs.confidence_interval(0.95)
        assert (ours.interval.lower, ours.interval.upper) == pytest.approx((interval.low, interval.high), rel=1e-9)
    adjusted = multipletests([p.pvalue for p in raw], method="holm")[1]
    assert [d.adjusted_p_value for d in found] == pytest.approx(list(adjusted), rel=1e-9)


def test_seeds_are_paired_by_number_and_not_by_place():
    values = {"a": {0: 1.0, 1: 2.0, 2: 9.0}, "b": {2: 8.0, 1: 1.5, 3: 100.0, 0: 0.9}}
    (found,) = paired_differences(values)
    assert found.interval.estimate == pytest.approx((0.1 + 0.5 + 1.0) / 3)
    assert found.interval.n == 3


def test_equal_values_and_a_constant_gap():
    values = {"a": {0: 1.0, 1: 2.0}, "b": {0: 1.0, 1: 2.0}, "c": {0: 2.0, 1: 3.0}}
    assert [(d.p_value, d.sign()) for d in paired_differences(values)] == [(1, 0), (0, -1), (0, -1)]


@pytest.mark.slow
def test_family_wise_error_where_nobody_is_better():
    # 600 families of 15 pairs of equal methods: any decided pair is an error. At a true rate of 5% the lower limit of the
    # 99.99% interval exceeds 5% with a chance below 1e-4.
    rng = np.random.default_rng(2)
    wrong = sum(
        any(own.sign() for own in paired_differences(table(rng, dict.fromkeys("abcdef", 0.0), shared=2.0)))
        for _ in range(600)
    )
    assert clopper_pearson(wrong, 600, level=0.9999).lower <= 0.05


def test_too_few_seeds():
    with pytest.raises(InvalidInputError, match="'a' and 'b' must share at least 2 seeds; they share 1"):
        paired_differences({"a": {0: 1.0, 1: 1.0}, "b": {1: 2.0, 2: 2.0}})
