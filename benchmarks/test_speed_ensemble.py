"""Do many small runs train faster as one? Peer: the same runs one after the other, on the same cores."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from noisedim.data import load_images
from noisedim.training import NoiseConfig, TrainConfig
from noisedim.training.ensemble import EnsembleTrainer
from noisedim.training.loop import Trainer

LEVELS, SEEDS, STEPS = (0.1, 0.2, 0.3, 0.5), 2, 3


@pytest.mark.parametrize("encoder", ["mlp", "digits-convnet"])
@pytest.mark.benchmark(group="ensemble")
def test_against_one_by_one(paired, one_thread, benchmark, encoder):
    images = load_images("digits").images
    base = TrainConfig(encoder=encoder, steps=1_000_000)
    configs = [replace(base, noise=NoiseConfig(sigma=level), seed=s) for level in LEVELS for s in range(SEEDS)]
    ensemble = EnsembleTrainer(configs, images)
    members = [Trainer(config, images) for config in configs]

    def steps(work: list[Callable[[], None]]) -> None:
        for _ in range(STEPS):
            for step in work:
                step()
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    benchmark.extra_info |= {
        "question": "ensemble",
        "members": len(configs),
        "steps": STEPS,
        "batch_size": base.batch_size,
        "vectorised": ensemble.vectorised,
        "config": base.digest(),
    }
    paired(
        lambda: steps([ensemble.step]),
        lambda: steps([member.step for member in members]),
        peer_name="one by one",
        rounds=15,
    )
