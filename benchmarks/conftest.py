"""Shared by all benchmarks: a peer in the same run, interleaved, and where it ran."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from noisedim.runs.environment import environment


@pytest.fixture(autouse=True)
def _where(request: pytest.FixtureRequest) -> None:
    """Every entry names its hardware and versions."""
    if "benchmark" in request.fixturenames:
        request.getfixturevalue("benchmark").extra_info["environment"] = environment()


@pytest.fixture
def one_thread() -> Any:
    """One thread for ours and for the peer: what is compared is the work, not the schedulers."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def paired(benchmark: Any) -> Callable[..., None]:
    """``paired(ours, peer, peer_name=…)`` times both in turn, A B A B …, and records their ratio pair by pair.

    Ours goes into the benchmark's own statistics; ``extra_info`` gets the peer's median seconds, the median of the
    ratios ours/peer, and a 95% interval for that median from order statistics.
    """

    def run(
        ours: Callable[[], Any], peer: Callable[[], Any], *, peer_name: str, rounds: int = 15, warmup: int = 1
    ) -> None:
        if benchmark.disabled:
            benchmark(ours)
            peer()
            return
        for _ in range(warmup):
            ours()
            peer()
        ours_seconds, peer_seconds = [], []

        def timed_peer() -> tuple[tuple[()], dict[str, Any]]:
            began = time.perf_counter()
            peer()
            peer_seconds.append(time.perf_counter() - began)
            return (), {}

        def timed_ours() -> None:
            began = time.perf_counter()
            ours()
            ours_seconds.append(time.perf_counter() - began)

        benchmark.pedantic(timed_ours, setup=timed_peer, rounds=rounds)
        ratios = sorted(a / b for a, b in zip(ours_seconds[-rounds:], peer_seconds[-rounds:], strict=True))
        # Ranks that hold the median with 95%: binomial(n, 1/2).
        low = int(max(0, np.floor(rounds / 2 - 0.98 * np.sqrt(rounds))))
        benchmark.extra_info |= {
            "peer": peer_name,
            "peer_median_seconds": statistics.median(peer_seconds[-rounds:]),
            "ratio_median": statistics.median(ratios),
            "ratio_95": [ratios[low], ratios[-1 - low]],
        }
        print(
            f"\n{benchmark.name}: {statistics.median(ratios):.4g} times {peer_name} "
            f"[{ratios[low]:.4g}, {ratios[-1 - low]:.4g}]"
        )

    return run
