"""Intervals for the largest moment error cover it, at the prior and away from it; the neighbours' divergence is one."""

import math

import numpy as np
import pytest
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.normality.moment_errors import (
    correlation_error,
    kurtosis_error,
    mean_error,
    skewness_error,
    variance_error,
)
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.normality.rank import rank_interval, wishart_eigenvalues


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


def debiased(errors, count, deviation, n):
    """The largest, less what the largest of so much noise is, by a quantile of its own law."""
    noise = stats.halfnorm.ppf(0.5 ** (1 / count)) * deviation / math.sqrt(n)
    return math.sqrt(max(0, np.abs(errors).max() ** 2 - noise**2))


def test_estimates():
    z = np.random.default_rng(1).exponential(size=(500, 4)) @ np.linalg.cholesky(0.5 * np.eye(4) + 0.5).T
    assert mean_error(z).estimate == pytest.approx(debiased(z.mean(0), 4, 1, 500))
    assert variance_error(z).estimate == pytest.approx(debiased((z**2).mean(0) - 1, 4, math.sqrt(2), 500))
    assert skewness_error(z).estimate == pytest.approx(debiased(stats.skew(z), 4, math.sqrt(6), 500))
    assert kurtosis_error(z).estimate == pytest.approx(debiased(stats.kurtosis(z), 4, math.sqrt(24), 500))
    assert correlation_error(z).estimate == pytest.approx(debiased(np.corrcoef(z.T) - np.eye(4), 6, 1, 500))
    assert correlation_error(z[:, :1]).estimate == 0.0
    found = kurtosis_error(np.column_stack([z[:, 0], np.ones(500)]))  # constant
    assert found.estimate == pytest.approx(debiased(stats.kurtosis(z[:, :1]), 2, math.sqrt(24), 500))


@pytest.mark.parametrize(
    ("measure", "influence"),
    [
        (mean_error, lambda x: x),
        (variance_error, lambda x: x**2),
        (skewness_error, lambda x: x**3 - 3 * x - 1.5 * (x**3).mean() * (x**2 - 1)),
        (kurtosis_error, lambda x: x**4 - 4 * (x**3).mean() * x - 2 * (x**4).mean() * (x**2 - 1)),
    ],
)
def test_standard_errors_are_those_of_the_influence_function(measure, influence):
    # Of one skewed coordinate far from the floors, whose interval is the moment and a normal half-width.
    z = np.random.default_rng(8).exponential(size=(700, 1)) + (0.7 if measure is variance_error else 0)
    x = z[:, 0] if measure in (mean_error, variance_error) else (z[:, 0] - z.mean()) / z.std()
    found = measure(z)
    half = stats.norm.ppf(0.975) * influence(x).std() / math.sqrt(700)
    assert (found.upper - found.lower) / 2 == pytest.approx(half, rel=1e-9)


def test_errors_of_correlations_hold_for_pairs_that_share_a_scale():
    rng = np.random.default_rng(9)
    z = rng.standard_normal((3000, 2)) / np.sqrt(rng.chisquare(8, (3000, 1)) / 6)
    z[:, 1] += 0.5 * z[:, 0]
    x = (z - z.mean(0)) / z.std(0)
    r = float((x[:, 0] * x[:, 1]).mean())
    influence = x[:, 0] * x[:, 1] - r * (x**2).sum(1) / 2
    half = stats.norm.ppf(0.975) * influence.std() / (1 - r * r) / math.sqrt(2997)
    found = correlation_error(z)
    assert math.atanh(found.upper) - math.atanh(found.lower) == pytest.approx(2 * half, rel=1e-4)


def test_effective_rank_lies_in_its_interval():
    found = rank_interval(np.random.default_rng(2).standard_normal((600, 5)))
    assert found.lower <= found.estimate <= found.upper <= 5
    assert found.upper - found.lower < 0.2
    outlier = np.vstack([np.random.default_rng(2).standard_normal((99, 5)), np.full((1, 5), 1e6)])
    assert 1 <= rank_interval(outlier).estimate <= 5
    assert rank_interval(np.ones((30, 3))).estimate == 0
    assert rank_interval(np.random.default_rng(2).standard_normal((30, 1))).estimate == 1


@pytest.mark.parametrize(("n", "dim", "few"), [(300, 64, 0), (80, 100, 0), (300, 64, 10), (400, 16, 4)])
def test_effective_rank_is_without_the_bias_of_few_rows(n, dim, few):
    rng = np.random.default_rng(10)
    spectrum = np.where(np.arange(dim) < few, 1, 0.02) if few else np.ones(dim)
    truth = math.exp(stats.entropy(spectrum))
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    found = [rank_interval(rng.standard_normal((n, dim)) * np.sqrt(spectrum) @ rotation) for _ in range(60)]
    held = sum(own.lower <= truth * (1 + 1e-9) and truth <= own.upper * (1 + 1e-9) for own in found)
    assert stats.binomtest(held, 60, 0.95, alternative="less").pvalue > 1e-3
    assert np.mean([own.estimate for own in found]) == pytest.approx(truth, rel=0.015)


def test_eigenvalues_without_rows_are_those_of_rows():
    rng = np.random.default_rng(11)
    for degrees, dim in ((12, 5), (5, 12)):
        drawn = np.array([wishart_eigenvalues(degrees, dim, rng) for _ in range(1000)])
        rows = rng.standard_normal((1000, degrees, dim))
        made = np.linalg.eigvalsh(np.swapaxes(rows, 1, 2) @ rows)[:, -5:]
        for i in range(5):
            assert stats.ks_2samp(drawn[:, i], made[:, i]).pvalue > 1e-4


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
