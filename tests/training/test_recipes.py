"""Pre-training: the recipe is Appendix C's, it resumes to the bit, and σ = 0 is the method without noise."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from noisedim.errors import CheckpointError, InvalidInputError
from noisedim.training import DataConfig, ObjectiveConfig, OptimiserConfig, TrainConfig, embed, train
from noisedim.training.checkpoint import load_checkpoint, save_checkpoint
from noisedim.training.loop import Trainer, load_model
from noisedim.training.model import embed_with_features
from noisedim.training.recipes import METHOD_NAMES, normalised_as_cifar, pretraining, with_epochs, with_own_pixels


@pytest.fixture(scope="module")
def images():
    return torch.randint(0, 256, (48, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def small(method, sigma=0.1, **changes):
    config = pretraining(method, DataConfig(name="cifar10"), sigma=sigma, steps=4, warmup=2)
    return replace(config, width=4, head=(16,), dim=8, batch_size=16, **changes)


def test_numbers_are_appendix_cs():
    config = with_epochs(pretraining("simclr", DataConfig(name="cifar10"), sigma=0.1), 50_000, epochs=800)
    assert (config.steps, config.batch_size, config.optimiser.warmup) == (800 * 195, 256, 1950)
    optimiser = config.optimiser
    assert (optimiser.name, optimiser.learning_rate, optimiser.momentum, optimiser.trust) == ("lars", 0.3, 0.9, 0.02)
    assert (optimiser.weight_decay, optimiser.trust_clip, optimiser.clip_norm) == (1e-4, True, None)
    assert (config.head, config.dim, config.objective.strength) == ((2048,), 256, 0.2)
    assert (config.encoder, config.width) == ("resnet18", 64)
    views = config.views
    assert (views.crop_scale, views.interpolation, views.jitter_probability) == ((0.08, 1.0), "bicubic", 0.5)
    assert (views.brightness, views.contrast, views.saturation, views.hue) == (
        (0.6, 1.4),
        (0.6, 1.4),
        (0.8, 1.2),
        (-0.1, 0.1),
    )
    assert (views.grey_probability, views.mirror_probability, views.both) == (0.2, 0.5, True)
    assert (config.noise.level(config.build_prior(), 0.0), config.noise.level(config.build_prior(), 1.0)) == (0.1, 0.1)
    vicreg = pretraining("vicreg", DataConfig(name="cifar10"))
    assert ((*vicreg.head, vicreg.dim), vicreg.objective.noise_on) == ((2048, 2048, 2048), "none")
    assert vicreg.objective.strength is None  # its authors' 25, 25, 1


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_stopped_in_mid_epoch_and_resumed_is_the_same_to_the_bit(images, tmp_path, method, one_thread):
    config = small(method)
    path = tmp_path / "c.safetensors"
    whole = train(config, images, device="cpu", log_every=1)
    trainer = Trainer(config, images, device="cpu")
    for _ in range(2):  # of three in an epoch
        trainer.step(log=True)
    trainer.save(path)
    resumed = train(config, images, device="cpu", log_every=1, checkpoint=path)
    ours, theirs = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    np.testing.assert_array_equal(whole.metrics, resumed.metrics)
    model, again = load_model(path)
    assert again == config == TrainConfig.from_dict(config.to_dict())
    features = embed(model, images, features=True)
    assert features.shape == (48, 32)
    torch.testing.assert_close(features, embed(whole.model, images, features=True), rtol=0, atol=0)
    assert embed(model, images).shape == (48, 8)


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_noise_changes_the_run_and_none_is_the_plain_method(images, method, one_thread):
    losses = {
        sigma: train(small(method, sigma), images, device="cpu", log_every=1).metrics[0, 1] for sigma in (0.0, 0.1, 1.0)
    }
    assert len(set(losses.values())) == 3
    config = small(method, 0.0)
    trainer = Trainer(config, images, device="cpu")
    assert not config.objective.injects_noise
    channel = trainer.model.channel
    level_free = [trainer.model.encoder(trainer.next_inputs()).detach()]
    z, z_prime = (channel.normalise(level_free[0]) if trainer.objective.normalised else level_free[0]).chunk(2)
    quiet, loud = (
        trainer.objective(z, z_prime, set_level(channel, level), generator=torch.Generator().manual_seed(0)).loss
        for level in (0.01, 5.0)
    )
    assert quiet.item() == loud.item()


def set_level(channel, level):
    channel.level = level
    return channel


def test_checkpoint_of_another_architecture(images, tmp_path):
    path, other = tmp_path / "c.safetensors", tmp_path / "other.safetensors"
    trainer = Trainer(small("simclr"), images, device="cpu")
    trainer.save(path)
    with pytest.raises(CheckpointError, match=r"expected a checkpoint of run .*encoder"):
        Trainer(replace(small("simclr"), encoder="resnet34"), images, device="cpu").restore(path)
    # A file whose configuration was tampered with.
    saved = load_checkpoint(path)
    wider = json.dumps(replace(small("simclr"), width=8).to_dict())
    save_checkpoint(other, saved.tensors, {**saved.metadata, "config": wider})
    with pytest.raises(
        CheckpointError, match=r"other.safetensors says encoder 'resnet18' .*of another architecture: .*size"
    ):
        load_model(other)


def test_bad_input(images):
    with pytest.raises(InvalidInputError, match="method must be one of 'infomax', 'simclr', .*; got 'byol'"):
        pretraining("byol", DataConfig())
    with pytest.raises(InvalidInputError, match="sigma must be a finite number > 0"):
        pretraining("simclr", DataConfig(), sigma=-0.1)
    with pytest.raises(InvalidInputError, match="batch_size=256 and 100 images"):
        with_epochs(pretraining("simclr", DataConfig()), 100, epochs=1)
    with pytest.raises(InvalidInputError, match="have features; this has none"):
        embed(
            train(TrainConfig(steps=1, batch_size=16), images[:, :, :8, :8], device="cpu").model,
            images[:, :, :8, :8],
            features=True,
        )
    with pytest.raises(
        InvalidInputError, match="head and pixel_mean are for backbones such as resnet18; got encoder='mlp'"
    ):
        TrainConfig(encoder="mlp", head=(8,))


def test_features_and_embeddings_in_one_pass(images):
    model = train(small("simclr"), images, device="cpu").model
    features, z = embed_with_features(model, images, batch_size=20)
    torch.testing.assert_close(features, embed(model, images, features=True))
    torch.testing.assert_close(z, embed(model, images))


def test_scale_of_the_loss_is_that_of_plain_steps(images):
    def weights(scale, rate):
        config = small("simclr")
        plain = OptimiserConfig(name="sgd", learning_rate=rate, warmup=0, weight_decay=0.0, clip_norm=None)
        objective = replace(config.objective, loss_scale=scale)
        return train(replace(config, optimiser=plain, objective=objective), images, device="cpu").model.state_dict()

    doubled, faster, slower = weights(2.0, 0.05), weights(1.0, 0.1), weights(1.0, 0.05)
    assert all(torch.allclose(doubled[name], faster[name], atol=1e-4) for name in doubled)
    assert not all(torch.allclose(doubled[name], slower[name], atol=1e-4) for name in doubled)
    with pytest.raises(InvalidInputError, match="objective.loss_scale must be a finite number > 0"):
        ObjectiveConfig(loss_scale=0)


def test_pictures_other_than_cifars_are_normalised_by_their_own_moments():
    """The oracle is NumPy's mean and standard deviation of the same pixels."""
    images = torch.randint(0, 256, (1500, 3, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images[:, 1] //= 4
    images[:, 2] = 51
    cifar = pretraining("simclr", DataConfig(name="cifar10", test_split=True))
    assert not normalised_as_cifar(cifar)
    own = pretraining("simclr", DataConfig(name="folder:pictures", fold=0))
    assert normalised_as_cifar(own)
    found = with_own_pixels(own, images)
    pixels = images.numpy() / 255
    np.testing.assert_allclose(found.pixel_mean, pixels.mean((0, 2, 3)), atol=5.1e-5)
    np.testing.assert_allclose(found.pixel_deviation[:2], pixels.std((0, 2, 3))[:2], atol=5.1e-5)
    assert found.pixel_deviation[2] == 1.0  # constant: nothing to divide by
    assert not normalised_as_cifar(found)
