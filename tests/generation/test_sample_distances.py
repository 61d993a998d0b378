"""Distances between samples, compared with closed forms, double loops and small cases by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from noisedim.errors import InvalidInputError
from noisedim.generation.sample_distances import class_coverage, frechet_distance, kernel_distance, precision_recall


def with_moments(n, mean, covariance, rng):
    """A sample with exactly this mean and covariance."""
    x = rng.standard_normal((n, len(mean)))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return x @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_normal_laws_in_closed_form():
    rng = np.random.default_rng(0)
    # Covariances that commute: the distance is that of the means plus that of the standard deviations.
    a = with_moments(50, np.array([1.0, 0.0, 2.0]), np.diag([4.0, 1.0, 9.0]), rng)
    b = with_moments(70, np.array([0.0, 0.0, 0.0]), np.diag([1.0, 1.0, 25.0]), rng)
    assert frechet_distance(a, b) == pytest.approx(5 + 1 + 0 + 4, rel=1e-9)


def test_frechet_distance_by_the_matrix_square_root():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((40, 5)) @ rng.standard_normal((5, 5)), rng.gamma(2, size=(60, 5))
    root = linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    expected = means + np.trace(np.cov(a.T)) + np.trace(np.cov(b.T)) - 2 * np.trace(root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)
    # A constant feature makes the covariance singular and changes nothing else.
    wider_a, wider_b = np.c_[a, np.ones(40)], np.c_[b, np.ones(60)]
    assert frechet_distance(wider_a, wider_b) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("paired", [False, True])
def test_kernel_distance_by_loops(paired):
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((6, 3)), rng.standard_normal((6 if paired else 9, 3)) + 1

    def k(x, y):
        return (float(x @ y) / 3 + 1) ** 3

    def mean(pairs):
        return sum(k(x, y) for x, y in pairs) / len(pairs)

    aa = mean([(a[i], a[j]) for i in range(len(a)) for j in range(len(a)) if i != j])
    bb = mean([(b[i], b[j]) for i in range(len(b)) for j in range(len(b)) if i != j])
    ab = mean([(a[i], b[j]) for i in range(len(a)) for j in range(len(b)) if not paired or i != j])
    assert kernel_distance(a, b, paired=paired) == pytest.approx(aa + bb - 2 * ab, rel=1e-12)


@pytest.mark.parametrize("paired", [False, True])
def test_kernel_distance_has_no_bias(paired):
    # One law on both sides: the mean of many estimates is 0 within 5 standard errors (one in two million), also for rows
    # made from each other, where the estimate for independent samples is far off.
    rng = np.random.default_rng(3)

    def draw():
        b, other = rng.standard_normal((2, 20, 2))
        return (0.6 * b + 0.8 * other if paired else other), b

    values = np.array([kernel_distance(*draw(), paired=paired) for _ in range(2000)])
    assert abs(values.mean()) < 5 * values.std() / np.sqrt(2000)
    if paired:
        naive = np.array([kernel_distance(*draw()) for _ in range(2000)])
        assert naive.mean() < -5 * naive.std() / np.sqrt(2000)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(4, 20), st.integers(1, 4))
def test_symmetry_and_rotation(seed, n, dim):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, dim)), rng.standard_normal((n + 2, dim)) * 2
    turn = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    for distance in (kernel_distance, frechet_distance):
        assert distance(a, b) == pytest.approx(distance(b, a), rel=1e-7, abs=1e-7)
        assert distance(a @ turn, b @ turn) == pytest.approx(distance(a, b), rel=1e-7, abs=1e-7)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-7)
    precision, recall = precision_recall(a, b)
    assert precision_recall(b, a) == (recall, precision)


def test_precision_and_recall_by_hand():
    # On a line with k = 1, each ball reaches to the nearest other row.
    real = np.array([[0.0], [1.0], [3.0]])  # radii 1, 1, 2: the region is [-1, 2] and [1, 5]
    generated = np.array([[-0.5], [4.5], [6.0]])  # radii 5, 1.5, 1.5: the region is [-5.5, 4.5], [3, 6], [4.5, 7.5]
    assert precision_recall(generated, real, neighbours=1) == (2 / 3, 1.0)
    # One of two modes generated: precision 1, recall one half.
    left, right = np.linspace(0, 1, 20)[:, None], np.linspace(10, 11, 20)[:, None]
    assert precision_recall(left + 0.001, np.r_[left, right]) == (1.0, 0.5)
    assert precision_recall(left + 5, np.r_[left, right]) == (0.0, 0.0)


def test_class_coverage_by_hand():
    coverage = class_coverage(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 2]), classes=4)
    assert coverage.generated == [0.75, 0.25, 0.0, 0.0]
    assert coverage.real == [0.25, 0.5, 0.25, 0.0]
    assert coverage.distance == pytest.approx(0.5)
    assert coverage.missing == [2]


def test_bad_input():
    x = np.zeros((4, 2))
    with pytest.raises(InvalidInputError, match=r"b must have shape \(n, 2\)"):
        kernel_distance(x, np.zeros((4, 3)))
    with pytest.raises(InvalidInputError, match="equally many rows; got 4 and 5"):
        kernel_distance(x, np.zeros((5, 2)), paired=True)
    with pytest.raises(InvalidInputError, match="generated must have at least 4 rows; got 3"):
        precision_recall(x[:3], x)
    with pytest.raises(InvalidInputError, match="real must be from 0 to 1; got 0 to 2"):
        class_coverage(np.array([0, 1]), np.array([0, 2]), classes=2)


@pytest.mark.slow
def test_many_rows_are_summed_in_parts():
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((1500, 2)), rng.standard_normal((1100, 2)) + 0.3
    kernel = [(x @ y.T / 2 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))]
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernel[:2]]
    assert kernel_distance(a, b) == pytest.approx(sum(within) - 2 * kernel[2].mean(), rel=1e-9)
    # Radii and shares as well, compared with one matrix of distances.
    radii = [np.sort(np.linalg.norm(x[:, None] - x, axis=2), axis=1)[:, 3] for x in (a, b)]
    apart = np.linalg.norm(a[:, None] - b, axis=2)
    assert precision_recall(a, b) == ((apart <= radii[1]).any(1).mean(), (radii[0] >= apart.T).any(1).mean())
