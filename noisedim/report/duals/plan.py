"""The forms of the dual over noise levels and batch sizes: what is trained, and how one run is measured.

One run takes seconds, so there are no run folders: one file holds a record per run, and a run that is in it is not made
again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.files import read_json, write_json_atomically
from noisedim.normality.mehler import mehler_divergence
from noisedim.normality.transport import sliced_wasserstein
from noisedim.report.duals.verdicts import DualRecord, DualsFile
from noisedim.runs.environment import environment
from noisedim.runs.split import split_images
from noisedim.schema import read_record, structured
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig, embed, train

__all__ = ["METHODS", "PROFILES", "DualsProfile", "configs", "make_duals"]

METHODS = ("dual", "row-dual", "linear-dual", "adaptive-dual", "adaptive-row-dual")
# D2 is reported at two noises of its own: sigma = d^(1/4) hardly sees clusters, 0.3 does.
_COARSE, _FINE = 2**0.25, 0.3
_MOST_ROWS = 4000


@dataclass(frozen=True)
class DualsProfile:
    """How much is trained.

    Attributes:
        data: which images; fold 0 judges.
        steps: of each run, the same for all methods and batch sizes.
        seeds: how many.
        sigmas: noise levels of the channel.
        batches: images per step.
    """

    data: DataConfig
    steps: int
    seeds: int
    sigmas: tuple[float, ...] = (0.03, 0.1, 0.3)
    batches: tuple[int, ...] = (64, 256)


PROFILES = {
    "smoke": DualsProfile(DataConfig(fold=0), 20, 2, (0.3,), (64,)),
    "digits": DualsProfile(DataConfig(fold=0), 1000, 4),
    # A step of 1,024 images costs ten times one of 256: a profile of its own, so that it does not hold the others up.
    "digits-large": DualsProfile(DataConfig(fold=0), 1000, 2, batches=(1024,)),
    "mnist": DualsProfile(DataConfig(name="mnist", fold=0), 1000, 3),
}


def configs(profile: str) -> Iterator[TrainConfig]:
    """The runs of a profile, seed by seed, so that a study that was stopped is balanced."""
    own = PROFILES[one_of("profile", profile, tuple(PROFILES))]
    for seed in range(own.seeds):
        for sigma in own.sigmas:
            for batch in own.batches:
                for method in METHODS:
                    yield TrainConfig(
                        data=own.data,
                        noise=NoiseConfig(sigma=sigma),
                        objective=ObjectiveConfig(name=method),
                        steps=own.steps,
                        batch_size=batch,
                        seed=seed,
                    )


def _measure(config: TrainConfig, data_root: str | Path | None) -> DualRecord:
    from sklearn.neighbors import KNeighborsClassifier

    split = split_images(config, data_root)
    images, labels = split.images.images, split.images.labels
    if labels is None:
        raise InvalidInputError(f"expected images with labels; {config.data.name} has none")
    began = time.process_time()
    model = train(config, images[torch.from_numpy(split.train)], device="cpu").model
    seconds = time.process_time() - began
    known = embed(model, images[torch.from_numpy(split.train)]).numpy()
    z = embed(model, images[torch.from_numpy(split.held_out)]).numpy()
    neighbours = KNeighborsClassifier(5).fit(known, labels.numpy()[split.train])
    part = z[:_MOST_ROWS].astype(np.float64)
    return DualRecord(
        method=config.objective.name,
        sigma=float(config.noise.sigma or 0.0),
        batch=config.batch_size,
        seed=config.seed,
        config=config.digest(),
        n=len(z),
        knn=float(neighbours.score(z, labels.numpy()[split.held_out])),
        d2_coarse=mehler_divergence(part, _COARSE).estimate,
        d2_fine=mehler_divergence(part, _FINE).estimate,
        sliced_w2=sliced_wasserstein(part, seed=0).estimate,
        seconds=seconds,
    )


def make_duals(
    profile: str,
    output: Path,
    *,
    data_root: str | Path | None = None,
    on_finished: Callable[[DualRecord], object] = lambda record: None,
) -> tuple[DualRecord, ...]:
    """Train and measure every run of a profile that ``output`` does not hold yet; the file is written after each run.

    Args:
        profile: key of :data:`PROFILES`.
        output: JSON file.
        data_root: folder of the data sets; default NOISEDIM_DATA.
        on_finished: called after each run that was made.

    Raises: InvalidInputError: for an unknown profile or a damaged file. DataNotFoundError: if the images are not there.
    """
    own = PROFILES[one_of("profile", profile, tuple(PROFILES))]
    known: dict[str, dict[str, Any]] = {}
    if output.is_file():
        read_record(output, DualsFile, surplus="ignored")
        known = {record["config"]: record for record in read_json(output)["records"]}
    done = []
    for config in configs(profile):
        if config.digest() not in known:
            record = _measure(config, data_root)
            known[record.config] = {**asdict(record), "environment": environment()}
            _write(output, profile, own, list(known.values()))
            on_finished(record)
        done.append(known[config.digest()])
    return structured(done, tuple[DualRecord, ...], where=str(output), surplus="ignored")


def _write(output: Path, profile: str, own: DualsProfile, records: list[dict[str, Any]]) -> None:
    about = {"question": "duals", "profile": profile, "data": own.data.name, "steps": own.steps}
    write_json_atomically(output, {**about, "records": records, "command": f"noisedim duals --profile {profile}"})
