"""Encoders: shapes, Table 2, refusal of bad input."""

import pytest
import torch

from noisedim.errors import InvalidInputError
from noisedim.nets import make_encoder


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("convnet", (1, 24, 24)),
        ("digits-convnet", (1, 8, 8)),
        ("mlp", (1, 8, 8)),
        ("mlp", (17,)),
        ("convnet", (3, 24, 24)),
    ],
)
def test_shapes(name, shape):
    assert make_encoder(name, shape, 5)(torch.zeros(4, *shape)).shape == (4, 5)


def test_convnet_is_table_2():
    net = make_encoder("auto", (1, 24, 24), 2)
    weights = [tuple(p.shape) for p in net.parameters() if p.ndim > 1]
    assert weights == [(32, 1, 3, 3), (64, 32, 3, 3), (128, 64, 3, 3), (128, 128), (2, 128)]


@pytest.mark.parametrize("shape", [(1, 28, 28), (64,)])
def test_wrong_shape_is_named(shape):
    with pytest.raises(InvalidInputError, match=r"'convnet' takes images of shape \(channels, 24, 24\); got"):
        make_encoder("convnet", shape, 2)


def test_unknown_name():
    with pytest.raises(InvalidInputError, match="encoder must be one of 'auto', 'convnet'"):
        make_encoder("resnet50", (3, 32, 32), 2)
