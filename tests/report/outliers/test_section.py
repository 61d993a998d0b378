"""The section on outliers: phrases follow the decisions, and what failed or is absent is named. Files are as they were."""

import json
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Notice, Pictures, Table, Text
from noisedim.downstream.outliers import DETECTOR_WORDS
from noisedim.report.benchmarks import COMMAND, answers, to_entry
from noisedim.report.build import make_sources
from noisedim.report.outliers.records import OutlierVariant
from noisedim.report.outliers.section import (
    best_detector_verdict,
    false_alarm_verdict,
    norm_verdict,
    outliers_section,
)
from noisedim.runs import RunStore
from noisedim.schema import structured

GRID = np.linspace(0, 1, 5).tolist()


def outlier_info(variant="dual-2", norm=0.3, knn=0.4, alarms=(0.05, 0.01), classes=10, **changed):
    rng = np.random.default_rng(5)
    detectors = ([] if variant == "pixels" else ["norm", "norm_both"]) + list(DETECTOR_WORDS)
    made = []
    for label in range(classes):
        areas = {name: [float(norm + 0.02 * rng.standard_normal()), 0.0, 1.0] for name in detectors}
        areas["knn"][0] += knn - norm
        made.append(
            {
                "label": label,
                "n": 1000,
                "rejected": label == 0,
                "absent": {},
                "auroc": {"class": areas, "noise": areas},
                "roc": dict.fromkeys(detectors, GRID),
                "mean_square": {"usual": 1.0, "class": 0.5, "noise": 0.2},
                "false_alarms": {
                    name: [round(1000 * rate + rng.integers(-3, 4)) for rate in alarms]
                    for name in ("far", "both", "mahalanobis")
                },
            }
        )
    info = {
        "question": "outliers",
        "variant": variant,
        "words": variant.upper(),
        "data": "digits",
        "dim": 2,
        "grid": GRID,
        "records": made,
        "failed": [],
    }
    trained = {} if variant == "pixels" else {"nominal": [0.05, 0.01], "steps": 700, "batch_size": 128}
    return info | trained | changed


def sources(tmp_path, infos):
    made = [{"name": info["variant"], "group": "uses", "stats": {"median": 0.1}, "extra_info": info} for info in infos]
    (tmp_path / "benchmarks.json").write_text(json.dumps({"benchmarks": made}))
    return replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)


def words(section):
    return " ".join(block.words for block in section.blocks if isinstance(block, Text | Notice))


def typed(*infos):
    return [structured(info, OutlierVariant, where="here", surplus="ignored") for info in infos]


@pytest.mark.parametrize(("norm", "answer"), [(0.3, "no"), (0.5, "not decided"), (0.8, "yes")])
def test_the_norm_finds_outliers_or_not(norm, answer):
    verdict = norm_verdict(typed(outlier_info(norm=norm)))
    assert verdict.answer == answer
    assert ("nearer to the centre" in verdict.words) == (norm < 0.5)
    assert norm_verdict(typed(outlier_info(norm=0.8), outlier_info("dual-8", norm=0.3))).answer == "in part"
    undecided = norm_verdict(typed(outlier_info(norm=0.5), outlier_info("dual-8", norm=0.3)))
    assert undecided.answer == "no in 1 of 2, else not decided"
    assert norm_verdict(typed(outlier_info("infomax-8"))).answer == "not measured"


@pytest.mark.parametrize(
    ("alarms", "answer"),
    [((0.05, 0.01), "no difference seen"), ((0.02, 0.01), "fewer"), ((0.08, 0.01), "no"), ((0.02, 0.05), "no")],
)
def test_false_alarms_against_their_level(alarms, answer):
    verdict = false_alarm_verdict(typed(outlier_info(alarms=alarms)))
    assert verdict.answer == answer
    assert "rejects that for them in 1 of 10 runs (DUAL-2)" in verdict.words


def test_no_false_alarm_at_all_is_no_proof_of_none():
    info = outlier_info(alarms=(0.05, 0.0))
    for record in info["records"]:
        record["n"], record["false_alarms"] = 300, {name: [15, 0] for name in ("far", "both", "mahalanobis")}
    verdict = false_alarm_verdict(typed(info))
    assert [row["rate [95%]"] for row in verdict.numbers if row["level"] == "0.01"] == ["0.000 [0.000, 0.012]"]
    assert verdict.answer == "no difference seen"


def test_other_detectors_are_paired_with_the_norm_and_with_pixels():
    pixels = outlier_info("pixels", knn=0.98)
    verdict = best_detector_verdict(typed(outlier_info(knn=0.9), pixels))
    assert verdict.answer == "yes"
    first, second = verdict.numbers
    assert first["compared"] == "distance to the 5th neighbour minus the norm"
    assert first["difference in AUROC [95%]"].startswith("+0.596")
    assert second["decided"] == "pixels are better"
    assert best_detector_verdict(typed(outlier_info(norm=0.9, knn=0.9))).answer == "not decided"


def test_outliers_are_drawn_and_what_failed_or_is_absent_is_named(tmp_path):
    infos = [outlier_info(), outlier_info("dual-8", norm=0.6, dim=8), outlier_info("pixels", knn=0.98)]
    infos[1]["failed"] = [{"seed": 3, "error": "TrainingDivergedError: nan"}]
    infos[0]["records"][0]["absent"] = {"mnist": "mnist is not complete"}
    section = outliers_section(sources(tmp_path, infos))
    assert len(section.verdicts) == 3
    assert "DUAL-8, class 3 failed: TrainingDivergedError: nan" in words(section)
    assert "Not measured: mnist is not complete" in words(section)
    assert any(isinstance(block, Pictures) for block in section.blocks)
    tables = [block.rows for block in section.blocks if isinstance(block, Table)]
    assert len(tables[0]) == 6 + 6 + 4
    assert all(len({tuple(cells) for cells in rows}) == 1 for rows in tables)


def test_without_the_file_the_command_is_named(tmp_path):
    empty = replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    assert f"`{COMMAND}`" in words(outliers_section(empty))


def test_entries_are_read_as_they_are_written(tmp_path):
    found = typed(outlier_info(), outlier_info("pixels"))
    results = sources(tmp_path, [to_entry("outliers", own) for own in found]).results
    assert answers(results, "outliers", OutlierVariant) == found
