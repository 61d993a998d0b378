"""Pairwise perceptron critic on all pairs: memory by rows at a time against all at once, and what that costs in time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from noisedim.critics import MLPCritic

BATCHES = (128, 256, 512)
ROWS = 16

# A process of its own, with nothing else in it, whose high-water mark Linux lets us lower to what it holds now.
_CLEAR = Path("/proc/self/clear_refs")
_MEASURE = """
import json, sys, torch
from pathlib import Path
from noisedim.critics import MLPCritic
torch.set_num_threads(1)
def step(critic, n):
    x, y = torch.randn(n, 8, requires_grad=True), torch.randn(n, 8, requires_grad=True)
    critic(x, y).logsumexp(1).mean().backward()
def held(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))
peaks = []
for batch, rows in json.load(sys.stdin):
    torch.manual_seed(0)
    critic = MLPCritic(8, rows_at_once=rows)
    step(critic, 32)
    Path("/proc/self/clear_refs").write_text("5")
    before = held("VmRSS")
    step(critic, batch)
    peaks.append(held("VmHWM") - before)
print(json.dumps(peaks))
"""


def peak_bytes(cases: list[tuple[int, int | None]]) -> list[int]:
    """Memory that a step takes at its peak, for each batch and number of rows at a time."""
    # Freed tensors go back to the system at once, instead of being kept for the next: what is needed is measured.
    surroundings = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", _MEASURE]
    done = subprocess.run(
        command, input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=120, env=surroundings
    )
    return json.loads(done.stdout)


@pytest.mark.benchmark(group="critic")
def test_memory_and_time(paired, one_thread, benchmark):
    torch.manual_seed(0)
    x, y = (torch.randn(256, 8, requires_grad=True) for _ in range(2))
    whole, in_rows = MLPCritic(8), MLPCritic(8, rows_at_once=ROWS)

    def step(critic: MLPCritic) -> None:
        critic(x, y).logsumexp(1).mean().backward()

    paired(lambda: step(in_rows), lambda: step(whole), peer_name="all pairs at once", rounds=6)
    if benchmark.disabled or not _CLEAR.exists():
        return
    peaks = peak_bytes([(batch, rows) for rows in (ROWS, None) for batch in BATCHES])
    ours, theirs = peaks[: len(BATCHES)], peaks[len(BATCHES) :]
    powers = [float(np.polyfit(np.log(BATCHES), np.log(np.maximum(costs, 1)), 1)[0]) for costs in (ours, theirs)]
    benchmark.extra_info |= {
        "question": "critic memory",
        "rows_at_once": ROWS,
        "hidden": 256,
        "batches": BATCHES,
        "peak_bytes": ours,
        "peak_bytes_at_once": theirs,
        "batch_power": powers[0],
        "batch_power_at_once": powers[1],
    }
    # O(B·h) against O(B²·h): a batch four times as large takes four times the memory, not sixteen times.
    assert ours[-1] < theirs[-1] / 4
