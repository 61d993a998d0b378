"""The constraints of the oldest dependencies are the lower bounds that pyproject.toml states."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_oldest_versions_are_those_of_pyproject():
    if not (ROOT / ".ci" / "oldest.txt").is_file():
        pytest.skip("not a checkout: .ci/oldest.txt is not installed")
    lines = (ROOT / ".ci" / "oldest.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    floors = dict(requirement.split(">=") for requirement in declared)
    # `.ci/oldest` takes PyTorch's two from pyproject.toml; two are no dependencies of its own.
    assert set(pinned) - {"pyparsing", "pytest"} == set(floors) - {"torch", "torchvision"}
    for name, version in ((name, pinned[name]) for name in set(pinned) & set(floors)):
        assert version == floors[name] or version == f"{floors[name]}.0", name
