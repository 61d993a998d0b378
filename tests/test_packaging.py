"""What an installation holds: every package, and the checks that `noisedim verify` runs."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from setuptools import find_packages

import noisedim
from noisedim.cli import COMMANDS

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


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of a clone, in a folder called noisedim as a clone's is."""
    source = tmp_path_factory.mktemp("beside") / "noisedim"
    for folder in ("noisedim", "theory_checks"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    return source


def build(kind: str, source: Path, into: Path) -> Path:
    """What a front end such as pip asks of the backend: ``wheel``, ``sdist`` or ``editable``; the file that it made."""
    into.mkdir(exist_ok=True)
    code = f"import setuptools.build_meta as backend; print(backend.build_{kind}({str(into)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=source, check=True, capture_output=True, text=True, timeout=120
    )
    return into / done.stdout.split()[-1]


def run_there(code: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Python in a folder that is not the checkout, whose path the environment does not give either."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a wheel that was built from the sdist installs: nothing that the sdist lacks can be in it."""
    folder = tmp_path_factory.mktemp("built")
    with tarfile.open(build("sdist", clone, folder)) as archive:
        archive.extractall(folder / "sdist", filter="data")
    (unpacked,) = (folder / "sdist").iterdir()
    with zipfile.ZipFile(build("wheel", unpacked, folder)) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


# Neither the current folder nor an editable installation may answer.
_COMMAND = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from noisedim.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.mark.slow
def test_an_installed_wheel_verifies_a_claim(installed: Path, tmp_path: Path) -> None:
    run = run_there(_COMMAND, str(installed), "verify", "E5", cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "printed form: ✗ refuted; corrected form: ✓ verified" in run.stdout
    assert (installed / "noisedim" / "_theory_checks" / "test_section_4_autoencoder.py").is_file()


@pytest.mark.slow
def test_an_installed_wheel_has_the_help_of_every_command_and_assesses(installed: Path, tmp_path: Path) -> None:
    helps = """
import sys
sys.path.insert(0, sys.argv[1])
import noisedim
from noisedim.cli import COMMANDS, main
assert noisedim.__file__.startswith(sys.argv[1]), noisedim.__file__
for name in COMMANDS:
    try:
        main([name, "--help"])
    except SystemExit as stopped:
        assert stopped.code in (0, None), name
"""
    run = run_there(helps, str(installed), cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("usage: noisedim ") == len(COMMANDS)
    np.save(tmp_path / "z.npy", np.random.default_rng(0).standard_normal((200, 2)))
    run = run_there(_COMMAND, str(installed), "assess", "z.npy", "--no-n-star", "--output", "page.html", cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "<html" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_installed_wheel_has_the_documentation_and_its_version(installed: Path, clone: Path) -> None:
    pages = {
        path.relative_to(clone)
        for path in (clone / "noisedim" / "docs").rglob("*")
        if path.suffix in (".md", ".yml", ".css")
    }
    assert len(pages) > 20
    assert all((installed / path).is_file() for path in pages)
    (metadata,) = installed.glob("noisedim-*.dist-info/METADATA")
    assert f"\nVersion: {noisedim.__version__}\n" in metadata.read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_editable_installation_works_in_the_folder_that_holds_the_clone(clone: Path, tmp_path: Path) -> None:
    """There, the clone itself looks like a package without content, which must not be what is imported."""
    with zipfile.ZipFile(build("editable", clone, tmp_path / "built")) as archive:
        archive.extractall(tmp_path / "site")
    # The environment that runs this test may have an editable installation of its own, which must not answer.
    code = """
import site, sys
from pathlib import Path
sys.path = [entry for entry in sys.path if not (Path(entry) / "noisedim" / "__init__.py").is_file()]
site.addsitedir(sys.argv[1])
import noisedim
print(noisedim.__file__, noisedim.__version__)
"""
    run = run_there(code, str(tmp_path / "site"), cwd=clone.parent)
    assert run.stdout.split() == [str(clone / "noisedim" / "__init__.py"), noisedim.__version__], run.stderr


def test_public_names_are_those_of_the_package() -> None:
    assert len(set(noisedim.__all__)) == len(noisedim.__all__)
    assert all(getattr(noisedim, name) is not None for name in noisedim.__all__)
