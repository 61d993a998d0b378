"""Intervals for the largest moment error cover it, at the prior and away from it; the neighbours' divergence is one."""

import math

import numpy as np
import pytest
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.normality.effects import (
    correlation_error,
    kurtosis_error,
    mean_error,
    rank_interval,
    skewness_error,
    variance_error,
)
from noisedim.normality.neighbours import neighbour_divergence


def shifted(rng, n):
    return rng.standard_normal((n, 3)) * [1.2, 1, 1] + [0, 0.3, 0]


def exponential(rng, n):
    return np.column_stack([rng.exponential(size=n), rng.standard_normal((n, 2))])


def correlated(rng, n):
    z = rng.standard_normal((n, 3))
    z[:, 1] = 0.4 * z[:, 0] + math.sqrt(0.84) * z[:, 1]
    return z


def normal(rng, n):
    return rng.standard_normal((n, 3))


def wide(rng, n):
    return rng.standard_normal((n, 32))


def heavy_in_common(rng, n):
    return rng.standard_normal((n, 16)) / np.sqrt(rng.chisquare(8, (n, 1)) / 6)


@pytest.mark.parametrize(
    ("measure", "law", "n", "truth"),
    [
        (mean_error, shifted, 400, 0.3),
        (variance_error, shifted, 400, 0.44),
        (skewness_error, exponential, 4000, 2.0),
        (correlation_error, correlated, 400, 0.4),
        (mean_error, normal, 400, 0.0),
        (variance_error, normal, 400, 0.0),
        (correlation_error, normal, 400, 0.0),
        (kurtosis_error, normal, 2000, 0.0),
        # Standard errors must not shrink with the moments that they belong to.
        (variance_error, wide, 50, 0.0),
        (skewness_error, wide, 50, 0.0),
        (kurtosis_error, wide, 100, 0.0),
        (kurtosis_error, wide, 400, 0.0),
        # Uncorrelated but not independent: Fisher's standard error is too small.
        (correlation_error, heavy_in_common, 2000, 0.0),
        # Biased by d/2n of it, which is more than its standard error.
        (rank_interval, wide, 400, 32.0),
    ],
)
def test_coverage(measure, law, n, truth):
    rng = np.random.default_rng(0)
    held = sum(truth in measure(law(rng, n)) for _ in range(200))
    # Three normal intervals at once at 95%; the skewness of a skewed law converges slowly and is asked for 85%.
    least = 0.85 if law is exponential else 0.95
    assert stats.binomtest(held, 200, least, alternative="less").pvalue > 1e-3


def test_estimates():
    z = np.random.default_rng(1).standard_normal((500, 4))
    assert mean_error(z).estimate == pytest.approx(np.abs(z.mean(0)).max())
    assert variance_error(z).estimate == pytest.approx(np.abs((z**2).mean(0) - 1).max())
    assert skewness_error(z).estimate == pytest.approx(np.abs(stats.skew(z)).max())
    assert kurtosis_error(z).estimate == pytest.approx(np.abs(stats.kurtosis(z)).max())
    assert correlation_error(z).estimate == pytest.approx(np.abs(np.corrcoef(z.T) - np.eye(4)).max())
    assert correlation_error(z[:, :1]).estimate == 0.0
    assert kurtosis_error(np.column_stack([z[:, 0], np.ones(500)])).estimate == pytest.approx(3.0)  # constant


def test_effective_rank_lies_in_its_interval():
    found = rank_interval(np.random.default_rng(2).standard_normal((600, 5)))
    assert found.lower <= found.estimate <= found.upper <= 5
    assert found.upper - found.lower < 0.2
    outlier = np.vstack([np.random.default_rng(2).standard_normal((99, 5)), np.full((1, 5), 1e6)])
    assert 1 <= rank_interval(outlier).estimate <= 5


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.5, 0.0), (1.0, 1.0)])
def test_neighbours_divergence_is_the_closed_form(scale, shift):
    z = scale * np.random.default_rng(3).standard_normal((2000, 2)) + [shift, 0]
    expected = 2 * (scale**2 - 1 - 2 * math.log(scale)) / 2 + shift**2 / 2
    found = neighbour_divergence(z, level=0.9999)
    assert found.lower - 0.02 < expected < found.upper + 0.02


def test_neighbours_and_repeated_rows():
    z = np.repeat(np.random.default_rng(4).standard_normal((20, 2)), 10, axis=0)
    assert 100 < neighbour_divergence(z).estimate < 1e6
    with pytest.raises(InvalidInputError, match="more rows than neighbours=5; got 5"):
        neighbour_divergence(z[:5])
