"""Conditions laid out over a prior, and images laid out in a picture."""

import numpy as np
import pytest
from matplotlib.image import imread
from scipy import stats

from noisedim.document.images import image_grid
from noisedim.errors import InvalidInputError
from noisedim.generation.grids import quantile_grid, write_image_grid
from noisedim.priors import GaussianPrior, UniformPrior


def test_quantile_grid_has_cells_of_equal_probability():
    grid = quantile_grid(GaussianPrior(2), 4).double().numpy()
    edges = stats.norm.ppf([0, 0.25, 0.5, 0.75, 1])
    counts = np.histogram2d(*grid.T, bins=[edges, edges])[0]
    assert (counts == 1).all()
    plane = grid.reshape(4, 4, 2)
    assert (np.diff(plane[..., 0], axis=1) > 0).all()
    assert (np.diff(plane[..., 1], axis=0) < 0).all()
    np.testing.assert_allclose(
        quantile_grid(UniformPrior(2), 2), [[0.25, 0.75], [0.75, 0.75], [0.25, 0.25], [0.75, 0.25]]
    )
    with pytest.raises(InvalidInputError, match=r"dimension 2; got GaussianPrior\(dim=3\)"):
        quantile_grid(GaussianPrior(3), 4)


def test_image_grid(tmp_path):
    images = np.stack([np.full((1, 2, 3), value) for value in (0.0, 0.25, 1.0)])
    grid = image_grid(images, columns=2)
    assert grid.shape == (7, 9)
    assert (grid[1:3, 1:4] == 0).all()
    assert (grid[1:3, 5:8] == 0.25).all()
    assert (grid[4:6, 1:4] == 1).all()
    assert (grid[4:6, 5:8] == 0.5).all()  # background
    assert image_grid(np.zeros((4, 3, 2, 2))).shape == (7, 7, 3)

    write_image_grid(tmp_path / "g.png", images)
    assert imread(tmp_path / "g.png").shape[:2] == (7 * 16, 9 * 16)
    with pytest.raises(InvalidInputError, match=r"shape \(n, 1 or 3, h, w\); got \(3, 64\)"):
        image_grid(np.zeros((3, 64)))
