"""CONTRIBUTING.md is correct: its examples run, its rooms are those of the layers, and its files and commands exist."""

import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest

from noisedim import cli
from noisedim.theory import claims
from noisedim.verification import registry
from noisedim.verification.outcomes import Verdict
from noisedim.verification.run import run_case

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    return re.search(rf"```python {name}\n(.*?)```", PAGE, flags=re.DOTALL).group(1)


@pytest.fixture
def from_file(tmp_path, monkeypatch):
    """Imports an example of the page from a file of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def load(name: str) -> ModuleType:
        (tmp_path / f"example_{name}.py").write_text(example(name))
        return import_module(f"example_{name}")

    yield load
    for name in [name for name in sys.modules if name.startswith("example_")]:
        del sys.modules[name]


def test_a_command_is_one_file_and_one_line(from_file, monkeypatch, capsys):
    from_file("command")
    assert '"capacity": Command("noisedim.cli.capacity", "Capacity", _NOTHING)' in PAGE
    monkeypatch.setitem(cli.COMMANDS, "capacity", cli.Command("example_command", "Capacity", cli._NOTHING))
    assert cli.main(["capacity", "--sigma", "0.1"]) == 0
    assert capsys.readouterr().out == "4.615 nats\n"
    with pytest.raises(SystemExit):
        cli.main(["capacity", "--help"])
    assert "Standard deviation of the noise." in capsys.readouterr().out


def test_a_claim_is_one_record_and_one_file(from_file, monkeypatch):
    claim = from_file("claim").CLAIM
    monkeypatch.setattr(claims, "CLAIMS", MappingProxyType({**claims.CLAIMS, claim.id: claim}))
    monkeypatch.setattr(registry, "_registered", {})
    check = from_file("check").test_capacity_falls
    rows = [run_case(check, case) for case in check.cases]
    assert [row.verdict for row in rows] == [Verdict.VERIFIED] * 2
    # And the check can fail.
    monkeypatch.setattr(sys.modules["example_check"], "gaussian_capacity", lambda dim, sigma: sigma)
    assert run_case(check, "d=1").verdict is Verdict.REFUTED


def test_every_room_is_in_the_table():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = settings["contracts"][0]["layers"]
    named = set(re.findall(r"`noisedim/([a-z_]+)(?:\.py)?`", PAGE))
    # Not rooms: an entry point, a shorthand, and the table of old names, which has a row of its own.
    rooms = {room.strip() for layer in layers for room in re.split(r"[|:]", layer)}
    assert rooms - named <= {"__main__", "bounds", "citations", "document", "progress"}


def test_files_and_commands_exist():
    for path in re.findall(r"`((?:noisedim|theory_checks|tests|reports)/[\w./]+)`", PAGE):
        if not path.startswith("reports/results/"):  # written by the commands beside them
            assert (ROOT / path).exists(), path
    for module in re.findall(r"python -m (noisedim[\w.]*)", PAGE):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
