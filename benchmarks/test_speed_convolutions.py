"""What do the two choices that speed convolutions up on a CPU save? Peer: the same network without each."""

from dataclasses import replace

import pytest
import torch

from noisedim.report.methods.plan import STUDY
from noisedim.report.table_1.plan import PROFILES, table_configs
from noisedim.training import TrainConfig, embed
from noisedim.training.execution import Execution
from noisedim.training.loop import Trainer
from noisedim.training.model import build_model

WHOLE = 4096
# By name: the configuration, and the shape of its images.
STEPS = {
    "Table 1's narrow ResNet-18": (table_configs(PROFILES["cifar-small"])["simclr"][0.0][0], (3, 16, 16)),
    "the paper's ConvNet": (STUDY.profile("mnist-convnet")[0].config, (1, 24, 24)),
}


@pytest.mark.benchmark(group="embedding images")
def test_embed_convnet(paired, one_thread, benchmark):
    config = TrainConfig(dim=8, encoder="convnet")
    images = torch.rand(WHOLE, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    model = build_model(config, tuple(images.shape[1:]))
    torch.testing.assert_close(embed(model, images), embed(model, images, batch_size=WHOLE))
    benchmark.extra_info |= {"n": WHOLE, "config": config.digest()}
    paired(
        lambda: embed(model, images),
        lambda: embed(model, images, batch_size=WHOLE),
        subject=f"embedding {WHOLE:,} images by the paper's ConvNet",
        peer_name="all images at a time",
    )


@pytest.mark.parametrize("network", STEPS)
@pytest.mark.benchmark(group="pretraining step")
def test_channels_last_step(paired, one_thread, benchmark, network):
    config, shape = STEPS[network]
    config = replace(config, steps=1_000_000)
    pixels = (2 * config.batch_size, *shape)
    images = torch.randint(0, 256, pixels, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ours, theirs = (
        Trainer(config, images, device="cpu", execution=execution)
        for execution in (Execution(channels_last=True), Execution())
    )
    benchmark.extra_info |= {"batch_size": config.batch_size, "config": config.digest()}
    paired(
        ours.step,
        theirs.step,
        subject=f"a step of {network}, channels last",
        peer_name="channels first",
        rounds=9,
    )
