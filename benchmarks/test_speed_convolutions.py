"""What do the two choices that speed convolutions up on a CPU save? Peer: the same network without each."""

from dataclasses import replace

import pytest
import torch

from noisedim.report.table_1.plan import PROFILES, table_configs
from noisedim.training import TrainConfig, embed
from noisedim.training.execution import Execution, resolve_device
from noisedim.training.loop import Trainer
from noisedim.training.model import build_model

WHOLE = 4096


@pytest.mark.benchmark(group="embedding images")
def test_embed_convnet(paired, one_thread, benchmark, pytestconfig):
    device = resolve_device(pytestconfig.option.device)
    config = TrainConfig(dim=8, encoder="convnet")
    images = torch.rand(WHOLE, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    model = build_model(config, tuple(images.shape[1:])).to(device)
    torch.testing.assert_close(embed(model, images), embed(model, images, batch_size=WHOLE))
    benchmark.extra_info |= {"n": WHOLE, "config": config.digest(), "device": device.type}
    paired(
        lambda: embed(model, images),
        lambda: embed(model, images, batch_size=WHOLE),
        subject=f"embedding {WHOLE:,} images by the paper's ConvNet",
        peer_name="all images at a time",
    )


@pytest.mark.benchmark(group="pretraining step")
def test_channels_last_step(paired, one_thread, benchmark, pytestconfig):
    device = resolve_device(pytestconfig.option.device)
    profile = PROFILES["cifar-small"]
    config = replace(table_configs(profile)["simclr"][0.0][0], steps=1_000_000)
    images = torch.randint(
        0, 256, (2 * config.batch_size, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    ours, theirs = (
        Trainer(config, images, device=device, execution=execution)
        for execution in (Execution(channels_last=True), Execution())
    )
    benchmark.extra_info |= {"batch_size": config.batch_size, "width": config.width, "device": device.type}
    paired(
        ours.step,
        theirs.step,
        subject="a SimCLR step of Table 1's narrow ResNet-18, channels last",
        peer_name="channels first",
        rounds=9,
    )
