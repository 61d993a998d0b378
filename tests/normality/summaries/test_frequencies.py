"""Sums over pairs through frequencies are those over the pairs, wherever they are taken."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from noisedim.normality.summaries import frequencies, pair_sums
from noisedim.normality.summaries.frequencies import frequencies_of


def kernel(rows):
    """e^{−‖a−b‖²/2} of all pairs of different rows, from their differences in extended precision."""
    rows = rows.astype(np.longdouble)
    found = np.exp(-((rows[:, None] - rows[None]) ** 2).sum(2) / 2)
    np.fill_diagonal(found, 0)
    return found


def laws(rng, n, dim):
    return {
        "normal": rng.standard_normal((n, dim)),
        "uniform": rng.uniform(-1, 1, (n, dim)),
        "two far clusters": rng.standard_normal((n, dim)) + 20 * (np.arange(n) % 2)[:, None],
        "atoms": rng.integers(0, 3, (n, dim)).astype(float),
        "constant": np.ones((n, dim)),
    }


@given(st.integers(0, 10**6), st.integers(1, 2), st.sampled_from(sorted(laws(np.random.default_rng(0), 2, 1))))
def test_sums_are_those_over_pairs(seed, dim, law):
    rng = np.random.default_rng(seed)
    n, scale, shift = int(rng.integers(2, 200)), 10 ** rng.uniform(-3, 1), 10 ** rng.uniform(-2, 4)
    rows = scale * laws(rng, n, dim)[law] + shift
    u = rng.uniform(0.5, 2, n)
    with pytest.MonkeyPatch.context() as patch:  # whatever they cost
        patch.setattr(frequencies, "_PER_PAIR", 0.0)
        patch.setattr(frequencies, "_PER_FREQUENCY", 0.0)
        found = frequencies_of(rows, np.log(u))
    each = (u[:, None] * kernel(rows) * u).sum(1).astype(float)
    total, sums = found.pair_sum(), found.row_sums()
    # Rows rounded at the distance of their origin.
    tolerance = 1e-11 + 1e-14 * shift
    assert total is None or total == pytest.approx(each.sum(), rel=tolerance)
    assert sums is None or sums == pytest.approx(each, rel=tolerance)
    if law != "two far clusters" and scale < 1 and n > 20:
        assert total is not None


def test_they_are_taken_where_they_cost_less(monkeypatch):
    rng = np.random.default_rng(0)

    def taken(rows):
        return frequencies_of(rows, np.zeros(len(rows))) is not None

    assert taken(rng.standard_normal((3000, 2)))
    assert taken(rng.standard_normal((1000, 1)))
    assert not taken(rng.standard_normal((100, 2)))
    assert not taken(rng.standard_normal((3000, 3)))
    rows = rng.standard_normal((3000, 2))
    rows[0] = 1e9  # a range that would take billions of frequencies
    assert not taken(rows)
    rows[0] = np.inf
    assert not taken(rows)
    assert frequencies_of(rng.standard_normal((3000, 2)), np.full(3000, 400.0)) is None  # whose squares overflow


def test_rows_that_only_meet_themselves_are_left_to_the_pairs():
    rows = 100.0 * np.arange(2000)[:, None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frequencies, "_PER_PAIR", 0.0)
        patch.setattr(frequencies, "_PER_FREQUENCY", 0.0)
        found = frequencies_of(rows[:50], np.zeros(50))
    assert found.pair_sum() is None
    assert found.row_sums() is None
    points = torch.from_numpy(rows)
    assert pair_sums.pair_sum(points, -points.square().sum(1) / 2) == 0.0


@pytest.mark.parametrize("dim", [1, 2])
def test_pair_sums_use_them_and_agree_with_the_blocks(monkeypatch, dim):
    points = torch.from_numpy(2 * np.random.default_rng(dim).standard_normal((2500, dim)))
    weights = -points.square().sum(1) / 2
    total, each = pair_sums.pair_sum(points, weights), pair_sums.row_sums(points, weights)
    monkeypatch.setattr(pair_sums, "frequencies_of", lambda *a: None)
    assert total == pytest.approx(pair_sums.pair_sum(points, weights), rel=1e-13)
    assert each == pytest.approx(pair_sums.row_sums(points, weights), rel=1e-11)
