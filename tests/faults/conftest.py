"""What the long suite counts, for the record of it: NOISEDIM_FAULTS_RECORD names the file."""

import json
import os
import platform
import subprocess
from pathlib import Path

import pytest


class Counted:
    """Adds a count to the record; ``times`` is how many times as much as the least is done."""

    times = int(os.environ.get("NOISEDIM_FAULTS", "50"))

    def __call__(self, what, count, **more):
        if (path := os.environ.get("NOISEDIM_FAULTS_RECORD")) is None:
            return
        record = json.loads(Path(path).read_text()) if Path(path).exists() else {"version": 1, "counts": {}}
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        record["counts"][what] = {"count": count, **more, "commit": commit}
        record["hardware"] = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        Path(path).write_text(json.dumps(record, indent=1) + "\n")


@pytest.fixture(scope="session")
def counted():
    return Counted()
