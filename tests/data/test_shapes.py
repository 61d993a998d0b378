"""Drawn shapes: against an independent rasteriser, and what their factors promise."""

import numpy as np
import pytest
import torch
from matplotlib.path import Path
from scipy import ndimage

from noisedim.data import ImageSet, load_images
from noisedim.data.shapes import FACTORS, draw_shape
from noisedim.errors import InvalidInputError


def outline(shape, size):
    """Corners around the centre of mass, y down, from the shapes' textbook areas."""
    if shape == 0:
        return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size / 2
    if shape == 1:
        angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
        return np.stack([np.cos(angle), np.sin(angle)], 1) * np.sqrt(size**2 / np.pi)
    side = np.sqrt(4 * size**2 / np.sqrt(3))
    corners = np.array([[0, -np.sqrt(3) / 2], [0.5, 0], [-0.5, 0]]) * side
    return corners - corners.mean(0)


@pytest.mark.parametrize("shape", FACTORS["shape"])
@pytest.mark.parametrize("size", [3.0, 6.0])
def test_pixels_hold_the_share_that_point_in_polygon_counts(shape, size):
    x, y = 7.3, 8.9
    fine = 40
    centres = (np.arange(16 * fine) + 0.5) / fine
    points = np.stack(np.meshgrid(centres, centres), -1).reshape(-1, 2)
    inside = Path(outline(shape, size) + np.array([x, y])).contains_points(points).reshape(16, fine, 16, fine)
    np.testing.assert_allclose(draw_shape(shape, size, x, y, 0.8), 0.8 * inside.mean((1, 3)), atol=0.025)


def test_every_combination_once_with_its_factors():
    data = load_images("shapes")
    assert data.images.shape == (3072, 1, 16, 16)
    assert data.factor_names == ("shape", "size", "x", "y", "brightness")
    assert len(torch.unique(data.factors, dim=0)) == len(data) == len(torch.unique(data.images, dim=0))
    assert torch.equal(data.labels, data.factors[:, 0])
    pixels = data.images[:, 0].double().numpy()
    values = [np.array(own)[column] for own, column in zip(FACTORS.values(), data.factors.T.numpy(), strict=True)]
    # Shapes of one size have one area, and the centre of mass is where the factors say.
    np.testing.assert_allclose(pixels.sum((1, 2)), values[1] ** 2 * values[4], rtol=1e-3)
    centres = np.array([ndimage.center_of_mass(image) for image in pixels[::97]])
    np.testing.assert_allclose(centres + 0.5, np.stack([values[3], values[2]], 1)[::97], atol=0.03)


def test_a_shift_by_a_pixel_shifts_the_image():
    for shape in range(3):
        image = draw_shape(shape, 4.0, 6.2, 7.7, 1.0)
        np.testing.assert_allclose(draw_shape(shape, 4.0, 7.2, 8.7, 1.0)[1:, 1:], image[:-1, :-1], atol=1e-6)


def test_factors_stay_with_their_images():
    data = load_images("shapes")
    some = data.take(torch.tensor([5, 2000]))
    assert torch.equal(some.factors, data.factors[[5, 2000]])
    assert some.factor_names == data.factor_names
    assert load_images("shapes", limit=7).factors.shape == (7, 5)
    with pytest.raises(InvalidInputError, match=r"factors must have shape \(2, 1\).* got \(3, 1\)"):
        ImageSet(torch.zeros(2, 4), None, "x", torch.zeros(3, 1), ("a",))
