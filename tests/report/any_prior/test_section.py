"""The section on other priors: verdicts follow the numbers, pictures come from runs, and what is missing is said."""

import json
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Notice, Pictures, Table
from noisedim.report.any_prior.records import TargetRoutes
from noisedim.report.any_prior.section import accuracy_words, any_prior_section, divergence_words, match_words
from noisedim.report.benchmarks import COMMAND
from noisedim.report.build import make_sources
from noisedim.runs import RunStore
from noisedim.schema import structured

RNG = np.random.default_rng(0)


def records(seeds=5, **means):
    names = {"sliced_w2": 0.1, "d2": 0.0, "knn": 0.7, "linear": 0.6, "knn_kl": 0.1, "knn_kl_after": 0.1, **means}
    return [
        {
            "seed": seed,
            "n": 360,
            "rejected": True,
            "p_value": 0.01,
            "train_seconds": 3.0,
            **{name: mean + 0.001 * RNG.standard_normal() for name, mean in names.items()},
        }
        for seed in range(seeds)
    ]


def infos(**changes):
    made = {
        "normal": {"mapped": records()},
        "uniform": {"mapped": records(), "cube": records(**changes)},
    }
    return {
        target: {
            "question": "any prior",
            "target": target,
            "law": f"law {target}",
            "data": "digits",
            "protocol": "a protocol",
            "capacity": 3.58,
            "routes": routes,
            "at_prior": {"knn_kl": 0.04, "knn_kl_after": 0.04},
        }
        for target, routes in made.items()
    }


def typed(made):
    return {target: structured(info, TargetRoutes, where="here", surplus="ignored") for target, info in made.items()}


@pytest.mark.parametrize(
    ("distance", "answer"),
    [(0.13, "yes, closer"), (0.07, "no"), (0.1, "not decided")],
    ids=["closer", "farther", "same"],
)
def test_match_is_decided_by_paired_differences(distance, answer):
    verdict = match_words(typed(infos(sliced_w2=distance)))
    assert verdict.answer == answer
    assert all(row["seeds"] == "5" for row in verdict.numbers)


def test_what_is_closer_for_one_prior_and_undecided_for_another_is_no_yes():
    made = infos(sliced_w2=0.13)
    made["disc"] = {**made["uniform"], "target": "disc", "routes": {"mapped": records(), "own": records(3)}}
    assert match_words(typed(made)).answer == "closer in 1 of 2, else not decided"


def test_accuracy_names_what_is_lost():
    assert accuracy_words(typed(infos(knn=0.7))).answer == "no loss decided"
    assert accuracy_words(typed(infos(knn=0.8))).answer == "in 1 of 2 comparisons"


def test_divergence_is_less_the_bias_of_its_estimate():
    same = infos()
    assert divergence_words(typed(same)).answer == "to within 0.01 nats"
    for info in same.values():
        info["at_prior"]["knn_kl_after"] = -0.1
    # What it is within is the interval's far end, not the estimate.
    assert divergence_words(typed(same)).answer == "to within 0.15 nats"
    same["uniform"]["routes"]["mapped"][0]["knn_kl_after"] += 0.1
    assert divergence_words(typed(same)).answer == "to within 0.22 nats"


def test_without_runs_and_benchmarks_the_section_says_what_makes_them(tmp_path):
    section = any_prior_section(
        replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    )
    words = " ".join(block.words for block in section.blocks if isinstance(block, Notice))
    assert "python -m noisedim.report --profile smoke" in words
    assert f"`{COMMAND}`" in words
    assert not section.verdicts
    assert match_words({}).answer == accuracy_words({}).answer == divergence_words({}).answer == "not measured"


@pytest.mark.slow
def test_section_draws_a_run_and_tabulates_the_benchmark(tmp_path):
    sources = replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    folder = sources.store.open(sources.plans["seeds"][0])
    with folder.lock():
        folder.write_embeddings(z=RNG.standard_normal((300, 2)).astype(np.float32), labels=np.arange(300) % 3)
        folder.write_result({"n": 300})
    made = [{"name": name, "stats": {"median": 1.0}, "extra_info": info} for name, info in infos().items()]
    (tmp_path / "benchmarks.json").write_text(json.dumps({"benchmarks": made}))
    section = any_prior_section(sources)
    (pictures,) = (block for block in section.blocks if isinstance(block, Pictures))
    assert [picture.name for picture in pictures.pictures] == [
        "any-prior-gamma-beta",
        "any-prior-mixture",
        "any-prior-disc",
        "any-prior-sphere",
    ]
    assert all(picture.content.startswith((b"\x89PNG", b"<?xml")) for picture in pictures.pictures)
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert len(table.rows) == 3
    assert len(section.verdicts) == 3
