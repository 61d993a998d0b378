"""Wasserstein distances of projections: closed forms, coverage of their intervals, the direction found."""

import math

import numpy as np
import pytest
from scipy import integrate, special

from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.transport import (
    debiased_wasserstein,
    expected_at_prior,
    max_sliced_wasserstein,
    sliced_wasserstein,
    wasserstein_to_normal,
)


@pytest.mark.parametrize("n", [2, 7, 40])
def test_sliced_wasserstein_in_one_dimension_is_the_integral(n):
    x = np.sort(np.random.default_rng(n).standard_normal(n)) + 0.3
    cells = [
        integrate.quad(lambda u, i=i: (x[i] - special.ndtri(u)) ** 2, i / n, (i + 1) / n, limit=200)[0]
        for i in range(n)
    ]
    assert sliced_wasserstein(x[:, None]).estimate == pytest.approx(math.sqrt(sum(cells)), rel=1e-6)


@pytest.mark.slow
def test_sliced_wasserstein_of_a_shift_and_of_a_scale():
    rng = np.random.default_rng(2)
    z = rng.standard_normal((20_000, 2))
    # A shift by m moves every projection by ⟨m, u⟩: root mean square ‖m‖/√2 in two dimensions.
    assert sliced_wasserstein(z + np.array([1.0, 0]), directions=2000).estimate == pytest.approx(
        1 / math.sqrt(2), abs=0.05
    )
    assert sliced_wasserstein(1.5 * z).estimate == pytest.approx(0.5, abs=0.05)
    assert sliced_wasserstein(z).estimate < 0.05


def test_interval_covers():
    # N(0, 1.2²) is at W₂ = 0.2, far enough from 0 for the normal approximation: 300 intervals at 95%.
    rng = np.random.default_rng(3)
    held = sum(0.2 in sliced_wasserstein(1.2 * rng.standard_normal((2000, 1))) for _ in range(300))
    assert 0.90 * 300 < held <= 300


def test_potentials_average_to_the_influence():
    # Moving a little mass to each row changes the squared distance by its potential less the mean: a finite difference.
    rng = np.random.default_rng(4)
    x = np.sort(rng.standard_normal(400) * 1.3 + 0.2)
    squared, potential = wasserstein_to_normal(x[:, None])
    doubled = np.sort(np.append(np.repeat(x, 20), np.full(80, x[350])))
    moved = wasserstein_to_normal(doubled[:, None])[0][0]
    rise = (potential[350, 0] - potential.mean()) * 80 / 8080
    assert moved - squared[0] == pytest.approx(rise, rel=0.1)


def test_worst_direction_is_found_and_measured_on_other_rows():
    rng = np.random.default_rng(5)
    z = rng.standard_normal((3000, 20))
    hidden = np.zeros(20)
    hidden[[3, 11]] = 0.6, 0.8
    z += (rng.choice([-1.0, 1.0], 3000) - z @ hidden)[:, None] * hidden  # two points along one direction
    found = max_sliced_wasserstein(z)
    assert abs(found.direction @ hidden) > 0.95
    along = math.sqrt(2 - 2 * math.sqrt(2 / math.pi))  # W₂(±1, N(0, 1))
    assert found.distance.estimate == pytest.approx(along, abs=0.08)
    assert found.distance.n == 1500


@pytest.mark.parametrize("n", [1, 2, 3])
def test_expectation_at_the_prior_in_closed_form(n):
    # Means of normal order statistics: 0; ±1/√π; 0 and ±3/(2√π).
    top = {1: 0.0, 2: 1 / math.sqrt(math.pi), 3: 1.5 / math.sqrt(math.pi)}[n]
    upper = math.exp(-(special.ndtri(1 - 1 / n) ** 2) / 2) / math.sqrt(2 * math.pi) if n > 1 else 0.0
    assert expected_at_prior(n) == pytest.approx(2 - 4 * top * upper, rel=1e-6)


@pytest.mark.parametrize(("n", "dim"), [(50, 1), (400, 3)])
def test_debiased_distances_of_the_prior_lie_around_zero(n, dim):
    rng = np.random.default_rng(6)
    unit = random_directions(dim, 16, rng)
    found = [debiased_wasserstein(rng.standard_normal((n, dim)), unit) for _ in range(400)]
    values = np.array([one.value for one in found])
    assert abs(values.mean()) < 4 * values.std() / 20
    assert values.std() == pytest.approx(found[0].at_prior, rel=0.25)
    assert np.mean((values - values.mean()) ** 3) / values.std() ** 3 > 0.3  # skewed to the right, as said
    assert found[0].skewness > 0.3
