"""Rendering: text is escaped, every link leads somewhere, statements and forests are sorted, tables have their CSV file."""

import csv
import html
import re
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from noisedim.document.content import (
    Definitions,
    Forest,
    ForestPanel,
    ForestRow,
    Header,
    Notice,
    Page,
    Picture,
    Pictures,
    Section,
    Statement,
    Table,
    Text,
    Verdict,
    draw,
)
from noisedim.document.figures import figure_style, new_figure
from noisedim.document.links import broken_links
from noisedim.document.render import ICONS, MOST_STATEMENTS, render
from noisedim.document.typeset import plain_words
from noisedim.document.words import bracketed, count_words, decided_words, mean_and_half_width, share_word
from noisedim.statistics.intervals import student_t

HEADER = Header("a page", "A heading", ["A lead."])
HOSTILE = "<script>alert(1)</script> a|b `x<y`"


def page(*sections, key="own", title="A topic"):
    return Page(key, title, sections)


def test_text_from_a_run_is_escaped(tmp_path):
    hostile = Section(
        HOSTILE,
        [Verdict(HOSTILE, HOSTILE, HOSTILE)],
        [
            Text(HOSTILE),
            Notice(HOSTILE),
            Table([{HOSTILE: HOSTILE}], HOSTILE),
            Forest("f", [ForestPanel(HOSTILE, HOSTILE, [ForestRow(HOSTILE, 1, 0, 2)])], HOSTILE, rank=1),
            Definitions([(HOSTILE, HOSTILE)]),
        ],
        statements=[Statement(HOSTILE, "supported", HOSTILE, HOSTILE, HOSTILE)],
        finding=HOSTILE,
    )
    header = Header(HOSTILE, HOSTILE, [HOSTILE], [HOSTILE], HOSTILE)
    assert render(header, [page(hostile, title=HOSTILE)], tmp_path, terms=[("a", HOSTILE)]) == tmp_path / "index.html"
    for path in (tmp_path / "index.html", *(tmp_path / "pages").glob("*.html")):
        text = path.read_text()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
    assert "<code>x&lt;y</code>" in (tmp_path / "pages" / "own.html").read_text()
    rows = [line for line in (tmp_path / "README.md").read_text().splitlines() if line.startswith("| ✓")]
    assert [row.count("|") - row.count("\\|") for row in rows] == [6]
    assert broken_links(tmp_path) == []


def test_broken_links_are_found(tmp_path):
    section = Section("First", [], [], statements=[Statement("It holds", "supported", "+0.5", "5 seeds")])
    render(HEADER, [page(section)], tmp_path)
    assert broken_links(tmp_path) == []
    own = tmp_path / "pages" / "own.html"
    own.write_text(own.read_text().replace('id="first"', 'id="content"') + '<a href="nowhere.html">x</a>')
    assert broken_links(tmp_path) == [
        "index.html: pages/own.html#first",
        "own.html has #content twice",
        "own.html: nowhere.html",
        "README.md: pages/own.html#first",
    ]


def test_header_and_notices_stand_above_the_statements(tmp_path):
    header = Header("a page", "A heading", ["A lead with `code`."], ["Something is missing: `make it`."], "88 runs")
    section = Section("First", [], [], statements=[Statement("It holds", "supported", "+0.5", "5 seeds")])
    render(header, [page(section)], tmp_path)
    index, markdown = ((tmp_path / name).read_text() for name in ("index.html", "README.md"))
    assert "<title>a page</title>" in index
    assert "<code>make it</code>" in index
    for text in (index, markdown):
        assert text.index("A heading") < text.index("A lead with") < text.index("missing") < text.index("It holds")


def test_statements_are_sorted_linked_and_say_their_status(tmp_path):
    statuses = ("supported", "contradicted", "only when", "undecided", "not tested")
    sections = [
        Section(f"Section {rank}", [], [], statements=[Statement(f"statement {rank}", status, "e", "b", rank=rank)])
        for rank, status in enumerate(statuses)
    ]
    render(HEADER, [page(*sections[::-1])], tmp_path)
    index = (tmp_path / "index.html").read_text()
    places = [index.index(f"statement {rank}") for rank in range(5)]
    assert places == sorted(places)
    for rank, status in enumerate(statuses):
        assert f'<a href="pages/own.html#section-{rank}">statement {rank}</a>' in index
        assert (
            f'<span class="chip {status.replace(" ", "-")}"><span aria-hidden="true">{ICONS[status]}</span> {status}'
            in index
        )
    assert broken_links(tmp_path) == []


