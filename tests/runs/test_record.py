"""Records: what result.json holds, read as data, written again unchanged, and flattened to one row."""

import copy
import json
import math

import pytest

from noisedim.errors import InvalidInputError
from noisedim.files import write_json_atomically
from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.runs import RunStore, make_run, records_table
from noisedim.runs.generator_record import ClassifierRecord, GeneratorRecord
from noisedim.runs.record import RunRecord
from noisedim.schema import SCHEMAS
from noisedim.training import DataConfig, TrainConfig


def interval(estimate, lower=0.0, upper=1.0):
    return {"estimate": estimate, "lower": lower, "upper": upper, "level": 0.95, "n": 40, "method": "jackknife"}


def one_test(name, p_value, adjusted):
    origin = {"method": "exact", "samples": None, "relative_error": None, "over": None, "words": "exact law"}
    return {
        "name": name,
        "null": "simple",
        "statistic": 1.5,
        "p_value": p_value,
        "adjusted_p_value": adjusted,
        "words": "the mean is not 0",
        "calibrated_by": origin,
        "effect": None,
    }


# As a version without "schema" wrote it.
OLD = {
    "assessment": {
        "prior": "normal",
        "law": "N(0, I)",
        "null": "simple",
        "n": 40,
        "dim": 2,
        "alpha": 0.05,
        "p_value": 0.04,
        "rejected": True,
        "tests": {
            "henze_zirkler": one_test("henze_zirkler", 0.3, 0.6),
            "mean": {**one_test("mean", 0.02, 0.04), "statistic": None},
        },
        "effects": {"d2": interval(0.25), "sliced_w2": interval(0.125, lower=None, upper=None)},
        "at_prior": {"d2": 0.001, "effective_rank": None},
        "index": {"shapiro": interval(0.5)},
        "n_star": interval(None, 3.0, None),
        "power": [{"n": 20, "rejected": 3, "trials": 20}],
        "left_out": {"bhep": "too few rows"},
        "downstream": {},
    },
    "capacity": 2.5,
    "information": {"bound": 1.25, "ceiling": 2.5, "evaluated_at_sigma": 0.5},
    "label_curve": {"1": 0.25, "all": 0.75},
    "level": 0.3,
    "measured_on": "held-out",
    "n": 40,
    "scores": {"knn": 0.75, "linear": 0.5},
    "silhouette": 0.0625,
    "train_seconds": 3.5,
}
CONFIG = TrainConfig(seed=7, dim=2)


def read(data, config=CONFIG):
    return RunRecord.from_dict(copy.deepcopy(data), run="abc", config=config)


def test_an_old_result_is_read_and_written_again_unchanged_but_for_the_schema():
    record = read(OLD)
    assert record.assessment.rejected
    assert record.assessment.p_value == 0.04
    assert record.information.bound == 1.25
    written = record.to_dict()
    assert written.pop("schema") == SCHEMAS["result"].version == 1
    assert written == OLD


def test_numbers_that_json_does_not_have():
    assessment = read(OLD).assessment
    assert assessment.n_star.estimate == math.inf
    assert (assessment.n_star.lower, assessment.n_star.upper) == (3.0, math.inf)
    assert assessment.effects["sliced_w2"].lower == -math.inf
    assert math.isnan(assessment.at_prior["effective_rank"])
    assert math.isnan(next(test.statistic for test in assessment.results if test.name == "mean"))


def test_every_result_of_a_run_made_today_is_its_record(tmp_path):
    config = TrainConfig(steps=2, batch_size=32, data=DataConfig(limit=200, fold=1))
    folder = make_run(config, RunStore(tmp_path))
    stored = json.loads((folder.path / "result.json").read_text())
    record = folder.read_record()
    assert stored["schema"] == SCHEMAS["result"].version
    assert (record.n, record.measured_on) == (stored["n"], "held-out")
    assert record.assessment.p_value == stored["assessment"]["p_value"]
    write_json_atomically(tmp_path / "again.json", record.to_dict())
    # As numbers: an integer where a float belongs, 2, is read as 2.0.
    assert json.loads((tmp_path / "again.json").read_text()) == stored


