"""Figure 1 of the paper at the budget of this machine: accuracy in two dimensions against the capacity of the channel.

The paper trains its ConvNet for 2,000 epochs with its own critic; here a perceptron on 12×12 images is trained for 2,000
steps of 256 (8.5 epochs) with the closed-form dual in its adaptive form, on pixel noise as in Appendix C. The gap is
printed beside every result.
"""

from collections.abc import Sequence
from dataclasses import replace

from noisedim.data import AugmentationConfig
from noisedim.runs.studies.long_study import Cell, LongStudy
from noisedim.runs.studies.protocols import FIGURE_1_CAPACITIES, SMALL, small_images
from noisedim.runs.studies.trained_scores import scores_of
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig

__all__ = ["SEEDS", "STUDY"]

SEEDS = 5


def _cells(data: DataConfig, *, steps: int, seeds: int) -> Sequence[Cell]:
    found = []
    for seed in range(seeds):
        for capacity in FIGURE_1_CAPACITIES:
            config = replace(
                small_images(data, steps=steps, dim=2),
                augmentation=AugmentationConfig(noise=0.6),
                objective=ObjectiveConfig(name="adaptive-dual"),
                noise=NoiseConfig(capacity=capacity),
                seed=seed,
            )
            found.append(Cell(config, {"capacity": capacity}))
    return found


STUDY = LongStudy(
    name="figure_1",
    question="How does accuracy in two dimensions depend on the channel's capacity?",
    cells={
        "smoke": lambda: _cells(DataConfig(fold=0), steps=20, seeds=1),
        "mnist": lambda: _cells(DataConfig(name="mnist", test_split=True, size=SMALL), steps=2000, seeds=SEEDS),
    },
    measure=scores_of,
)
