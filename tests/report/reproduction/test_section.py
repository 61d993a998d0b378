"""Figures 1 and 2 of the paper: what is reproduced, what is not, and what cannot be decided."""

from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Notice, Text
from noisedim.report.build import make_sources
from noisedim.report.reproduction.section import figure_1_verdicts, figure_2_verdicts, reproduction_section
from noisedim.runs import RunStore


def records(knn, d2, seeds=5, rejected=False, spread=0.005):
    rng = np.random.default_rng(round(1e6 * (knn + d2)))
    return [
        {
            "seed": seed,
            "n": 360,
            "rejected": rejected,
            "d2": d2 + 0.1 * spread * rng.standard_normal(),
            "knn": knn + spread * rng.standard_normal(),
            **dict.fromkeys(("naive_bayes", "mlp", "linear", "silhouette"), 0.5),
            "sliced_w2": 0.05,
            "n_star": None if seed == 4 else 1000.0,
            "index_henze_zirkler": 0.5,
            "information": 1.0,
            "label_curve": {"1": 0.4, "all": knn},
        }
        for seed in range(seeds)
    ]


def figure_1_groups(index, knn, information):
    return {
        capacity: [
            {
                **values,
                "index_henze_zirkler": index[i],
                "information": information[i] + 0.01 * values["seed"],
                "knn": knn[i] + 0.001 * values["seed"],
            }
            for values in records(0.5, 0.01)
        ]
        for i, capacity in enumerate((0.5, 2.0, 4.6, 14.0))
    }


def answers(groups, *, as_paper=True):
    verdicts = figure_1_verdicts(groups, "here", as_paper=as_paper)
    return {verdict.question.split(": ", 1)[1][:20]: verdict.answer for verdict in verdicts}


def test_without_the_file_the_command_is_named(tmp_path):
    empty = replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    words = " ".join(block.words for block in reproduction_section(empty).blocks if isinstance(block, Text | Notice))
    assert "--profile mnist-short" in words


def test_figure_1_as_the_paper_plots_it_and_otherwise():
    as_plotted = answers(figure_1_groups([0.5, 0.45, 0.3, 0.0], [0.6, 0.95, 0.99, 0.99], [0.45, 1.8, 4, 5]))
    assert list(as_plotted.values()) == ["reproduced"] * 4
    otherwise = answers(figure_1_groups([0.1, 0.2, 0.3, 0.5], [0.7, 0.65, 0.6, 0.5], [0.1, 0.1, 0.1, 0.1]))
    assert list(otherwise.values()) == ["not reproduced"] * 4
    shortened = answers(figure_1_groups([0.1, 0.2, 0.3, 0.5], [0.7, 0.65, 0.6, 0.5], [0.1] * 4), as_paper=False)
    assert list(shortened.values()) == ["not reproduced"] * 3 + ["not comparable"]


@pytest.mark.parametrize(
    ("information", "answer"), [([0.45, 1.8, 4, 12], "not reproduced"), ([0.45, 1.8, 4, 10.3], "not decided")]
)
def test_leaving_the_bound_is_decided_either_way_or_not(information, answer):
    groups = figure_1_groups([0.5, 0.45, 0.3, 0.0], [0.6, 0.95, 0.99, 0.99], information)
    for record in groups[14.0]:
        record["information"] += 0.5 * (record["seed"] - 2) * (answer == "not decided")
    assert answers(groups)["does the measured lo"] == answer


def test_figure_2_says_what_a_test_can_say():
    row = {
        "prior": "normal",
        "dim": 2,
        "level": 0.3,
        "objective": "dual",
        "seed": 0,
        "n": 1797,
        "measured_on": "training",
    }
    found = [{**row, "rejected": rejected, "p_value": 0.5, "sliced_w2": 0.03} for rejected in (True, False)]
    assert [verdict.answer for verdict in figure_2_verdicts(found)] == ["it departs", "no departure seen"]
