"""References: every key that is used has an entry, entries are whole, and the command prints them."""

import pytest

from noisedim.citations import BIBTEX, bibtex, keys_of_claim, keys_of_config
from noisedim.cli import main
from noisedim.errors import InvalidInputError
from noisedim.theory.claims import CLAIMS, claim
from noisedim.training.config import TrainConfig


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


def test_runs_are_cited_by_what_they_used() -> None:
    keys = keys_of_config(TrainConfig().to_dict())
    assert keys[:2] == ("paper", "noisedim")
    assert "mehler" in keys
    with pytest.raises(InvalidInputError, match="reference must be one of"):
        bibtex(["nothing"])


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


def test_priors_that_rest_on_somebodys_map_are_cited() -> None:
    run = {"objective": {"name": "dual"}}
    assert "rosenblatt" in keys_of_config({**run, "prior": '{"prior":"mixture","weights":[1.0]}'})
    assert "neural-splines" in keys_of_config({**run, "prior": '{"prior":"flow","path":"flow.safetensors"}'})
    assert keys_of_config({**run, "prior": "normal"}) == keys_of_config(run)
