"""A report is written again exactly when something that it is made from, or the report itself, has changed."""

import pytest

import noisedim
from noisedim.report.study import Sources, Study
from noisedim.report.up_to_date import digest_of_sources, is_up_to_date, note_written
from noisedim.runs import RunStore

STUDIES = (Study("one", lambda sources: None, page="methods"),)


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Records, one run and a package of one module, with a report that was written from them."""
    package, results, output = tmp_path / "package", tmp_path / "results", tmp_path / "written"
    for path in (
        package / "__init__.py",
        results / "a.json",
        results / "runs" / "x" / "result.json",
        output / "index.html",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    monkeypatch.setattr(noisedim, "__file__", str(package / "__init__.py"))
    found = Sources("quick", "digits", RunStore(results / "runs"), results)
    note_written(output, digest_of_sources(found, STUDIES))
    return found


def up_to_date(sources, studies=STUDIES):
    return is_up_to_date(sources.results.parent / "written", digest_of_sources(sources, studies))


def test_nothing_changed(sources):
    assert up_to_date(sources)
    (sources.results / "report.json").write_text("written with the report")
    (sources.results.parent / "package" / "__init__.pyc").write_text("compiled")
    assert up_to_date(sources)


@pytest.mark.parametrize(
    "name",
    [
        "results/a.json",
        "results/b.json",
        "results/runs/x/result.json",
        "results/runs/y/result.json",
        "package/__init__.py",
    ],
)
def test_a_changed_or_new_source_is_seen(sources, name):
    path = sources.results.parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("other")
    assert not up_to_date(sources)


def test_a_source_that_went_is_seen(sources):
    (sources.results / "a.json").unlink()
    assert not up_to_date(sources)


@pytest.mark.parametrize("name", ["index.html", "pages/methods.html"])
def test_a_report_that_was_edited_is_written_again(sources, name):
    path = sources.results.parent / "written" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("edited")
    assert not up_to_date(sources)


def test_another_study_is_seen(sources):
    assert not up_to_date(sources, (*STUDIES, Study("two", lambda sources: None, page="methods")))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"sources": "x"}'])
def test_a_damaged_note_means_that_the_report_is_written(sources, text):
    (sources.results.parent / "written" / "results" / "rendered.json").write_text(text)
    assert not up_to_date(sources)
