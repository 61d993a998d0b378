"""The list of studies: which runs they need, and that a study is one folder and one line."""

import hashlib
import sys
import textwrap

import pytest

import noisedim.report
from noisedim.errors import InvalidInputError
from noisedim.generation.classifier import ClassifierConfig
from noisedim.report.benchmarks import PROFILES
from noisedim.report.build import ReportOptions, make_sources, write_report
from noisedim.report.studies import STUDIES, load_studies

# SHA-256 of the runs' digests, one per line in the order of training. A change trains every run anew.
PLANS = {
    ("smoke", "digits"): (30, "6b5a4ec5d15f73bf822f2f3f2b214ccd6bb6dee4f3f9aeb8d261cf84148c378b"),
    ("smoke", "mnist"): (30, "f6d25d5fa969a4b1e86c5d831e71f1c9b7a4dd53b5da5d176ec0f735ce58b1bd"),
    ("smoke", "fashion-mnist"): (30, "adfedd227503880f507d2d3582095ce8a09f4bf7b760f8ca6af6c7d8e682ce8b"),
    ("quick", "digits"): (88, "bf3d6da87de7f7e1c488302ef9d52d74a6dddf62435ee60ee2e3d4b7f3532994"),
    ("quick", "mnist"): (88, "5cd6408ca0e1999469306e241729f3b4310fc1aab254bf2ee3f9e0b06cfb9ef3"),
    ("quick", "fashion-mnist"): (88, "d01935e768e313caafcda7eb29b2b9936a4ee8b654ce544f984edc5d983c500e"),
    ("paper", "digits"): (115, "be39378cab61fa1b0635070b33644409946e3884029a5480c8d22aaa5614b84f"),
    ("paper", "mnist"): (115, "e8d10340466fd8ba38cfe5314ecd20063df1b542114dd96d3d2f6b19b8e3db1f"),
    ("paper", "fashion-mnist"): (115, "a0fc7713b5bdbabfa0d4ae3ab323a99216185e9d06cee1c38c3b5bfcd09fa501"),
}
BENCHMARKS = {
    "smoke": "8e9ad0b12c6c0151",
    "digits": "c533e39aa75cf0d5",
}


def test_the_order_of_sections_is_the_reports():
    assert [study.name for study in STUDIES] == [
        "theory",
        "embeddings",
        "seeds",
        "capacity",
        "methods",
        "two_dimensions",
        "matching",
        "trust",
        "figure_1",
        "reproduction",
        "table_1",
        "squashes",
        "duals",
        "any_prior",
        "generation",
        "autoencoders",
        "outliers",
        "factors",
        "speed",
        "provenance",
    ]


@pytest.mark.parametrize(("profile", "data"), PLANS)
def test_runs_are_the_same_as_ever(profile, data):
    digests = [config.digest() for config in make_sources(profile, data).configs]
    assert (len(digests), hashlib.sha256("\n".join(digests).encode()).hexdigest()) == PLANS[profile, data]


def test_benchmarks_train_the_same_as_ever():
    assert {name: profile.base.digest() for name, profile in PROFILES.items()} == BENCHMARKS


def test_seeds_and_folds_of_the_plans():
    plans = make_sources("quick", "digits").plans
    assert len(plans["seeds"]) == 5
    assert {config.data.fold for config in plans["capacity"]} == set(range(5))
    assert make_sources("paper", "mnist").plans["capacity"][0].steps == 2000 * (60_000 // 1024)
    smoke = make_sources("smoke", "digits")
    assert {config.steps for config in smoke.configs} == {100, ClassifierConfig().steps}
    with pytest.raises(InvalidInputError, match="profile must be one of 'smoke', 'quick', 'paper'; got 'fast'"):
        make_sources("fast", "digits")


FILES = {
    "__init__": """
        from noisedim.report.mine.plan import runs
        from noisedim.report.mine.section import section
        from noisedim.report.study import Study

        STUDIES = (Study("mine", section, runs, page="methods"),)
    """,
    "plan": """
        from noisedim.training import TrainConfig

        PROFILES = {"smoke": 3, "quick": 30}


        def runs(profile, data):
            return (TrainConfig(steps=PROFILES[profile], batch_size=32),)
    """,
    "section": """
        from noisedim.document.content import Section, Text, Verdict
        from noisedim.report.records import encoder_records


        def section(sources):
            records = encoder_records(sources.plans["mine"], sources.store)
            answer = Verdict("Is it there?", "yes", f"{len(records)} run of {records[0].n} images")
            return Section("A study of mine", [answer], [Text("What it says.")])
    """,
}


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A study's folder in the package, though it lies elsewhere."""
    folder = tmp_path / "source" / "mine"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.setattr(noisedim.report, "__path__", [*noisedim.report.__path__, str(folder.parent)])
    yield
    for name in [name for name in sys.modules if name.startswith("noisedim.report.mine")]:
        del sys.modules[name]


@pytest.mark.slow
def test_a_study_is_one_folder_and_one_line(mine, tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path / "cache"))
    studies = load_studies(
        (
            "theory",
            "mine",  # the one line
            "provenance",
        )
    )
    output = tmp_path / "reports"
    assert write_report(ReportOptions(profile="smoke", output=output, jobs=1), studies) == 0
    text = (output / "README.md").read_text()
    titles = ["[Claims and errata]", "[Methods]", "[Sources]"]
    assert sorted(titles, key=text.index) == titles
    page = (output / "pages" / "methods.html").read_text()
    assert "A study of mine" in page
    assert '<span class="answer">yes</span> 1 run of 1797 images.' in page
    assert not list((output / "results").glob("runs-*"))  # of a smoke run nothing is published
