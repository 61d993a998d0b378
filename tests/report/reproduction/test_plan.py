"""Figure 1's runs: which fold each seed leaves out, and what is stored of those that failed."""

import pytest

from noisedim.report.reproduction import plan
from noisedim.report.reproduction.plan import OBJECTIVES, figure_1_entry, make_figure_1
from noisedim.runs.sweep import SweepOutcome
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=3, batch_size=32, data=DataConfig(limit=300, fold=0))


@pytest.fixture
def outcomes(monkeypatch):
    def broken(configs, store, **options):
        assert options == {"device": "cpu"}
        return [SweepOutcome(config, None, f"broke {config.seed}") for config in configs]

    monkeypatch.setattr(plan, "make_runs", broken)
    return make_figure_1(BASE, (0.5, 2.0), None, seeds=3, device="cpu")


def test_seed_s_leaves_fold_s_out_at_every_capacity(outcomes):
    assert list(outcomes) == [(name, capacity) for name in OBJECTIVES for capacity in (0.5, 2.0)]
    for (name, capacity), group in outcomes.items():
        configs = [outcome.config for outcome in group]
        assert [(config.seed, config.data.fold) for config in configs] == [(0, 0), (1, 1), (2, 2)]
        assert {config.noise.capacity for config in configs} == {capacity}
        assert {config.objective.name for config in configs} == {name}


def test_failed_runs_are_named(outcomes):
    entry = figure_1_entry("dual", 2.0, outcomes["dual", 2.0], BASE, protocol="a protocol", as_paper=False)
    assert entry["records"] == []
    assert entry["failed"] == [{"seed": seed, "error": f"broke {seed}"} for seed in range(3)]
    assert (entry["question"], entry["capacity"], entry["data"], entry["as_paper"]) == (
        "figure 1",
        2.0,
        "digits",
        False,
    )
