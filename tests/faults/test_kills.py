"""Work that is killed again and again ends as if nothing had happened; ``pytest -m faults`` kills 200 times."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).with_name("kills.py")


def killed(folder, kills, seed, *works):
    command = [sys.executable, str(KILLS), str(folder), str(kills), str(seed), *works]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_few_kills(tmp_path):
    found = killed(tmp_path, 6, 1, "train", "study")
    assert found["kills"] >= 6
    assert found["lost"] == found["wrong"] == found["orphans"] == []


@pytest.mark.slow
@pytest.mark.faults
def test_many_kills(tmp_path, counted):
    found = killed(tmp_path, 4 * counted.times, 2)
    counted("kills", found["kills"], seed=2, **{name: value for name, value in found.items() if name != "kills"})
    assert found["lost"] == found["wrong"] == found["orphans"] == []
