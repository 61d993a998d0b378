"""What does the training loop cost in addition to the work? Peer: the same model, data, views and loss in a bare loop."""

from collections.abc import Callable

import pytest
import torch

from noisedim.data import load_images
from noisedim.objectives import dual_bound
from noisedim.priors import GaussianPrior
from noisedim.training import TrainConfig
from noisedim.training.loop import Trainer
from noisedim.training.model import build_model

# Of each network so many that a round takes a fifth of a second; the first of them is logged.
STEPS = {"mlp": 40, "digits-convnet": 20}


def bare_loop(config: TrainConfig, images: torch.Tensor, count: int) -> Callable[[], None]:
    """What one would write by hand: no annealing, no schedule, no log, no clipping, no checkpoints."""
    model = build_model(config, tuple(images.shape[1:]))
    encoder, norm, prior = model.encoder, torch.nn.BatchNorm1d(config.dim, affine=False), GaussianPrior(config.dim)
    optimizer = torch.optim.Adam(encoder.parameters(), lr=2e-3, fused=True)
    state = {"order": torch.empty(0, dtype=torch.int64)}

    def step() -> None:
        if len(state["order"]) < config.batch_size:
            state["order"] = torch.randperm(len(images))
        index, state["order"] = state["order"][: config.batch_size], state["order"][config.batch_size :]
        batch = images[index]
        noisy = batch + config.augmentation.noise * torch.randn_like(batch)
        pick = torch.rand(len(batch)) < config.augmentation_probability
        views = torch.cat([batch, torch.where(pick[:, None, None, None], noisy, batch)])
        z, z_prime = norm(encoder(views)).chunk(2)
        loss = dual_bound(z, z_prime, prior, 0.3, pairs="clean", estimate=False).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def steps() -> None:
        for _ in range(count):
            step()

    return steps


@pytest.mark.parametrize("encoder", ["mlp", "digits-convnet"])
@pytest.mark.benchmark(group="training step")
def test_loop_overhead(paired, one_thread, benchmark, encoder):
    images = load_images("digits").images
    config = TrainConfig(encoder=encoder, steps=1_000_000)
    trainer, count = Trainer(config, images, device="cpu"), STEPS[encoder]

    def ours() -> None:
        for step in range(count):
            trainer.step(log=step == 0)

    benchmark.extra_info |= {"steps": count, "batch_size": config.batch_size, "config": config.digest()}
    paired(
        ours,
        bare_loop(config, images, count),
        subject="a training step",
        peer_name="bare PyTorch loop that clips nothing",
        rounds=30,
    )
