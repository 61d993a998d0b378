"""The section on trust says no where a test is off, and yes only where none is."""

import json

import pytest

from noisedim.document.content import Table
from noisedim.normality.audit.laws import FRESH_LAWS
from noisedim.normality.audit.measure import LEVELS
from noisedim.report.build import make_sources
from noisedim.report.trust import cells
from noisedim.report.trust.section import trust_section
from noisedim.report.trust.verdicts import calibration_verdict, power_verdict


def cell(kind="calibration", law="simple", trials=2000, **counts):
    return {"kind": kind, "law": law, "n": 50, "dim": 2, "goal": trials, "trials": trials, "counts": counts}


def section(monkeypatch, found, many=(), tail=()):
    def read(*, family=False, high=False, tails=False):
        cells_of_it = many if high else tail if tails else found
        return json.loads(json.dumps({"levels": LEVELS, "cells": cells_of_it, "packages": {"mnt": "1.3"}}))

    monkeypatch.setattr(cells, "read_audit", read)
    return trust_section(make_sources("smoke", "digits"))


GOOD = {"battery": [60, 10, 1], "mean": [100, 21, 3], "norms": [93, 18, 0]}
PEERS = {"sliced Epps–Pulley": [5, 0, 0], "Shapiro–Wilk by coordinate, Bonferroni": [5, 0, 0]}
POWER = {**PEERS, "Henze–Zirkler (pingouin)": [0, 0, 0], "hermite": [100, 100, 100]}


@pytest.mark.parametrize(
    ("spoiled", "answer", "said"),
    [
        ({}, "yes", "hold jointly: none"),
        (
            {"battery": [4, 0, 0], "mean": [6, 1, 0], "norms": [5, 1, 0], "trials": 120},
            "not decided",
            "battery, n = 50: 0.033 [0.009, 0.083]",
        ),
        ({"norms": [190, 18, 0]}, "no", "norms at 0.05, n = 50, d = 2 (190 of 2,000)"),
        ({"norms": [100, 18, 25]}, "no", "norms at 0.001"),
        ({"battery": [170, 18, 2]}, "no", "battery, the largest: 0.085"),
    ],
)
def test_false_alarms(monkeypatch, spoiled, answer, said):
    verdict = section(monkeypatch, [cell(**{**GOOD, **spoiled})]).verdicts[0]
    assert verdict.answer == answer
    rows = [f"{name}: {rate}" for name, rate, *_ in (row.values() for row in verdict.numbers)]
    assert said in "; ".join([verdict.words, *rows])


@pytest.mark.parametrize(
    ("spoiled", "said"), [(4, "jointly: none."), (60, "jointly: hermite at 0.0001, n = 50, d = 2.")]
)
def test_tails(monkeypatch, spoiled, said):
    tail = cell("tails", trials=20_000, hermite=[1000, 200, 24, 12, spoiled], bhep=[990, 210, 15, 9, 0])
    found = section(monkeypatch, [cell(**GOOD)], tail=[tail])
    text, table = found.blocks[-3:-1]
    assert said in text.words
    assert [row["test"] for row in table.rows] == ["hermite", "bhep"]
    assert table.rows[0]["at 0.001"].startswith("1.20 [0.77, 1.7")


@pytest.mark.parametrize(("battery", "answer"), [(100, "yes"), (80, "in part")])
def test_power(monkeypatch, battery, answer):
    own = cell("power", "uniform", 100, battery=[battery] * 3, **POWER)
    prior = cell("power", "prior", 100, battery=[2, 0, 0], **POWER)
    found = section(monkeypatch, [cell(**GOOD), prior, own])
    assert found.verdicts[1].answer == answer
    assert ("each law is above 96%" in found.verdicts[1].words) == (battery == 100)  # 100 of 100 shows no more
    assert [row["rejects at 0.05"] for row in found.verdicts[1].numbers] == [f"{battery}%", "5% to 5%"]
    rows = found.blocks[-2].rows
    assert rows[1]["battery"] == f"{battery}%"
    assert rows[1]["sliced Epps–Pulley"] == "5%"
    assert rows[1]["seen most often, at 0.01, by"] == "hermite (100%)"


def test_without_an_audit_it_says_how_to_make_one(monkeypatch):
    def missing(*, family, high, tails):
        raise FileNotFoundError

    monkeypatch.setattr(cells, "read_audit", missing)
    found = trust_section(make_sources("smoke", "digits"))
    assert {own.status for own in found.statements} == {"not tested"}
    assert "python -m noisedim.normality.audit" in found.blocks[0].words


def audit_cell(n=50, trials=2000, kind="calibration", law="simple", **counts):
    return cells.Cell(kind, law, n, 2, trials, {name: tuple(own) for name, own in counts.items()})


def test_calibration_is_decided_by_number_of_rows():
    few = {"battery": (4, 0, 0), "mean": (6, 1, 0)}
    found = calibration_verdict([audit_cell(**GOOD), audit_cell(200, 120, **few)])
    assert (found.trials, found.cells, found.rates) == (2120, 2, 9)
    assert found.undecided == (200,)
    assert found.outcome == "yes in part"
    assert calibration_verdict([audit_cell(200, 120, **few)]).outcome == "not decided"


def test_an_excess_names_its_test_and_level():
    (excess,) = calibration_verdict([audit_cell(**{**GOOD, "norms": (100, 18, 25)})]).excesses
    assert (excess.test, excess.level, excess.count, excess.trials) == ("norms", 0.001, 25, 2000)


def test_the_rank_and_the_battery_are_not_single_tests():
    cell = audit_cell(**GOOD, rank=(2000, 2000, 2000))
    assert set(cell.single_tests) == {"mean", "norms"}
    assert cell.most_frequent(at=1) == ("mean", 21 / 2000)
    assert calibration_verdict([cell]).outcome == "yes"


