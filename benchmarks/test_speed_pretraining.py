"""How many images a second does the SimCLR step of Appendix C take? Peer: a bare loop with torchvision's CPU loader.

The peer is what a careful user writes: torchvision's transforms in as many loading processes as there are cores, lightly's
loss, timm's LARS, the same network. On a GPU the paper's ResNet-18 is trained in batches of 256; on a CPU a narrow one in
small batches, where only the ratio says anything.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from noisedim.training import DataConfig, TrainConfig
from noisedim.training.execution import resolve_device
from noisedim.training.loop import Trainer
from noisedim.training.model import build_model
from noisedim.training.recipes import pretraining

IMAGES = 2048


class TwoViews(torch.utils.data.Dataset):
    """Two views of each image by torchvision, Appendix C's transforms in their order."""

    def __init__(self, images: torch.Tensor) -> None:
        from torchvision.transforms import InterpolationMode, v2

        self.images = images
        self.transform = v2.Compose(
            [
                v2.RandomResizedCrop(32, scale=(0.08, 1.0), interpolation=InterpolationMode.BICUBIC, antialias=True),
                v2.RandomApply([v2.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.8, 1.2), (-0.1, 0.1))]),
                v2.RandomGrayscale(0.2),
                v2.RandomHorizontalFlip(),
                v2.ToDtype(torch.float32, scale=True),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.transform(self.images[index]), self.transform(self.images[index])


def bare_loop(config: TrainConfig, images: torch.Tensor, device: torch.device, steps: int) -> Callable[[], None]:
    from lightly.loss import NTXentLoss
    from timm.optim import Lars

    encoder = build_model(config, tuple(images.shape[1:])).encoder.to(device).train()
    options = config.optimiser
    optimizer = Lars(
        encoder.parameters(),
        lr=options.learning_rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
        trust_coeff=options.trust,
        trust_clip=True,
    )
    loss = NTXentLoss(temperature=0.2)
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    loader = torch.utils.data.DataLoader(
        TwoViews(images),
        config.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=True,
        pin_memory=device.type == "cuda",
    )

    def batches() -> Iterator[Any]:
        while True:
            yield from loader

    source = batches()
    next(source)  # starts the loading processes

    def run() -> None:
        for _ in range(steps):
            views = torch.cat(next(source)).to(device, non_blocking=True)
            with torch.autocast("cuda", torch.bfloat16, enabled=config.precision == "bfloat16"):
                outputs = encoder(views)
            value = loss(*outputs.float().chunk(2))
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return run


def operations(config: TrainConfig, images: torch.Tensor) -> int:
    """Floating-point operations of the network forwards and backwards, per step."""
    from torch.utils.flop_counter import FlopCounterMode

    encoder = build_model(config, tuple(images.shape[1:])).encoder
    with FlopCounterMode(display=False) as counter:
        encoder(torch.rand(8, *images.shape[1:])).sum().backward()
    return counter.get_total_flops() // 8 * 2 * config.batch_size


def matrix_rate(device: torch.device, precision: str) -> float:
    """Floating-point operations a second of a large matrix product, as measured."""
    side = 8192 if device.type == "cuda" else 768
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    a = torch.randn(side, side, device=device, dtype=dtype)
    seconds = []
    for _ in range(6):
        began = time.perf_counter()
        a @ a
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return 2 * side**3 / min(seconds)


@pytest.mark.benchmark(group="pretraining step")
def test_simclr_step(paired, benchmark, pytestconfig):
    device = resolve_device(pytestconfig.option.device)
    config = pretraining("simclr", DataConfig(name="cifar10"), sigma=0.1, steps=1_000_000)
    steps = 20
    if device.type == "cuda":
        config = replace(config, precision="bfloat16")
    else:
        config, steps = replace(config, width=4, head=(64,), dim=32, batch_size=32), 2
    images = torch.randint(0, 256, (IMAGES, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    trainer = Trainer(config, images, device=device)

    def ours() -> None:
        for _ in range(steps):
            trainer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    work, rate = operations(config, images), matrix_rate(device, config.precision)
    benchmark.extra_info |= {
        "steps": steps,
        "batch_size": config.batch_size,
        "width": config.width,
        "precision": config.precision,
        "operations_a_step": work,
        "matrix_rate": rate,
        "device": device.type,
    }
    paired(
        ours,
        bare_loop(config, images, device, steps),
        subject="a SimCLR step of a ResNet-18, views and all",
        peer_name="bare loop, torchvision's loader",
        rounds=9,
    )
    if benchmark.stats:
        seconds = benchmark.stats.stats.median / steps
        benchmark.extra_info |= {
            "images_per_second": config.batch_size / seconds,
            "fraction_of_matrix_rate": work / seconds / rate,
        }
        print(f"\n{config.batch_size / seconds:,.0f} images/s, {work / seconds / rate:.2%} of the measured matrix rate")
