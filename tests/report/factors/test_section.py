"""The section on factors: phrases follow the decisions, and what failed or did not converge is named."""

import json
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Notice, Pictures, Table, Text
from noisedim.report.benchmarks import COMMAND, answers, to_entry
from noisedim.report.build import make_sources
from noisedim.report.factors.records import FactorVariant
from noisedim.report.factors.section import axes_words, factors_section, methods_words, prior_words, views_words
from noisedim.runs import RunStore
from noisedim.schema import structured

FACTORS = ["shape", "size", "x", "y", "brightness"]


def factor_info(variant, mig=0.05, rotated=0.05, disentanglement=0.05, accuracies=(0.5,) * 5, spread=0.003, **changed):
    rng = np.random.default_rng([len(variant), 3])
    made = [
        {
            "seed": seed,
            "n": 1536,
            "mig": mig + spread * rng.standard_normal(),
            "mig_rotated": rotated + spread * rng.standard_normal(),
            "mig_at_independence": 0.002,
            "disentanglement": disentanglement + spread * rng.standard_normal(),
            "completeness": 0.1,
            "informativeness": 0.6,
            "accuracies": [float(own + 0.01 * rng.standard_normal()) for own in accuracies],
        }
        for seed in range(5)
    ]
    info = {
        "question": "factors",
        "variant": variant,
        "words": variant.upper(),
        "dim": 6,
        "records": made,
        "failed": [],
    }
    return info | {"steps": 400, "batch_size": 128, "factors": FACTORS} | changed


def sources(tmp_path, infos):
    made = [{"name": info["variant"], "group": "uses", "stats": {"median": 0.1}, "extra_info": info} for info in infos]
    (tmp_path / "benchmarks.json").write_text(json.dumps({"benchmarks": made}))
    return replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)


def words(section):
    return " ".join(block.words for block in section.blocks if isinstance(block, Text | Notice))


def by_name(*infos):
    return {info["variant"]: structured(info, FactorVariant, where="here", surplus="ignored") for info in infos}


@pytest.mark.parametrize(
    ("uniform", "answer"),
    [
        ({"mig": 0.2, "rotated": 0.05, "disentanglement": 0.2}, "yes"),
        ({"mig": 0.2, "rotated": 0.2, "disentanglement": 0.2}, "higher, but not by its axes"),
        ({"mig": 0.2, "rotated": 0.05}, "in part"),
        ({}, "not decided"),
        ({"mig": 0.01, "rotated": 0.01}, "no"),
    ],
)
def test_uniform_against_normal(uniform, answer):
    assert prior_words(by_name(factor_info("dual"), factor_info("uniform-dual", **uniform))).answer == answer


def test_axes_and_others():
    infos = by_name(factor_info("dual"), factor_info("vae", mig=0.3), factor_info("perfect", mig=1.0))
    assert axes_words(infos).answer == "not decided"
    (row,) = (row for row in axes_words(infos).numbers if row["embedding"] == "VAE")
    assert row["MIG minus rotated [95%]"].startswith("+0.2")
    assert axes_words(by_name(factor_info("dual", mig=0.3))).answer == "yes"
    assert methods_words(infos).answer == "no"
    assert methods_words(by_name(factor_info("dual", mig=0.5), factor_info("vae"))).answer == "yes"
    assert methods_words(by_name(factor_info("dual", spread=0.05), factor_info("vae"))).answer == "not decided"
    assert methods_words(by_name(factor_info("dual"))).answer == "not measured"


@pytest.mark.parametrize(
    ("moved", "answer"),
    [
        ((0.5, 0.8, 0.2, 0.2, 0.8), "yes"),
        ((0.5, 0.5, 0.2, 0.2, 0.5), "in part"),
        ((0.5,) * 5, "not decided"),
        ((0.2, 0.8, 0.2, 0.2, 0.5), "in part"),
    ],
)
def test_views_decide_what_is_kept(moved, answer):
    infos = by_name(factor_info("dual"), factor_info("dual-moved", accuracies=moved))
    assert views_words(infos).answer == answer


def test_factors_are_drawn_and_ica_that_did_not_converge_is_said(tmp_path):
    pixels = factor_info("pixels")
    pixels["records"][2]["converged"] = False
    infos = [factor_info("dual"), factor_info("uniform-dual"), pixels, factor_info("broken", records=[])]
    infos[-1]["failed"] = [{"seed": 0, "error": "TrainingDivergedError: inf"}]
    section = factors_section(sources(tmp_path, infos))
    assert "BROKEN, seed 0 failed" in words(section)
    assert "had not converged after its 500 iterations in 1 seeds" in words(section)
    tables = [block.rows for block in section.blocks if isinstance(block, Table)]
    assert [len(rows) for rows in tables] == [3, 3]
    assert all(len({tuple(cells) for cells in rows}) == 1 for rows in tables)
    assert any(isinstance(block, Pictures) for block in section.blocks)


def test_without_the_file_the_command_is_named(tmp_path):
    empty = replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    assert f"`{COMMAND}`" in words(factors_section(empty))


def test_entries_are_read_as_they_are_written(tmp_path):
    found = list(by_name(factor_info("dual"), factor_info("pixels", steps=None)).values())
    results = sources(tmp_path, [to_entry("factors", own) for own in found]).results
    assert answers(results, "factors", FactorVariant) == found