def test_the_index_leaves_out_what_was_not_tested_first(tmp_path):
    tested = [Statement(f"tested {i}", "contradicted", "e", "b", rank=50 + i) for i in range(MOST_STATEMENTS - 1)]
    untested = [Statement(f"untested {i}", "not tested", "", "", rank=i) for i in range(3)]
    render(HEADER, [page(Section("All", [], [], statements=[*untested, *tested]))], tmp_path)
    index, own = ((tmp_path / name).read_text() for name in ("index.html", "pages/own.html"))
    assert [f"tested {i}<" in index for i in range(MOST_STATEMENTS)] == [True] * (MOST_STATEMENTS - 1) + [False]
    assert "untested 0" in index
    assert "untested 1" not in index
    assert "2 more on the pages, 2 of them not tested" in index
    assert "untested 2" in own


def test_the_index_stays_short(tmp_path):
    long = [Statement(f"number{i} " + "word " * 60, "supported", "e", "b", rank=i) for i in range(9)]
    render(HEADER, [page(Section("All", [], [], statements=long))], tmp_path)
    index = (tmp_path / "index.html").read_text()
    assert [f"number{i} " in index for i in range(5)] == [True, True, False, False, False]
    assert "7 more on the pages, 0 of them not tested" in index


def test_a_page_opens_with_its_finding_once(tmp_path):
    render(HEADER, [page(Section("A", [], []), Section("B", [], [], finding="What was found."))], tmp_path)
    text = (tmp_path / "pages" / "own.html").read_text()
    assert text.count("What was found.") == 1
    assert text.index("<h1>") < text.index("What was found.") < text.index("<h2")


def test_each_table_has_a_caption_a_focusable_scroller_and_a_csv_file(tmp_path):
    rows = [
        {"method": "dual, -1", "value\u00a0(nats)": "0.1\u00a0±\u00a00.2"},
        {"method": "x", "value\u00a0(nats)": "-3"},
    ]
    render(HEADER, [page(Section("Numbers", [], [Table(rows, "All of them"), Table(rows, "Again")]))], tmp_path)
    text = (tmp_path / "pages" / "own.html").read_text()
    for i, caption in ((1, "All of them"), (2, "Again")):
        name = f"own-numbers-{i}"
        assert f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{name}">' in text
        assert f'<caption id="{name}">{caption}</caption>' in text
        with (tmp_path / "tables" / f"{name}.csv").open(newline="") as file:
            found = list(csv.reader(file))
        assert found[1:] == [["dual, -1", "0.1 ± 0.2"], ["x", "-3"]]
    assert '<th scope="row">dual, −1</th>' in text
    assert broken_links(tmp_path) == []


def test_files_that_a_document_no_longer_shows_are_deleted(tmp_path):
    """Tables, pictures and pages of the rendering before; other people's files stay."""
    rows = [{"method": "x", "value": "1"}]
    with mpl.rc_context(figure_style()):
        picture = draw("drawn", new_figure(2, 2), alt="a", caption="c")
    photo = replace(picture, name="photo", ending="png" if picture.ending == "svg" else "svg")
    numbers = Section("Numbers", [], [Table(rows, "One"), Table(rows, "Two"), Pictures([picture, photo])])
    render(HEADER, [page(numbers), page(Section("Other", [], []), key="other")], tmp_path)
    mine = [tmp_path / "tables" / "mine.csv", tmp_path / "pages" / "mine.html", tmp_path / "figures" / "mine.svg"]
    for path in mine:
        path.write_text("mine")

    def there():
        return {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path not in mine}

    always = {"index.html", "README.md", "pages/own.html", "tables/own-numbers-1.csv"}
    drawn = {f"figures/{own.file_name}" for own in (picture, photo)}
    assert there() == {*always, *drawn, "tables/own-numbers-2.csv", "pages/other.html"}
    render(HEADER, [page(Section("Numbers", [], [Table(rows, "One")]))], tmp_path)
    assert there() == always
    assert all(path.read_text() == "mine" for path in mine)


def test_a_forest_is_sorted_and_the_index_shows_that_of_the_smallest_rank(tmp_path):
    def forest(name, rank):
        rows = [ForestRow("low", 0.1, 0, 0.2), ForestRow("high", 0.9, 0.8, 1.0, is_ours=True)]
        panels = [ForestPanel("accuracy", f"accuracy of {name}", rows), ForestPanel("error", "error", rows, False)]
        return Forest(name, panels, f"caption of {name}", rank)

    forests = [forest("second", 2), forest("first", 1), forest("never", None)]
    render(HEADER, [page(Section("F", [], forests))], tmp_path)
    index, own = ((tmp_path / name).read_text() for name in ("index.html", "pages/own.html"))
    assert "caption of first" in index
    assert "caption of second" not in index
    assert "caption of never" in own
    one, other = index[index.index("accuracy of first") :].split("error</caption>")
    assert one.index(">high<") < one.index(">low<")
    assert other.index(">low<") < other.index(">high<")
    only = Section("F", [], [forest("never", None)])
    render(HEADER, [page(only)], tmp_path)
    assert "Methods compared" not in (tmp_path / "index.html").read_text()


