"""The report: made from missing runs, rendered from those there, self-contained, honest about what failed."""

import re
from dataclasses import replace

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.report import build, profiles
from noisedim.report.build import ReportOptions, write_report
from noisedim.report.collect import collect
from noisedim.report.figures import embedding_figure
from noisedim.runs import RunStore
from noisedim.training import DataConfig, NoiseConfig, TrainConfig


def tiny_plan(profile="quick", data="digits", failing=False):
    """The quick plan's shape with five steps a run, two seeds, two capacities."""
    plan = profiles.make_plan("quick", "digits")

    def small(config):
        limited = DataConfig(limit=300, fold=config.data.fold)
        return replace(config, steps=5, batch_size=32, data=limited)

    figure_1 = [small(c) for c in plan.figure_1 if c.seed < 2 and c.noise.capacity in (1.0, 3.0)]
    if failing:
        figure_1.append(replace(figure_1[0], batch_size=290))
    headline = tuple(small(c) for c in plan.headline[:2])
    figure_2 = (small(plan.figure_2[0]), headline[0], small(plan.figure_2[2]))
    return replace(plan, headline=headline, figure_1=tuple(figure_1), figure_2=figure_2)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A report made from nothing, and its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(build, "make_plan", lambda *a: tiny_plan(failing=True))
        folder = tmp_path_factory.mktemp("reports")
        assert write_report(ReportOptions(output=folder, jobs=1)) == 0
        yield folder


def test_page_is_self_contained_and_says_what_was_found(made):
    page = (made / "index.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "http:" not in page
    assert "https:" not in page
    assert page.count("<img") == page.count('src="data:image/png') == 5
    assert page.count('alt="') == page.count("<img")
    assert 'name="viewport"' in page
    assert "Do embeddings of images that did not train follow N(0, I)?" in page
    assert "torch " in page


def test_a_failed_run_is_reported_not_dropped(made):
    for name in ("index.html", "README.md"):
        text = (made / name).read_text()
        assert "A run failed" in text
        assert "batch_size=290 and 240 images" in text


def test_markdown_shows_the_same_pictures_and_they_exist(made):
    text = (made / "README.md").read_text()
    pictures = re.findall(r"\]\((figures/[^)]+)\)", text)
    assert len(pictures) == 5
    for picture in pictures:
        assert (made / picture).read_bytes().startswith(b"\x89PNG")
    for line in text.splitlines():
        if line.startswith("| "):
            assert line.count(" | ") >= 5


def test_second_time_nothing_is_trained(made, monkeypatch):
    monkeypatch.setattr(build, "make_plan", lambda *a: tiny_plan())
    monkeypatch.setattr("noisedim.report.build.make_runs", lambda *a, **k: pytest.fail("made runs again"))
    before = (made / "figures" / "figure-1.png").read_bytes()
    assert write_report(ReportOptions(output=made)) == 0
    assert (made / "figures" / "figure-1.png").read_bytes() == before  # same runs, same picture
    assert write_report(ReportOptions(output=made, run=False)) == 0


def test_verdicts_follow_the_numbers(made):
    findings = collect(tiny_plan(), RunStore(made / "results" / "runs"), [])
    words = {verdict.question: verdict for verdict in findings.verdicts}
    assert any(question.startswith("Do the classes survive") for question in words)
    # Five steps of training match nothing: the held-out verdict must not be a yes.
    assert words["Do embeddings of images that did not train follow N(0, I)?"].answer != "yes"
    assert words["Does the information stay below the capacity (5)?"].answer == "yes"
    rows = [{**row, "information": row["capacity"] + 1 + 0.01 * row["seed"]} for row in findings.rows]
    from noisedim.report.collect import _figure_1_verdicts

    broken = {verdict.question: verdict.answer for verdict in _figure_1_verdicts(rows)}
    assert broken["Does the information stay below the capacity (5)?"] == "no"


def test_missing_runs_are_counted(made):
    other = TrainConfig(steps=5, noise=NoiseConfig(sigma=0.77))
    findings = collect(replace(tiny_plan(), headline=(other,)), RunStore(made / "results" / "runs"), [])
    assert findings.missing == 1


def test_nothing_to_render_is_said(tmp_path):
    with pytest.raises(InvalidInputError, match="there are none. Run without --no-run"):
        write_report(ReportOptions(output=tmp_path, run=False))


def test_plans():
    quick = profiles.make_plan("quick", "digits")
    assert len(quick.headline) == 5
    assert {config.data.fold for config in quick.figure_1} == set(range(5))
    paper = profiles.make_plan("paper", "mnist")
    assert paper.figure_1[0].steps == 2000 * (60_000 // 1024)
    assert paper.figure_1[0].augmentation.noise == 0.6
    with pytest.raises(InvalidInputError, match="profile must be one of 'quick', 'paper'; got 'fast'"):
        profiles.make_plan("fast", "digits")


@pytest.mark.parametrize("prior", ["normal", "uniform"])
@pytest.mark.parametrize("labelled", [True, False])
def test_embedding_figure_labels_its_axes(prior, labelled):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((50, 2)) if prior == "normal" else rng.random((50, 2))
    figure = embedding_figure(z, rng.integers(0, 3, 50) if labelled else None, prior, title="a title")
    main = figure.axes[0]
    assert main.get_xlabel() == "embedding, coordinate 1"
    assert main.get_ylabel() == "embedding, coordinate 2"
