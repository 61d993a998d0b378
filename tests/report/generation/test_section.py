"""The section on generation: its phrases follow the decisions, and all is drawn from the files of runs."""

import math
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Pictures, Table
from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.report.generation.figures import gap_figure, pictures_figure, prior_plane_figure
from noisedim.report.generation.plan import runs
from noisedim.report.generation.section import generation_section, law_words
from noisedim.report.generation.verdicts import LawGap, law_verdicts
from noisedim.report.study import Sources
from noisedim.runs import RunStore
from noisedim.runs.make_generator import make_any_run
from noisedim.statistics.equivalence import crossed_mean
from noisedim.training import DataConfig


def tiny(run):
    """This generator with three steps and few images."""
    data = DataConfig(limit=300, fold=0, folds=3, validate=True)
    encoder = replace(run.encoder, steps=3, batch_size=32, data=data)
    return replace(run, encoder=encoder, steps=3, batch_size=16, width=4)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(
            "noisedim.runs.make_generator.judge_of", lambda c: ClassifierConfig(data=c.encoder.data, steps=50)
        )
        store = RunStore(tmp_path_factory.mktemp("runs"))
        generators = [run for run in runs("quick", "digits") if isinstance(run, GanConfig) and run.seed < 2]
        plans = {"generation": tuple(tiny(run) for run in generators)}
        for config in plans["generation"]:
            make_any_run(config, store, device="cpu")
        yield Sources("quick", "digits", store, store.root, plans)


@pytest.mark.slow
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


@pytest.mark.slow
def test_without_runs_it_says_how_to_make_them(sources, tmp_path):
    absent = replace(sources, store=RunStore(tmp_path))
    section = generation_section(absent)
    assert [own.status for own in section.statements] == ["not tested"] * 2
    assert sources.command in section.blocks[0].words
    assert generation_section(replace(sources, plans={**sources.plans, "generation": ()})) is None


def gap(centre, images=0.1):
    """The mean of five seeds around ``centre``, their scatter 0.08, with an error ``images`` of the images."""
    values = centre + 0.1 * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    influences = np.tile(np.random.default_rng(0).standard_normal(400) * images * math.sqrt(400), (5, 1))
    return LawGap("x", tuple(values), crossed_mean(values), crossed_mean(values, influences))


def test_phrases_follow_the_decisions():
    verdicts = law_words(law_verdicts(gap(0.1), gap(9), gap(2), gap(5)))
    assert [verdict.answer for verdict in verdicts] == ["yes"] * 4
    matched, raw, standardised, wide = law_words(law_verdicts(gap(-0.6), gap(0.1), gap(0), gap(0.1)))
    assert (raw.answer, standardised.answer, wide.answer) == ("no", "no", "not decided")
    assert "Sampled ones are even a little closer" in matched.words
    assert "no effect of the law's shape was measurable" in standardised.words
    here = law_words(law_verdicts(gap(0.1, images=0.8), gap(9), gap(2), gap(5)))[0]
    assert here.answer == "in part"
    assert "For these images yes, for others not decided" in here.words


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
    one = gap(0.2)
    row = ("name", one.values, one.here.interval(), one.anywhere.interval())
    axes = gap_figure([row, row], margin=1.0).axes[0]
    assert "lost classes" in axes.get_xlabel()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["name", "name"]
