"""Rendering: text is escaped, main answers come first, and the overview counts or lists the others."""

import pytest

from noisedim.document.content import Header, Notice, Section, Table, Text, Verdict
from noisedim.document.render import render
from noisedim.document.words import interval_words, mean_and_half_width, share_word

HEADER = Header("a page", "A heading", "A lead.")


def texts(folder):
    return (folder / "index.html").read_text(), (folder / "README.md").read_text()


def test_text_from_a_run_is_escaped(tmp_path):
    hostile = "<script>alert(1)</script> a|b `x<y`"
    section = Section(
        hostile, [Verdict(hostile, "no", hostile)], [Text(hostile), Notice(hostile), Table([{"name": hostile}])]
    )
    assert render(Header(hostile, hostile, hostile, [hostile]), [section], tmp_path) == tmp_path / "index.html"
    page, markdown = texts(tmp_path)
    assert "<script>" not in page
    assert "<code>x&lt;y</code>" in page
    (row,) = (line for line in markdown.splitlines() if line.startswith("| <script>"))
    assert row.count("|") - row.count("\\|") == 2


def test_header_and_notices_stand_above_the_answers(tmp_path):
    header = Header("a page", "A heading", "A lead with `code`.", ["Something is missing: `make it`."])
    render(header, [Section("First", [Verdict("Main?", "yes", "numbers", is_main=True)], [])], tmp_path)
    page, markdown = texts(tmp_path)
    assert "<title>a page</title>" in page
    assert "<code>make it</code>" in page
    for text in (page, markdown):
        assert text.index("A heading") < text.index("A lead with") < text.index("missing") < text.index("Main?")


def test_main_answers_come_first_and_many_answers_are_counted(tmp_path):
    main = Section("First", [Verdict("Main?", "yes", "numbers behind it", is_main=True)], [])
    many = Section("Many", [Verdict(f"Is it {i}?", "no" if i else "yes", "w") for i in range(9)], [])
    render(HEADER, [many, main], tmp_path)
    for text in texts(tmp_path):
        assert text.index("numbers behind it") < text.index("9 questions: 1 yes, 8 no") < text.index("Is it 8?")


def test_no_minus_sign_before_zero():
    assert mean_and_half_width([-0.0001, 0.00005], digits=3) == "0.000\u00a0±\u00a00.001"


def test_an_interval_names_its_level_and_seeds():
    # Student's t with 2 degrees of freedom: 4.3027 standard errors of 1/sqrt(3).
    assert interval_words([1.0, 2.0, 3.0]) == "2.000 [-0.484, 4.484] (95% t-interval, 3 seeds)"


@pytest.mark.parametrize(("part", "word"), [(0, "no"), (1, "in part"), (2, "yes")])
def test_share_in_a_word(part, word):
    assert share_word(part, 2) == word
