"""Backbones: our ResNet compared with torchvision's; models of libraries by name, without their classifiers."""

import pytest
import torch
from torch import nn
from torchvision import models

from noisedim.errors import InvalidInputError
from noisedim.nets import make_backbone, projected_encoder, projection_head
from noisedim.nets.encoders import check_encoder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "resnet34"])
def test_resnet_is_torchvisions_with_a_small_stem(name):
    torch.manual_seed(0)
    theirs = getattr(models, name)(weights=None)
    theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    theirs.maxpool, theirs.fc = nn.Identity(), nn.Identity()
    ours, features = make_backbone(name, 3)
    ours.load_state_dict(theirs.state_dict())
    assert features == 512
    x = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    torch.testing.assert_close(ours.train()(x), theirs.train()(x))


def test_width_scales_every_stage():
    narrow, features = make_backbone("resnet18", 1, width=8)
    assert features == 64
    assert narrow(torch.rand(2, 1, 16, 16)).shape == (2, 64)
    assert narrow.layer4[0].conv1.weight.shape == (64, 32, 3, 3)
    whole = sum(weight.numel() for weight in make_backbone("resnet18", 3)[0].parameters())
    assert (
        whole == 11_168_832
    )  # He et al.'s 11.69 million minus the classifier's 513,000 and the difference between the stems


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("torchvision:resnet18", 32),
        ("torchvision:mobilenet_v3_small", 32),
        ("torchvision:squeezenet1_1", None),
        ("timm:resnet10t", 32),
        ("timm:vit_tiny_patch16_224", 32),
    ],
)
def test_models_of_libraries_return_features(name, size):
    if size is None:
        with pytest.raises(InvalidInputError, match="has no classifier at a known place"):
            make_backbone(name, 3)
        return
    network, features = make_backbone(name, 3, size=size)
    assert network.eval()(torch.rand(2, 3, size, size)).shape == (2, features)


def test_projected_encoder_has_named_parts():
    encoder = projected_encoder(
        "resnet18", (3, 16, 16), 5, hidden=(7, 6), width=4, pixel_mean=(0.1, 0.2, 0.3), pixel_deviation=(1.0, 2.0, 4.0)
    )
    assert [name for name, _ in encoder.named_children()] == ["pixels", "backbone", "head"]
    assert encoder(torch.rand(3, 3, 16, 16)).shape == (3, 5)
    pixel = encoder.pixels(torch.ones(1, 3, 1, 1)).flatten()
    torch.testing.assert_close(pixel, torch.tensor([0.9, 0.4, 0.175]))
    kinds = [type(layer).__name__ for layer in projection_head(3, (7, 6), 5)]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d", "ReLU", "Linear"]
    assert [type(layer).__name__ for layer in projection_head(3, (7,), 5, normalised=False)] == [
        "Linear",
        "ReLU",
        "Linear",
    ]


def test_bad_names_and_shapes():
    with pytest.raises(InvalidInputError, match=r"torchvision has no model 'resnet51'; similar names: .*resnet50"):
        check_encoder("torchvision:resnet51")
    with pytest.raises(InvalidInputError, match=r"timm has no model 'vit_tiny_patch16'; similar names: .*vit_tiny"):
        check_encoder("timm:vit_tiny_patch16")
    with pytest.raises(
        InvalidInputError, match="encoder must be one of 'auto', .*'resnet18'.*'timm:MODEL'; got 'resnet'"
    ):
        check_encoder("resnet")
    with pytest.raises(InvalidInputError, match="width is for resnet18, resnet34; got width=8"):
        make_backbone("torchvision:resnet18", 3, width=8)
    with pytest.raises(InvalidInputError, match="images of 3 channels; got 1"):
        make_backbone("torchvision:resnet18", 1)
    with pytest.raises(InvalidInputError, match=r"takes images of shape \(channels, height, width\); got \(64,\)"):
        projected_encoder("resnet18", (64,), 2)
    with pytest.raises(InvalidInputError, match="got 3 for images of 1 channels"):
        projected_encoder("resnet18", (1, 8, 8), 2, pixel_mean=(0.0,) * 3, pixel_deviation=(1.0,) * 3)
