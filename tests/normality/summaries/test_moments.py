"""Moments that are summed over blocks of rows are those of all rows at once."""

import numpy as np
import pytest

from noisedim.normality.summaries.moments import correlation, row_blocks


@pytest.mark.parametrize(("n", "dim"), [(700, 3), (1300, 600), (1200, 600), (500, 600)])
def test_correlations_over_blocks_are_those_of_numpy(n, dim):
    """Several blocks, the last one short or full, and fewer rows than one block has."""
    z = 3 + np.random.default_rng(4).standard_normal((n, dim)) * np.linspace(1, 2, dim)
    found = correlation(z)
    np.testing.assert_allclose(found.matrix, np.corrcoef(z.T), atol=1e-12)
    np.testing.assert_allclose(found.scales, z.std(0), rtol=1e-12)
    np.testing.assert_allclose(found.means.sum(0), z.mean(0), rtol=1e-12)


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize(("n", "dim"), [(1, 1), (5000, 7), (1300, 600), (4096, 2048)])
def test_blocks_hold_every_row_once_and_as_many_as_columns_for_products(n, dim, square):
    blocks = list(row_blocks(n, dim, square=square))
    np.testing.assert_array_equal(np.concatenate([np.arange(n)[block] for block in blocks]), np.arange(n))
    if square:
        assert all(block.stop - block.start >= dim for block in blocks[:-1])
