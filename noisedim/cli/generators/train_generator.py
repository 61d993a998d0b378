"""``noisedim train-generator``."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro

from noisedim.cli.options import DEFAULT_RUNS, Device
from noisedim.errors import InvalidInputError
from noisedim.generation.config import GanConfig
from noisedim.training.config import TrainConfig

__all__ = ["TrainGenerator"]


@dataclass(frozen=True, kw_only=True)
class TrainGenerator:
    """Train a conditional GAN on a frozen encoder's embeddings, and measure it.

    If it is interrupted, the same command resumes it.

    Examples: noisedim train-generator --encoder-run RUN, or
    noisedim train-generator --encoder.data.fold 0 --encoder.noise.sigma 0.3 (the encoder is trained first if necessary).
    """

    config: Annotated[GanConfig, tyro.conf.arg(name="")] = field(default_factory=GanConfig)
    encoder_run: Path | None = None
    """Folder of an encoder's run, in place of the options --encoder.*; the generator's run is kept next to it."""
    data_root: Path | None = None
    """Folder of the data sets in torchvision's layout; default NOISEDIM_DATA."""
    runs: Path = DEFAULT_RUNS
    """Folder of the runs."""
    device: Device = "auto"
    """Where to train: auto, cpu, cuda, cuda:N or mps."""

    def run(self) -> int:
        """Train, unless the run is complete, and say what was found."""
        from noisedim.files import read_json
        from noisedim.runs import RunStore
        from noisedim.runs.make_generator import make_generator_run
        from noisedim.training.progress import training_progress

        config, runs = self.config, self.runs
        if self.encoder_run is not None:
            if config.encoder != TrainConfig():
                raise InvalidInputError("expected --encoder-run or options --encoder.*; got both")
            config = replace(config, encoder=TrainConfig.from_dict(read_json(self.encoder_run / "config.json")))
            runs = self.encoder_run.absolute().parent
        with training_progress(config) as on_progress:
            folder = make_generator_run(
                config, RunStore(runs), data_root=self.data_root, device=self.device, on_progress=on_progress
            )
        record = folder.read_generator_record()
        print(f"run        {folder.path}")
        if record.quality is not None and record.judge is not None:
            quality = record.quality
            print(f"judged by  {record.judge.features}; {quality.n:,} {record.measured_on} images")
            for law, words in (("encoded", "c = f(x)"), ("prior", "c ~ prior")):
                figures = quality.laws[law]
                print(
                    f"{words:10} KID {figures.kid / quality.lost_class_distance:+.2f} lost classes, "
                    f"Fréchet {figures.frechet:.2f}, precision {figures.precision:.2f}, "
                    f"recall {figures.recall:.2f}, E‖f(G(c)) − c‖² {figures.consistency:.3f}"
                )
        print(f"generate with noisedim generate {folder.checkpoint_path} --output grid.png")
        return 0
