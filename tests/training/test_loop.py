"""The loop: deterministic, resumable to the bit, loud when it diverges; and it does match the prior."""

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import CheckpointError, InvalidInputError, TrainingDivergedError
from noisedim.normality.henze_zirkler import henze_zirkler_statistic
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig, embed, train
from noisedim.training.loop import METRIC_NAMES, Trainer, load_model
from noisedim.training.model import build_model, embed_with_features

SMALL = TrainConfig(steps=30, batch_size=64)
OBJECTIVES = {
    "dual": ObjectiveConfig(name="dual"),
    "adaptive": ObjectiveConfig(),
    "cross": ObjectiveConfig(pairs="cross"),
    "infonce": ObjectiveConfig(name="infonce", negatives=5),
    "dv": ObjectiveConfig(name="dv", critic="separable", unbiased_gradient=True),
    "nwj": ObjectiveConfig(name="nwj", critic="dot"),
    "autoencoder": ObjectiveConfig(name="autoencoder"),
    "closed-form-critic": ObjectiveConfig(name="infonce", critic="gaussian-dual"),
}


@pytest.fixture(scope="module")
def images():
    return load_images("digits").images


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def equal(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTIVES)
def test_equal_seeds_give_equal_weights(images, name):
    config = replace(SMALL, objective=OBJECTIVES[name])
    first, second = (train(config, images, device="cpu") for _ in range(2))
    assert equal(weights(first.model), weights(second.model))
    np.testing.assert_array_equal(first.metrics, second.metrics)
    other = train(replace(config, seed=1), images, device="cpu")
    assert not equal(weights(first.model), weights(other.model))


def test_global_random_state_is_left_alone(images):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    train(replace(SMALL, steps=2), images, device="cpu")
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("stop", [1, 17])
def test_stopped_and_resumed_is_the_same_to_the_bit(images, tmp_path, name, stop):
    config = replace(SMALL, objective=OBJECTIVES[name])
    whole = train(config, images, device="cpu", log_every=10)
    trainer = Trainer(config, images, device="cpu")
    for step in range(stop):
        trainer.step(log=step % 10 == 0)
    trainer.save(tmp_path / "c.safetensors")
    resumed = train(config, images, device="cpu", log_every=10, checkpoint=tmp_path / "c.safetensors")
    assert equal(weights(whole.model), weights(resumed.model))
    np.testing.assert_array_equal(whole.metrics, resumed.metrics)


def test_a_finished_run_is_read_back_unchanged(images, tmp_path):
    path = tmp_path / "c.safetensors"
    first = train(SMALL, images, device="cpu", checkpoint=path)
    second = train(SMALL, images, device="cpu", checkpoint=path)
    assert equal(weights(first.model), weights(second.model))
    model, config = load_model(path)
    assert config == SMALL
    assert not model.training
    torch.testing.assert_close(embed(model, images), embed(first.model, images), rtol=0, atol=0)


@pytest.mark.slow
def test_killed_at_any_moment_it_resumes_to_the_same_result(images, tmp_path, one_thread):
    # A process that saves after every log is killed with SIGKILL in the midst of a later step, three times over.
    path = tmp_path / "c.safetensors"
    script = """
import os, signal, sys
from pathlib import Path
from noisedim.data import load_images
from noisedim.training import TrainConfig, train
def on_progress(progress):
    if progress.step > int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
train(TrainConfig(steps=30, batch_size=64), load_images("digits").images, device="cpu", checkpoint=Path(sys.argv[1]),
      checkpoint_seconds=0, log_every=3, on_progress=on_progress)
"""
    for stop in (5, 12, 20):
        done = subprocess.run([sys.executable, "-c", script, str(path), str(stop)], timeout=120, check=False)
        assert done.returncode == -9
        assert path.is_file()
    resumed = train(SMALL, images, device="cpu", checkpoint=path, log_every=3)
    whole = train(SMALL, images, device="cpu", log_every=3)
    torch.testing.assert_close(embed(resumed.model, images), embed(whole.model, images), rtol=0, atol=0)
    assert resumed.metrics[:, 0].tolist() == whole.metrics[:, 0].tolist()


def test_checkpoint_of_another_run_or_damaged_is_refused(images, tmp_path):
    path = tmp_path / "c.safetensors"
    train(replace(SMALL, steps=2), images, device="cpu", checkpoint=path)
    with pytest.raises(CheckpointError, match="expected a checkpoint of run"):
        train(SMALL, images, device="cpu", checkpoint=path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="damaged"):
        load_model(path)


def test_what_is_logged(images):
    metrics = train(replace(SMALL, noise=NoiseConfig(capacity=3.0)), images, device="cpu", log_every=10).metrics
    table = {name: metrics[:, i] for i, name in enumerate(METRIC_NAMES)}
    assert table["step"].tolist() == [1, 11, 21, 30]
    assert table["capacity"][-1] == pytest.approx(3.0)
    assert np.all(np.diff(table["level"]) <= 0)
    assert np.all(table["bound"] <= table["capacity"] + 1)
    assert np.all(table["ceiling"] <= math.log(64 * 63) + 1e-9)


