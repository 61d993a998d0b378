"""The methods of others through the one loop: deterministic, resumable, and each does what it is for."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import InvalidInputError
from noisedim.objectives import METHODS
from noisedim.runs.make import split_images
from noisedim.training import DataConfig, ObjectiveConfig, TrainConfig, embed, train
from noisedim.training.loop import Trainer, load_model

SMALL = TrainConfig(steps=30, batch_size=64)
OBJECTIVES = {name: ObjectiveConfig(name=name) for name, method in METHODS.items() if not method.injects_noise} | {
    "plain": ObjectiveConfig(name="infonce", negatives=5, noisy=False),
    "no-projector": ObjectiveConfig(name="vicreg", features=0),
}


@pytest.fixture(scope="module")
def images():
    return load_images("digits").images


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTIVES)
def test_stopped_and_resumed_is_the_same_to_the_bit(images, tmp_path, name):
    config = replace(SMALL, objective=OBJECTIVES[name])
    path = tmp_path / "c.safetensors"
    whole = train(config, images, device="cpu", log_every=10)
    trainer = Trainer(config, images, device="cpu")
    for step in range(17):
        trainer.step(log=step % 10 == 0)
    trainer.save(path)
    resumed = train(config, images, device="cpu", log_every=10, checkpoint=path)
    ours, theirs = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    np.testing.assert_array_equal(whole.metrics, resumed.metrics)
    z = embed(whole.model, images)
    assert z.shape == (len(images), 2)
    torch.testing.assert_close(embed(load_model(path)[0], images), z, rtol=0, atol=0)
    torch.testing.assert_close(z.var(0, unbiased=False), torch.ones(2), atol=1e-3, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_loss_falls(images, name):
    config = replace(SMALL, steps=150, objective=OBJECTIVES[name])
    losses = train(config, images, device="cpu", log_every=1).metrics[:, 1]
    if name == "adversarial":  # a game: neither player's loss need fall
        assert np.isfinite(losses).all()
        return
    assert losses[-20:].mean() < losses[:20].mean()


@pytest.mark.slow
def test_strength_reaches_the_loss(images):
    for name, method in METHODS.items():
        if method.strength is None:
            continue
        losses = [
            train(
                replace(SMALL, steps=1, objective=ObjectiveConfig(name=name, strength=strength)), images, device="cpu"
            ).metrics[0, 1]
            for strength in (None, method.default, method.default * 0.5)
        ]
        assert losses[0] == losses[1], name
        assert losses[0] != losses[2], name


def test_autoencoders_see_one_view_and_no_augmentation(images):
    config = replace(SMALL, steps=3, objective=ObjectiveConfig(name="wae-mmd"))
    weights = [
        embed(train(replace(config, augmentation_probability=p), images, device="cpu").model, images)
        for p in (0.0, 1.0)
    ]
    assert torch.equal(*weights)


def test_validation_split_never_touches_the_held_out_fold():
    outer = split_images(TrainConfig(data=DataConfig(fold=1)))
    inner = split_images(TrainConfig(data=DataConfig(fold=1, validate=True)))
    assert not set(outer.held_out) & (set(inner.train) | set(inner.held_out))
    assert sorted([*inner.train, *inner.held_out]) == outer.train.tolist()
    assert len(inner.held_out) == pytest.approx(len(outer.train) / 5, abs=1)


def test_bad_configurations():
    with pytest.raises(InvalidInputError, match=r"objective.noisy=False is for infonce, dv, nwj; got 'adaptive-dual'"):
        ObjectiveConfig(noisy=False)
    with pytest.raises(InvalidInputError, match="'gaussian-dual' has no value without noise"):
        ObjectiveConfig(name="infonce", critic="gaussian-dual", noisy=False)
    with pytest.raises(InvalidInputError, match="objective.name='w-mse' takes no objective.strength"):
        ObjectiveConfig(name="w-mse", strength=1.0)
    with pytest.raises(InvalidInputError, match="objective.strength must be a finite number > 0; got"):
        ObjectiveConfig(name="vae", strength=math.nan)
    with pytest.raises(InvalidInputError, match=r"objective.name='vicreg' is for prior='normal'; got 'uniform'"):
        TrainConfig(objective=ObjectiveConfig(name="vicreg"), prior="uniform")
    with pytest.raises(InvalidInputError, match=r"data.validate needs data.fold"):
        DataConfig(validate=True)