def test_terms_are_defined_where_they_occur_and_in_the_glossary(tmp_path):
    terms = [("n*", "a sample size"), ("index", "an average of p-values")]
    render(HEADER, [page(Section("A", [], [Text("The n* of the indexed rows.")]))], tmp_path, terms=terms)
    own, glossary = ((tmp_path / "pages" / name).read_text() for name in ("own.html", "glossary.html"))
    assert "a sample size" in own
    assert "an average of p-values" not in own
    assert "a sample size" in glossary
    assert "an average of p-values" in glossary
    assert broken_links(tmp_path) == []


def test_a_page_needs_no_other_file_but_those_it_links_to(tmp_path):
    figure = new_figure(2, 2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], label='R&D\'s "50%" < σ')
    axes.legend()
    picture = draw("line", figure, alt="It rises", caption="A line of slope -1.")
    assert isinstance(picture, Picture)
    render(HEADER, [page(Section("P", [], [Pictures([picture])]))], tmp_path)
    text = (tmp_path / "pages" / "own.html").read_text()
    ((kind, address),) = re.findall(r'src="([^,]*),([^"]*)"', text)
    assert kind == "data:image/svg+xml"
    # As a browser reads it: the same drawing as the file, and nothing in it that would be fetched.
    assert "#" not in html.unescape(address)
    drawn, in_file = (
        [
            (own.tag, {name: value.split() for name, value in own.attrib.items()}, (own.text or "").split())
            for own in ElementTree.fromstring(svg).iter()
        ]
        for svg in (unquote(html.unescape(address)), picture.content)
    )
    assert drawn == [own for own in in_file if not re.search("metadata|rdf-syntax|creativecommons|purl", own[0])]
    assert not re.search(r"url\((?!#)|@import|href=\"(?!#)", unquote(address))
    text = text.replace(address, "")
    assert 'alt="It rises"' in text
    assert "slope −1" in text
    assert not re.findall(r"url\(|@import|https?:", text.replace("http://www.w3.org", ""))
    assert len(re.findall(r"(?s)<script>(.*?)</script>", text)[0]) <= 10_000
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["line.svg"]


def test_many_marks_are_kept_in_pixels():
    figure = new_figure(2, 2)
    figure.subplots().scatter(range(5000), range(5000))
    picture = draw("cloud", figure, alt="a", caption="c")
    assert picture.content.startswith(b"\x89PNG")
    assert picture.data_uri.startswith("data:image/png")


def test_words_are_counted_as_a_reader_sees_them():
    text = (
        "<head><title>not these</title></head><style>nor these</style><p>two <b>words</b>, 3.5 [−1] <script>no</script>"
    )
    assert plain_words(text) == 2


def test_no_minus_sign_before_zero():
    assert mean_and_half_width([-0.0001, 0.00005], digits=3) == "0.000\u00a0±\u00a00.001"


def test_an_interval_stands_in_brackets():
    # Student's t with 2 degrees of freedom: 4.3027 standard errors of 1/sqrt(3).
    assert bracketed(student_t([1.0, 2.0, 3.0])) == "2.000 [-0.484, 4.484]"


def test_a_difference_of_nothing_has_a_plus_sign():
    assert bracketed(student_t([-0.001, 0.0]), digits=2, signed=True) == "+0.00 [-0.01, +0.01]"


@pytest.mark.parametrize(
    ("values", "at", "words"),
    [
        ([1.0, 1.1, 1.2], 0, "is decided to be higher"),
        ([1.0, 1.1, 1.2], 2, "is decided to be lower"),
        ([1.0, 1.1, 1.2], 1.1, "is not decided to be higher or lower"),
        ([1.0], 0, "is not decided to be higher or lower"),
    ],
)
def test_an_interval_decides_in_words(values, at, words):
    assert decided_words(student_t(values), at=at) == words


@pytest.mark.parametrize(("part", "word"), [(0, "no"), (1, "1 of 2"), (2, "yes")])
def test_share_in_a_word(part, word):
    assert share_word(part, 2) == word


@pytest.mark.parametrize(("part", "words"), [(0, "none of the 2 seeds"), (1, "1 of the 2 seeds"), (2, "all 2 seeds")])
def test_a_count_in_words(part, words):
    assert count_words(part, 2, "seeds") == words


def test_figures_lose_digits_in_their_lines_and_none_in_their_labels():
    with mpl.rc_context(figure_style()):
        figure = new_figure(2, 2)
        axes = figure.subplots()
        axes.plot([0.123456, 0.345678], [0.1, 0.9], lw=1.23456)
        axes.set_xticks([0.2], ["0.12345"])
        content = draw("a", figure, alt="a", caption="a").content.decode()
    assert ">0.12345<" in content
    assert not re.search(r'd="[^"]*\.\d{3}', content)
