"""Shared results: computed once inside, each time outside, never for another array; equal to plain ones."""

import weakref

import numpy as np
import pytest
from scipy.stats import kstest

from noisedim.normality.summaries.moments import correlation, second_moments, spectrum, squares
from noisedim.normality.summaries.ordered import ordered_columns
from noisedim.normality.summaries.sharing import forget, shared, sharing
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests.mardia import mardia_skewness


def test_once_per_array_while_sharing():
    calls = []

    @shared
    def total(rows):
        calls.append(rows)
        return float(rows.sum())

    a, b = np.ones((2, 2)), np.ones((2, 2))
    with sharing():
        assert total(a) == total(a) == total(b) == 4
        assert len(calls) == 2
        with sharing():
            total(a)
        assert len(calls) == 2
        forget(total, a)
        total(a)
        assert len(calls) == 3
    total(a)
    assert len(calls) == 4


def test_results_go_with_their_rows():
    z = np.random.default_rng(4).standard_normal((30, 2))
    with sharing():
        white = whiten(z)
        squares(white)
        kept = weakref.ref(white)
        del white
        assert kept() is not None  # as the result of z
        forget(whiten, z)
        assert kept() is None
        part = z[::2].copy()
        found = squares(part)
        kept = weakref.ref(found)
        assert squares(part) is found
        del found
        assert kept() is not None
        del part
        assert kept() is None
        # Another array may have the identity of one that is gone.
        for i in range(100):
            other = np.full((15, 2), float(i))
            assert squares(other).rows[0] == 2 * i * i
            del other


@pytest.mark.parametrize(("n", "dim"), [(3000, 300), (40, 60)])
def test_blocks_give_what_whole_matrices_give(n, dim):
    z = np.random.default_rng(0).exponential(size=(n, dim)) * np.linspace(1, 9, dim) + 5
    np.testing.assert_allclose(second_moments(z), z.T @ z / n, rtol=1e-12)
    np.testing.assert_allclose(squares(z).rows, (z**2).sum(1), rtol=1e-12)
    np.testing.assert_allclose(squares(z).columns, (z**2).sum(0), rtol=1e-12)
    np.testing.assert_allclose(spectrum(z)[-3:], np.linalg.eigvalsh(z.T @ z / n)[-3:], rtol=1e-10)
    found = correlation(z)
    np.testing.assert_allclose(found.matrix, np.corrcoef(z.T), atol=1e-12)
    np.testing.assert_allclose(found.scales, z.std(0), rtol=1e-12)


def test_constant_and_huge_coordinates():
    z = np.random.default_rng(1).standard_normal((200, 3)) * [1, 1e100, 1e-100] + [1e6, 0, 0]
    found = correlation(np.column_stack([z, np.full(200, 0.1)]))
    assert list(found.constant) == [3]
    assert not found.matrix[3].any()
    np.testing.assert_allclose(found.matrix[:3, :3], np.corrcoef((z / [1, 1e100, 1e-100]).T), atol=1e-9)


def test_skewness_is_the_cube_of_products():
    z = np.random.default_rng(2).exponential(size=(90, 5))
    # Products are summed in single precision.
    assert mardia_skewness(z) == pytest.approx(((z @ z.T) ** 3).mean() * 90 / 6, rel=1e-6)


@pytest.mark.parametrize("dim", [1, 3, 20])
def test_rows_are_read_only(dim):
    z = np.random.default_rng(3).standard_normal((50, dim))
    z.setflags(write=False)
    found = ordered_columns(z)
    assert found.distances == pytest.approx([kstest(column, "norm").statistic for column in z.T])
