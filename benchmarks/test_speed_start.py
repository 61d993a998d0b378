"""What do noisedim's start and its typed records cost? Peers: Python's own start, and the records' JSON without types."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from noisedim.runs import RunStore, make_run
from noisedim.training import DataConfig, TrainConfig

RECORDS = 100
# No kernel, so not among those that the report compares with a peer's.
QUESTION = {"question": "start"}


def started(statement: str) -> None:
    """A fresh interpreter with one statement."""
    subprocess.run([sys.executable, "-c", statement], check=True)


# Torch, SciPy and the schemas are imported where they are used, not by `import noisedim`; reading a record needs the types of
# all that it holds.
@pytest.mark.parametrize(
    ("subject", "ours", "peer", "rounds"),
    [
        ("import noisedim", "import noisedim", "import numpy", 15),
        ("import of the records' schemas", "import torch, pandas, noisedim.runs", "import torch, pandas", 7),
    ],
    ids=["noisedim", "schemas"],
)
@pytest.mark.benchmark(group="start")
def test_import(paired, benchmark, subject, ours, peer, rounds):
    benchmark.extra_info |= QUESTION
    paired(lambda: started(ours), lambda: started(peer), subject=subject, peer_name=peer, rounds=rounds)


@pytest.mark.benchmark(group="start")
def test_records(paired, benchmark, tmp_path):
    """Configurations and results of many runs, read to typed records and as plain JSON."""
    config = TrainConfig(data=DataConfig(fold=0), steps=3, batch_size=32, encoder="mlp")
    store = RunStore(tmp_path)
    made = make_run(config, store, device="cpu")
    configs = [replace(config, seed=seed) for seed in range(RECORDS)]
    for own in configs[1:]:
        folder = shutil.copytree(made.path, tmp_path / own.digest())
        (folder / "config.json").write_text(json.dumps(own.to_dict()))
    paths = [tmp_path / own.digest() for own in configs]

    def typed() -> int:
        kinds = [TrainConfig.from_dict(json.loads((path / "config.json").read_bytes())) for path in paths]
        return len([store.open(own).read_record() for own in kinds])

    def plain() -> int:
        return len(
            [json.loads((path / f"{part}.json").read_bytes()) for part in ("config", "result") for path in paths]
        )

    assert typed() == RECORDS
    benchmark.extra_info |= QUESTION | {"n": RECORDS}
    paired(typed, plain, subject="reading of 100 records", peer_name="json.loads")
