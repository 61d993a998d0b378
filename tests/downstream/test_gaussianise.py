"""Maps to N(0, I) after training: exact on marginals, not on the joint law."""

import sys

import numpy as np
import pytest
from scipy import stats

from noisedim.downstream import flow_gaussianise, rank_gaussianise
from noisedim.errors import InvalidInputError
from noisedim.normality.henze_zirkler import henze_zirkler_statistic


def ring(n, seed=0):
    # Two dependent coordinates: normal marginals are not a normal law here.
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi, n), 1 + 0.1 * rng.standard_normal(n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def test_marginals_of_training_rows_become_normal_scores():
    z = np.random.default_rng(0).exponential(size=(101, 2))
    mapped = rank_gaussianise(z, z)
    for before, after in zip(z.T, mapped.T, strict=True):
        expected = stats.norm.ppf((stats.rankdata(before) - 0.5) / len(before))
        np.testing.assert_allclose(after, expected, rtol=1e-12, atol=1e-12)


def test_new_rows_become_normal_and_order_is_kept():
    rng = np.random.default_rng(0)
    mapped = rank_gaussianise(rng.exponential(size=(4000, 1)), rng.exponential(size=(1000, 1)))
    # Sampling noise of two samples; at D = 0.07 the p-value of the test is below 1e-3.
    assert stats.kstest(mapped[:, 0], "norm").statistic < 0.07
    grid = np.linspace(-5, 30, 500)[:, None]
    assert (np.diff(rank_gaussianise(rng.exponential(size=(50, 1)), grid)[:, 0]) > 0).all()


def test_ties_share_a_score():
    mapped = rank_gaussianise([[0.0], [1.0], [1.0], [2.0]], [[1.0]])
    assert mapped.item() == pytest.approx(0)


@pytest.mark.slow
def test_ranks_leave_the_joint_law_and_the_flow_does_not():
    known, asked = ring(2000), ring(500, seed=1)
    # The Henze–Zirkler statistic of a normal sample exceeds 3 with probability far below 1e-6.
    by_rank = henze_zirkler_statistic(rank_gaussianise(known, asked))
    by_flow = henze_zirkler_statistic(flow_gaussianise(known, asked, steps=400))
    assert by_rank > 10
    assert by_flow < by_rank / 3


@pytest.mark.slow
def test_the_flow_is_made_by_its_seed():
    known, asked = ring(200), ring(20, seed=1)
    first, second, other = (flow_gaussianise(known, asked, seed=s, steps=20) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_bad_input(monkeypatch):
    with pytest.raises(InvalidInputError, match="must vary in every coordinate"):
        rank_gaussianise(np.ones((5, 1)), np.ones((5, 1)))
    with pytest.raises(InvalidInputError, match="must vary in every coordinate"):
        flow_gaussianise(np.ones((50, 1)), np.ones((5, 1)))
    monkeypatch.setitem(sys.modules, "zuko", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'noisedim\[flows\]'"):
        flow_gaussianise(ring(50), ring(5))
