"""What an installation holds: every package, and the checks that `noisedim verify` runs."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
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


@pytest.mark.slow
def test_an_installed_wheel_verifies_a_claim(tmp_path: Path) -> None:
    source, built, installed = (tmp_path / name for name in ("source", "built", "installed"))
    for folder in ("noisedim", "theory_checks"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    built.mkdir()
    build = f"import setuptools.build_meta as backend; backend.build_wheel({str(built)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=120)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    # Not the checkout: neither the current folder nor an editable installation may answer.
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from noisedim.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(installed), "verify", "E5"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "printed form: ✗ refuted; corrected form: ✓ verified" in run.stdout
    assert (installed / "noisedim" / "_theory_checks" / "test_section_4_autoencoder.py").is_file()
