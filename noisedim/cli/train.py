"""``noisedim train``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.data.sets import has_test_split
from noisedim.errors import InvalidInputError
from noisedim.training.config import DataConfig, TrainConfig
from noisedim.training.execution import Execution
from noisedim.training.recipes import EPOCHS, METHOD_NAMES, PretrainingMethod, pretraining, with_epochs

__all__ = ["Train", "train_defaults"]


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train one encoder and measure it; a run that is there is not made again, a killed one goes on.

    Examples: noisedim train (digits, N(0, I), d = 2), or
    noisedim train --data.name mnist --data-root DIR --dim 8 --noise.capacity 14 --objective.name infonce, or
    noisedim train --method simclr --dataset cifar10 --sigma 0.1 (ResNet-18 by the recipe of the paper's Appendix C).
    """

    method: PretrainingMethod | None = None
    """Pre-train a backbone by the recipe of Appendix C; every option below then has the recipe's default."""
    dataset: str | None = None
    """With method: which images, as data.name; cifar10 if omitted. Its test images judge, where it has some."""
    sigma: float | None = None
    """With method: noise in units of the embedding's standard deviation; 0, the plain method, if omitted."""
    epochs: float | None = None
    """Passes over the training images, instead of steps; 800 with method."""
    warmup_epochs: float | None = None
    """With epochs: passes in which the learning rate rises; 10, or a tenth of a short run, if omitted."""

    config: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    data_root: Path | None = None
    """Folder of the data sets in torchvision's layout; NOISEDIM_DATA if omitted."""
    download: bool = False
    """Fetch missing data into the data folder first."""
    runs: Path = DEFAULT_RUNS
    """Folder of the runs."""
    device: Device = "auto"
    """Where to train."""
    devices: int = 1
    """Train in so many processes of this machine, each with a GPU of its own or on the CPU; needs Lightning. The result
    is that of one process. Processes that torchrun started take part without it."""
    num_nodes: int = 1
    """Machines, of which each has so many processes, started by Slurm; they must see the same --runs."""

    execution: Annotated[Execution, tyro.conf.arg(name="")] = field(default_factory=Execution)

    def run(self) -> int:
        from noisedim.data import load_images
        from noisedim.runs import RunStore, make_run
        from noisedim.training.distributed.ranks import check_shares, launch, speaks, world_size
        from noisedim.training.progress import training_progress

        size = world_size(self.devices, self.num_nodes)
        check_shares(self.config.batch_size, size)
        if self.download and size > self.devices * self.num_nodes:
            raise InvalidInputError(
                "--download is for one process; fetch the data first, then start several by torchrun"
            )
        if self.download:
            load_images(self.config.data.name, root=self.data_root, download=True)
        config = self._resolved()
        with training_progress(config) as on_progress:
            folder = make_run(
                config,
                RunStore(self.runs),
                data_root=self.data_root,
                device=self.device,
                start_ranks=None if size == 1 else lambda: launch(self.devices, self.num_nodes, device=self.device),
                execution=self.execution,
                on_progress=on_progress,
            )
        if not speaks():
            return 0
        result = folder.read_result()
        verdict = result["assessment"]
        print(f"run        {folder.path}")
        print(f"data       {result.get('data', config.data.name)}")
        capacity = "no bound: no noise" if result["capacity"] is None else f"{result['capacity']:.3f} nats"
        print(f"capacity   {capacity}", end="")
        if result["information"] is not None:
            information = result["information"]
            print(f"; information at least {information['bound']:.3f} (ceiling {information['ceiling']:.2f})", end="")
        print(f"\nprior      {_verdict(verdict['rejected'], verdict['p_value'], verdict['n'], result['measured_on'])}")
        if result.get("scores"):
            print("accuracy   " + ", ".join(f"{name} {score:.3f}" for name, score in result["scores"].items()))
        print(f"embed with noisedim embed {folder.checkpoint_path} IMAGES.npy --output z.npy")
        return 0

    def _resolved(self) -> TrainConfig:
        """The configuration with its steps counted."""
        from noisedim.runs.split import split_images

        if self.method is None and (self.sigma is not None or self.dataset is not None):
            given = "--sigma" if self.sigma is not None else "--dataset"
            instead = "--noise.sigma" if self.sigma is not None else "--data.name"
            raise InvalidInputError(f"{given} is for --method; without one, say {instead}")
        if self.epochs is None:
            if self.warmup_epochs is not None:
                raise InvalidInputError("--warmup-epochs needs --epochs; without, say --optimiser.warmup in steps")
            return self.config
        images = len(split_images(self.config, self.data_root).train)
        return with_epochs(self.config, images, epochs=self.epochs, warmup_epochs=self.warmup_epochs)


def train_defaults(arguments: Sequence[str]) -> Train:
    """What ``noisedim train`` has by default, which is a recipe where ``arguments`` name a method.

    Options are only looked at, for the parser proper to read: what is wrong with them is its to say.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in ("--method", "--dataset", "--sigma", "--steps"):
        parser.add_argument(name)
    try:
        given, _ = parser.parse_known_args(list(arguments))
        sigma = float(given.sigma or 0.0)
    except (argparse.ArgumentError, ValueError):
        return Train()
    if given.method not in METHOD_NAMES:
        return Train()
    name = given.dataset or "cifar10"
    split: dict[str, Any] = {"test_split": True} if has_test_split(name) else {"fold": 0}
    config = pretraining(given.method, DataConfig(name=name, **split), sigma=sigma)
    return replace(Train(), config=config, epochs=EPOCHS if given.steps is None else None)


def _verdict(rejected: bool, p_value: float, n: int, measured_on: str) -> str:
    from noisedim.assessment.table import p_equals

    found = "departs from it" if rejected else "no departure found"
    return f"{found} ({n:,} {measured_on} images, family-wise {p_equals(p_value)})"
