"""The README is correct: its Python runs as printed, its commands and options exist, and its links lead to files."""

import re
from pathlib import Path

import pytest

from noisedim.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
SHELL = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("code", PYTHON, ids=lambda code: code.splitlines()[-1][:30])
def test_python_runs_as_printed(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    exec(compile(code, "README.md", "exec"), {})
    said = re.findall(r"^print\(.*\)  # (.*)$", code, flags=re.MULTILINE)
    assert not said or capsys.readouterr().out.splitlines() == said


def test_there_is_something_to_run():
    assert len(PYTHON) >= 3
    assert "# True" in PYTHON[0]
    assert "NoisyChannel(" in PYTHON[1]
    assert SHELL[:2] == ["pip install -e . && python -m noisedim.report", 'pip install -e ".[test]" && pytest']


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("noisedim ")])
def test_commands_and_options_exist(line, capsys):
    command = line.split()[1]
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code in (0, None)
    text = capsys.readouterr().out
    for option in re.findall(r"--[a-z][\w.-]*", line):
        assert option in text


def test_answers_are_those_of_the_report():
    """If a new report gives other answers, this fails: then change the table in the README, not the report."""
    report = (ROOT / "reports" / "README.md").read_text(encoding="utf-8")
    table = re.search(r"\| question \| answer \|\n\| --- \| --- \|\n((?:\|.*\n)+)", README)
    answers = [line.strip("| \n").split(" | ") for line in table.group(1).splitlines()]
    assert len(answers) >= 5
    for question, answer in answers:
        assert f"- **{question}** *{answer}*: " in report, question


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", README):
        assert (ROOT / target).exists(), target