def test_power_needs_a_lower_limit():
    laws = {"uniform": 100, "mixture": 83}
    made = [audit_cell(trials=100, kind="power", law=law, battery=[count] * 3, **POWER) for law, count in laws.items()]
    found = power_verdict([audit_cell(trials=100, kind="power", law="prior", battery=[2, 0, 0], **POWER), *made])
    assert found.rates == {"uniform": 1.0, "mixture": 0.83}
    assert found.weak == ("mixture",)  # 83 of 100 do not show 80%
    assert found.outcome == "in part"
    # Clopper–Pearson with 100 of 100 and two laws: (0.05 / 2 / 2)^(1/100).
    assert found.limits["uniform"] == pytest.approx(0.0125**0.01)


def test_many_dimensions_have_a_table_of_their_own(monkeypatch):
    """With the peers that so many rows allow, and the number of laws that are seen."""
    shape = {"n": 10_000, "dim": 768}
    few = {name: counts for name, counts in POWER.items() if "Henze" not in name}
    many = [
        {**cell("power", "seen", 100, battery=[100] * 3, **few), **shape},
        {**cell("power", "not seen", 100, battery=[7, 2, 0], **few), **shape},
    ]
    found = section(monkeypatch, [cell(**GOOD)], many)
    assert found.verdicts[-1].answer == "in part"
    assert found.statements[-1].text.endswith("in 768 dimensions")
    assert "for 1 of 2 laws; slices 5% to 5%" in found.statements[-1].effect
    assert [row["battery"] for row in found.blocks[-2].rows] == ["100%", "7%"]
    assert "Henze–Zirkler (pingouin)" not in found.blocks[-2].rows[0]


def test_tests_of_packages_have_a_table_of_their_own(monkeypatch):
    """One row per test, the prior first, with times; not among the peers of the other table."""
    shape = {"n": 1024, "dim": 128}
    of_r = {"Pudelko (mnt)": [4, 1, 0], "Royston (MVN)": [19, 1, 0]}
    power = [
        {**cell("power", "uniform", 100, battery=[100] * 3, **POWER, **of_r), **shape, "times": {"Pudelko (mnt)": 2.6}},
        {**cell("power", "prior", 100, battery=[3, 0, 0], **POWER, **of_r), **shape},
        {**cell("power", "rare", 100, battery=[100] * 3, **POWER), **shape},
    ]
    found = section(monkeypatch, [cell(**GOOD)])
    assert not [block for block in found.blocks if isinstance(block, Table) and "Tests of any normal" in block.caption]
    found = section(monkeypatch, [cell(**GOOD), *power])
    wide, packages = [block for block in found.blocks if isinstance(block, Table)][-2:]
    assert "Pudelko (mnt)" not in wide.rows[0]
    assert [list(row.values()) for row in packages.rows] == [
        ["battery", "1", "3%", "100%", "100%"],
        ["Henze–Zirkler (pingouin)", "–", "0%", "0%", "0%"],
        ["Pudelko (mnt)", "2.6", "4%", "4%", "–"],
        ["Royston (MVN)", "–", "19%", "19%", "–"],
    ]
    assert list(packages.rows[0])[2] == "N(0, I)"
    (words,) = [block.words for block in found.blocks if "R's packages have" in getattr(block, "words", "")]
    assert "covariance (mnt 1.3). Those" in words
    assert "False alarms of Royston (MVN) are above 5%" in words


def test_shapes_without_peers_and_levels_in_many_dimensions(monkeypatch):
    shape = {"n": 20_000, "dim": 2048, "peers": False}
    counts = {"hermite": [5, 5, 5]}
    composite = {"n": 10_000, "dim": 200, "peers": False, "null": "composite"}
    high = [
        {**cell("power", "seen", 100, battery=[100] * 3, **POWER), "n": 10_000, "dim": 768},
        {**cell("power", "a law", 5, battery=[5, 5, 5], **counts), **shape},
        {**cell("power", "another", 6, battery=[2, 1, 0], **counts), **shape},
        {**cell("power", "rectified", 50, battery=[50] * 3, **counts), **composite},
        {**cell("power", next(iter(FRESH_LAWS)), 50, battery=[50] * 3, **counts), **shape, "dim": 768},
        {**cell("calibration", "composite", 200, battery=[10, 2, 0]), "n": 4000, "dim": 768},
    ]
    found = section(monkeypatch, [cell(**GOOD)], high)
    shapes, fresh = found.verdicts[-2:]
    assert (shapes.answer, fresh.answer) == ("in part", "yes")
    assert [list(row.values()) for row in fresh.numbers] == [["N(0, I), d = 768", "1 of 1 laws", "–", "20,000", "50"]]
    assert [list(row.values()) for row in shapes.numbers] == [
        ["any normal law, d = 200", "1 of 1 laws", "–", "10,000", "50"],
        ["N(0, I), d = 2,048", "0 of 2 laws", "another: 33%", "20,000", "5"],
    ]
    # One statement: the index names the dimension that most embeddings have.
    assert [own.text for own in found.statements if "dimensions" in own.text] == [found.statements[-1].text]
    assert "768" in found.statements[-1].text
    tables = {block.caption: block.rows for block in found.blocks if isinstance(block, Table)}
    (levels,) = [rows for caption, rows in tables.items() if "without its tests over pairs" in caption]
    assert [list(row.values()) for row in levels] == [["any normal law", "4,000", "768", "200", "5.0% [2.4%, 9.0%]"]]
    assert [row["rejects at 0.05 [95%]"] for row in tables["Power in other shapes: rejections at 5%"]] == [
        "100% [93%, 100%]",
        "100% [48%, 100%]",
        "33% [4%, 78%]",
    ]
