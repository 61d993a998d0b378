"""How a step is computed changes rounding and nothing else."""

import copy

import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import InvalidInputError
from noisedim.training import TrainConfig, embed, train
from noisedim.training.execution import Execution, images_at_a_time
from noisedim.training.loop import Trainer, load_model

CONFIG = TrainConfig(steps=3, batch_size=64, encoder="digits-convnet")


@pytest.fixture(scope="module")
def images():
    return load_images("digits").images


def weights_after(images, execution, path=None):
    trainer = Trainer(CONFIG, images, device="cpu", execution=execution)
    trainer.step(log=True)
    gradients = {name: parameter.grad.clone() for name, parameter in trainer.model.named_parameters()}
    if path is not None:
        trainer.save(path)
    return trainer, gradients


def test_channels_last(images, tmp_path):
    _, plain = weights_after(images, None)
    trainer, gradients = weights_after(images, Execution(channels_last=True), tmp_path / "c.safetensors")
    kernel = trainer.model.encoder[4].weight
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    assert not kernel.is_contiguous()
    scale = max(float(gradient.abs().max()) for gradient in plain.values())
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, plain[name], rtol=0, atol=1e-5 * scale)
    # A checkpoint holds numbers, not their layout: it is read by those who know of none.
    model, _ = load_model(tmp_path / "c.safetensors")
    assert torch.equal(model.encoder[4].weight, kernel)
    assert model.encoder[4].weight.is_contiguous()


def test_compiled_is_asked_for_and_shares_the_weights(images, monkeypatch):
    # Compiling takes its time; that it computes the same is PyTorch's to test.
    seen = []

    def compiled(module):
        seen.append(module)
        return copy.copy(module)

    monkeypatch.setattr(torch, "compile", compiled)
    _, plain = weights_after(images, None)
    assert seen == []
    trainer, gradients = weights_after(images, Execution(compiled=True))
    assert seen == [trainer.model.encoder]
    assert all(torch.equal(gradients[name], plain[name]) for name in plain)


def test_rows_of_features_have_no_channels():
    layer = torch.nn.Linear(3, 2)
    execution = Execution(channels_last=True)
    execution.prepare(layer)
    x = torch.randn(4, 3)
    assert torch.equal(execution.applied(layer)(x), layer(x))


@pytest.mark.parametrize(
    ("device", "backbone", "expected"),
    [("cpu", False, 256), ("cpu", True, 256), ("meta", True, 512), ("meta", False, 4096)],
)
def test_images_at_a_time_by_device(device, backbone, expected):
    assert images_at_a_time(None, torch.device(device), backbone=backbone) == expected
    assert images_at_a_time(3, torch.device(device), backbone=backbone) == 3


@pytest.mark.parametrize("asked", [0, -1, 2.5])
def test_images_at_a_time_refuses_what_is_no_number_of_images(asked):
    with pytest.raises(InvalidInputError, match="batch_size"):
        images_at_a_time(asked, torch.device("cpu"))


def test_embeddings_do_not_depend_on_the_number_of_images_at_a_time(images):
    model = train(CONFIG, images, device="cpu").model
    whole = embed(model, images, batch_size=len(images))
    torch.testing.assert_close(embed(model, images), whole)
    torch.testing.assert_close(embed(model, images, batch_size=100), whole)


def test_a_network_sees_256_images_at_a_time_on_a_cpu(images):
    model = train(CONFIG, images, device="cpu").model
    seen = []
    handle = model.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    embed(model, images[:600])
    handle.remove()
    assert seen == [256, 256, 88]
