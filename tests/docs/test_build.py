"""The site is built without a warning and needs no network; what is wrong with a page is an error that names it."""

import re

import pytest

from noisedim.cli import main
from noisedim.docs import build
from noisedim.errors import InvalidInputError
from noisedim.normality.tests import TESTS
from noisedim.objectives import METHODS
from noisedim.priors import PRIORS
from noisedim.theory.claims import CLAIMS

pytest.importorskip("mkdocstrings")
pytest.importorskip("material")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "docs"
    assert main(["docs", "--output", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_pages_ask_nothing_of_the_network(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for path in [*pages, *site.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|img|iframe|link)[^>]+(?:src|href)=\"(?:https?:)?//[^\"]+\"", text), path.name
        assert not re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", text), path.name
        assert text.count('role="dialog"') == text.count('role="dialog" aria-label="Search"') == (path in pages)


@pytest.mark.slow
def test_a_screen_reader_can_tell_parts_of_the_contents_apart(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        contents = text.partition("md-nav--secondary")[2].partition("</article>")[0].partition("md-nav--secondary")[0]
        names = [name.lower() for name in re.findall(r'<nav class="md-nav" aria-label="([^"]*)"', contents)]
        assert len(names) == len(set(names)), path.name
        assert "scrollers.js" in text


@pytest.mark.slow
def test_the_reference_has_everything_that_the_tables_have(site):
    def words(page):
        return (site / "reference" / page).read_text(encoding="utf-8")

    assert all(f"<code>{test.name}</code>" in words("tests.html") for test in TESTS)
    assert all(f"<code>{name}</code>" in words("priors.html") for name in PRIORS)
    assert all(f"<code>{name}</code>" in words("methods.html") for name in METHODS)
    assert all(f"<code>{name}</code>" in words("claims.html") for name in CLAIMS)
    assert 'id="noisedim.channel.NoisyChannel"' in words("api-method.html")
    # Formulas and roles were rewritten: nothing of reStructuredText is left.
    for path in (site / "reference").glob("api-*.html"):
        assert not re.findall(r":(?:class|func|data|meth|mod|math):|\.\. math::", path.read_text(encoding="utf-8")), (
            path
        )


@pytest.mark.slow
def test_a_link_that_leads_nowhere_is_an_error(tmp_path, monkeypatch):
    pages = tmp_path / "sources" / "pages"
    pages.mkdir(parents=True)
    settings = (build.FOLDER / "mkdocs.yml").read_text()
    (tmp_path / "sources" / "mkdocs.yml").write_text(settings.partition("nav:\n")[0] + "nav:\n  - Start: index.md\n")
    (pages / "index.md").write_text("# One\n\n[nowhere](absent.md)\n")
    monkeypatch.setattr(build, "FOLDER", tmp_path / "sources")
    monkeypatch.setattr(build, "generated_pages", lambda helps: {})
    with pytest.raises(InvalidInputError, match=r"absent\.md"):
        build.build_site(tmp_path / "out", {})


def test_a_folder_of_ones_own_is_not_emptied(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["docs", "--output", str(tmp_path)]) == 2
    assert "--output must be an empty or new folder" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_is_missing_is_named_with_the_line_that_brings_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "find_spec", lambda name: None if name == "mkdocstrings" else object())
    assert main(["docs", "--output", str(tmp_path / "site")]) == 2
    assert "needs mkdocstrings, not installed here: pip install 'noisedim[docs]'" in capsys.readouterr().err
