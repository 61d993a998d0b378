"""Of two processes that add records to one file, the second ends at once with an error, and the file keeps what it has."""

import subprocess
import sys

import pytest

from noisedim.errors import InvalidInputError
from noisedim.files import sole_writer
from noisedim.normality.audit.__main__ import main as audit
from noisedim.report.methods.plan import STUDY
from noisedim.report.table_1.plan import make_table
from noisedim.runs.store import RunStore
from noisedim.runs.studies.long_study import make_study

_HOLDER = """
import sys
from pathlib import Path
from noisedim.files import sole_writer
with sole_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path, monkeypatch):
    """A file that another process adds to."""
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "records.json"
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield path, process
        process.stdin.close()


@pytest.mark.parametrize(
    "add",
    [
        lambda path: make_study(STUDY, "smoke", path),
        lambda path: make_table("smoke", RunStore(path.parent / "runs"), path),
        lambda path: audit(["--output", str(path)]),
    ],
    ids=["a study", "Table 1", "the audit"],
)
def test_a_second_writer_is_refused_before_it_works(held, add):
    path, _ = held
    with pytest.raises(
        InvalidInputError, match="another process adds to .*records.json; let it end, or write to another"
    ):
        add(path)
    assert not path.exists()


def test_the_file_is_free_when_the_other_has_ended_or_was_killed(held):
    path, process = held
    other = path.with_name("other.json")
    with sole_writer(other):
        pass
    process.kill()
    process.wait()
    for _ in range(2):
        with sole_writer(path):
            pass
    assert not list(path.parent.glob("records*"))


def test_without_a_cache_there_is_no_lock(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path / "file" / "cache"))
    path = tmp_path / "records.json"
    with sole_writer(path), sole_writer(path):  # with a lock, the second would wait for the first
        path.write_text("added")
    assert path.read_text() == "added"
