"""Nearest neighbours: the same as by plain differences, for ties and near-duplicates too."""

import math

import numpy as np
import pytest
from scipy.special import digamma, gammaln

from noisedim.normality.effects import effect_sizes, effects_at_prior
from noisedim.normality.neighbours import neighbour_divergence


def plain(z, neighbours=5):
    n, dim = z.shape
    distances = np.sqrt(((z[:, None] - z[None]) ** 2).sum(-1))
    nearest = np.sort(distances, 1)[:, neighbours]
    volume = dim / 2 * math.log(math.pi) - gammaln(dim / 2 + 1)
    constant = digamma(neighbours) - digamma(n) - volume + dim / 2 * math.log(2 * math.pi)
    return constant + ((z**2).sum(1) / 2 - dim * np.log(np.maximum(nearest, 1e-150))).mean()


@pytest.mark.parametrize("jitter", [1.0, 1e-6, 1e-8, 1e-10])
def test_near_duplicates(jitter):
    rng = np.random.default_rng(0)
    z = np.repeat(rng.standard_normal((30, 4)), 8, axis=0)
    z += jitter * rng.standard_normal(z.shape)
    assert neighbour_divergence(z).estimate == pytest.approx(plain(z), rel=1e-6)


def test_ties_and_few_rows():
    z = np.random.default_rng(1).integers(0, 3, (40, 3)).astype(float)
    assert neighbour_divergence(z).estimate == pytest.approx(plain(z), rel=1e-9)
    assert neighbour_divergence(z[:6] + np.arange(6)[:, None]).estimate == pytest.approx(
        plain(z[:6] + np.arange(6)[:, None]), rel=1e-9
    )


def test_it_leaves_where_it_is_noise():
    rng = np.random.default_rng(2)
    assert "knn_kl" in effect_sizes(rng.standard_normal((60, 32)))
    assert "knn_kl" not in effect_sizes(rng.standard_normal((60, 33)))
    assert "knn_kl" not in effects_at_prior(60, 33)
