"""``noisedim train``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.data.sets import has_test_split
from noisedim.errors import InvalidInputError
from noisedim.training.config import DataConfig, TrainConfig
from noisedim.training.execution import Execution
from noisedim.training.recipes import (
    EPOCHS,
    METHOD_NAMES,
    normalised_as_cifar,
    pretraining,
    with_epochs,
    with_own_pixels,
)

if TYPE_CHECKING:
    from noisedim.runs import RunRecord
    from noisedim.runs.record import Information

__all__ = ["Train", "information_words", "train_defaults"]


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train one encoder and measure it. A complete run is not made again; an interrupted one is resumed.

    Examples: noisedim train (digits, N(0, I), d = 2), or
    noisedim train --dataset mnist --data-root DIR --dim 8 --noise.capacity 5 --objective.name infonce, or
    noisedim train --method simclr --dataset cifar10 --sigma 0.1 (ResNet-18 by the recipe of the paper's Appendix C).
    """

    method: Literal[METHOD_NAMES] | None = None  # type: ignore[valid-type]
    """Pre-train a backbone by the recipe of Appendix C; every option below then has the recipe's default."""
    dataset: str | None = None
    """Which images: another name of data.name. With method: default cifar10, and its test images judge, where it has
    some; pictures other than CIFAR's are normalised by their own mean and deviation."""
    sigma: float | None = None
    """Another name of noise.sigma. With method: noise in units of the embedding's standard deviation; default 0, the plain
    method."""
    epochs: float | None = None
    """Passes over the training images, instead of steps; 800 with method."""
    warmup_epochs: float | None = None
    """With epochs: passes in which the learning rate rises; default 10, or a tenth of a short run."""

    config: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    data_root: Path | None = None
    """Folder of the data sets in torchvision's layout; default NOISEDIM_DATA."""
    download: bool = False
    """Fetch missing data into the data folder first."""
    runs: Path = DEFAULT_RUNS
    """Folder of the runs."""
    device: Device = "auto"
    """Where to train: auto, cpu, cuda, cuda:N or mps."""
    devices: int = 1
    """Train in this many processes of this machine, each on its own GPU or on the CPU; needs Lightning. The result equals
    that of one process. Not needed for processes that torchrun started."""
    num_nodes: int = 1
    """Machines, each with that many processes, started by Slurm; they must see the same --runs."""

    execution: Annotated[Execution, tyro.conf.arg(name="")] = field(default_factory=Execution)

    def run(self) -> int:
        """Train, unless the run is complete, and say what was found."""
        from noisedim.data import load_images
        from noisedim.runs import RunStore, make_run
        from noisedim.training.distributed.ranks import check_shares, disconnect, is_printing_rank, launch, world_size
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
        prints = is_printing_rank()
        disconnect()
        if not prints:
            return 0
        record = folder.read_record()
        print(f"run        {folder.path}")
        print(f"data       {record.data or config.data.name}")
        capacity = "no bound: no noise" if record.capacity is None else f"{record.capacity:.3f} nats"
        if record.information is not None:
            information = record.information
            capacity += f"; {information_words(information)}"
        print(f"capacity   {capacity}")
        print(f"prior      {_verdict(record)}")
        if record.scores:
            print("accuracy   " + ", ".join(f"{name} {score:.3f}" for name, score in record.scores.items()))
        elif record.not_scored is not None:
            print(f"accuracy   not measured: {record.not_scored}")
        print(f"embed with noisedim embed {folder.checkpoint_path} IMAGES.npy --output z.npy")
        return 0

    def _resolved(self) -> TrainConfig:
        """The configuration with its steps counted and its pixels' moments measured."""
        import torch

        from noisedim.runs.split import split_images

        config = self._with_short_names() if self.method is None else self.config
        if self.epochs is None and self.warmup_epochs is not None:
            raise InvalidInputError("--warmup-epochs needs --epochs; without, say --optimiser.warmup in steps")
        if self.epochs is not None:
            self._check_steps(self.epochs)
        own_pixels = self.method is not None and normalised_as_cifar(config)
        if self.epochs is None and not own_pixels:
            return config
        split = split_images(config, self.data_root)
        if own_pixels:
            config = with_own_pixels(config, split.images.images[torch.from_numpy(split.train)])
        if self.epochs is None:
            return config
        return with_epochs(config, len(split.train), epochs=self.epochs, warmup_epochs=self.warmup_epochs)

    def _check_steps(self, epochs: float) -> None:
        """Refuse steps beside epochs, which would overrule them."""
        usual = TrainConfig() if self.method is None else pretraining(self.method, self.config.data)
        given = (self.config.steps, self.config.optimiser.warmup)
        if given[0] != usual.steps:
            raise InvalidInputError(f"--epochs and --steps are one option; got {epochs:g} epochs and {given[0]} steps")
        if given[1] != usual.optimiser.warmup:
            raise InvalidInputError(
                f"--optimiser.warmup counts steps and goes with --steps; with epochs say --warmup-epochs; got {given[1]}"
            )

    def _with_short_names(self) -> TrainConfig:
        """The configuration with ``--sigma`` and ``--dataset``, which are short for two of its options."""
        config = self.config
        if self.sigma is not None:
            if config.noise.sigma is not None:
                raise InvalidInputError("--sigma and --noise.sigma are one option; got both")
            config = replace(config, noise=replace(config.noise, sigma=self.sigma))
        if self.dataset is not None:
            if config.data.name not in (DataConfig().name, self.dataset):
                raise InvalidInputError("--dataset and --data.name are one option; got both")
            config = replace(config, data=replace(config.data, name=self.dataset))
        return config


def train_defaults(arguments: Sequence[str]) -> Train:
    """Defaults of ``noisedim train``: those of a recipe where ``arguments`` name a method.

    Invalid options are ignored here; the actual parser reports them.
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


def information_words(information: "Information") -> str:
    """What a run's lower bound on the information says; its estimate from samples may exceed what it estimates."""
    ceiling = f"{information.ceiling:.3f}"
    if information.bound <= information.ceiling:
        return f"information at least about {information.bound:.3f} (at most {ceiling} can be shown)"
    return (
        f"information about {ceiling}, the most that can be shown "
        f"(the estimate from these images, {information.bound:.3f}, exceeds it by chance)"
    )


def _verdict(record: "RunRecord") -> str:
    from noisedim.assessment.table import p_equals

    assessment = record.assessment
    found = "departs from it" if assessment.rejected else "no departure found"
    images = f"{assessment.n:,} {record.measured_on} images"
    return f"{found} ({images}, family-wise {p_equals(assessment.p_value)})"
