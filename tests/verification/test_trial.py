"""What a trial calls verified, refuted and inconclusive, and what it refuses to call anything."""

import math

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.verification.budget import (
    ALPHA_A_CASE,
    ALPHA_TOTAL,
    MOST_SAMPLED_CASES,
    BudgetError,
    assert_within_budget,
)
from noisedim.verification.outcomes import Verdict, worst
from noisedim.verification.trial import Trial


def trial(intervals: int = 0) -> Trial:
    return Trial(np.random.default_rng(0), intervals=intervals)


def last(found: Trial) -> Verdict:
    return found.findings[-1].verdict


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (1.0, 1.0, "verified"),
        (1.0, 1.0 + 5e-10, "verified"),
        (1.0, 1.0 + 5e-9, "refuted"),
        (1e6, 1e6 + 5e-4, "verified"),
        (0.0, 5e-10, "verified"),
        (math.inf, math.inf, "verified"),
        (-math.inf, -math.inf, "verified"),
        (math.inf, 1.0, "refuted"),
        (math.nan, math.nan, "refuted"),
        (1.0, math.nan, "refuted"),
    ],
)
def test_equal(left: float, right: float, verdict: str) -> None:
    found = trial()
    found.equal("x", left, right)
    assert last(found) == verdict


def test_equal_without_a_floor_is_relative() -> None:
    found = trial()
    found.equal("x", 1e-6, 1.02e-6)
    assert last(found) == "refuted"
    found.equal("x", 1e-12, 1.02e-12)
    assert last(found) == "verified"
    found.equal("x", 1e-12, 1.02e-12, floor=0.0)
    assert last(found) == "refuted"


def test_order() -> None:
    found = trial()
    for left, right, at_most, below in [
        (1.0, 2.0, "verified", "verified"),
        (1.0, 1.0, "verified", "refuted"),
        (1.0, 1.0 - 1e-10, "verified", "refuted"),
        (1.0, 0.9, "refuted", "refuted"),
        (1.0, math.inf, "verified", "verified"),
        (math.inf, math.inf, "verified", "refuted"),
        (math.nan, 1.0, "refuted", "refuted"),
    ]:
        found.at_most("x", left, right)
        assert last(found) == at_most, (left, right)
        found.below("x", left, right)
        assert last(found) == below, (left, right)


def test_gaps_are_numbers() -> None:
    found = trial()
    found.below("x", math.inf, math.inf, by=0.1)
    found.at_most("x", math.nan, 1.0)
    found.below("x", 1.0, math.nan)
    assert [finding.gap for finding in found.findings] == [0.1, math.inf, math.inf]


def test_facts() -> None:
    found = trial()
    found.holds("x", True)
    assert last(found) == "verified"
    found.holds("x", False)
    assert last(found) == "refuted"
    assert str(found.findings[-1]) == "✗ refuted: x: does not hold"


def test_findings_in_words() -> None:
    found = trial(1)
    found.equal("h", 1.0, 2.0)
    assert str(found.findings[-1]) == "✗ refuted: h: 1 = 2"
    found.within("I", 0.99, 1.01, 1.0, delta=0.02, n=1234)
    assert str(found.findings[-1]) == "✓ verified within 0.02: I: [0.99, 1.01] ∋ 1 (n = 1,234)"
    found.within("I", 1.005, 1.01, 1.0, delta=0.02, n=1234)
    assert str(found.findings[-1]) == "✗ refuted: I: [1.005, 1.01] ∋ 1 (n = 1,234)"
    found.sampled_at_most("gap", -0.2, -0.1, 0.0, delta=0.0, n=9)
    assert str(found.findings[-1]) == "✓ verified: gap: [-0.2, -0.1] <= 0 (n = 9)"


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [(0.99, 1.01, "verified"), (0.95, 1.05, "inconclusive"), (1.001, 1.01, "refuted"), (0.5, 0.999, "refuted")],
)
def test_intervals_about_a_number(lower: float, upper: float, verdict: str) -> None:
    found = trial(1)
    found.within("x", lower, upper, 1.0, delta=0.02, n=100)
    assert last(found) == verdict


@pytest.mark.parametrize(
    ("lower", "upper", "at_most", "at_least"),
    [
        (0.5, 1.01, "verified", "inconclusive"),
        (0.5, 1.05, "inconclusive", "inconclusive"),
        (1.001, 1.01, "refuted", "verified"),
        (0.99, 1.5, "inconclusive", "verified"),
        (0.1, 0.9, "verified", "refuted"),
        (0.9, math.inf, "inconclusive", "inconclusive"),
    ],
)
def test_intervals_about_a_bound(lower: float, upper: float, at_most: str, at_least: str) -> None:
    found = trial(1)
    found.sampled_at_most("x", lower, upper, 1.0, delta=0.02, n=100)
    assert last(found) == at_most
    found.sampled_at_least("x", lower, upper, 1.0, delta=0.02, n=100)
    assert last(found) == at_least


def test_inconclusive_says_why() -> None:
    found = trial(1)
    found.within("x", 0.5, 1.5, 1.0, delta=0.02, n=100)
    assert "the interval is 1 wide at n = 100" in found.findings[-1].note
    found.sampled_at_most("x", 0.5, math.inf, 1.0, delta=0.02, n=100, reason="nothing bounds it")
    assert found.findings[-1].note == "nothing bounds it"


def test_designs_refuse_too_few_draws() -> None:
    found = trial(2)
    design = found.bounded_design(delta=0.05, low=0, high=1, deviation=0.5)
    assert found.alpha == ALPHA_A_CASE / 2
    with pytest.raises(InvalidInputError, match=f"needs {design.n:,} draws; got {design.n - 1:,}"):
        design.interval(np.full(design.n - 1, 0.5))
    normal = found.chi_square_design(delta=0.5)
    with pytest.raises(InvalidInputError, match="needs"):
        normal.interval(10.0, normal.degrees - 1)
    interval = design.interval(found.rng.random(design.n))
    assert interval.upper - interval.lower < 0.1


def test_intervals_are_counted() -> None:
    with pytest.raises(BudgetError, match="declares 0 intervals"):
        trial().bounded_design(delta=0.1, low=0, high=1, deviation=0.5)
    found = trial(1)
    found.chi_square_design(delta=0.5)
    with pytest.raises(BudgetError, match="declares 1 intervals a case and draws more"):
        found.chi_square_design(delta=0.5)
    with pytest.raises(BudgetError, match="draws none"):
        trial(1).close()


def test_the_budget_is_the_whole_suites() -> None:
    assert pytest.approx(ALPHA_TOTAL) == ALPHA_A_CASE * MOST_SAMPLED_CASES
    assert_within_budget(MOST_SAMPLED_CASES)
    with pytest.raises(BudgetError, match="at most 400 sampled cases; got 401"):
        assert_within_budget(MOST_SAMPLED_CASES + 1)


def test_the_gravest_verdict_counts() -> None:
    assert worst([]) == "inconclusive"
    assert worst([Verdict.VERIFIED, Verdict.INCONCLUSIVE, Verdict.REFUTED]) == "refuted"
    assert worst([Verdict.ERROR, Verdict.REFUTED]) == "refuted"
    assert worst([Verdict.SKIPPED, Verdict.VERIFIED]) == "skipped"
