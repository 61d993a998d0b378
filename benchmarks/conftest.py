"""Shared by all benchmarks: options, what they train, a peer in the same run, peaks of memory, and where it ran."""

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from noisedim.data import load_images
from noisedim.report.benchmarks import PROFILES, Profile
from noisedim.report.methods.plan import CONTESTANTS
from noisedim.runs import RunStore
from noisedim.runs.environment import environment
from noisedim.runs.store import DEFAULT_ROOT
from noisedim.training import DataConfig, TrainConfig


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("noisedim", "what the benchmarks of quality train")
    group.addoption("--profile", default="digits", choices=PROFILES, help="digits (default): minutes on two cores")
    group.addoption("--methods", nargs="+", choices=CONTESTANTS, metavar="NAME", help="only these methods")
    group.addoption("--datasets", nargs="+", metavar="NAME", help="other data sets than the profile's")
    group.addoption("--seeds", type=int, help="how many seeds")
    group.addoption("--runs", type=Path, default=DEFAULT_ROOT, help="folder of the trained runs")
    group.addoption("--device", default="auto", help="where to train: auto, cpu or cuda")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    options = metafunc.config.option
    if "dataset" in metafunc.fixturenames:
        profile = PROFILES[options.profile]
        metafunc.parametrize("dataset", options.datasets or [profile.base.data.name], scope="session")
    if "method" in metafunc.fixturenames:
        metafunc.parametrize("method", options.methods or list(CONTESTANTS))


def pytest_benchmark_update_json(config: Any, benchmarks: Any, output_json: dict[str, Any]) -> None:
    # The file is published: the machine's name is nobody's business.
    output_json["machine_info"].pop("node", None)
    # Every single round would make up most of the file; quartiles stay.
    for entry in output_json["benchmarks"]:
        entry["stats"].pop("data", None)


@pytest.fixture(scope="session")
def profile(pytestconfig: pytest.Config) -> Profile:
    """The profile with what the options change."""
    options = pytestconfig.option
    chosen = PROFILES[options.profile]
    changed = {name: getattr(options, name) for name in ("datasets", "seeds")}
    named = ", ".join(f"--{name} {value}" for name, value in changed.items() if value is not None)
    if named:
        chosen = replace(chosen, words=f"{chosen.words}; but changed by {named}")
    return replace(chosen, seeds=options.seeds or chosen.seeds)


@pytest.fixture(scope="session")
def base(profile: Profile, dataset: str) -> TrainConfig:
    """What all runs have in common on this data set."""
    data = profile.base.data if dataset == profile.base.data.name else DataConfig(name=dataset, fold=0)
    return replace(profile.base, data=data)


@pytest.fixture(scope="session")
def making(pytestconfig: pytest.Config) -> dict[str, Any]:
    """How runs are made."""
    return {"device": pytestconfig.option.device}


@pytest.fixture(scope="session")
def store(pytestconfig: pytest.Config) -> RunStore:
    """Where runs are kept: a second call trains nothing."""
    return RunStore(pytestconfig.option.runs)


@pytest.fixture(scope="session")
def contestants(pytestconfig: pytest.Config) -> list[str]:
    """The methods of `noisedim study methods` that are asked for."""
    return pytestconfig.option.methods or list(CONTESTANTS)


@pytest.fixture(scope="session")
def records(pytestconfig: pytest.Config) -> Path:
    """The folder of the records that are part of the repository."""
    return pytestconfig.rootpath / "reports" / "results"


@pytest.fixture(scope="session")
def small_digits() -> torch.Tensor:
    """Digits at the size of the images that the long studies train on."""
    return torch.nn.functional.interpolate(load_images("digits").images, 12)


@pytest.fixture(scope="session")
def peak_bytes() -> Callable[[str, list[list[Any]]], list[int]]:
    """``peak_bytes(program, cases)``: memory that the work of each case takes at its peak, in a process of its own.

    The program defines ``prepare``, which makes the work from a case. The list is empty where peaks cannot be read.
    """

    def run(program: str, cases: list[list[Any]]) -> list[int]:
        if not Path("/proc/self/clear_refs").exists():
            return []
        done = subprocess.run(
            [sys.executable, "-c", f"{_FIRST}{program}{_LAST}"],
            input=json.dumps(cases),
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
            # Freed tensors go back to the system at once, instead of being kept for the next: what is needed is measured.
            env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"},
        )
        return json.loads(done.stdout)

    return run


# Linux lets the high-water mark be lowered to what is held now. The first work pays for what PyTorch sets up once, and is
# measured again.
_FIRST = """
import gc, json, sys, torch
from pathlib import Path
torch.set_num_threads(1)
def held(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))
"""
_LAST = """
cases, peaks = json.load(sys.stdin), []
for case in cases[:1] + cases:
    work = prepare(*case)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = held("VmRSS")
    work()
    peaks.append(held("VmHWM") - before)
print(json.dumps(peaks[1:]))
"""


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
def paired(benchmark: Any, profile: Profile) -> Callable[..., None]:
    """``paired(ours, peer, subject=…, peer_name=…)`` times both in turn, A B A B …, and records their ratio pair by pair.

    ``subject`` says in a report's words what is timed.

    Ours goes into the benchmark's own statistics; ``extra_info`` gets the peer's median seconds, the median of the
    ratios ours/peer, and a 95% interval for that median from order statistics. Of fewer than six rounds even the least
    and the largest are no 95% interval: ``ratio_level`` says what they are.
    """

    def run(
        ours: Callable[[], Any],
        peer: Callable[[], Any],
        *,
        subject: str,
        peer_name: str,
        rounds: int = 15,
        warmup: int = 1,
    ) -> None:
        if benchmark.disabled:
            benchmark(ours)
            peer()
            return
        rounds = min(rounds, profile.rounds)
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
        outside = sum(math.comb(rounds, i) for i in range(low + 1)) / 2**rounds
        benchmark.extra_info |= {
            "subject": subject,
            "peer": peer_name,
            "median_seconds": statistics.median(ours_seconds[-rounds:]),
            "peer_median_seconds": statistics.median(peer_seconds[-rounds:]),
            "ratio_median": statistics.median(ratios),
            "ratio_95": [ratios[low], ratios[-1 - low]],
            "ratio_level": min(0.95, 1 - 2 * outside),
        }
        print(
            f"\n{benchmark.name}: {statistics.median(ratios):.4g} times {peer_name} "
            f"[{ratios[low]:.4g}, {ratios[-1 - low]:.4g}]"
        )

    return run
