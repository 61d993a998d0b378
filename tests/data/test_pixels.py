"""Bytes become numbers in [0, 1] by one rule."""

import numpy as np
import pytest
import torch

from noisedim.data.pixels import unit_pixels


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bytes_are_divided_by_255_in_the_wanted_precision(dtype):
    levels = torch.arange(256, dtype=torch.uint8).reshape(16, 4, 4)
    found = unit_pixels(levels, dtype)
    assert found.dtype is dtype
    wanted = np.arange(256).astype({torch.float32: np.float32, torch.float64: np.float64}[dtype]) / 255
    np.testing.assert_array_equal(found.numpy().ravel(), wanted.astype(found.numpy().dtype))


def test_numbers_stay_as_they_are():
    images = torch.tensor([[0.0, 0.25, 1.0]], dtype=torch.float64)
    assert torch.equal(unit_pixels(images), images.float())
    assert torch.equal(unit_pixels(images, torch.float64), images)
