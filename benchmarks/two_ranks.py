"""Two processes that step together, or the first one alone, as test_speed_ranks.py tells them on standard input.

A program of its own, because ranks are started from its beginning. A line is "together CASE", "alone CASE" or the end.
"""

import sys
from dataclasses import replace

import torch

from noisedim.data import load_images
from noisedim.training import DataConfig, TrainConfig
from noisedim.training.distributed.ranks import Ranks, launch
from noisedim.training.loop import Trainer
from noisedim.training.recipes import pretraining

_RESNET = replace(
    pretraining("simclr", DataConfig(), sigma=0.1, steps=1_000_000),
    width=16,
    head=(128,),
    dim=32,
    batch_size=64,
    pixel_mean=(0.3,),
    pixel_deviation=(0.4,),
)
CASES = {
    "perceptron, dual": (TrainConfig(encoder="mlp", steps=1_000_000), 10),
    "narrow ResNet-18, SimCLR": (_RESNET, 1),
}


def made(case: str, ranks: Ranks) -> tuple[Trainer, Trainer | None, int]:
    """The two processes' trainer, the first one's own, and how many steps they are told to make."""
    config, steps = CASES[case]
    images = load_images("digits").images
    if case.startswith("narrow"):
        images = torch.nn.functional.interpolate(images, 32)
    together = Trainer(config, images, device="cpu", ranks=ranks)
    return together, Trainer(config, images, device="cpu", ranks=Ranks.alone()) if ranks.is_first else None, steps


def main() -> None:
    ranks, _ = launch(2, device="cpu")
    # As many cores as ranks: what is shared is the work.
    torch.set_num_threads(1)
    trainers: dict[str, tuple[Trainer, Trainer | None, int]] = {}
    while True:
        word, _, case = ranks.agree(sys.stdin.readline().strip() if ranks.is_first else "").partition(" ")
        if word not in ("together", "alone"):
            break
        if case not in trainers:
            trainers[case] = made(case, ranks)
        together, alone, steps = trainers[case]
        trainer = together if word == "together" else alone
        if trainer is not None:
            for _ in range(steps):
                trainer.step()
        if ranks.is_first:
            print("done", flush=True)
    ranks.leave()


if __name__ == "__main__":
    main()
