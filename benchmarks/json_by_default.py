"""Lets ``--benchmark-json`` stand without a value: the file is then where the report looks for it.

Loaded by ``-p`` in pyproject.toml, because options are parsed before any conftest.py is read.
"""

from pathlib import Path
from typing import Any

import pytest

DEFAULT_JSON = Path("reports/results/benchmarks.json")


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("benchmark")
    add = group.addoption

    def addoption(*names: str, **attributes: Any) -> None:
        if "--benchmark-json" in names:
            attributes |= {"nargs": "?", "const": DEFAULT_JSON}
        add(*names, **attributes)

    group.addoption = addoption


def pytest_configure(config: Any) -> None:
    path = config.getoption("--benchmark-json", default=None)
    if path:
        if Path(path).suffix != ".json":
            # It would be overwritten: `--benchmark-json benchmarks/test_uses.py` names a file of the repository.
            raise pytest.UsageError(
                f"--benchmark-json takes a .json file; got {path}. Put it behind the tests to run, or write =FILE"
            )
        Path(path).parent.mkdir(parents=True, exist_ok=True)
