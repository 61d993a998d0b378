"""Pairwise perceptron critic on all pairs: memory by rows at a time against all at once, and what that costs in time."""

import numpy as np
import pytest
import torch

from noisedim.critics import MLPCritic

BATCHES = (128, 256, 512)
ROWS = 16

_PROGRAM = """
from noisedim.critics import MLPCritic
def step(critic, n):
    x, y = torch.randn(n, 8, requires_grad=True), torch.randn(n, 8, requires_grad=True)
    critic(x, y).logsumexp(1).mean().backward()
def prepare(batch, rows):
    torch.manual_seed(0)
    critic = MLPCritic(8, rows_at_once=rows)
    step(critic, 32)
    return lambda: step(critic, batch)
"""


@pytest.mark.benchmark(group="critic")
def test_memory_and_time(paired, one_thread, benchmark, profile, peak_bytes):
    torch.manual_seed(0)
    x, y = (torch.randn(256, 8, requires_grad=True) for _ in range(2))
    whole, in_rows = MLPCritic(8), MLPCritic(8, rows_at_once=ROWS)

    def step(critic: MLPCritic) -> None:
        critic(x, y).logsumexp(1).mean().backward()

    paired(
        lambda: step(in_rows),
        lambda: step(whole),
        subject="the perceptron critic, row by row",
        peer_name="all pairs at once",
        rounds=6,
    )
    batches = [batch for batch in BATCHES if batch**2 <= 64 * profile.most_rows]
    peaks = (
        []
        if benchmark.disabled
        else peak_bytes(_PROGRAM, [[batch, rows] for rows in (ROWS, None) for batch in batches])
    )
    if not peaks:
        return
    ours, theirs = peaks[: len(batches)], peaks[len(batches) :]
    powers = [float(np.polyfit(np.log(batches), np.log(np.maximum(costs, 1)), 1)[0]) for costs in (ours, theirs)]
    benchmark.extra_info |= {
        "question": "critic memory",
        "rows_at_once": ROWS,
        "hidden": 256,
        "batches": batches,
        "peak_bytes": ours,
        "peak_bytes_at_once": theirs,
        "batch_power": powers[0],
        "batch_power_at_once": powers[1],
    }
    # O(B·h) against O(B²·h): a batch four times as large takes four times the memory, not sixteen times.
    assert ours[-1] < theirs[-1] / 4
