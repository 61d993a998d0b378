"""The section on autoencoders: its phrases follow the decisions, and all is drawn from the files of runs."""

import math
from dataclasses import replace

import numpy as np
import pytest

from noisedim.document.content import Pictures, Table
from noisedim.report.autoencoders.figures import rows_figure
from noisedim.report.autoencoders.plan import runs
from noisedim.report.autoencoders.section import autoencoder_section, autoencoder_words
from noisedim.report.autoencoders.verdicts import NoiseLevel
from noisedim.report.study import Sources
from noisedim.runs import RunStore, make_run
from noisedim.training import DataConfig


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        store = RunStore(tmp_path_factory.mktemp("runs"))
        data = DataConfig(limit=300, fold=0, folds=3, validate=True)
        chosen = [run for run in runs("quick", "digits") if run.seed < 2 and run.noise.sigma != 0.3]
        tiny = tuple(replace(run, steps=3, batch_size=32, data=data) for run in chosen)
        for config in tiny:
            make_run(config, store, device="cpu")
        yield Sources("quick", "digits", store, store.root, {"autoencoders": tiny})


@pytest.mark.slow
def test_autoencoders_are_drawn_and_judged_from_files(sources):
    section = autoencoder_section(sources)
    pictures = [p.name for block in section.blocks if isinstance(block, Pictures) for p in block.pictures]
    assert pictures == ["autoencoder-reconstructions", "autoencoder-prior"]
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert [row["autoencoder"] for row in table.rows] == ["noise σ = 0.1", "noise σ = 1", "variational (β = 1)"]
    assert table.rows[0]["information at most (nats)"] == f"{math.log(1 + 1 / 0.01):.2f}"


@pytest.mark.slow
def test_without_runs_there_is_no_section(sources, tmp_path):
    absent = autoencoder_section(replace(sources, store=RunStore(tmp_path)))
    assert [own.status for own in absent.statements] == ["not tested"]


def test_phrases_follow_the_decisions():
    def answers(rise):
        low, high = (
            NoiseLevel(sigma, capacity, {0: above, 1: above + 0.1}, (capacity,), {0: True, 1: False}, 360)
            for sigma, capacity, above in ((1.0, 0.69, 0.0), (0.1, 4.62, rise))
        )
        return autoencoder_words([high, low])

    bound, match = answers(20.0)
    assert bound.answer == "no"
    # The capacity at σ = 0.1 is 4.6 nats: a rise of 20 puts the bound at σ = 1 at −15.4.
    assert "from noise σ = 1 to noise σ = 0.1" in bound.words
    assert "below zero: it says nothing there" in bound.words
    assert [row["nats [95%]"] for row in bound.numbers][1:] == ["3.9", "4.6", "-15.4"]
    assert match.answer == "in part"
    assert "rejects 2 of the 4 runs" in match.words
    assert [row["not rejected"] for row in match.numbers] == ["1 of 2", "1 of 2"]
    assert answers(3.0)[0].answer == "not decided"


def test_rows_are_named():
    images = np.zeros((256, 1, 8, 8), np.uint8)
    assert [axes.get_ylabel() for axes in rows_figure({"a": images, "b": images}, columns=4).axes] == ["a", "b"]
