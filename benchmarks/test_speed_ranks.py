"""What do two ranks gain? Peer: one process with the whole batch. Both on one thread each, connected by Gloo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("two_ranks.py")


@pytest.fixture(scope="module")
def tell(tmp_path_factory):
    """Sends a line to the processes, which are started once, and waits until they have done it."""
    surroundings = {name: value for name, value in os.environ.items() if name not in ("WORLD_SIZE", "LOCAL_RANK")}
    said = tmp_path_factory.mktemp("ranks") / "stderr"
    with (
        said.open("w") as errors,
        subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**surroundings, "OMP_NUM_THREADS": "1"},
        ) as process,
    ):

        def send(line: str) -> None:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n", said.read_text()

        yield send
        process.stdin.write("end\n")
        process.stdin.flush()
        assert process.wait(60) == 0, said.read_text()


@pytest.mark.parametrize("case", ["perceptron, dual", "narrow ResNet-18, SimCLR"])
@pytest.mark.benchmark(group="ranks")
def test_two_ranks(paired, benchmark, tell, case):
    # The trainers are made at the first word.
    tell(f"together {case}")
    tell(f"alone {case}")
    benchmark.extra_info |= {"cores": os.cpu_count()}
    paired(
        lambda: tell(f"together {case}"),
        lambda: tell(f"alone {case}"),
        subject="a step of two ranks, one core each",
        peer_name="one process",
        rounds=9,
    )
