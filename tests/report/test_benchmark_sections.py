"""Sections made from benchmarks' JSON: what they decide, what they leave open, and what they say of failures."""

import json
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Notice, Pictures, Table, Text
from noisedim.errors import InvalidInputError
from noisedim.report.benchmarks import COMMAND, MethodRow, entries, method_rows
from noisedim.report.build import make_sources
from noisedim.report.reproduction.section import figure_1_verdicts, figure_2_verdicts, reproduction_section
from noisedim.report.sections.compared import compared_section, equal_accuracy_verdict
from noisedim.report.sections.methods import cost_section, cost_verdict, match_section, match_verdict
from noisedim.report.sections.speed import peer_verdicts, speed_section
from noisedim.runs import RunStore

SETTINGS = {
    "noise": {"sigma": 0.3, "epsilon": None},
    "optimiser": {"learning_rate": 2e-3},
    "objective": {"strength": 0.05},
}
ENVIRONMENT = {"accelerator": None, "cpu": "a processor", "cores": 2}


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


def entry(method, family, rows, failed=(), seconds=0.003):
    info = {
        "question": "match",
        "method": method,
        "words": method.upper(),
        "family": family,
        "injects_noise": family == "noise injection",
        "knob": "σ" if family == "noise injection" else "lambda",
        "settings": SETTINGS,
        "data": "digits",
        "dim": 2,
        "steps": 800,
        "batch_size": 128,
        "protocol": "a protocol",
        "tuning_rule": "A rule.",
        "records": rows,
        "failed": list(failed),
        "stability": None,
        "peak_bytes": 5_000_000,
        "equal_time": {"steps": 600, "records": rows[:3], "failed": []},
        "environment": ENVIRONMENT,
    }
    return {"name": f"test_match[{method}]", "group": "quality", "stats": {"median": seconds}, "extra_info": info}


def row(*arguments, **options):
    made = entry(*arguments, **options)
    info = made["extra_info"]
    return MethodRow(info, info["records"], info["failed"], made["stats"]["median"])


def sources(tmp_path, made):
    (tmp_path / "benchmarks.json").write_text(json.dumps({"benchmarks": made}))
    return replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)


def words(section):
    return " ".join(block.words for block in section.blocks if isinstance(block, Text | Notice))


def test_without_the_file_each_section_says_what_makes_it(tmp_path):
    empty = replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    for section in (match_section, cost_section, compared_section, speed_section):
        assert COMMAND in words(section(empty))
    assert "--profile mnist-short" in words(reproduction_section(empty))


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "benchmarks.json").write_text("[]")
    with pytest.raises(InvalidInputError, match="expected the JSON of pytest-benchmark"):
        entries(tmp_path)


def test_failed_seeds_are_named_and_nothing_is_dropped(tmp_path):
    made = [
        entry("dual", "noise injection", records(0.8, 0.001)),
        entry("infomax", "without noise", records(0.8, 0.1)),
        entry("broken", "siamese", [], failed=[{"seed": 3, "error": "TrainingDivergedError: nan"}]),
    ]
    for section in (match_section, cost_section, compared_section, speed_section):
        built = section(sources(tmp_path, made))
        assert any("BROKEN" in str(block.rows) for block in built.blocks if isinstance(block, Table))
        assert all(
            len({tuple(cells) for cells in block.rows}) == 1 for block in built.blocks if isinstance(block, Table)
        )
    assert "BROKEN, seed 3 failed: TrainingDivergedError: nan" in words(match_section(sources(tmp_path, made)))


def test_match_counts_seeds():
    rows = [
        row("dual", "noise injection", records(0.8, 0.001)),
        row("infomax", "without noise", records(0.8, 0.1, rejected=True)),
    ]
    verdict = match_verdict(rows)
    assert verdict.answer == "yes"
    assert "most seeds: DUAL (5/5)" in verdict.words
    assert "half or fewer: INFOMAX (0/5)" in verdict.words
    assert match_verdict([row("dual", "noise injection", records(0.8, 0.1, rejected=True))]).answer == "no"


@pytest.mark.parametrize(("accuracy", "answer"), [(0.7, "yes"), (0.8, "not decided"), (0.9, "no")])
def test_cost_is_paired_against_plain_infomax(accuracy, answer):
    rows = [
        row("dual", "noise injection", records(accuracy, 0.001)),
        row("infomax", "without noise", records(0.8, 0.1)),
    ]
    verdict = cost_verdict(rows)
    assert verdict.answer == answer
    assert verdict.words.endswith(" *") == (answer != "not decided")


def test_at_equal_accuracy_who_matches_best():
    ours = row("dual", "noise injection", records(0.8, 0.001))
    worse, better = (row("sigreg", "prior matching", records(0.8, d2)) for d2 in (0.05, 0.0))
    assert equal_accuracy_verdict([ours, worse]).answer == "yes"
    assert equal_accuracy_verdict([row("dual", "noise injection", records(0.8, 0.05)), better]).answer == "no"
    ahead = equal_accuracy_verdict([ours, row("sigreg", "prior matching", records(0.95, 0.05))])
    assert ahead.answer == "no"
    assert "beyond the intervals: SIGREG" in ahead.words


