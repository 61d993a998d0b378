"""An ensemble is its members one by one, up to rounding."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import InvalidInputError, TrainingDivergedError
from noisedim.training import NoiseConfig, ObjectiveConfig, OptimiserConfig, TrainConfig, embed, train
from noisedim.training.ensemble import EnsembleTrainer, train_ensemble

SMALL = TrainConfig(steps=12, batch_size=64)
KINDS = {
    "dual": SMALL,
    "uniform": replace(SMALL, prior="uniform", noise=NoiseConfig(epsilon=0.1)),
    "convnet": replace(SMALL, encoder="digits-convnet"),
    # The paper's critic scores nearly nothing at first: the encoder's gradient is a difference of almost equal terms, and
    # Adam makes steps of full length of its rounding (0.05 in an embedding of unit variance after 12 of them, measured).
    "critic": replace(SMALL, objective=ObjectiveConfig(name="infonce", critic="separable", negatives=5)),
    "projector": replace(SMALL, objective=ObjectiveConfig(name="vicreg")),
    "autoencoder": replace(SMALL, objective=ObjectiveConfig(name="vae")),
    "clipped": replace(SMALL, optimiser=OptimiserConfig(clip_norm=0.05)),
}


@pytest.fixture(scope="module")
def images():
    return load_images("digits").images


def members(config):
    levels = (0.2, 0.3) if config.prior == "normal" else (0.05, 0.1)
    name = "sigma" if config.prior == "normal" else "epsilon"
    return [replace(config, seed=seed, noise=NoiseConfig(**{name: level})) for seed in (0, 1) for level in levels]


def by_batch_statistics(model, images):
    """Embeddings normalised by these images' own statistics, which biases ahead of a normalisation do not reach.

    Such biases have no gradient but rounding, which Adam scales up: they wander, and nothing depends on them.
    """
    model.train()
    with torch.no_grad():
        z = model.channel.normalise(model.raw(images))
    model.eval()
    return z


@pytest.mark.parametrize("vectorised", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_same_as_one_by_one(images, kind, vectorised):
    configs = members(KINDS[kind])
    together = train_ensemble(configs, images, device="cpu", vectorised=vectorised, log_every=5)
    for config, ours in zip(configs, together, strict=True):
        alone = train(config, images, device="cpu", log_every=5)
        np.testing.assert_allclose(ours.metrics, alone.metrics, rtol=1e-3, atol=1e-4)
        theirs = alone.model.state_dict()
        for name, value in ours.model.state_dict().items():
            if name.endswith("weight"):
                torch.testing.assert_close(value, theirs[name], rtol=1e-3, atol=1e-4, msg=name)
        torch.testing.assert_close(
            by_batch_statistics(ours.model, images), by_batch_statistics(alone.model, images), rtol=1e-3, atol=1e-3
        )


def test_members_differ_from_each_other(images):
    together = train_ensemble(members(SMALL), images, device="cpu")
    embeddings = [embed(result.model, images) for result in together]
    assert all((a - b).abs().max() > 0.01 for i, a in enumerate(embeddings) for b in embeddings[:i])


def test_clipping_is_each_members_own(images):
    # One member's gradient is blown up; the others must not be scaled with it.
    configs = [replace(SMALL, seed=seed, optimiser=OptimiserConfig(clip_norm=1.0)) for seed in (0, 1)]
    trainer = EnsembleTrainer(configs, images, device="cpu")
    for weight in trainer._weights.values():
        weight.grad = torch.ones_like(weight) * torch.tensor([1e3, 1e-9]).view(-1, *[1] * (weight.ndim - 1))
    trainer._clip()
    norms = sum(weight.grad.flatten(1).square().sum(1) for weight in trainer._weights.values()).sqrt()
    assert norms[0].item() == pytest.approx(1.0, rel=1e-3)
    assert all((weight.grad[1] == 1e-9).all() for weight in trainer._weights.values())


def test_bad_ensembles(images):
    with pytest.raises(InvalidInputError, match="at least one run"):
        EnsembleTrainer([], images)
    with pytest.raises(InvalidInputError, match="may differ in seed, noise and fold only"):
        EnsembleTrainer([SMALL, replace(SMALL, dim=3)], images)
    with pytest.raises(InvalidInputError, match="one tensor of one image shape for each of 2 runs"):
        EnsembleTrainer([SMALL, replace(SMALL, seed=1)], [images])
    hot = replace(SMALL, optimiser=OptimiserConfig(learning_rate=1e30, warmup=0, clip_norm=None))
    with pytest.raises(TrainingDivergedError, match="seed 0"):
        train_ensemble([hot, replace(hot, seed=1)], images, device="cpu", log_every=1)
