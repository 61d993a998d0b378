"""The command line: ``noisedim train | embed | assess | report``. Options are generated from the configurations.

Exit codes: 0 done (``assess``: no departure found), 1 ``assess`` found a departure, 2 bad input or failure,
130 stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from noisedim.errors import InvalidInputError, guarded
from noisedim.report.build import ReportOptions, write_report
from noisedim.training.config import TrainConfig

__all__ = ["main"]

# Every run lands where the report looks for it.
DEFAULT_RUNS = Path("reports/results/runs")
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train one encoder and measure it; a run that is there is not made again, a killed one goes on.

    Examples: ``noisedim train`` (digits, N(0, I), d=2) or
    ``noisedim train --data.name mnist --data-root DIR --dim 8 --noise.capacity 14 --objective.name infonce``.
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


@dataclass(frozen=True, kw_only=True)
class Embed:
    """Embed images with a trained encoder.

    Example: ``noisedim embed RUN/checkpoint.safetensors images.npy --output z.npy``
    """

    checkpoint: tyro.conf.Positional[Path]
    """checkpoint.safetensors of a run."""
    images: tyro.conf.Positional[Path]
    """.npy or .npz file of images: uint8, or float in [0, 1], in the shape that the encoder was trained on."""
    output: Path
    """.npy file to write, (n, d) float32."""
    device: Device = "auto"
    """Where to compute."""

    def run(self) -> int:
        import numpy as np

        from noisedim.data import load_images
        from noisedim.files import write_atomically
        from noisedim.training import embed
        from noisedim.training.loop import load_model

        if self.output.suffix != ".npy":
            raise InvalidInputError(f"--output must be an .npy file; got {self.output}")
        model, _ = load_model(self.checkpoint, device=self.device)
        if self.images.suffix not in (".npy", ".npz"):
            raise InvalidInputError(f"images must be an .npy or .npz file; got {self.images}")
        z = embed(model, load_images(str(self.images)).images).numpy()
        write_atomically(self.output, lambda file: np.save(file, z))
        print(f"{len(z)} embeddings of dimension {z.shape[1]} in {self.output}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Assess:
    """Test embeddings against a prior: exit code 0 if no departure was found, 1 if one was.

    Example: ``noisedim assess z.npy --prior normal``
    """

    embeddings: tyro.conf.Positional[Path]
    """.npy or .npz file, (n, d)."""
    prior: Literal["normal", "uniform"] = "normal"
    """N(0, I), or U[0, 1]^d."""
    alpha: float = 0.05
    """Family-wise error rate."""
    seed: int = 0
    """Of random projections."""
    output: Path | None = None
    """.json file for everything that was measured."""

    def run(self) -> int:
        from noisedim.evaluation import assess
        from noisedim.evaluation.table import print_assessment
        from noisedim.files import read_array, write_json_atomically

        assessment = assess(read_array(self.embeddings), prior=self.prior, alpha=self.alpha, seed=self.seed)
        if self.output is not None:
            write_json_atomically(self.output, assessment.to_dict())
        print_assessment(assessment)
        return int(assessment.rejected)


def _verdict(rejected: bool, p_value: float, n: int, measured_on: str) -> str:
    found = "departs from it" if rejected else "no departure found"
    return f"{found} ({n:,} {measured_on} images, family-wise p = {p_value:.3g})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""

    def work() -> int:
        command = tyro.extras.subcommand_cli_from_dict(
            {"train": Train, "embed": Embed, "assess": Assess, "report": ReportOptions},
            prog="noisedim",
            description="Representations that follow a distribution you choose, and the evidence that they do.",
            args=arguments,
        )
        return write_report(command) if isinstance(command, ReportOptions) else command.run()

    return guarded("noisedim", work)
