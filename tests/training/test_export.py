"""Weights for others: what is printed loads them, and they compute the same."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from noisedim.errors import InvalidInputError
from noisedim.training import ObjectiveConfig, OptimiserConfig, TrainConfig, embed
from noisedim.training.export import export_weights, how_to_load, weights_of
from noisedim.training.loop import Trainer, load_model

BASE = TrainConfig(
    dim=4,
    steps=1,
    batch_size=8,
    head=(16,),
    encoder="resnet18",
    objective=ObjectiveConfig(name="simclr", features=0),
    optimiser=OptimiserConfig(warmup=0),
)
GENERATOR = torch.Generator().manual_seed(0)
SMALL = torch.rand(8, 3, 16, 16, generator=GENERATOR)
LARGE = torch.rand(8, 3, 32, 32, generator=GENERATOR)
CASES = {
    "resnet18": (BASE, SMALL),
    "narrow": (replace(BASE, width=8), SMALL),
    "torchvision": (replace(BASE, encoder="torchvision:resnet18"), LARGE),
    "timm": (replace(BASE, encoder="timm:resnet18"), LARGE),
}


def trained(config, images, path):
    trainer = Trainer(config, images, device="cpu")
    trainer.step()
    trainer.save(path)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_what_is_printed_loads_a_backbone_that_computes_the_same(tmp_path, name):
    config, images = CASES[name]
    trained(config, images, tmp_path / "c.safetensors")
    _, weights = export_weights(tmp_path / "c.safetensors", tmp_path / "w.safetensors")
    # As pasted, with nothing defined before: torchvision's own model takes the file.
    known = {}
    exec(how_to_load(config, tmp_path / "w.safetensors", 3), known)
    model = known["model"].eval()
    if name == "torchvision":
        # Nothing is missing but its classifier, and nothing is too much.
        found = model.load_state_dict(load_file(tmp_path / "w.safetensors"), strict=False)
        assert set(found.missing_keys) == {"fc.weight", "fc.bias"}
        assert not found.unexpected_keys
        model.fc = torch.nn.Identity()
    mine, _ = load_model(tmp_path / "c.safetensors")
    with torch.no_grad():
        torch.testing.assert_close(model(images), embed(mine, images, features=True), rtol=1e-5, atol=1e-6)
    assert "conv1.weight" in weights
    assert not any(key.startswith(("head", "backbone")) for key in weights)


def test_the_header_says_what_it_is(tmp_path):
    config = replace(BASE, pixel_mean=(0.5, 0.4, 0.3), pixel_deviation=(0.2, 0.2, 0.1), width=8)
    trained(config, SMALL, tmp_path / "c.safetensors")
    export_weights(tmp_path / "c.safetensors", tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        header = file.metadata()
    assert header["architecture"] == "resnet18"
    assert json.loads(header["pixel_mean"]) == [0.5, 0.4, 0.3]
    assert json.loads(header["input_shape"]) == [3, 16, 16]
    assert header["run"] == config.digest()
    assert "less (0.5, 0.4, 0.3), over (0.2, 0.2, 0.1)" in how_to_load(config, tmp_path / "w.safetensors", 3)


def test_whole_encoders(tmp_path):
    trained(replace(BASE, width=8), SMALL, tmp_path / "c.safetensors")
    model, _ = load_model(tmp_path / "c.safetensors")
    weights = weights_of(model, "encoder")
    assert weights.keys() == model.encoder.state_dict().keys()
    plain = TrainConfig(steps=1, batch_size=8, encoder="mlp", objective=ObjectiveConfig(name="row-dual"))
    trained(plain, SMALL, tmp_path / "m.safetensors")
    model, _ = load_model(tmp_path / "m.safetensors")
    assert weights_of(model, "encoder").keys() == model.encoder.state_dict().keys()
    for part in ("auto", "backbone"):
        with pytest.raises(InvalidInputError, match=r"no backbone that torchvision or timm could load.*part='encoder'"):
            weights_of(model, part)


def test_other_kinds_of_file_are_refused_before_anything_is_read(tmp_path):
    with pytest.raises(InvalidInputError, match=r"must be a \.safetensors file; got .*w\.pt"):
        export_weights(tmp_path / "none", tmp_path / "w.pt")
