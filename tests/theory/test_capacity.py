"""Capacities: textbook channels, scipy's optimiser as a second route, certificates that bracket, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from noisedim.errors import InvalidInputError
from noisedim.theory.bounds import uniform_capacity, uniform_information
from noisedim.theory.capacity import (
    blahut_arimoto,
    uniform_channel_capacity,
    uniform_channel_law,
    uniform_channel_search,
)


def information(law: np.ndarray, channel: np.ndarray) -> float:
    output = law @ channel
    ratio = np.where(channel > 0, channel / np.maximum(output, 1e-300), 1.0)
    return float(law @ (channel * np.log(ratio)).sum(1))


@pytest.mark.slow
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(2, 5))
@settings(max_examples=25, deadline=None)
def test_against_a_general_optimiser(seed: int, inputs: int, outputs: int) -> None:
    channel = np.random.default_rng(seed).dirichlet(np.full(outputs, 0.5), size=inputs)
    found = blahut_arimoto(channel, tolerance=1e-7)

    def loss(logits: np.ndarray) -> float:
        law = np.exp(logits - logits.max())
        return -information(law / law.sum(), channel)

    best = min(
        optimize.minimize(
            loss, start, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-11, "xatol": 1e-9}
        ).fun
        for start in np.eye(inputs)
    )
    assert found.lower <= found.upper
    assert found.lower - 1e-5 <= -best <= found.upper + 1e-7
    assert information(found.law, channel) == pytest.approx(found.lower, abs=1e-9)


@pytest.mark.parametrize("p", [0.0, 0.11, 0.5])
def test_binary_symmetric(p: float) -> None:
    h = 0.0 if p in (0, 1) else -p * math.log(p) - (1 - p) * math.log(1 - p)
    found = blahut_arimoto([[1 - p, p], [p, 1 - p]], tolerance=1e-12)
    assert found.lower == pytest.approx(math.log(2) - h, abs=1e-11)
    assert found.gap <= 1e-12


def test_few_iterations_are_said_in_the_certificate() -> None:
    channel = np.random.default_rng(0).dirichlet(np.ones(6), size=6)
    rough, fine = blahut_arimoto(channel, iterations=2), blahut_arimoto(channel, tolerance=1e-10)
    assert rough.iterations == 2
    assert rough.gap > fine.gap
    assert rough.lower <= fine.lower + 1e-12
    assert rough.upper >= fine.upper - 1e-12


@pytest.mark.parametrize("epsilon", [1 / 2, 1 / 4, 1 / 3, 0.4, 0.75])
def test_uniform_channel_is_bracketed_by_the_search(epsilon: float) -> None:
    found = uniform_channel_search(epsilon, points=13 if epsilon == 1 / 3 else 21, tolerance=1e-6)
    exact = uniform_channel_capacity(1, epsilon)
    assert found.lower - 1e-9 <= exact <= found.upper + 1e-9
    assert found.gap < 2e-5


@pytest.mark.parametrize(("epsilon", "points"), [(1 / 3, 5), (0.4, 4), (0.15, 9)])
def test_the_certificate_covers_inputs_off_the_grid(epsilon: float, points: int) -> None:
    # These grids lack the best law's points: the best on them is less, and the bound on all laws must know it.
    found = uniform_channel_search(epsilon, points=points)
    assert found.lower < uniform_channel_capacity(1, epsilon) - 0.01
    assert uniform_channel_capacity(1, epsilon) <= found.upper


@given(st.floats(0.02, 4), st.integers(1, 64))
@settings(max_examples=60, deadline=None)
def test_uniform_channel_lies_between_the_continuous_uniform_and_the_bound(epsilon: float, dim: int) -> None:
    exact = uniform_channel_capacity(dim, epsilon)
    assert uniform_information(dim, epsilon) <= exact + 1e-12
    assert exact <= uniform_capacity(dim, epsilon) * (1 + 1e-12)
    assert exact == pytest.approx(dim * uniform_channel_capacity(1, epsilon))


def test_uniform_channel_takes_arrays() -> None:
    levels = np.array([0.5, 0.25, 1 / 3])
    np.testing.assert_allclose(
        uniform_channel_capacity(1, levels), [math.log(2), math.log(3), math.log(6) / 2], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: blahut_arimoto([[0.5, 0.6]]), "rows of probabilities"),
        (lambda: blahut_arimoto([0.5, 0.5]), "rows of probabilities"),
        (lambda: blahut_arimoto([[1.0]], tolerance=0), "tolerance must be a finite number > 0"),
        (lambda: uniform_channel_capacity(0, 0.5), "dim must be a whole number >= 1"),
        (lambda: uniform_channel_capacity(1, 0.0), "epsilon must be finite and > 0"),
        (lambda: uniform_channel_search(0.01, points=3), "leaves outputs unreached"),
    ],
)
def test_bad_input_is_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()


@pytest.mark.slow
@given(st.floats(0.02, 5.0))
@settings(max_examples=60, deadline=None)
def test_the_optimal_law_attains_the_capacity(epsilon: float) -> None:
    points, masses = uniform_channel_law(epsilon)
    assert masses.sum() == pytest.approx(1, abs=1e-12)
    assert (masses > 0).all()
    assert points[0] == 0
    assert points[-1] == pytest.approx(1, abs=1e-12)
    assert (np.diff(points) > 0).all()
    np.testing.assert_allclose(points + points[::-1], 1, atol=1e-9)
    # Cells of constant density, by the ends of all boxes.
    edges = np.unique(np.concatenate([points - epsilon, points + epsilon]))
    middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    density = (np.abs(middles[:, None] - points) < epsilon) @ masses / (2 * epsilon)
    used = density > 0
    information = -float((widths * density * np.log(np.where(used, density, 1)))[used].sum()) - np.log(2 * epsilon)
    assert information == pytest.approx(uniform_channel_capacity(1, epsilon), abs=1e-9)


def test_the_optimal_law_of_no_noise_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="epsilon"):
        uniform_channel_law(0.0)
