"""Equivalence: error rates of "within" and "beyond", coverage of the sizes, the number of rows that is asked for."""

import dataclasses
import json
import math

import numpy as np
import pytest

import noisedim as nd
from noisedim.__main__ import main
from noisedim.assessment.equivalence import EFFECTS, Equivalence
from noisedim.errors import InvalidInputError


@pytest.mark.slow
@pytest.mark.parametrize("dim", [2, 16, 128, 768])
def test_intervals_hold_at_the_prior_and_away_from_it(dim):
    samples, rng = (200 if dim < 768 else 60), np.random.default_rng(dim)
    scale = 1.2
    r = 1 / (1 + math.sqrt(dim))
    variance = (scale**2 - 1) * r + 1  # of scaled rows with noise, in units of the noisy prior's
    truth = {
        "mean": 0.0,
        "variance": scale**2 - 1,
        "d2": -dim / 2 * math.log(variance * (2 - variance)),
        "sliced_w2": scale - 1,
        "max_sliced_w2": scale - 1,
    }
    missed = {(law, name): 0 for law in ("prior", "scaled") for name in EFFECTS}
    for _ in range(samples):
        z = rng.standard_normal((100, dim))
        for law, rows, sizes in (("prior", z, dict.fromkeys(EFFECTS, 0.0)), ("scaled", scale * z, truth)):
            for effect in nd.equivalence(rows, 0.05).effects:
                size = sizes[effect.name]
                missed[law, effect.name] += not effect.lower <= size <= effect.upper
    # At most 6% by construction; four binomial standard deviations more.
    most = 0.06 * samples + 4 * math.sqrt(0.06 * 0.94 * samples)
    assert {key: count for key, count in missed.items() if count > most} == {}


@pytest.mark.slow
def test_within_is_rare_at_the_margin():
    rng = np.random.default_rng(21)
    margin, counts = 0.2, dict.fromkeys(("mean", "variance", "sliced_w2"), 0)
    for _ in range(200):
        z = rng.standard_normal((300, 3))
        shifted = nd.equivalence(z + np.array([margin, 0, 0]), {"mean": margin})
        wider = nd.equivalence(z * math.sqrt(1 + margin), {"variance": margin})
        scaled = nd.equivalence(z * (1 + margin), {"sliced_w2": margin})
        for name, found in zip(counts, (shifted, wider, scaled), strict=True):
            counts[name] += found.outcome == "within"
    assert max(counts.values()) <= 10 + 4 * math.sqrt(9.5)


@pytest.mark.parametrize("name", EFFECTS)
def test_all_three_outcomes_and_the_rows_needed(name):
    rng = np.random.default_rng(22)
    z = rng.standard_normal((4000, 3))
    within = {name: 0.2 if name != "d2" else 0.1}
    assert nd.equivalence(z, within).outcome == "within"
    assert nd.equivalence(1.5 * z + 0.6, within).outcome == "beyond"
    few = nd.equivalence(z[:30], within)
    if few.outcome == "undecided" and few.n_needed is not None:
        assert few.n_needed > 30
        assert nd.equivalence(rng.standard_normal((4 * few.n_needed, 3)), within).outcome == "within"
    assert nd.equivalence(z[:20], {name: 1e-3}).outcome != "within"


def test_one_effect_decides_beyond_and_all_decide_within():
    z = np.random.default_rng(23).standard_normal((3000, 4))
    z[:, 2] *= 1.4
    found = nd.equivalence(z, {"mean": 0.2, "variance": 0.2})
    assert [effect.outcome for effect in found.effects] == ["within", "beyond"]
    assert found.outcome == "beyond"
    assert "Beyond the margin of the prior: variance." in str(found)


def test_an_embedding_against_another_prior():
    z = np.random.default_rng(24).random((3000, 2))
    assert nd.equivalence(z, 0.2, prior="uniform").outcome == "within"
    assert nd.equivalence(z**2, 0.2, prior="uniform").outcome == "beyond"


def test_extreme_values_have_an_answer():
    found = nd.equivalence(np.full((30, 2), 1e60), 0.1)
    assert isinstance(found, Equivalence)
    assert found.outcome == "beyond"


def test_bad_margins_are_refused():
    z = np.zeros((30, 2))
    for within in (0.0, -1, math.nan, {}, {"kurtosis": 0.1}):
        with pytest.raises(InvalidInputError, match="within"):
            nd.equivalence(z, within)
    with pytest.raises(InvalidInputError, match="alpha"):
        nd.equivalence(z, alpha=0.5)


def test_the_command_line(tmp_path, capsys):
    z = np.random.default_rng(25).standard_normal((3000, 2))
    np.save(tmp_path / "z.npy", z)
    np.save(tmp_path / "few.npy", z[:30])
    np.save(tmp_path / "far.npy", z + 1)
    assert main(["assess", str(tmp_path / "z.npy"), "--within", "0.2"]) == 0
    assert main(["assess", str(tmp_path / "far.npy"), "--within", "0.2"]) == 1
    few = ["assess", str(tmp_path / "few.npy"), "--within", "variance=0.05", "d2=0.02", "--output", str(tmp_path)]
    assert main(few) == 3
    assert "rows would decide" in capsys.readouterr().out
    written = json.loads((tmp_path / "equivalence.json").read_text())
    assert written["outcome"] == "undecided"
    assert [effect["name"] for effect in written["effects"]] == ["variance", "d2"]
    for text in ("close", "variance=", "=0.1"):
        assert main(["assess", str(tmp_path / "z.npy"), "--within", text]) == 2
    assert main(["assess", str(tmp_path / "z.npy"), "--within", "0.1", "0.2"]) == 2
    assert main(["assess", str(tmp_path / "z.npy"), "--within", "size=0.1"]) == 2
    capsys.readouterr()
    for option in (["--rows", "100"], ["--null", "composite"], ["--all"], ["--budget", "9"]):
        assert main(["assess", str(tmp_path / "z.npy"), "--within", "0.2", *option]) == 2
        assert f"takes no {option[0]}" in capsys.readouterr().err.replace("\n", " ")


def test_the_command_line_says_what_was_read_as_without_a_margin(tmp_path, capsys):
    z = np.random.default_rng(27).standard_normal((50, 2))
    table = np.column_stack([z, np.arange(50) % 3])
    np.savetxt(tmp_path / "z.csv", table, delimiter=",", header="a,b,label", comments="")
    said = []
    for options in (["--within", "9"], ["--no-n-star", "--budget", "0.000001"]):
        assert main(["assess", str(tmp_path / "z.csv"), *options]) == 0
        said.append(capsys.readouterr().err)
    assert said[0] == said[1]
    assert said[0] == f"noisedim: {tmp_path / 'z.csv'}: 50 rows of 2 numbers from a, b; left out: 'label' (a label)\n"


def test_an_assessment_answers_too():
    z = np.random.default_rng(26).random((2000, 2))
    found = nd.assess(z, prior="uniform", n_star=False)
    own, direct = found.equivalence(0.2), nd.equivalence(z, 0.2, prior="uniform")
    assert own == direct
    assert found.differences["effective_rank"].estimate == found.effects["effective_rank"].estimate - 2
    assert found.differences["d2"] == found.effects["d2"]
    read = dataclasses.replace(found, _points=np.empty((0, 0)))
    with pytest.raises(InvalidInputError, match="holds no rows"):
        read.equivalence()
