"""What is published stays: a fresh clone renders a complete report, small and linked, and nothing done here takes it back."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from noisedim.document.links import broken_links
from noisedim.document.typeset import plain_words
from noisedim.errors import InvalidInputError
from noisedim.report.build import ReportOptions, build_pages, make_sources, write_report
from noisedim.report.publish import packed_path, publish
from noisedim.report.studies import load_studies
from noisedim.runs import RunStore
from noisedim.runs.packed import read_packed

PUBLISHED = Path(__file__).parents[2] / "reports" / "results"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A report rendered from the published records alone."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(PUBLISHED, folder / "results", ignore=shutil.ignore_patterns("runs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        assert write_report(ReportOptions(output=folder, run=False)) == 0
    return folder


@pytest.mark.slow
def test_a_fresh_clone_renders_every_published_study(clone):
    assert "not there yet" not in (clone / "index.html").read_text()
    for key in ("capacity", "generation", "any-prior", "claims"):
        text = (clone / "pages" / f"{key}.html").read_text()
        assert "<img" in text
        assert "chip supported" in text or "chip only-when" in text
    assert not (clone / "results" / "runs").exists()


@pytest.mark.slow
def test_sizes_and_words_are_within_limits(clone):
    index = clone / "index.html"
    assert index.stat().st_size <= 300_000
    assert plain_words(index.read_text()) <= 400
    for path in (clone / "pages").glob("*.html"):
        assert path.stat().st_size <= 600_000, path
    for path in (clone / "results").iterdir():
        assert path.stat().st_size <= 5_000_000 or path.name == "report.json", path


@pytest.mark.slow
def test_no_two_tables_of_a_page_have_the_same_caption(clone):
    for path in (clone / "pages").glob("*.html"):
        captions = re.findall(r"<caption id=.*?>(.*?)</caption>", path.read_text())
        assert len(captions) == len(set(captions)), path


@pytest.mark.slow
def test_every_link_and_anchor_resolves(clone):
    assert broken_links(clone) == []


@pytest.mark.slow
def test_records_name_the_commit_that_made_them(clone):
    text = (clone / "pages" / "sources.html").read_text()
    for path in (clone / "results").glob("runs-*.npz"):
        commits = {entry.environment["commit"] for entry in read_packed(path).values()}
        assert all(commits)
        assert all(commit in text for commit in commits)


def test_without_its_records_a_study_is_not_tested_and_says_which_command_makes_it(tmp_path):
    results = tmp_path / "results"
    shutil.copytree(PUBLISHED, results, ignore=shutil.ignore_patterns("runs", "*capacity*", "theory.json", "duals-*"))
    sources = make_sources("quick", "digits", tmp_path, load_studies(("theory", "capacity", "duals")))
    statements = [
        own
        for page in build_pages(sources, load_studies(("theory", "capacity", "duals")))
        for section in page.sections
        for own in section.statements
    ]
    assert len(statements) == 5
    assert {own.status for own in statements} == {"not tested"}
    assert {own.needs for own in statements} == {
        "`pytest theory_checks -n auto`",
        f"`{sources.command}`",
        "`noisedim study duals --profile digits`",
    }


def test_nothing_is_rendered_without_any_record(tmp_path):
    with pytest.raises(InvalidInputError, match="there are none"):
        write_report(ReportOptions(output=tmp_path, run=False))


def unpacked(sources, plan, count):
    """Folders of the first runs of a plan, as if they had been made here, with a commit of their own."""
    for config in plan[:count]:
        run, folder = sources.store.find(config), sources.store.open(config)
        with folder.lock():
            folder.write_environment({**run.read_environment(), "commit": "made-here"})
            folder.write_embeddings(**run.read_embeddings())
            folder.write_metrics(run.read_metrics())
            folder.write_result(run.read_result())


@pytest.fixture
def seeds(tmp_path):
    """The sources of one study with its published records."""
    (tmp_path / "results").mkdir()
    path = packed_path(tmp_path / "results", "quick", "digits", "seeds")
    shutil.copy(PUBLISHED / path.name, path)
    return make_sources("quick", "digits", tmp_path, load_studies(("seeds",))), path


def test_published_records_are_replaced_on_demand_only(seeds):
    sources, path = seeds
    before = path.read_bytes()
    plan = sources.plans["seeds"]
    assert publish(sources) == []  # no folder here
    unpacked(sources, plan, 2)
    assert publish(sources, anew=True) == []  # not all of them
    unpacked(sources, plan, len(plan))
    assert publish(sources) == []
    assert path.read_bytes() == before
    assert publish(sources, anew=True) == [path]
    assert {entry.environment["commit"] for entry in read_packed(path).values()} == {"made-here"}


def test_records_that_lack_a_run_are_completed(seeds):
    sources, path = seeds
    unpacked(sources, sources.plans["seeds"], len(sources.plans["seeds"]))
    path.unlink()
    assert publish(replace(sources, profile="smoke")) == []
    assert publish(sources) == [path]
    fresh = RunStore(path.parent / "elsewhere", [path])
    assert all(fresh.find(config).is_complete for config in sources.plans["seeds"])


def test_runs_made_here_are_shown_before_published_ones(seeds):
    sources, _ = seeds
    plan = sources.plans["seeds"]
    unpacked(sources, plan, 1)
    commits = [sources.store.find(config).read_environment()["commit"] for config in plan]
    assert commits[0] == "made-here"
    assert "made-here" not in commits[1:]


def test_the_plain_command_changes_no_tracked_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    studies = load_studies(("seeds",))
    sources = make_sources("quick", "digits", studies=studies)
    path = packed_path(sources.results, "quick", "digits", "seeds")
    path.parent.mkdir(parents=True)
    shutil.copy(PUBLISHED / path.name, path)
    shutil.copy(PUBLISHED.parents[1] / ".gitignore", tmp_path)

    def git(*words):
        done = subprocess.run(["git", *words], check=True, capture_output=True, text=True)
        return done.stdout.split()

    git("init", "--quiet")
    unpacked(sources, sources.plans["seeds"], len(sources.plans["seeds"]))
    path.unlink()  # there is something to publish
    git("add", ".")
    assert write_report(ReportOptions(run=False), studies) == 0
    assert Path("reports/local/index.html").is_file()
    assert git("ls-files", "--others", "--modified", "--exclude-standard") == []
    assert write_report(ReportOptions(run=False, output=Path("reports")), studies) == 0
    assert {"reports/index.html", str(path)} <= set(git("ls-files", "--others", "--exclude-standard"))
