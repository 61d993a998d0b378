"""Marked numbers are those of the records; a number, a mark or a table that is wrong does not pass."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from scipy import stats

from noisedim.docs import numbers
from noisedim.docs.build import FOLDER
from noisedim.docs.numbers import filled, value_of
from noisedim.errors import InvalidInputError

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "reports" / "results"
RECORD = {
    "runs": [{"seed": 0, "sigma": 0.3, "knn": 0.5, "labels": {"set": "a"}}, {"seed": 1, "sigma": 0.3, "knn": -0.7}],
    "steps": 1000,
}


@pytest.fixture
def results(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(RECORD))
    return tmp_path


@pytest.mark.parametrize("page", [ROOT / "README.md", *(FOLDER / "pages").rglob("*.md")], ids=lambda path: path.name)
def test_numbers_are_those_of_the_records(page):
    text = page.read_text(encoding="utf-8")
    assert filled(text, RESULTS) == text


@pytest.mark.parametrize(
    ("mark", "right"),
    [
        ("runs[seed=0].knn only .2f", "0.50"),
        ("runs[seed=1,sigma=0.3].knn only +.1f", "−0.7"),
        ("runs.knn mean .1f", "−0.1"),
        ("runs.knn max .1%", "50.0%"),
        ("runs count d", "2"),
        ("steps only ,d", "1,000"),
        ("runs[labels.set=a].knn only .1f", "0.5"),
    ],
)
def test_a_wrong_number_is_replaced_by_the_right_one(mark, right, results):
    comment = f"<!-- = r.json {mark} -->"
    assert filled(f"about 9.9{comment} units", results) == f"about {right}{comment} units"
    assert filled(f"about {right}{comment} units", results) == f"about {right}{comment} units"


@pytest.mark.parametrize(
    ("path", "word", "message"),
    [
        ("runs[seed=2].knn", "only", "no entry"),
        ("runs.knn", "only", "there are 2"),
        ("runs.accuracy", "mean", "no 'accuracy'"),
        ("runs.knn", "mode", "one of count, mean"),
        ("runs[.knn", "mean", "a path such as"),
    ],
)
def test_marks_that_no_record_answers_are_refused(path, word, message):
    with pytest.raises(InvalidInputError, match=message):
        value_of(RECORD, path, word)


def test_tables_are_written_anew(results, monkeypatch):
    monkeypatch.setitem(numbers.TABLES, "mine", lambda folder: f"| {(folder / 'r.json').exists()} |")
    page = "a\n<!-- table: mine -->\nold\n<!-- end -->\nb\n"
    assert filled(page, results) == "a\n<!-- table: mine -->\n| True |\n<!-- end -->\nb\n"
    with pytest.raises(InvalidInputError, match="table must be one of"):
        filled("<!-- table: other -->\n<!-- end -->", results)


def test_the_table_of_the_duals_has_every_form_whether_better_or_worse():
    """The oracle reads the records by itself: who is closer to the prior on average."""
    table = numbers.TABLES["duals"](RESULTS)
    records = json.loads((RESULTS / "duals-digits.json").read_text())["records"]
    methods = {own["labels"]["method"] for own in records} - {"dual"}
    assert all(f"| `{method}` | " in table for method in methods)

    def mean(method):
        scores = [own["whole"]["knn"] for own in records if own["labels"]["method"] == method]
        return sum(scores) / len(scores)

    for line in table.splitlines()[2:]:
        method = line.split("`")[1]
        stated = float(line.split("|")[3].split("[")[0].replace("−", "-"))
        assert stated == pytest.approx(mean(method) - mean("dual"), abs=5.1e-4)


def test_the_table_of_tests_counts_the_laws_that_each_sees():
    """The oracle reads the audit by itself."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in numbers.TABLES["tests"](RESULTS).splitlines()]
    rows = {name: said for name, *said in lines[2:]}
    audit = files("noisedim.normality.audit")
    cells = [own for own in json.loads((audit / "audit.json").read_text())["cells"] if own["kind"] == "power"]
    others = [own for own in cells if own["law"] != "prior"]
    (prior,) = [own for own in cells if own["law"] == "prior"]
    for name, (alarms, seen, time, _) in rows.items():
        if name not in prior["counts"]:
            assert (alarms, seen) == ("–", "–")
            continue
        assert alarms == f"{100 * prior['counts'][name][0] // prior['trials']}%"
        # The exact binomial tail, half of what a 99% interval leaves out.
        is_over = stats.binom.sf(prior["counts"][name][0] - 1, prior["trials"], 0.05) < 0.005
        assert is_over == (seen == "false alarms")
        if is_over:
            continue
        assert seen == f"{sum(own['counts'][name][0] >= 0.8 * own['trials'] for own in others)} of {len(others)}"
        assert time == "1" if name == "battery" else time == "–" or float(time) > 0
    assert rows["battery"][1] == "9 of 9"
    assert {"energy (R)", "Henze–Zirkler (pingouin)", "effective rank (RankMe)"} <= rows.keys()


def test_the_program_writes_pages(results, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("0<!-- = r.json steps only d -->")
    assert numbers.main([str(page)], results) == 0
    assert page.read_text() == "1000<!-- = r.json steps only d -->"
