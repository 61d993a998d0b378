"""The documentation is correct: its Python runs and prints what it says, its commands and options exist."""

import importlib.util
import re
import runpy
import sys
from pathlib import Path

import pytest

from noisedim.cli import COMMANDS
from noisedim.cli.docs import help_texts
from noisedim.docs.build import FOLDER

# A file, not a package: tests are imported by path.
blocks, commands = (runpy.run_path(str(Path(__file__).with_name("pages.py")))[name] for name in ("blocks", "commands"))
PAGES = {path.relative_to(FOLDER / "pages").as_posix(): path for path in sorted((FOLDER / "pages").rglob("*.md"))}
SLOW = (
    "tutorials/own-data.md",
    "tutorials/test-your-embedding.md",
    "how-to/scikit-learn.md",
    "explanation/verdicts.md",
)


def with_code() -> list:
    names = [name for name, path in PAGES.items() if blocks(path.read_text(encoding="utf-8"))]
    return [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in names]


@pytest.mark.parametrize("name", with_code())
def test_python_prints_what_the_page_says(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path / "cache"))
    known: dict = {}
    for block in blocks(PAGES[name].read_text(encoding="utf-8")):
        for module in block.needs:
            if importlib.util.find_spec(module) is None:
                pytest.skip(f"{module} is not installed")
        exec(compile(block.code, name, "exec"), known)
        printed = capsys.readouterr().out
        assert printed == (block.prints or ""), block.code


def test_a_block_that_prints_something_else_is_found():
    page = '```python\nprint(1 + 1)\n```\n\n```text title="prints"\n3\n```\n\n```python\nprint(4)  # 4\n```\n'
    first, second = blocks(page)
    assert (first.prints, second.prints) == ("3\n", "4\n")


@pytest.fixture(scope="module")
def helps():
    return help_texts()


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_options_exist(name, helps):
    for line in commands(PAGES[name].read_text(encoding="utf-8")):
        words = line.split()
        if "noisedim" in words[:5] and words[:2] != ["pip", "install"]:
            words = words[words.index("noisedim") + 1 :]
            command = " ".join(words[:2]) if words[0] == "prior" else words[0]
            for option in re.findall(r"(?<=\s)--?[a-z][\w.-]*", line.partition("noisedim")[2]):
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", helps[command]), line
        elif "-m" in words:
            module = words[words.index("-m") + 1]
            assert module == "not" or importlib.util.find_spec(module) is not None, line


def test_the_help_of_every_command_is_a_page(helps):
    assert {name.split()[0] for name in helps} == set(COMMANDS)
    assert all(text.startswith("usage: noisedim") for text in helps.values())
    assert sys.stdout is not None


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r": ([\w/-]+\.md)$", (FOLDER / "mkdocs.yml").read_text(), flags=re.MULTILINE))
    assert set(PAGES) <= listed
    assert all(name.startswith("reference/") for name in listed - set(PAGES))
