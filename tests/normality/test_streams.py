"""No random direction or part of ours is made of the numbers that a user's own data may be made of (statistics.md, rule 22)."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import noisedim.normality
from noisedim.normality import transport
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.transport import sliced_wasserstein, wasserstein_to_normal

SEEDS = range(51)
USERS = {
    "default_rng": lambda k, shape: np.random.default_rng(k).standard_normal(shape),
    "RandomState": lambda k, shape: np.random.RandomState(k).standard_normal(shape),
    "torch": lambda k, shape: torch.randn(
        shape, generator=torch.Generator().manual_seed(k), dtype=torch.float64
    ).numpy(),
}
ROWS = 200


def expectation(d):
    """Mean and standard deviation of the distance for rows that share no stream with anything."""
    found = [
        sliced_wasserstein(np.random.default_rng([900, 77, k]).standard_normal((ROWS, d)), seed=k).estimate
        for k in range(100)
    ]
    return float(np.mean(found)), float(np.std(found))


@pytest.mark.parametrize("d", [2, 16, 64])
def test_rows_of_the_same_seed_are_as_far_as_any_sample_of_the_prior(d):
    mean, deviation = expectation(d)
    for user, draw in USERS.items():
        found = np.array([sliced_wasserstein(draw(k, (ROWS, d)), seed=k).estimate for k in SEEDS])
        # The largest of 51 standard scores of a sample of the prior; six standard errors of the mean.
        assert np.abs(found - mean).max() < 6 * deviation, user
        assert abs(found.mean() - mean) < 6 * deviation * math.sqrt(1 / 51 + 1 / 100), user


def test_directions_of_the_rows_own_seed_would_be_seen():
    # The negative control: what a bare seed did.
    d = 64
    mean, deviation = expectation(d)
    z = np.random.default_rng(0).standard_normal((ROWS, d))
    unit = random_directions(d, 128, np.random.default_rng(0))
    assert math.sqrt(wasserstein_to_normal(z @ unit.T)[0].mean()) > mean + 20 * deviation


@pytest.mark.parametrize("d", [2, 16, 64])
def test_directions_do_not_correlate_with_draws_of_the_same_seed(d, monkeypatch):
    made = []

    def kept(dim, count, rng):
        made.append(random_directions(dim, count, rng))
        return made[-1]

    monkeypatch.setattr(transport, "random_directions", kept)
    for seed in SEEDS:
        sliced_wasserstein(np.random.default_rng([1, seed]).standard_normal((8, d)), seed=seed)
    ours = np.array(made)
    for user, draw in USERS.items():
        theirs = np.array([draw(seed, ours.shape[1:]) for seed in SEEDS])
        correlation = np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
        assert abs(correlation) < 6 / math.sqrt(ours.size), user
        for one, other in zip(ours, theirs, strict=True):
            assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 6 / math.sqrt(one.size), user


def test_every_generator_of_the_room_is_a_named_stream():
    # The cells of the shipped tables keep the streams that they were simulated with.
    allowed = {"build_tables.py"}
    for path in Path(noisedim.normality.__file__).parent.rglob("*.py"):
        code = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if ">>>" not in line)
        assert ("default_rng(" in code or "RandomState(" in code) == (path.name in allowed), path.name
