"""What does a match need: how many training images, steps, how much noise, which batch?

One factor at a time around the primary setting of the comparison of methods (adaptive dual, d = 8, σ = 1, 60,000 images,
1,000 steps of 256), except that noise and batch are crossed, three seeds each, judged on MNIST's test images. The battery
judges 500, 2,000 and 10,000 of them: when does it stop rejecting? Fixed before the runs.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from noisedim.runs.studies.long_study import Cell, Label, LongStudy
from noisedim.runs.studies.protocols import SMALL, small_images
from noisedim.runs.studies.trained_scores import scores_with_battery
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig

__all__ = ["BATCHES", "IMAGES", "OBJECTIVES", "SIGMAS", "STEPS", "STUDY"]

IMAGES = (1500, 6000, 20_000, 60_000)
STEPS = (300, 1000, 3000, 10_000)
SIGMAS = (0.3, 0.6, 1.0, 2.0)
BATCHES = (64, 256, 1024)
OBJECTIVES = ("dual", "adaptive-dual", "row-dual", "adaptive-row-dual", "linear-dual")
_SEEDS, _COSTLY_SEEDS = 3, 2


def _cells(
    data: DataConfig, *, scale: float = 1.0, seeds: int = _SEEDS, images: Sequence[int] = IMAGES
) -> Sequence[Cell]:
    found = []
    for seed in range(seeds):
        primary = replace(
            small_images(data, steps=round(1000 * scale)),
            objective=ObjectiveConfig(name="adaptive-dual"),
            noise=NoiseConfig(sigma=1.0),
            seed=seed,
        )

        settings: list[tuple[dict[str, int], dict[str, Any]]] = [({"images": n}, {}) for n in images]
        settings += [({}, {"steps": round(steps * scale)}) for steps in STEPS if steps < 10_000 or seed < _COSTLY_SEEDS]
        settings += [({}, {"objective": ObjectiveConfig(name=name)}) for name in OBJECTIVES]
        settings += [
            ({}, {"batch_size": batch, "noise": NoiseConfig(sigma=sigma)})
            for batch in BATCHES
            for sigma in SIGMAS
            if batch <= 256 or seed < _COSTLY_SEEDS
        ]
        for limits, changed in settings:
            n = limits.get("images", images[-1])
            config = replace(primary, data=replace(data, limit=n), **changed)
            found.append(Cell(config, _labels(config)))
    return found


def _labels(config: TrainConfig) -> dict[str, Label]:
    return {
        "images": config.data.limit or 0,
        "steps": config.steps,
        "objective": config.objective.name,
        "sigma": float(config.noise.sigma or 0.0),
        "batch": config.batch_size,
    }


STUDY = LongStudy(
    name="matching",
    question="What does a match need: images, steps, noise, batch?",
    cells={
        "smoke": lambda: _cells(DataConfig(fold=0), scale=0.02, seeds=1, images=(1500, 1797)),
        "mnist": lambda: _cells(DataConfig(name="mnist", test_split=True, size=SMALL)),
    },
    measure=scores_with_battery,
)
