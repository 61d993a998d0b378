"""The comparison's sections: what is missing or failed is named, phrases follow the decisions. Files are as they were."""

import json
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Notice, Pictures, Table, Text
from noisedim.errors import InvalidInputError
from noisedim.report.benchmarks import COMMAND, MethodRow, entries, method_rows
from noisedim.report.build import make_sources
from noisedim.report.comparison.rank_section import compared_section, equal_accuracy_words
from noisedim.report.comparison.section import cost_section, cost_words, match_section, match_words
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
    return MethodRow.from_entry(entry(*arguments, **options))


def sources(tmp_path, made):
    (tmp_path / "benchmarks.json").write_text(json.dumps({"benchmarks": made}))
    return replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)


def words(section):
    return " ".join(block.words for block in section.blocks if isinstance(block, Text | Notice))


def test_without_the_file_each_section_says_what_makes_it(tmp_path):
    empty = replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    for section in (match_section, cost_section, compared_section):
        assert COMMAND in words(section(empty))


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
    for section in (match_section, cost_section, compared_section):
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
    verdict = match_words(rows)
    assert verdict.answer == "yes"
    assert "most seeds: DUAL (5/5)" in verdict.words
    assert "half or fewer: INFOMAX (0/5)" in verdict.words
    assert match_words([row("dual", "noise injection", records(0.8, 0.1, rejected=True))]).answer == "no"


@pytest.mark.parametrize(("accuracy", "answer"), [(0.7, "yes"), (0.8, "not decided"), (0.9, "no")])
def test_cost_is_paired_against_plain_infomax(accuracy, answer):
    rows = [
        row("dual", "noise injection", records(accuracy, 0.001)),
        row("infomax", "without noise", records(0.8, 0.1)),
    ]
    verdict = cost_words(rows)
    assert verdict.answer == answer
    assert verdict.words.endswith(" *") == (answer != "not decided")


def test_at_equal_accuracy_who_matches_best():
    ours = row("dual", "noise injection", records(0.8, 0.001))
    worse, better = (row("sigreg", "prior matching", records(0.8, d2)) for d2 in (0.05, 0.0))
    assert equal_accuracy_words([ours, worse]).answer == "yes"
    assert equal_accuracy_words([row("dual", "noise injection", records(0.8, 0.05)), better]).answer == "no"
    ahead = equal_accuracy_words([ours, row("sigreg", "prior matching", records(0.95, 0.05))])
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
    verdict = equal_accuracy_words([*rows, row("sigreg", "prior matching", theirs)])
    assert verdict.answer == "not decided"
    assert "over 40 for better" in verdict.words


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


def test_rows_come_back_by_data_set(tmp_path):
    made = [entry("dual", "noise injection", records(0.8, 0.001))]
    found = method_rows(sources(tmp_path, made).results)
    assert list(found) == ["digits"]
    assert found["digits"][0].values("knn").keys() == set(range(5))