def test_a_row_has_the_columns_of_reports_and_benchmarks():
    row = read(OLD).row()
    assert row["run"] == "abc"
    assert (row["seed"], row["prior"], row["squash"], row["dim"], row["objective"]) == (
        7,
        "normal",
        None,
        2,
        "adaptive-dual",
    )
    assert (row["information"], row["information_ceiling"]) == (1.25, 2.5)
    assert (row["p_value"], row["rejected"], row["p_henze_zirkler"]) == (0.04, True, 0.3)
    assert (row["d2"], row["sliced_w2"], row["index_shapiro"]) == (0.25, 0.125, 0.5)
    assert (row["knn"], row["linear"], row["silhouette"]) == (0.75, 0.5, 0.0625)
    assert row["n_star"] is None  # infinite
    assert row["label_curve"] == {"1": 0.25, "all": 0.75}
    json.dumps(row, allow_nan=False)


def test_a_table_has_one_row_per_record_in_their_order():
    other = {**OLD, "information": None, "capacity": 1.5}
    del other["scores"], other["silhouette"], other["label_curve"]
    table = records_table([read(OLD), read(other, TrainConfig(seed=8))])
    assert table["seed"].tolist() == [7, 8]
    assert table["capacity"].tolist() == [2.5, 1.5]
    assert table["knn"].isna().tolist() == table["information"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": SCHEMAS["result"].version + 1}, r"run abc has layout 2; this version reads layouts 1 to 1"),
        ({"schema": "x"}, r"layout 'x'"),
        (
            {"information": {"bound": 1.0}},
            r"abc is not that of an encoder's run: the field 'ceiling' is missing in information",
        ),
        ({"assessment": {}}, r"not that of an encoder's run: the field 'tests' is missing"),
    ],
)
def test_what_is_no_result_of_an_encoder_is_refused(change, message):
    with pytest.raises(InvalidInputError, match=message):
        read({**OLD, **change})


def test_records_are_read_by_the_kind_of_the_configuration(tmp_path):
    store = RunStore(tmp_path)
    stored = {"accuracy": 0.75, "measured_on": "training", "n": 40, "train_seconds": 1.5}
    classifier = store.open(ClassifierConfig())
    with classifier.lock():
        classifier.write_result(stored)
    record = classifier.read_classifier_record()
    assert record.accuracy == 0.75
    assert record.to_dict() == {"schema": 1, **stored}
    for read_other in (classifier.read_record, classifier.read_generator_record):
        with pytest.raises(InvalidInputError, match="is not an encoder's|is not a generator's"):
            read_other()
    assert isinstance(record, ClassifierRecord)


def test_a_generator_without_labels_has_nothing_measured_and_one_with_them_figures_by_law():
    config = GanConfig()
    unmeasured = {"train_seconds": 2.0, "encoder": config.encoder.digest(), "measured_on": None}
    record = GeneratorRecord.from_dict(unmeasured, run="g", config=config)
    assert record.quality is None
    assert record.to_dict() == {"schema": 1, **unmeasured}

    coverage = {"generated": [0.5, 0.5], "real": [0.25, 0.75], "distance": 0.25, "missing": []}
    law = {"kid": 0.5, "frechet": 2.0, "precision": 0.75, "recall": 0.5, "coverage": coverage, "consistency": 1.0}
    measured = {
        **unmeasured,
        "measured_on": "held-out",
        "judge": {"features": "a classifier", "accuracy": 0.9, "accuracy_on": "held-out"},
        "generation": {
            "n": 40,
            "repeats": 4,
            "lost_class_distance": 0.125,
            "encoded": {**law, "same_class": 0.5},
            "prior": {**law, "gap": 0.0625, "gap_in_lost_classes": 0.5},
        },
    }
    record = GeneratorRecord.from_dict(measured, run="g", config=config)
    assert record.to_dict() == {"schema": 1, **measured}
    assert record.quality.laws["prior"].gap_in_lost_classes == 0.5
    row = record.row()
    assert (row["prior.kid"], row["encoded.same_class"], row["prior.class_distance"]) == (0.5, 0.5, 0.25)
