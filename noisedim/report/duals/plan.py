"""The forms of the dual over noise levels and batch sizes: what is trained, and how one run is measured."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.normality.mehler import mehler_divergence
from noisedim.normality.transport import sliced_wasserstein
from noisedim.runs.studies.block_scores import FINE
from noisedim.runs.studies.long_study import Cell, LongStudy, Scores, images_of
from noisedim.runs.studies.protocols import SMALL, small_images
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig, embed, train

__all__ = ["METHODS", "STUDY"]

METHODS = ("dual", "row-dual", "linear-dual", "adaptive-dual", "adaptive-row-dual")
# D2 is reported at two noises of its own: sigma = d^(1/4) hardly sees clusters, 0.3 does.
_COARSE = 2**0.25
_MOST_ROWS = 4000


@dataclass(frozen=True)
class _Profile:
    """How much is trained: ``shared`` is the configuration of each run but for noise, form, batch size and seed."""

    shared: TrainConfig
    seeds: int
    sigmas: tuple[float, ...] = (0.03, 0.1, 0.3)
    batches: tuple[int, ...] = (64, 256)
    first_seed: int = 0

    def cells(self) -> Sequence[Cell]:
        """Seed by seed."""
        found = []
        for seed in range(self.first_seed, self.first_seed + self.seeds):
            for sigma, batch, method in product(self.sigmas, self.batches, METHODS):
                config = replace(
                    self.shared,
                    noise=NoiseConfig(sigma=sigma),
                    objective=ObjectiveConfig(name=method),
                    batch_size=batch,
                    seed=seed,
                )
                about: dict[str, str | int | float] = {
                    "data": config.data.name,
                    "steps": config.steps,
                    "method": method,
                    "sigma": sigma,
                    "batch": batch,
                }
                found.append(Cell(config, about))
        return found


_DIGITS = TrainConfig(data=DataConfig(fold=0), steps=1000)
_PROFILES = {
    "smoke": _Profile(TrainConfig(data=DataConfig(fold=0), steps=20), 2, (0.3,), (64,)),
    "digits": _Profile(_DIGITS, 4),
    # A step of 1,024 images costs ten times one of 256: a profile of its own, so that it does not hold the others up.
    # Seeds 0 and 1 were a pilot, which decided nothing.
    "digits-large": _Profile(_DIGITS, 4, batches=(1024,), first_seed=2),
    "mnist": _Profile(
        small_images(DataConfig(name="mnist", test_split=True, size=SMALL), dim=2), 4, batches=(64, 256, 1024)
    ),
}


def _measure(cell: Cell, data_root: str | None) -> Scores:
    from sklearn.neighbors import KNeighborsClassifier

    config, split = cell.config, images_of(cell.config, data_root)
    images, labels = split.images.images, split.images.labels
    if labels is None:
        raise InvalidInputError(f"expected images with labels; {config.data.name} has none")
    began = time.process_time()
    model = train(config, split.train_images, device="cpu").model
    seconds = time.process_time() - began
    known = embed(model, split.train_images).numpy()
    z = embed(model, images[torch.from_numpy(split.held_out)]).numpy()
    neighbours = KNeighborsClassifier(5).fit(known, labels.numpy()[split.train])
    part = z[:_MOST_ROWS].astype(np.float64)
    whole = {
        "knn": float(neighbours.score(z, labels.numpy()[split.held_out])),
        "d2_coarse": mehler_divergence(part, _COARSE).estimate,
        "d2_fine": mehler_divergence(part, FINE).estimate,
        "sliced_w2": sliced_wasserstein(part, seed=0).estimate,
    }
    return Scores(n=len(z), seconds=seconds, values={}, whole=whole)


STUDY = LongStudy(
    name="duals",
    question="Which form of the closed-form dual is the best objective, over noise levels and batch sizes?",
    cells={name: own.cells for name, own in _PROFILES.items()},
    measure=_measure,
)
