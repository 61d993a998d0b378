"""What `pytest benchmarks` says of a contestant is what the study's file says; a missing record is named."""

import json

import numpy as np
import pytest

from noisedim.report.methods import entries
from noisedim.report.methods.entries import accuracy_entry, match_entry, timed_config
from noisedim.report.methods.plan import CONTESTANTS, STUDY
from noisedim.runs.studies.long_study import Cell, LongStudy
from noisedim.statistics.intervals import student_t
from noisedim.training import TrainConfig

DIALS, SEEDS, BLOCKS = (0.1, 0.3), (0, 1, 2), 10
ACCURACY, DISTANCE = {0.1: 0.95, 0.3: 0.85}, {0.1: 0.2, 0.3: 0.05}
# How far each probe is below 5-NN.
BELOW = {"knn": 0.0, "linear": 0.1, "mlp": 0.2, "naive_bayes": 0.3}


def record(method, dial, seed):
    probes = {name: [ACCURACY[dial] + 0.001 * seed - less] * BLOCKS for name, less in BELOW.items()}
    return {
        "n": 10_000,
        "seconds": 1.0,
        "values": {**probes, "sliced_w2_squared": [DISTANCE[dial] ** 2] * BLOCKS},
        "config": f"{method}{dial}{seed}",
        "seed": seed,
        "labels": {"method": method, "dim": 8, "dial": dial},
        "environment": seed % 2,
    }


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder with the records of one contestant of two, in one of two profiles."""

    def cells():
        labels = [{"method": method, "dim": 8, "dial": dial} for method in ("vae", "swae") for dial in DIALS]
        return [Cell(TrainConfig(seed=i), own) for i, own in enumerate(labels)]

    study = LongStudy(name="methods", question="", cells={"mnist": cells, "mnist-2": cells}, measure=None)
    monkeypatch.setattr(entries, "STUDY", study)
    file = {
        "study": "methods",
        "profile": "mnist",
        "command": study.command("mnist"),
        "environments": [{"commit": "abc"}, {"commit": "def"}],
        "records": [record("vae", dial, seed) for dial in DIALS for seed in SEEDS],
    }
    (tmp_path / study.file_name("mnist")).write_text(json.dumps(file))
    return tmp_path


def test_quality_is_that_of_the_records(results):
    (found,) = match_entry("vae", results)["found"]
    assert (found["dim"], found["n"], found["seeds"], found["dial_values"]) == (8, 10_000, [0, 1, 2], [0.1, 0.3])
    assert found["commits"] == ["abc", "def"]
    assert found["command"] == "noisedim study methods --profile mnist"
    np.testing.assert_allclose(found["sliced_w2"], [0.2, 0.05])
    # A straight line in accuracy and log distance, halfway; the seeds shift it alike.
    middle = found["sliced_w2_at_accuracy"]["0.9"]
    assert middle["estimate"] == pytest.approx(0.1 * 4 ** (-0.001 / 0.1), rel=1e-6)
    assert middle["lower"] < middle["estimate"] < middle["upper"]


def test_accuracy_is_the_best_over_the_dial_with_students_interval(results):
    (found,) = accuracy_entry("vae", results)["found"]
    expected = student_t([0.95, 0.951, 0.952])
    for probe, less in BELOW.items():
        best = found["best_accuracy"][probe]
        assert best["estimate"] == pytest.approx(0.951 - less)
        assert (best["lower"], best["upper"]) == pytest.approx((expected.lower - less, expected.upper - less))


def test_missing_records_are_named(results):
    words = match_entry("vae", results)["missing"]
    assert words == [
        "methods-mnist-2.json holds no seed of 'vae' with its whole dial; `noisedim study methods --profile mnist-2` makes it"
    ]
    entry = accuracy_entry("swae", results)
    assert entry["found"] == []
    assert [line.split()[0] for line in entry["missing"]] == ["methods-mnist.json", "methods-mnist-2.json"]


@pytest.mark.slow
def test_what_is_timed_is_a_run_of_the_study():
    planned = {(cell.labels["method"], cell.config.objective, cell.config.encoder) for cell in STUDY.profile("mnist")}
    for method in CONTESTANTS:
        config = timed_config(method)
        assert (method, config.objective, config.encoder) in planned
