"""The battery during training: at the right steps, logged, and without any effect on the run."""

import torch

import noisedim as nd
from noisedim.data import load_images
from noisedim.training.config import TrainConfig
from noisedim.training.loop import train


def test_training_is_the_same_with_it():
    images = load_images("digits").images[:200]
    config = TrainConfig(steps=7, batch_size=32, encoder="mlp")
    logged = []
    callback = nd.AssessmentCallback(images[:60], every=3, log=logged.append)
    with_it = train(config, images, device="cpu", after_step=callback)
    without = train(config, images, device="cpu")
    assert [step for step, _ in callback.history] == [3, 6, 7]
    assert [entry["step"] for entry in logged] == [3, 6, 7]
    assert all(0 <= entry["p_value"] <= 1 for entry in logged)
    assert callback.history[0][1].n == 60
    assert callback.history[0][1].n_star is None
    assert not with_it.model.training
    for a, b in zip(with_it.model.parameters(), without.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert [step for step, _ in callback.tracked] == [3, 6, 7]
    assert logged[0]["track/distance"] == callback.tracked[0][1].distance
