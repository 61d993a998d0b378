"""What an installation holds: every package, and the checks that `noisedim verify` runs."""

import tomllib
from pathlib import Path

from setuptools import find_packages

ROOT = Path(__file__).parents[1]


def test_every_package_is_listed_and_the_checks_travel_along() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = set(find_packages(str(ROOT), include=["noisedim*"])) | {"noisedim._theory_checks"}
    assert set(settings["packages"]) == found
    assert settings["package-dir"]["noisedim._theory_checks"] == "theory_checks"


def test_checks_need_nothing_that_an_installation_lacks() -> None:
    for path in (ROOT / "theory_checks").glob("test_*.py"):
        text = path.read_text()
        assert "import pytest" not in text, f"{path.name} is run by `noisedim verify`, where there is no pytest"
        assert "from tests" not in text
        assert "from benchmarks" not in text
