"""Expectations over batches: enumeration, and laws that stand as their nodes."""

import itertools
import math

import numpy as np
import pytest

from noisedim.theory.laws import Atoms, Mixture, Normal, Uniform
from noisedim.verification.batches import PairTable, law_nodes, mean_log_of_batch


@pytest.mark.parametrize("batch", [1, 2, 3, 6])
def test_mean_log_is_the_mean_over_all_batches(batch: int) -> None:
    own = np.array([[-1.0, -30.0], [4.0, 2.0]])
    logs = np.array([[0.3, -25.0, -2.0], [3.0, 700.0, -800.0]])
    weights = np.array([0.2, 0.5, 0.3])
    found = mean_log_of_batch(own, logs, weights, batch)
    for q, k in itertools.product(range(2), range(2)):
        total = 0.0
        for chosen in itertools.product(range(3), repeat=batch - 1):
            terms = [own[q, k], *logs[q, list(chosen)]]
            total += math.prod(weights[list(chosen)]) * np.logaddexp.reduce(terms)
        assert found[q, k] == pytest.approx(total - math.log(batch), abs=1e-11)


def test_row_term_is_the_mean_over_all_batches() -> None:
    table = PairTable.random(3, size=3)
    kernel = np.random.default_rng(0).normal(size=(3, 3))
    cells = list(zip(*np.nonzero(table.joint), strict=True))
    expected = 0.0
    for chosen in itertools.product(cells, repeat=3):
        weight = math.prod(table.joint[cell] for cell in chosen)
        rows, columns = zip(*chosen, strict=True)
        matrix = kernel[np.ix_(rows, columns)]
        expected += weight * float(np.log(np.exp(matrix).mean(1)).mean())
    assert table.row_term(kernel, 3) == pytest.approx(expected, abs=1e-12)
    assert table.limit_row_term(kernel) == pytest.approx(table.row_term(kernel, 10**8), abs=1e-6)


def test_infonce_of_a_constant_critic_is_nothing() -> None:
    table = PairTable.random(1, size=2)
    noise, mass = law_nodes(Normal(0, 0.3))
    value = table.infonce(lambda x, y: np.full((len(x), len(y)), 2.5), noise[:, None], mass, 4)
    assert value == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    "law", [Normal(0.3, 2.0), Uniform(-1, 2), Atoms((0.0, 1.0), (0.3, 0.7)), Mixture((Atoms((0.0,)), Uniform(0, 1)))]
)
def test_nodes_have_the_laws_moments(law) -> None:
    points, weights = law_nodes(law, nodes=20)
    assert weights.sum() == pytest.approx(1.0, abs=1e-13)
    assert weights @ points == pytest.approx(law.mean, abs=1e-12)
    assert weights @ (points - law.mean) ** 2 == pytest.approx(law.variance, abs=1e-11)


def test_random_pairs_have_the_second_moment_that_the_bound_asks_for() -> None:
    for seed in range(5):
        table = PairTable.random(seed, size=3, dim=2)
        assert table.first_law @ (table.points**2).sum(1) == pytest.approx(2.0)
        assert table.joint.sum() == pytest.approx(1.0)
        assert 0 < table.information < math.log(3)
