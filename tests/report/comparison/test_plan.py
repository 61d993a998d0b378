"""What the benchmarks of the comparison store: readable as a row, failed candidates named, equal time as it is said."""

import json

import pytest

from noisedim.report.benchmarks import MethodRow
from noisedim.report.comparison import plan
from noisedim.report.comparison.plan import PROFILES, accuracy_entry, make_equal_time, match_entry, timed_config
from noisedim.runs import RunStore, make_run
from noisedim.runs.compare import MethodOutcome
from noisedim.runs.comparison import configure
from noisedim.runs.sweep import SweepOutcome
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=3, batch_size=32, data=DataConfig(limit=300, fold=0))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """The dual with one seed that is there and one that failed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        config = configure("dual", BASE)
        folder = make_run(config, RunStore(tmp_path_factory.mktemp("runs")), device="cpu")
    runs = [SweepOutcome(config, folder, None), SweepOutcome(configure("dual", BASE), None, "it broke")]
    return MethodOutcome("dual", [{"factor": 1.0, "knn": 0.5, "d2": 0.1, "n": 48}], config, runs)


def test_an_entry_is_read_back_as_a_row(outcome):
    entry = match_entry("dual", outcome, outcome, BASE, protocol="a protocol", peak_bytes=7)
    stored = json.loads(json.dumps(entry, allow_nan=False)) | {"environment": {}}
    row = MethodRow.from_entry({"extra_info": stored, "stats": {"median": 0.5}})
    result = outcome.runs[0].folder.read_result()
    (record,) = row.records
    assert (record.knn, record.n) == (result["scores"]["knn"], result["n"])
    assert record.d2 == result["assessment"]["effects"]["d2"]["estimate"]
    assert [failure.error for failure in row.failed] == ["it broke"]
    assert (row.method, row.injects_noise, row.knob, row.peak_bytes, row.seeds) == ("dual", True, "σ", 7, 2)
    assert row.equal_time.steps == 3
    accuracies = accuracy_entry("dual", outcome, BASE)
    assert accuracies["records"][0]["linear"] == result["scores"]["linear"]
    assert "d2" not in accuracies["records"][0]


def test_of_a_method_that_never_trained_every_candidate_is_named():
    broken = MethodOutcome("sigreg", [{"factor": factor, "error": "nan"} for factor in (1 / 3, 1, 3)], None)
    entry = match_entry("sigreg", broken, broken, BASE, protocol="", peak_bytes=None)
    row = MethodRow.from_entry({"extra_info": entry | {"environment": {}}, "stats": {"median": 0.5}})
    assert (row.records, row.settings, row.seeds) == ((), None, 0)
    assert [failure.error for failure in row.failed] == ["nan"] * 3
    assert timed_config("sigreg", broken, BASE).objective.name == "sigreg"


def test_equal_time_is_the_duals(monkeypatch):
    asked = {}

    def make_seeds(comparison, store, *, seeds, steps):
        asked.update({"seeds": list(seeds), **{name: steps(name) for name in comparison}})
        return comparison

    monkeypatch.setattr(plan, "make_seeds", make_seeds)
    costs = {"dual": 0.002, "twice": 0.004, "slow": 10.0}
    make_equal_time(dict.fromkeys(costs), costs, PROFILES["digits"].base, None, seeds=5)
    # 700 steps of 2 ms; in steps of 20, and 20 at the least.
    assert asked == {"seeds": [0, 1, 2], "dual": 700, "twice": 360, "slow": 20}