def test_choosing_the_best_of_many_forms_is_paid_for():
    """Of forms that differ from another method by chance alone, the best one must not be called better."""
    values = {}
    rng = np.random.default_rng(7)
    other = rng.standard_normal(5)
    for form in range(40):
        noise = rng.standard_normal(5)
        values[f"form-{form}"] = [
            {**record, "knn": 0.8 + 0.001 * seed, "d2": 0.01 + 1e-4 * noise[seed]}
            for seed, record in enumerate(records(0.8, 0.01))
        ]
    rows = [row(name, "noise injection", own) for name, own in values.items()]
    theirs = [
        {**record, "knn": 0.8 + 0.001 * seed, "d2": 0.01 + 1e-4 * other[seed]}
        for seed, record in enumerate(records(0.8, 0.01))
    ]
    verdict = equal_accuracy_verdict([*rows, row("sigreg", "prior matching", theirs)])
    assert verdict.answer == "not decided"
    assert "over 40 for better" in verdict.words


def test_speed_answers_have_a_margin_and_intervals_are_what_they_say():
    def verdict(ratio, low, high, rounds):
        info = {"peer": "a peer", "ratio_median": ratio, "ratio_95": [low, high]}
        return peer_verdicts([{"name": "test_x", "stats": {"rounds": rounds}, "extra_info": info}])[0]

    assert verdict(1.0, 0.95, 1.05, 9).answer == "as fast"
    assert verdict(1.0, 0.5, 2.0, 9).answer == "not decided"  # an interval on both sides is no equality
    assert "95% interval of the median [0.95, 1.05], 9 interleaved rounds" in verdict(1.0, 0.95, 1.05, 9).words
    # Three ratios lie on both sides of their median with 75%, not 95%.
    assert "75% interval of the median [0.01, 0.02], 3 interleaved rounds" in verdict(0.015, 0.01, 0.02, 3).words


def test_other_budgets_are_said(tmp_path):
    made = [entry("dual", "noise injection", records(0.8, 0.001))]
    text = words(match_section(sources(tmp_path, made)))
    assert "102,400 images pass through a training here, 25,600 through one of “Seed by seed”" in text


def test_ranking_shows_ties_and_the_pareto_figure_is_drawn(tmp_path):
    made = [
        entry("dual", "noise injection", records(0.8, 0.001)),
        entry("infonce", "noise injection", records(0.8, 0.0011, spread=0.05)),
        entry("infomax", "without noise", records(0.9, 0.1)),
    ]
    section = compared_section(sources(tmp_path, made))
    assert any(isinstance(block, Pictures) for block in section.blocks)
    ranking = next(block for block in section.blocks if isinstance(block, Table) and "rank by D₂" in block.rows[0])
    by_match = {cells["method"]: cells["rank by D₂"] for cells in ranking.rows}
    assert by_match == {"DUAL": "1 =", "INFONCE": "1 =", "INFOMAX": "3"}


def test_speed_shows_laws_memory_and_peers(tmp_path):
    law = {
        "question": "objective cost",
        "objective": "dual",
        "law": "B² d",
        "batch": 512,
        "dim": 8,
        "against_batch": [[256, 0.001], [512, 0.004], [1024, 0.016]],
        "against_dim": [[2, 0.01], [8, 0.011]],
        "batch_power": 2.0,
        "dim_power": 0.1,
        "fit": {"power": 2, "constant": 0.0, "slope": 1.5e-8, "largest_relative_error": 0.01},
    }
    memory = {
        "question": "critic memory",
        "rows_at_once": 16,
        "hidden": 256,
        "batches": [128, 256],
        "peak_bytes": [10_000_000, 20_000_000],
        "peak_bytes_at_once": [100_000_000, 400_000_000],
        "batch_power": 1.0,
        "batch_power_at_once": 2.0,
        "peer": "all pairs at once",
        "ratio_median": 0.8,
        "ratio_95": [0.7, 0.9],
        "ratio_level": 0.75,
    }
    step = {
        "peer": "bare loop",
        "ratio_median": 0.2,
        "ratio_95": [0.1, 0.3],
        "images_per_second": 12_345.6,
        "fraction_of_matrix_rate": 0.2345,
        "batch_size": 256,
        "width": 64,
        "precision": "bfloat16",
        "environment": ENVIRONMENT,
    }
    made = [
        entry("dual", "noise injection", records(0.8, 0.001)),
        *(
            {"name": name, "group": name, "stats": {"median": 0.1, "rounds": 6}, "extra_info": info}
            for name, info in (("objective", law), ("critic", memory), ("test_simclr_step", step))
        ),
    ]
    section = speed_section(sources(tmp_path, made))
    assert [verdict.answer for verdict in section.verdicts] == ["faster", "faster"]
    assert "75% interval of the median [0.7, 0.9]" in section.verdicts[0].words
    assert "12,346 images a second in batches of 256, width 64, bfloat16" in section.verdicts[1].words
    assert "23.4% of the measured rate of matrix products" in section.verdicts[1].words
    steps, laws, critic = (block.rows for block in section.blocks if isinstance(block, Table))
    assert steps[0]["peak memory (MB)"] == "5"
    assert laws[0]["fitted law (s)"] == "0 + 1.5e-08·B²"
    assert critic[1] == {"batch": "256", "16 rows at a time (MB)": "20", "all pairs at once (MB)": "400"}


def test_rows_come_back_by_data_set(tmp_path):
    made = [entry("dual", "noise injection", records(0.8, 0.001))]
    found = method_rows(sources(tmp_path, made).results)
    assert list(found) == ["digits"]
    assert found["digits"][0].values("knn").keys() == set(range(5))


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
