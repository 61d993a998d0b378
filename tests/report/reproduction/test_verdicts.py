"""Figures 1 and 2 of the paper: reproduced, not reproduced, or left open; and the section made of a benchmark's file."""

import json
from dataclasses import replace

import pytest

from noisedim.document.content import Notice, Table
from noisedim.report.build import make_sources
from noisedim.report.records import SeedMeasures
from noisedim.report.reproduction.section import figure_1_words, figure_2_words, reproduction_section
from noisedim.report.reproduction.verdicts import (
    accuracy_verdict,
    fall_verdict,
    index_verdicts,
    information_verdict,
)

CAPACITIES = (0.5, 2.0, 4.6, 14.0)
INDEX, KNN, INFORMATION = [0.5, 0.45, 0.3, 0.0], [0.6, 0.95, 0.99, 0.99], [0.45, 1.8, 4, 5]


def groups(index=INDEX, knn=KNN, information=INFORMATION, seeds=5):
    return {
        capacity: [
            SeedMeasures(
                seed=seed,
                measures={
                    "index_henze_zirkler": index[i],
                    "information": information[i] + 0.01 * seed,
                    "knn": knn[i] + 0.001 * seed,
                },
            )
            for seed in range(seeds)
        ]
        for i, capacity in enumerate(CAPACITIES)
    }


def answers(made, *, as_paper=True):
    return [verdict.answer for verdict in figure_1_words(made, "here", as_paper=as_paper)]


def test_figure_1_as_the_paper_plots_it_and_otherwise():
    assert answers(groups()) == ["reproduced"] * 4
    otherwise = groups([0.1, 0.2, 0.3, 0.5], [0.7, 0.65, 0.6, 0.5], [0.1] * 4)
    assert answers(otherwise) == ["not reproduced"] * 4
    assert answers(otherwise, as_paper=False) == ["not reproduced"] * 3 + ["not comparable"]
    assert answers({1.0: groups()[0.5]}) == []


def test_the_index_rises_to_the_middle_capacity_and_may_be_lost_again():
    (found,) = index_verdicts(groups())
    assert (found.index, found.low, found.middle, found.high) == ("index_henze_zirkler", 0.5, 2.0, 14.0)
    assert found.gain.estimate == pytest.approx(0.45)
    assert found.outcome == "reproduced"
    (lost,) = index_verdicts(groups(index=[0.1, 0.45, 0.3, 0.0]))
    assert lost.is_lost_again
    assert lost.outcome == "in part"
    assert (
        "Below 2 nats the match is lost again"
        in figure_1_words(groups([0.1, 0.45, 0.3, 0]), "", as_paper=True)[0].words
    )


def test_a_single_seed_decides_nothing():
    made = groups(seeds=1)
    assert [found.outcome for found in index_verdicts(made)] == ["not comparable"]
    assert fall_verdict(made).outcome == "not comparable"
    assert information_verdict(made) is None


@pytest.mark.parametrize(
    ("last", "spread", "outcome"), [(5, 0, "reproduced"), (12, 0, "not reproduced"), (10.3, 0.5, "not decided")]
)
def test_leaving_the_bound_is_decided_either_way_or_not(last, spread, outcome):
    made = groups(information=[0.45, 1.8, 4, last])
    made[14.0] = [
        replace(own, measures={"information": own.measures["information"] + spread * (own.seed - 2)})
        for own in made[14.0]
    ]
    found = information_verdict(made)
    assert found.outcome == outcome
    assert found.follows == (0.5, 2.0)
    assert found.last == 14.0


def test_a_bound_above_the_capacity_is_not_reproduced():
    assert information_verdict(groups(information=[0.6, 1.8, 4, 5])).outcome == "not reproduced"


def test_scores_fall_between_the_capacities_around_log_10():
    found = fall_verdict(groups())
    assert (found.low, found.high) == (0.5, 4.6)
    assert found.fall.estimate == pytest.approx(0.39)
    assert fall_verdict({c: own for c, own in groups().items() if c > 3}) is None


@pytest.mark.parametrize(("best", "outcome"), [(0.97, "reproduced"), (0.9, "not reproduced"), (0.949, "not decided")])
def test_accuracy_at_the_best_capacity_from_log_10_on(best, outcome):
    found = accuracy_verdict(groups(knn=[0.999, 0.999, 0.5, best]), as_paper=True)
    assert found.capacity == 14.0
    assert found.outcome == outcome


def test_figure_2_says_what_a_test_can_say(encoder_record):
    records = [encoder_record(rejected=rejected) for rejected in (True, False)] + [encoder_record(dim=3)]
    assert [verdict.answer for verdict in figure_2_words(records)] == ["it departs", "no departure seen"]


def info(capacity, records, failed=()):
    return {
        "question": "figure 1",
        "data": "mnist",
        "objective": "infonce",
        "capacity": capacity,
        "dim": 2,
        "steps": 300,
        "batch_size": 256,
        "protocol": "shortened",
        "as_paper": False,
        "environment": {"accelerator": None, "cpu": "a processor", "cores": 2},
        "records": records,
        "failed": list(failed),
    }


def test_a_benchmarks_file_gives_verdicts_a_table_and_names_what_failed(tmp_path):
    made = groups()
    entries = [info(c, [{"seed": own.seed, **own.measures} for own in made[c]]) for c in reversed(CAPACITIES)]
    entries.append(info(20.0, [], [{"seed": 1, "error": "TrainingDivergedError: nan"}]))
    content = {"benchmarks": [{"name": "test_capacity", "extra_info": entry} for entry in entries]}
    (tmp_path / "benchmarks-mnist.json").write_text(json.dumps(content))
    section = reproduction_section(replace(make_sources("smoke", "digits", tmp_path), results=tmp_path))
    assert [verdict.answer for verdict in section.verdicts] == ["reproduced"] * 3 + ["not comparable"]
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert [row["capacity (nats)"] for row in table.rows] == ["0.5", "2", "4.6", "14"]
    (notice,) = (block for block in section.blocks if isinstance(block, Notice))
    assert notice.words == "mnist, infonce, 20 nats, seed 1 failed: TrainingDivergedError: nan"


def test_without_a_file_there_is_nothing_to_show(tmp_path):
    assert reproduction_section(make_sources("smoke", "digits", tmp_path)) is None