@pytest.mark.slow
def test_training_brings_the_embedding_to_the_normal_prior(images):
    # The Henze–Zirkler statistic of a normal sample of 1,797 exceeds 3 with a chance far below 1e-6.
    config = TrainConfig(steps=400, noise=NoiseConfig(capacity=2.0))
    fresh = embed(Trainer(config, images, device="cpu").model.eval(), images)
    trained = embed(train(config, images, device="cpu").model, images)
    assert henze_zirkler_statistic(trained) < 3 < henze_zirkler_statistic(fresh)


@pytest.mark.slow
def test_training_brings_the_embedding_to_the_uniform_prior(images):
    # Chi-square of a 4×4 partition of the square. Measured: 7,900 to 27,000 before, 18 to 69 after (seeds 0 to 2).
    def chi_square(z):
        counts = np.histogram2d(*z.double().numpy().T, bins=4, range=[[0, 1], [0, 1]])[0]
        return ((counts - len(z) / 16) ** 2 / (len(z) / 16)).sum()

    config = TrainConfig(steps=400, prior="uniform", noise=NoiseConfig(epsilon=0.1))
    fresh = embed(Trainer(config, images, device="cpu").model.eval(), images)
    trained = embed(train(config, images, device="cpu").model, images)
    assert chi_square(fresh) > 10 * chi_square(trained)


def test_eval_statistics_are_those_of_the_training_images(images):
    result = train(SMALL, images, device="cpu")
    z = embed(result.model, images)
    torch.testing.assert_close(z.mean(0), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(z.var(0, unbiased=False), torch.ones(2), atol=1e-3, rtol=0)


def test_embedding_leaves_each_part_in_its_own_mode(images):
    config = TrainConfig(encoder="resnet18", width=4, head=(8,), dim=2, batch_size=16)
    model = build_model(config, tuple(images.shape[1:])).train()
    model.encoder.backbone.eval()  # frozen
    before = {name: part.training for name, part in model.named_modules()}
    assert set(before.values()) == {True, False}
    embed(model, images[:8])
    embed_with_features(model, images[:8])
    assert {name: part.training for name, part in model.named_modules()} == before
    model.channel.prior = None  # an error on the way
    with pytest.raises(AttributeError):
        embed(model, images[:8])
    assert {name: part.training for name, part in model.named_modules()} == before


def test_divergence_is_named(images):
    trainer = Trainer(SMALL, images, device="cpu")
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(float("inf"))
    trainer.model.channel._unchecked = False
    with pytest.raises(TrainingDivergedError, match="loss must stay finite; got nan at step 1 with seed 0"):
        trainer.step(log=True)
    with pytest.raises(TrainingDivergedError, match="weights must stay finite"):
        trainer.finish()


def test_bad_input(images):
    with pytest.raises(InvalidInputError, match="batch_size=64 and 10 images"):
        train(SMALL, images[:10])
    with pytest.raises(InvalidInputError, match="needs a CUDA device; got cpu"):
        train(replace(SMALL, precision="bfloat16"), images, device="cpu")
    with pytest.raises(InvalidInputError, match="takes images of shape"):
        train(replace(SMALL, encoder="convnet"), images)
    with pytest.raises(InvalidInputError, match=r"takes inputs of shape \(n, 1, 8, 8\); got \(3, 1, 9, 9\)"):
        embed(train(replace(SMALL, steps=1), images, device="cpu").model, torch.zeros(3, 1, 9, 9))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_gpu_matches_the_prior_too(images):
    config = TrainConfig(steps=400, noise=NoiseConfig(capacity=2.0), data=DataConfig())
    z = embed(train(config, images, device="cuda").model, images)
    assert henze_zirkler_statistic(z.double()) < 3


def test_a_capacity_that_a_batch_cannot_see_is_told_once(images):
    config = replace(SMALL, dim=8, steps=2, objective=ObjectiveConfig(name="dual"), noise=NoiseConfig(capacity=14.0))
    with pytest.warns(UserWarning, match="capacity of 14 nats exceeds the .* of 64 rows can see") as told:
        train(config, images, device="cpu")
    assert len(told) == 1
    # Objectives that are bounds by themselves, or whose critic allows for views that differ, are not warned of.
    for name in ("row-dual", "adaptive-dual", "simclr"):
        assert replace(config, objective=ObjectiveConfig(name=name)).unseen_capacity is None
    assert replace(config, batch_size=4096, noise=NoiseConfig(capacity=8.0)).unseen_capacity is None
    assert TrainConfig().unseen_capacity is None
    # Configurations are read back without a word: only training with them warns.
    assert TrainConfig.from_dict(config.to_dict()) == config
