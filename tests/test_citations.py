"""References: every key that is used has an entry, entries are whole, and the command prints them."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from noisedim.citations import BIBTEX, bibtex, keys_of_claim, keys_of_config
from noisedim.cli import main
from noisedim.errors import InvalidInputError
from noisedim.files import read_json
from noisedim.theory.claims import CLAIMS, claim
from noisedim.training.config import ObjectiveConfig, TrainConfig
from noisedim.verification.mutation import Mutant, planted, scaled


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_every_claim_can_be_cited(claim_id: str) -> None:
    assert bibtex(keys_of_claim(claim_id)).startswith("@")


@pytest.mark.parametrize("key", BIBTEX)
def test_entries_are_whole(key: str) -> None:
    entry = BIBTEX[key]
    assert entry.startswith("@")
    assert entry.count("{") == entry.count("}")
    assert "title = {" in entry
    assert key == "noisedim" or "year = {" in entry
    assert not re.search(r"(?<!\\)['\"`^~](?=\{?[a-zA-Z]\}?[a-zA-Z}])", entry.replace("'s", "")), (
        "an accent lost its backslash"
    )


@pytest.mark.parametrize("name", get_args(get_type_hints(ObjectiveConfig)["name"]))
def test_every_objective_has_a_reference_of_its_own(name: str) -> None:
    own = set(keys_of_config({"objective": {"name": name}})) - {"paper", "noisedim", "henze-zirkler"}
    assert own or name == "autoencoder"  # Section 4 of the paper


def test_runs_are_cited_by_what_they_used() -> None:
    keys = keys_of_config(TrainConfig().to_dict())
    assert keys[:2] == ("paper", "noisedim")
    assert "mehler" in keys
    with pytest.raises(InvalidInputError, match="reference must be one of"):
        bibtex(["nothing"])


def test_plain_deep_infomax_is_cited_as_such() -> None:
    assert "deep-infomax" in keys_of_config({"objective": {"name": "infonce", "noisy": False}})
    assert "deep-infomax" not in keys_of_config({"objective": {"name": "infonce", "noisy": True}})


def test_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "E2"]) == 0
    assert "@article{oettli1974capacity," in capsys.readouterr().out
    assert main(["cite", "nothing"]) == 2
    assert "claim must be one of" in capsys.readouterr().err
    assert main(["verify", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(claim_id in listed for claim_id in CLAIMS)


def test_verify_explains_a_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "e4"]) == 0
    said = capsys.readouterr().out
    assert "printed form: ✗ refuted; corrected form: ✓ verified" in said
    assert "7.08471632 = 6.83775165" in said
    assert claim("E4").source in said
    assert main(["verify", "theorem-9"]) == 2
    capsys.readouterr()
    assert main(["verify", "E4", "--seed", "-1"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "seed must be an integer >= 0; got -1" in said.err


def test_verify_writes_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "found.json"
    assert main(["verify", "e4", "E17", "E4", "--seed", "3", "--output", str(output)]) == 0
    assert capsys.readouterr().out.endswith("\n2 claims, 11 cases: 11 as expected, 0 inconclusive\n")
    found = read_json(output)
    assert (found["seed"], found["cases"], found["as_expected"]) == (3, 11, 11)
    assert {row["claim"] for row in found["rows"]} == {"E4", "E17"}


@pytest.mark.slow
def test_verify_says_what_is_not_as_it_should_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "found.json"
    with planted(Mutant("noisedim.theory.bounds.uniform_information", scaled(1.02), ())):
        assert main(["verify", "E4", "E17", "--output", str(output)]) == 1
    assert "as expected, 0 inconclusive; not as they should be: E4" in capsys.readouterr().out
    assert not next(item for item in read_json(output)["claims"] if item["id"] == "E4")["as_expected"]


def test_priors_that_rest_on_somebodys_map_are_cited() -> None:
    run = {"objective": {"name": "dual"}}
    assert "rosenblatt" in keys_of_config({**run, "prior": '{"prior":"mixture","weights":[1.0]}'})
    assert "neural-splines" in keys_of_config({**run, "prior": '{"prior":"flow","path":"flow.safetensors"}'})
    assert keys_of_config({**run, "prior": "normal"}) == keys_of_config(run)
