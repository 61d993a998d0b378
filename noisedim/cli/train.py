"""``noisedim train``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.training.config import TrainConfig

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

    def run(self) -> int:
        from noisedim.data import load_images
        from noisedim.runs import RunStore, make_run
        from noisedim.training.progress import training_progress

        if self.download:
            load_images(self.config.data.name, root=self.data_root, download=True)
        with training_progress(self.config) as on_progress:
            folder = make_run(
                self.config, RunStore(self.runs), data_root=self.data_root, device=self.device, on_progress=on_progress
            )
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
