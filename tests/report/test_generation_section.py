"""The sections on generation and autoencoders: verdicts follow the numbers, and all is drawn from files of runs."""

import math
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Pictures, Table
from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.report.generation_figures import gap_figure, pictures_figure, prior_plane_figure, rows_figure
from noisedim.report.generation_plan import autoencoder_runs, generator_runs
from noisedim.report.sections.autoencoders import autoencoder_section, autoencoder_verdicts
from noisedim.report.sections.generation import Comparison, generation_section, generation_verdicts
from noisedim.report.study import Sources
from noisedim.runs import RunStore
from noisedim.runs.make_generator import make_any_run
from noisedim.statistics.equivalence import crossed_mean
from noisedim.training import DataConfig


def tiny(runs):
    """These runs with two seeds, three steps and few images."""
    data = DataConfig(limit=300, fold=0, folds=3, validate=True)
    small = []
    for run in runs:
        if run.seed > 1:
            continue
        if hasattr(run, "encoder") and not isinstance(run.encoder, str):
            small.append(replace(run, encoder=tiny([run.encoder])[0], steps=3, batch_size=16, width=4))
        else:
            small.append(replace(run, steps=3, batch_size=32, data=data))
    return tuple(small)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(
            "noisedim.runs.make_generator.judge_of", lambda c: ClassifierConfig(data=c.encoder.data, steps=50)
        )
        store = RunStore(tmp_path_factory.mktemp("runs"))
        autoencoders = [run for run in autoencoder_runs("quick", "digits") if run.noise.sigma != 0.3]
        generators = [run for run in generator_runs("quick", "digits") if isinstance(run, GanConfig)]
        plans = {"generation": tiny(generators), "autoencoders": tiny(autoencoders)}
        for config in (*plans["generation"], *plans["autoencoders"]):
            make_any_run(config, store, device="cpu")
        yield Sources("quick", "digits", store, store.root, plans)


def test_generation_is_drawn_and_judged_from_files(sources):
    section = generation_section(sources)
    pictures = [p.name for block in section.blocks if isinstance(block, Pictures) for p in block.pictures]
    assert pictures == ["figure-3", "figure-4", "figure-4-samples", "generation-gap"]
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert len(table.rows) == 8
    assert {row["encoder"] for row in table.rows} == {"matched", "Deep InfoMax, no noise"}
    answers = {verdict.question: verdict.answer for verdict in section.verdicts}
    assert len(answers) == 6
    # Three steps of training generate no digits.
    assert answers["Unconditional generation, c ~ N(0, I): are the images like real ones?"] == "no"
    assert "classifier trained on the training part of digits" in section.blocks[0].words


def test_without_runs_it_says_how_to_make_them(sources, tmp_path):
    absent = replace(sources, store=RunStore(tmp_path))
    section = generation_section(absent)
    assert section.verdicts[0].answer == "not measured"
    assert sources.command in section.blocks[0].words
    assert autoencoder_section(absent) is None
    assert generation_section(replace(sources, plans={**sources.plans, "generation": ()})) is None


def compared(centre, spread=0.1, images=0.1, n=400):
    rng = np.random.default_rng(0)
    values = centre + spread * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    influences = np.tile(rng.standard_normal(n) * images * math.sqrt(n), (5, 1))
    return Comparison("x", list(values), crossed_mean(values), crossed_mean(values, influences))


def answers(matched, raw, standardised, wide):
    return [verdict.answer for verdict in generation_verdicts(matched, raw, standardised, wide)]


def test_verdicts_follow_the_intervals():
    assert answers(compared(0.1), compared(9), compared(2), compared(5)) == ["yes"] * 4
    assert answers(compared(2), compared(0.1), compared(0), compared(5)) == ["no", "no", "no", "yes"]
    # Equivalent for these images, but these images are few.
    assert answers(compared(0.1, images=0.8), compared(9), compared(0, images=0.8), compared(0))[0] == "in part"
    assert answers(compared(0.8, spread=1), compared(9), compared(0.8, spread=1), compared(0.3, spread=1)) == [
        "not decided",
        "yes",
        "not decided",
        "not decided",
    ]


def test_autoencoders_are_drawn_and_judged_from_files(sources):
    section = autoencoder_section(sources)
    pictures = [p.name for block in section.blocks if isinstance(block, Pictures) for p in block.pictures]
    assert pictures == ["autoencoder-reconstructions", "autoencoder-prior"]
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert [row["autoencoder"] for row in table.rows] == ["noise σ = 0.1", "noise σ = 1", "variational (β = 1)"]
    assert table.rows[0]["information at most (nats)"] == f"{math.log(1 + 1 / 0.01):.2f}"


def test_verdict_on_the_reconstruction_bound(sources):
    store = sources.store

    def rows(rise):
        kinds = {}
        for config in sources.plans["autoencoders"]:
            if config.objective.name == "autoencoder":
                result = store.open(config).read_result()
                above = rise if config.noise.sigma == 0.1 else 0.0
                result["reconstruction"] |= {"information_above_entropy": above + 0.01 * config.seed}
                kinds.setdefault(str(config.noise.sigma), []).append((config, store.open(config), result))
        return kinds

    # The capacity at σ = 0.1 is 4.6 nats: a rise of 20 puts the bound at σ = 1 at -15.4, one of 3 leaves it open.
    first = autoencoder_verdicts(rows(20.0))[0]
    assert first.answer == "no"
    assert "is at most -15.4" in first.words
    assert autoencoder_verdicts(rows(3.0))[0].answer == "not decided"


def test_figures_have_labels():
    images = np.zeros((256, 1, 8, 8), np.uint8)
    plane = prior_plane_figure(images).axes[0]
    assert [text.get_text() for text in plane.get_xticklabels()] == [
        "−∞\n0%",
        "-0.67\n25%",
        "+0.00\n50%",
        "+0.67\n75%",
        "+∞\n100%",
    ]
    # The top of the picture is the largest value of coordinate 2.
    assert plane.get_yticks()[0] > plane.get_yticks()[-1]
    assert plane.yaxis_inverted()
    assert [axes.get_title() for axes in pictures_figure({"a": images, "b": images}).axes] == ["a", "b"]
    assert [axes.get_ylabel() for axes in rows_figure({"a": images, "b": images}, columns=4).axes] == ["a", "b"]
    comparison = compared(0.2)
    row = ("name", comparison.values, comparison.here.interval(), comparison.anywhere.interval())
    axes = gap_figure([row, row], margin=1.0).axes[0]
    assert "lost classes" in axes.get_xlabel()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["name", "name"]
