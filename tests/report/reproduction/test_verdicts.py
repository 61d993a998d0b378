"""Figures 1 and 2 of the paper: reproduced, not reproduced, or left open."""

from dataclasses import dataclass, replace

import pytest

from noisedim.document.content import Text
from noisedim.report.build import make_sources
from noisedim.report.reproduction.section import figure_1_words, figure_2_words, reproduction_section
from noisedim.report.reproduction.verdicts import (
    accuracy_verdict,
    fall_verdict,
    index_verdicts,
    information_verdict,
)


@dataclass(frozen=True)
class Measured:
    """As much of a record as the verdicts read."""

    seed: int
    measures: dict


CAPACITIES = (0.5, 2.0, 4.6, 14.0)
INDEX, KNN, INFORMATION = [0.5, 0.45, 0.3, 0.0], [0.6, 0.95, 0.99, 0.99], [0.45, 1.8, 4, 5]


def groups(index=INDEX, knn=KNN, information=INFORMATION, seeds=5):
    return {
        capacity: [
            Measured(
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
        "Below 2 nats it is decided to be lower"
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


def test_the_command_of_the_papers_protocol_is_named_unless_it_is_what_ran(tmp_path):
    command = "python -m noisedim.report --profile paper --data mnist"

    def words(*options):
        blocks = reproduction_section(make_sources(*options, tmp_path)).blocks
        return " ".join(block.words for block in blocks if isinstance(block, Text))

    assert command in words("smoke", "digits")
    assert command not in words("paper", "mnist")
