"""A newcomer can take in each file, function and room: none grows past the sizes that CONTRIBUTING.md states."""

import ast
from collections.abc import Iterator
from pathlib import Path

import noisedim

PACKAGE = Path(noisedim.__file__).parent
MOST_FILES, MOST_LINES, MOST_LINES_OF_A_FUNCTION = 15, 400, 60


def too_many_files(folder: Path) -> bool:
    return len(list(folder.glob("*.py"))) > MOST_FILES


def long_functions(source: str) -> Iterator[str]:
    """Names of functions that are too long without their docstrings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            docstring = 0 if text is None else len(text.splitlines())
            if (node.end_lineno or 0) - node.lineno + 1 - docstring > MOST_LINES_OF_A_FUNCTION:
                yield node.name


def test_rooms_files_and_functions_are_small() -> None:
    paths = sorted(PACKAGE.rglob("*.py"))
    folders = {path.parent for path in paths}
    assert not [str(folder) for folder in folders if too_many_files(folder)]
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    assert not [str(path) for path, text in texts.items() if len(text.splitlines()) > MOST_LINES]
    assert not [f"{path}: {name}" for path, text in texts.items() for name in long_functions(text)]


def test_what_is_too_large_is_seen(tmp_path: Path) -> None:
    for i in range(MOST_FILES + 1):
        (tmp_path / f"m{i}.py").touch()
    assert too_many_files(tmp_path)
    body = "    pass\n" * MOST_LINES_OF_A_FUNCTION
    assert list(long_functions(f"def fine():\n{body[9:]}\ndef long():\n{body}")) == ["long"]
