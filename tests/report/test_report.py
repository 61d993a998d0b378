"""The report: made from missing runs, rendered from those there, self-contained, honest about what failed."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.report.build import ReportOptions, make_sources, render_report, write_report
from noisedim.report.capacity.section import capacity_section
from noisedim.report.embeddings.figures import embedding_figure
from noisedim.report.provenance.section import provenance_section
from noisedim.report.studies import STUDIES
from noisedim.report.study import no_runs
from noisedim.training import DataConfig, NoiseConfig, TrainConfig


def small(config):
    return replace(config, steps=5, batch_size=32, data=DataConfig(limit=600, fold=config.data.fold))


def tiny_studies(failing=False):
    """The report's studies with five steps per run, two seeds, two capacities; generators have tests of their own."""

    def tiny(study):
        every = [small(config) for config in study.runs("quick", "digits") if config.seed < 2]
        runs = tuple(config for config in every if config.noise.capacity in (None, 1.0, 3.0))
        if failing and study.name == "capacity":
            runs = (*runs, replace(runs[0], batch_size=590))
        return replace(study, runs=lambda profile, data: runs)

    generation = ("generation", "autoencoders")
    return tuple(replace(study, runs=no_runs) if study.name in generation else tiny(study) for study in STUDIES)


def tiny_sources(folder):
    """What the sections of the tiny report in ``folder`` read."""
    return make_sources("quick", "digits", folder, tiny_studies())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A report made from nothing, and its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("reports")
        assert write_report(ReportOptions(output=folder, jobs=1), tiny_studies(failing=True)) == 0
        yield folder


def pages_of(folder):
    return [folder / "index.html", *sorted((folder / "pages").glob("*.html"))]


@pytest.mark.slow
def test_every_page_is_self_contained_and_says_what_was_found(made):
    for path in pages_of(made):
        page = path.read_text()
        assert set(re.findall(r'src="(data:image/[a-z]+)', page)) <= {"data:image/png", "data:image/svg"}
        assert page.count("<img") == page.count('src="data:image/') == page.count('alt="')
        assert 'name="viewport"' in page
        # A drawing names the language that it is written in; nothing else may be an address.
        assert not re.search(r"https?:(?!//www\.w3\.org/(?:2000/svg|1999/xlink)\b)", page)
    capacity = (made / "pages" / "capacity.html").read_text()
    assert "Do embeddings of images that did not train pass for N(0, I)?" in capacity
    assert capacity.count("<img") == 5  # three embeddings, their training, Figure 1
    assert "torch " in (made / "pages" / "sources.html").read_text()
    assert "Held-out embeddings pass the battery" in (made / "index.html").read_text()


@pytest.mark.slow
def test_a_failed_run_is_reported_not_dropped(made):
    for name in ("index.html", "README.md"):
        text = (made / name).read_text()
        assert "A run failed" in text
        assert "batch_size=590 and 480 images" in text


@pytest.mark.slow
def test_markdown_shows_the_dial_and_links_every_page(made):
    text = (made / "README.md").read_text()
    (dial,) = re.findall(r"!\[[^]]+\]\((figures/noise-dial\.(?:png|svg))\)", text)
    assert (made / dial).is_file()
    for path in (made / "pages").glob("*.html"):
        assert f"(pages/{path.name})" in text
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1


@pytest.mark.slow
def test_second_time_nothing_is_trained(made, monkeypatch, capsys):
    monkeypatch.setattr("noisedim.report.build.make_runs", lambda *a, **k: pytest.fail("made runs again"))
    before = (made / "figures" / "figure-1.svg").read_bytes()
    assert write_report(ReportOptions(output=made), tiny_studies()) == 0
    assert (made / "figures" / "figure-1.svg").read_bytes() == before  # same runs, same picture
    assert write_report(ReportOptions(output=made, run=False), tiny_studies()) == 0
    monkeypatch.setattr("noisedim.report.build.render_report", lambda *a, **k: pytest.fail("nothing had changed"))
    assert write_report(ReportOptions(output=made, run=False), tiny_studies()) == 0
    assert "nothing that it is made from has changed" in capsys.readouterr().out


@pytest.mark.slow
def test_five_steps_match_nothing(made):
    sources = tiny_sources(made)
    section = capacity_section(sources)
    answers = {verdict.question: verdict.answer for verdict in section.verdicts}
    assert answers["Do embeddings of images that did not train pass for N(0, I)?"] != "yes"
    assert answers["Does the measured lower bound on the information stay below the capacity (5)?"] == "yes"
    rows = json.loads((made / "results" / "report.json").read_text())["rows"]
    assert sum(row["study"] == "capacity" for row in rows) == 4


@pytest.mark.slow
def test_missing_runs_are_counted_and_named(made, tmp_path):
    own = tiny_sources(made)
    other = TrainConfig(steps=5, noise=NoiseConfig(sigma=0.77))
    sources = replace(own, results=tmp_path / "results", plans={**own.plans, "seeds": (other,)})
    render_report(sources, [], tmp_path)
    for name in ("index.html", "README.md"):
        text = (tmp_path / name).read_text()
        assert "1 of the runs are not there yet" in text
        assert sources.command in text


@pytest.mark.slow
def test_where_numbers_come_from_covers_every_file(made, tmp_path):
    environment = {"python": "3.99", "packages": {"torch": "9.9"}, "cpu": "a chip", "cores": 7, "commit": "abc"}
    (tmp_path / "theory.json").write_text(json.dumps({"environment": environment}))
    entries = [{"extra_info": {"environment": environment}}] * 2
    (tmp_path / "benchmarks-mnist.json").write_text(json.dumps({"benchmarks": entries}))
    section = provenance_section(replace(tiny_sources(made), results=tmp_path))
    *runs, theory, benchmarks = section.blocks[1].rows
    assert all(row["what"].endswith("runs") for row in runs)
    assert theory == {**benchmarks, "what": "theory.json", "remade by": "`pytest theory_checks -n auto`"}
    assert theory["hardware"] == "a chip, 7 cores"
    assert theory["versions"] == "Python 3.99, torch 9.9"


def test_nothing_to_render_is_said(tmp_path):
    with pytest.raises(InvalidInputError, match="there are none. Run without --no-run"):
        write_report(ReportOptions(output=tmp_path, run=False))


@pytest.mark.parametrize("prior", ["normal", "uniform"])
@pytest.mark.parametrize("labelled", [True, False])
def test_embedding_figure_labels_its_axes(prior, labelled):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((50, 2)) if prior == "normal" else rng.random((50, 2))
    figure = embedding_figure(z, rng.integers(0, 3, 50) if labelled else None, prior, title="a title")
    main = figure.axes[0]
    assert main.get_xlabel() == "embedding, coordinate 1"
    assert main.get_ylabel() == "embedding, coordinate 2"
