"""Figure 1 of the paper on this profile's data: capacity by capacity, held-out images; the time is a training step's."""

from dataclasses import replace

import pytest

from noisedim.data import load_images
from noisedim.runs.comparison import configure, with_capacity
from noisedim.runs.sweep import make_runs
from noisedim.training.loop import Trainer

OBJECTIVES = ("infonce", "dual")


@pytest.fixture(scope="session")
def figure_1(profile, base, store, making):
    """Outcomes by objective and capacity; seed s leaves fold s out."""
    configs = {
        (name, capacity): [
            replace(with_capacity(configure(name, base), capacity), seed=seed, data=replace(base.data, fold=seed))
            for seed in range(profile.seeds)
        ]
        for name in OBJECTIVES
        for capacity in profile.capacities
    }
    made = iter(make_runs([config for group in configs.values() for config in group], store, **making))
    return {key: [next(made) for _ in group] for key, group in configs.items()}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.benchmark(group="figure 1")
def test_capacity(benchmark, one_thread, profile, base, dataset, objective, capacity, figure_1):
    outcomes = figure_1[objective, capacity]
    benchmark.extra_info |= {
        "question": "figure 1",
        "objective": objective,
        "capacity": capacity,
        "data": dataset,
        "dim": base.dim,
        "steps": base.steps,
        "batch_size": base.batch_size,
        "protocol": profile.words,
        "as_paper": profile.as_paper,
        "config": outcomes[0].config.digest(),
        "records": [o.folder.read_record().row() for o in outcomes if o.folder is not None],
        "failed": [{"seed": o.config.seed, "error": o.error} for o in outcomes if o.folder is None],
    }
    trainer = Trainer(outcomes[0].config, load_images(dataset, limit=base.data.limit).images, device="cpu")
    benchmark.pedantic(trainer.step, rounds=3, warmup_rounds=1)
