"""`--benchmark-json` without a file name: its default, and no file of the repository taken for it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CASE = "def test_it(benchmark):\n    benchmark(int)\n"


def pytest_in(folder, *arguments):
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "test_case.py").write_text(CASE)
    command = [sys.executable, "-m", "pytest", "-p", "benchmarks.json_by_default", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300
    )


@pytest.mark.slow
def test_without_a_name_the_file_is_where_the_report_reads_it(tmp_path):
    done = pytest_in(tmp_path, "benchmarks", "--benchmark-json")
    assert done.returncode == 0, done.stdout
    assert '"test_it"' in (tmp_path / "reports" / "results" / "benchmarks.json").read_text()


@pytest.mark.slow
def test_a_test_file_is_not_taken_for_it(tmp_path):
    done = pytest_in(tmp_path, "--benchmark-json", "benchmarks/test_case.py")
    assert done.returncode == 4
    assert "--benchmark-json takes a .json file; got benchmarks/test_case.py" in done.stderr
    assert (tmp_path / "benchmarks" / "test_case.py").read_text() == CASE
