"""A long study keeps what it has made, makes the rest, and refuses a damaged file."""

import json
from dataclasses import replace

import pytest

from noisedim.errors import InvalidInputError, TrainingDivergedError
from noisedim.runs.studies.long_study import Cell, LongStudy, Scores, make_study, read_study
from noisedim.runs.studies.trained_scores import scores_of, scores_with_battery, scores_with_training_images
from noisedim.training import DataConfig, TrainConfig

SMALL = TrainConfig(data=DataConfig(fold=0), steps=2, batch_size=32, encoder="mlp")


def cells():
    return [Cell(replace(SMALL, seed=seed), {"seed_of_cell": seed}) for seed in range(3)]


def measured(cell, root):
    return Scores(n=10, seconds=1.0, values={"knn": (0.5, 1 / 3)})


def refusing(cell, root):
    if cell.config.seed == 2:
        raise KeyboardInterrupt
    return measured(cell, root)


def study(measure):
    return LongStudy(name="methods", question="?", cells={"small": cells}, measure=measure)


def test_a_stopped_study_keeps_its_runs_and_makes_only_the_others(tmp_path):
    path = tmp_path / "records.json"
    with pytest.raises(KeyboardInterrupt):
        make_study(study(refusing), "small", path)
    assert [record.seed for record in read_study(path).records] == [0, 1]
    made = []

    def counting(cell, root):
        made.append(cell.config.seed)
        return measured(cell, root)

    records = make_study(study(counting), "small", path)
    assert made == [2]
    assert [record.seed for record in records] == [0, 1, 2]
    assert records[0].values["knn"] == (0.5, 0.333333)
    stored = json.loads(path.read_text())
    assert stored["command"] == "noisedim study methods --profile small"
    assert len(stored["environments"]) == 1
    assert "commit" in stored["environments"][0]


def test_an_unknown_profile_and_a_damaged_file_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="profile must be one of"):
        make_study(study(measured), "large", tmp_path / "records.json")
    path = tmp_path / "records.json"
    path.write_text('{"study": "methods", "records": 3}')
    with pytest.raises(InvalidInputError, match="records.json"):
        make_study(study(measured), "small", path)
    assert path.read_text() == '{"study": "methods", "records": 3}'


@pytest.mark.slow
def test_runs_are_scored_alike_each_time_and_by_every_measure():
    cell = Cell(replace(SMALL, steps=5), {})
    once, again = scores_of(cell, None), scores_of(cell, None)
    assert once.values == again.values
    assert once.correct == again.correct
    assert once.n == 360
    with_training = scores_with_training_images(cell, None)
    assert with_training.values == once.values
    assert 0.1 < with_training.whole["training_knn"] <= 1
    assert list(scores_with_battery(cell, None).whole) == []  # fewer than 500 test images


def test_a_flow_maps_what_is_scored():
    pytest.importorskip("zuko")
    plain = scores_of(Cell(replace(SMALL, steps=5), {}), None)
    mapped = scores_of(Cell(replace(SMALL, steps=5, gaussianise="rank"), {}), None)
    assert mapped.values["knn"] != plain.values["knn"]


def test_a_file_has_one_line_per_record_and_earlier_lines_stay(tmp_path):
    path = tmp_path / "records.json"
    with pytest.raises(KeyboardInterrupt):
        make_study(study(refusing), "small", path)
    before = [line.rstrip(",") for line in path.read_text().splitlines() if '"seed_of_cell"' in line]
    make_study(study(measured), "small", path)
    after = [line.rstrip(",") for line in path.read_text().splitlines() if '"seed_of_cell"' in line]
    assert (len(before), len(after)) == (2, 3)
    assert after[:2] == before


def test_a_run_that_diverges_is_told_and_the_others_go_on(tmp_path):
    told = []
    records = make_study(
        study(diverging), "small", tmp_path / "records.json", on_failed=lambda cell, words: told.append(words)
    )
    assert [record.seed for record in records] == [0, 2]
    assert told == ["the loss must stay finite"]


def diverging(cell, root):
    if cell.config.seed == 1:
        raise TrainingDivergedError("the loss must stay finite")
    return measured(cell, root)
