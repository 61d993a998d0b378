"""Names from outside (files, columns, classes, runs, commits) reach pages, Markdown and BibTeX as text, never as markup."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from noisedim.assessment import assess
from noisedim.cli import main
from noisedim.report.build import ReportOptions, make_sources, render_report, write_report
from noisedim.report.studies import STUDIES
from noisedim.runs import RunStore, make_run
from noisedim.training import DataConfig, TrainConfig

# A tag in text, in an attribute and after one; a link and a comment of Markdown; a stray backtick that opens code. No slash,
# which no name of a file may have.
HOSTILE = "<img src=x onerror=alert(1)>'\"><svg onload=alert(2)> [x](javascript:alert(3)) `<!-- ``<b>\\`|"
_ALLOWED_SOURCES = ("data:image/png;base64,", "data:image/svg")


class _Dangers(HTMLParser):
    """What a browser would run or fetch, or would not be there without an injection."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.data = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if any(name.startswith("on") for name in named) or tag in ("b", "iframe", "object") or "onload" in tag:
            self.found.append((tag, attrs))
        if tag == "img" and not named["src"].startswith(_ALLOWED_SOURCES):
            self.found.append((tag, attrs))
        if "javascript:" in str(named.get("href")).lower():
            self.found.append((tag, attrs))

    def handle_comment(self, data):
        self.found.append(("comment", data))

    def handle_data(self, data):
        self.data.append(data)


def check_page(page, *, told=True):
    dangers = _Dangers()
    dangers.feed(page)
    assert dangers.found == []
    if told:
        assert "alert(1)" in "".join(dangers.data)


def check_markdown(text, *, told=True):
    """No tag, comment or link but those of the report's own pages and figures, wherever a reader takes code to end."""
    assert not re.search(r"<[A-Za-z/!?]", text)
    assert all(re.match(r"(pages|figures)/[\w.#-]+\)", link) for link in re.split(r"(?<!\\)\]\(", text)[1:])
    assert ("alert(1)" in text) == told


def test_the_checks_see_an_injection():
    for page in (HOSTILE, "<a href='JavaScript:x'>", "<!-- x -->"):
        with pytest.raises(AssertionError):
            check_page(page, told=False)
    for text in ("<b>alert(1)", "alert(1) [x](javascript:y)", 'alert(1) [x](pages/a.html")'):
        with pytest.raises(AssertionError):
            check_markdown(text)


def test_names_of_files_and_columns(tmp_path, capsys):
    path = tmp_path / f"{HOSTILE}.csv"
    z = np.random.default_rng(0).standard_normal((40, 2))
    header = ",".join('"' + name.replace('"', '""') + '"' for name in (f"{HOSTILE} 1", f"{HOSTILE} 2", "label"))
    path.write_text("\n".join([header, *(f"{a},{b},{i % 3}" for i, (a, b) in enumerate(z))]))
    assert main(["assess", str(path), "--no-n-star", "--output", str(tmp_path / "out")]) in (0, 1)
    check_page((tmp_path / "out" / "assessment.html").read_text())
    assert json.loads((tmp_path / "out" / "assessment.json").read_text())["made"]["file"] == str(path)
    assessment = assess(z, n_star=False)
    made = replace(assessment.made, file=str(path), used=(HOSTILE,), left_out={HOSTILE: HOSTILE}, rows=HOSTILE)
    check_page(replace(assessment, made=made)._repr_html_())
    check_page(replace(assessment, made=made).to_html())


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on a run of hostile images, made at a hostile commit on a hostile machine, beside one that failed."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("report")
        patch.setenv("NOISEDIM_CACHE", str(folder / "cache"))
        rng = np.random.default_rng(0)
        for name in (HOSTILE, f"{HOSTILE} 2"):
            (folder / HOSTILE / name).mkdir(parents=True)
            for i in range(70):
                pixels = rng.integers(0, 255, (8, 8), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / HOSTILE / name / f"{i} {HOSTILE}.png")
        data = DataConfig(name=f"folder:{folder / HOSTILE}", fold=0)
        config = TrainConfig(data=data, steps=4, batch_size=16, encoder="mlp")
        studies = tuple(
            replace(study, runs=lambda profile, data: (config,))
            for study in STUDIES
            if study.name in ("embeddings", "provenance")
        )
        run = make_run(config, RunStore(folder / "results" / "runs"), device="cpu")
        path = run.path / "environment.json"
        stored = json.loads(path.read_text())
        for key in ("commit", "cpu", "system", "python"):
            stored[key] = HOSTILE
        stored["packages"] = {HOSTILE: HOSTILE}
        path.write_text(json.dumps(stored))
        options = ReportOptions(output=folder, run=False)
        assert write_report(options, studies) == 0
        sources = make_sources("quick", "digits", folder, studies)
        render_report(sources, [HOSTILE, f"{config.data.name}: {HOSTILE}"], folder, studies)
        yield folder


def test_names_in_a_report(report):
    for path in (report / "index.html", *(report / "pages").glob("*.html")):
        check_page(path.read_text(), told=path.name in ("index.html", "sources.html"))
    check_markdown((report / "README.md").read_text())


def test_names_in_bibtex(report, capsys):
    (run,) = (path for path in (report / "results" / "runs").iterdir() if path.is_dir())
    assert main(["cite", str(run)]) == 0
    plain = capsys.readouterr().out
    content = json.loads((run / "config.json").read_text())
    content |= {"prior": HOSTILE, "encoder": "@misc{x,}", HOSTILE: HOSTILE, "head": HOSTILE}
    (report / "other").mkdir()
    (report / "other" / "config.json").write_text(json.dumps(content))
    assert main(["cite", str(report / "other")]) == 0
    found = capsys.readouterr().out
    assert "alert" not in found
    assert set(found.split("\n\n")) <= set(plain.split("\n\n"))
