"""Forests: marks stand where their numbers say, whatever the scale, and never outside the axis."""

import math

import pytest

from noisedim.document.content import ForestPanel, ForestRow
from noisedim.document.intervals import placed


def test_places_are_proportional_and_rows_sorted():
    rows = [ForestRow("b", 2.0, 1.0, 3.0), ForestRow("a", 4.0, 3.0, 5.0)]
    found = placed(ForestPanel("x", "x", rows))
    assert [own.row.name for own in found.rows] == ["a", "b"]
    first, second = found.rows
    # The axis spans 1 to 5 with 4% to spare on both sides.
    unit = 100 / (4 * 1.08)
    assert first.middle - second.middle == pytest.approx(2 * unit, abs=0.02)
    assert first.width == pytest.approx(2 * unit, abs=0.02)
    assert second.left == pytest.approx(0.04 * 4 * unit, abs=0.02)
    assert second.words == "2 [1, 3]"
    places = {words: place for place, words in found.ticks}
    assert places["4"] - places["2"] == pytest.approx(2 * unit, abs=0.02)


def test_logarithmic_axes_place_equal_ratios_equally():
    rows = [ForestRow(str(v), v, v, v) for v in (10.0, 100.0, 1000.0)]
    places = [own.middle for own in placed(ForestPanel("n*", "n*", rows, logarithmic=True)).rows]
    assert places[0] - places[1] == pytest.approx(places[1] - places[2], abs=0.02)
    assert places[0] > places[2]


def test_infinite_ends_reach_the_edge():
    rows = [ForestRow("never", math.inf, 50.0, math.inf), ForestRow("soon", 20.0, 10.0, 30.0)]
    never, soon = placed(ForestPanel("n*", "n*", rows, logarithmic=True)).rows
    assert never.middle == never.left + never.width == 100
    assert never.words == "∞ [50, ∞]"
    assert soon.left < soon.middle < never.left


def test_equal_values_and_no_values_are_placed():
    (only,) = placed(ForestPanel("x", "x", [ForestRow("a", 0.5, 0.5, 0.5)])).rows
    assert 0 < only.middle < 100
    assert placed(ForestPanel("x", "x", [])).rows == []
