"""``noisedim train``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.training.config import TrainConfig
from noisedim.training.execution import Execution

__all__ = ["Train"]


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train one encoder and measure it; a run that is there is not made again, a killed one goes on.

    Examples: noisedim train (digits, N(0, I), d = 2), or
    noisedim train --data.name mnist --data-root DIR --dim 8 --noise.capacity 14 --objective.name infonce.
    """

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
        from noisedim.training.progress import training_progress
        from noisedim.training.ranks import Ranks, check_shares, launch, world_size

        size = world_size(self.devices, self.num_nodes)
        check_shares(self.config.batch_size, size)
        if self.download:
            load_images(self.config.data.name, root=self.data_root, download=True)
        with training_progress(self.config) as on_progress:
            folder = make_run(
                self.config,
                RunStore(self.runs),
                data_root=self.data_root,
                device=self.device,
                start_ranks=None if size == 1 else lambda: launch(self.devices, self.num_nodes, device=self.device),
                execution=self.execution,
                on_progress=on_progress,
            )
        if not Ranks().is_first:
            return 0
        result = folder.read_result()
        verdict = result["assessment"]
        print(f"run        {folder.path}")
        print(f"capacity   {result['capacity']:.3f} nats", end="")
        if result["information"] is not None:
            information = result["information"]
            print(f"; information at least {information['bound']:.3f} (ceiling {information['ceiling']:.2f})", end="")
        print(f"\nprior      {_verdict(verdict['rejected'], verdict['p_value'], verdict['n'], result['measured_on'])}")
        if "scores" in result:
            print("accuracy   " + ", ".join(f"{name} {score:.3f}" for name, score in result["scores"].items()))
        print(f"embed with noisedim embed {folder.checkpoint_path} IMAGES.npy --output z.npy")
        return 0


def _verdict(rejected: bool, p_value: float, n: int, measured_on: str) -> str:
    found = "departs from it" if rejected else "no departure found"
    return f"{found} ({n:,} {measured_on} images, family-wise p = {p_value:.3g})"
