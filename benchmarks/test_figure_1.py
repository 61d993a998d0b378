"""Figure 1 of the paper on this profile's data: capacity by capacity, held-out images; the time is a training step's."""

import pytest

from noisedim.data import load_images
from noisedim.report.reproduction.plan import OBJECTIVES, figure_1_entry, make_figure_1
from noisedim.training.loop import Trainer


@pytest.fixture(scope="session")
def figure_1(profile, base, store, making):
    """Outcomes by objective and capacity."""
    return make_figure_1(base, profile.capacities, store, seeds=profile.seeds, **making)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.benchmark(group="figure 1")
def test_capacity(benchmark, one_thread, profile, base, dataset, objective, capacity, figure_1):
    outcomes = figure_1[objective, capacity]
    benchmark.extra_info |= figure_1_entry(
        objective, capacity, outcomes, base, protocol=profile.words, as_paper=profile.as_paper
    )
    trainer = Trainer(outcomes[0].config, load_images(dataset, limit=base.data.limit).images, device="cpu")
    benchmark.pedantic(trainer.step, rounds=3, warmup_rounds=1)
