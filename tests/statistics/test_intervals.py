"""Intervals audited by coverage, with Clopper–Pearson bounds on what was counted, and against scipy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.statistics.intervals import (
    betting,
    clopper_pearson,
    empirical_bernstein,
    scale_chi_square,
    student_t,
)

LAWS = {
    "uniform": (lambda rng, n: rng.random(n), 0.5),
    "rare": (lambda rng, n: (rng.random(n) < 0.02).astype(float), 0.02),
    "beta": (lambda rng, n: rng.beta(0.3, 2.0, n), 0.3 / 2.3),
    "constant": (lambda rng, n: np.full(n, 0.3), 0.3),
}


def missed(make, law: str, n: int, repetitions: int, seed: int) -> int:
    """How often the interval misses the mean."""
    draw, mean = LAWS[law]
    rng = np.random.default_rng(seed)
    return sum(mean not in make(draw(rng, n)) for _ in range(repetitions))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [20, 300])
@pytest.mark.parametrize("method", [empirical_bernstein, betting])
def test_bounded_intervals_cover_at_least_as_often_as_they_say(method, law: str, n: int) -> None:
    repetitions = 400
    count = missed(lambda x: method(x, 0, 1, level=0.9), law, n, repetitions, seed=n)
    # True rate <= 10%: more than this many misses has a probability below 1e-6.
    assert count <= stats.binom.ppf(1 - 1e-6, repetitions, 0.1)


def test_too_short_an_interval_would_be_found_out() -> None:
    """The audit itself: intervals of half the width miss far too often."""

    def half(x: np.ndarray):
        found = empirical_bernstein(x, 0, 1, level=0.9)
        width = (found.upper - found.lower) / 8
        return type(found)(found.estimate, found.estimate - width, found.estimate + width, 0.9, found.n, "halved")

    assert missed(half, "uniform", 300, 400, seed=1) > stats.binom.ppf(1 - 1e-6, 400, 0.1)


@pytest.mark.slow
def test_exact_intervals_cover_exactly() -> None:
    rng = np.random.default_rng(0)
    repetitions, count_chi, count_t = 3000, 0, 0
    for _ in range(repetitions):
        a = 2 * rng.standard_normal(15)
        count_chi += 4 not in scale_chi_square(float(a @ a), 15, level=0.9)
        count_t += 0 not in student_t(a, level=0.9)
    for count in (count_chi, count_t):
        assert 0.1 in clopper_pearson(count, repetitions, level=1 - 1e-5)


def test_betting_is_shorter_than_empirical_bernstein() -> None:
    rng = np.random.default_rng(3)
    for n in (50, 500, 5000):
        for draw, _ in LAWS.values():
            x = draw(rng, n)
            bet, bernstein = betting(x, 0, 1, level=0.999), empirical_bernstein(x, 0, 1, level=0.999)
            assert bet.upper - bet.lower <= bernstein.upper - bernstein.lower + 1e-9


def test_empirical_bernstein_is_its_formula() -> None:
    x = np.random.default_rng(0).uniform(-1, 3, 1000)
    found = empirical_bernstein(x, -1, 3, level=0.99)
    logs = math.log(4 / 0.01)
    half = math.sqrt(2 * x.var(ddof=1) * logs / 1000) + 7 * 4 * logs / (3 * 999)
    assert found.upper - found.estimate == pytest.approx(half)
    assert found.estimate - found.lower == pytest.approx(half)


def test_betting_by_brute_force() -> None:
    """The limits against a fine grid of candidate means, each gambler's wealth followed step by step."""
    x = np.random.default_rng(5).beta(2, 5, 60)
    alpha, n = 0.05, 60
    mean, spread, bets = 0.5, 0.25, []
    total, squares = 0.5, 0.25
    for t, value in enumerate(x, start=1):
        bets.append(math.sqrt(2 * math.log(2 / alpha) / (n * spread)))
        total += value
        mean = total / (t + 1)
        squares += (value - mean) ** 2
        spread = squares / (t + 1)
    kept = []
    for candidate in np.linspace(0.001, 0.999, 999):
        up = down = 1.0
        excluded = False
        for bet, value in zip(bets, x, strict=True):
            up *= 1 + min(bet, 0.5 / candidate) * (value - candidate)
            down *= 1 - min(bet, 0.5 / (1 - candidate)) * (value - candidate)
            excluded |= max(up, down) / 2 >= 1 / alpha
        if not excluded:
            kept.append(candidate)
    found = betting(x, 0, 1, level=1 - alpha)
    assert found.lower == pytest.approx(min(kept), abs=1.1e-3)
    assert found.upper == pytest.approx(max(kept), abs=1.1e-3)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=40),
    st.floats(-5, 5),
    st.floats(0.1, 10),
)
@settings(max_examples=60, deadline=None)
def test_bounded_intervals_move_with_the_variable(values: list[float], shift: float, scale: float) -> None:
    for method in (betting, empirical_bernstein):
        plain = method(values, 0, 1, level=0.9)
        moved = method(shift + scale * np.array(values), shift, shift + scale, level=0.9)
        assert moved.lower == pytest.approx(shift + scale * plain.lower, abs=1e-6 * scale)
        assert moved.upper == pytest.approx(shift + scale * plain.upper, abs=1e-6 * scale)
        assert plain.lower <= np.mean(values) + 1e-9
        assert plain.upper >= np.mean(values) - 1e-9


def test_the_interval_of_a_scale_is_of_scipys_quantiles() -> None:
    found = scale_chi_square(30.0, 20, level=0.95)
    assert found.lower == pytest.approx(30 / stats.chi2.ppf(0.975, 20))
    assert found.upper == pytest.approx(30 / stats.chi2.ppf(0.025, 20))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: empirical_bernstein([0.5, 1.5], 0, 1), r"values must lie in \[0, 1\]; got 0.5 to 1.5"),
        (lambda: empirical_bernstein([0.5], 0, 1), "expected 2 or more values; got 1"),
        (lambda: betting([], 0, 1), "expected 1 or more values; got 0"),
        (lambda: betting([0.5], 1, 1), "expected finite low < high; got 1 and 1"),
        (lambda: betting([math.nan], 0, 1), "values must lie in"),
        (lambda: scale_chi_square(0.0, 3), "sum_of_squares must be a finite number > 0; got 0.0"),
        (lambda: scale_chi_square(1.0, 3, level=1.0), "level must lie strictly between 0 and 1; got 1.0"),
    ],
)
def test_bad_input_is_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()
