"""What do two ranks gain? Peer: one process with the whole batch. Both on one thread each, connected by Gloo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("two_ranks.py")


@pytest.mark.parametrize("case", ["perceptron, dual", "narrow ResNet-18, SimCLR"])
@pytest.mark.benchmark(group="ranks")
def test_two_ranks(paired, benchmark, case):
    surroundings = {name: value for name, value in os.environ.items() if name not in ("WORLD_SIZE", "LOCAL_RANK")}
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), case],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**surroundings, "OMP_NUM_THREADS": "1"},
    ) as process:

        def tell(word: str) -> None:
            process.stdin.write(f"{word}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        tell("together")
        tell("alone")
        benchmark.extra_info |= {"cores": os.cpu_count()}
        paired(lambda: tell("together"), lambda: tell("alone"), peer_name="one process", rounds=9)
        process.stdin.write("end\n")
        process.stdin.flush()
        assert process.wait(60) == 0
