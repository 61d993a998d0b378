"""Shared by all benchmarks: options, the trained comparison, a peer in the same run, and where it ran."""

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
from noisedim.files import read_json, write_json_atomically
from noisedim.report.comparison.plan import PROFILES, Profile
from noisedim.runs import RunStore
from noisedim.runs.compare import MethodOutcome, make_comparison, make_seeds
from noisedim.runs.comparison import METHODS
from noisedim.runs.environment import environment
from noisedim.runs.store import DEFAULT_ROOT
from noisedim.training import DataConfig, TrainConfig
from noisedim.training.loop import Trainer


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("noisedim", "what the benchmarks of quality train")
    group.addoption("--profile", default="digits", choices=PROFILES, help="digits (default): minutes on two cores")
    group.addoption("--methods", nargs="+", choices=METHODS, metavar="NAME", help="only these methods")
    group.addoption("--datasets", nargs="+", metavar="NAME", help="other data sets than the profile's")
    group.addoption("--seeds", type=int, help="how many seeds")
    group.addoption("--epochs", type=float, help="another length of training")
    group.addoption("--runs", type=Path, default=DEFAULT_ROOT, help="folder of the trained runs")
    group.addoption("--device", default="auto", help="where to train: auto, cpu or cuda")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    # The report draws Figure 1 on digits; here it is for profiles with capacities.
    if collection_path.name == "test_figure_1.py" and not PROFILES[config.getoption("profile")].capacities:
        return True
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    options = metafunc.config.option
    if "dataset" in metafunc.fixturenames:
        profile = PROFILES[options.profile]
        metafunc.parametrize("dataset", options.datasets or [profile.base.data.name], scope="session")
    if "method" in metafunc.fixturenames:
        metafunc.parametrize("method", options.methods or list(METHODS))
    if "capacity" in metafunc.fixturenames:
        metafunc.parametrize("capacity", PROFILES[options.profile].capacities)


def pytest_benchmark_update_json(config: Any, benchmarks: Any, output_json: dict[str, Any]) -> None:
    # Every single round would make up most of the file; quartiles stay.
    for entry in output_json["benchmarks"]:
        entry["stats"].pop("data", None)


@pytest.fixture(scope="session")
def profile(pytestconfig: pytest.Config) -> Profile:
    """The profile with what the options change."""
    options = pytestconfig.option
    chosen = PROFILES[options.profile]
    changed = {name: getattr(options, name) for name in ("datasets", "seeds", "epochs")}
    named = ", ".join(f"--{name} {value}" for name, value in changed.items() if value is not None)
    if named:
        chosen = replace(chosen, words=f"{chosen.words}; but changed by {named}")
    as_paper = chosen.as_paper and options.datasets is None and options.epochs is None
    return replace(chosen, seeds=options.seeds or chosen.seeds, as_paper=as_paper)


@pytest.fixture(scope="session")
def base(profile: Profile, dataset: str, pytestconfig: pytest.Config) -> TrainConfig:
    """What all methods have in common on this data set."""
    data = profile.base.data if dataset == profile.base.data.name else DataConfig(name=dataset, fold=0)
    config = replace(profile.base, data=data)
    epochs = pytestconfig.option.epochs
    if epochs is None:
        return config
    images = len(load_images(data.name, limit=data.limit).images) * (data.folds - 1) // data.folds
    return replace(config, steps=max(1, round(epochs * (images // config.batch_size))))


@pytest.fixture(scope="session")
def making(pytestconfig: pytest.Config) -> dict[str, Any]:
    """How runs are made."""
    return {"device": pytestconfig.option.device}


@pytest.fixture(scope="session")
def store(pytestconfig: pytest.Config) -> RunStore:
    """Where runs are kept: a second call trains nothing."""
    return RunStore(pytestconfig.option.runs)


@pytest.fixture(scope="session")
def comparison(
    profile: Profile, base: TrainConfig, store: RunStore, making: dict[str, Any], pytestconfig: pytest.Config
) -> dict[str, MethodOutcome]:
    """All methods, tuned and trained at an equal number of steps."""
    names = pytestconfig.option.methods or list(METHODS)
    return make_comparison(names, base, store, seeds=range(profile.seeds), **making)


@pytest.fixture(scope="session")
def costs(comparison: dict[str, MethodOutcome], store: RunStore, base: TrainConfig) -> dict[str, float]:
    """Seconds a training step of each method, one thread, measured in turn; kept, so that runs stay the same runs."""
    alive = {name: outcome.chosen for name, outcome in comparison.items() if outcome.chosen is not None}
    path = store.root.parent / f"costs-{base.digest()}.json"
    key = {name: replace(config, data=base.data, seed=0).digest() for name, config in alive.items()}
    known = read_json(path) if path.is_file() else {}
    if all(known.get(name, {}).get("config") == digest for name, digest in key.items()):
        return {name: known[name]["seconds"] for name in alive}
    images = load_images(base.data.name, limit=base.data.limit).images
    trainers = {name: Trainer(config, images, device="cpu") for name, config in alive.items()}
    seconds: dict[str, list[float]] = {name: [] for name in alive}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(8):
            for name, trainer in trainers.items():
                began = time.perf_counter()
                for _ in range(3):
                    trainer.step()
                seconds[name].append((time.perf_counter() - began) / 3)
    finally:
        torch.set_num_threads(threads)
    # The first round warms up.
    found = {name: statistics.median(own[1:]) for name, own in seconds.items()}
    write_json_atomically(path, {name: {"config": key[name], "seconds": found[name]} for name in alive})
    return found


# A process of its own, with nothing else in it. Linux lets the high-water mark be lowered to what is held now.
_PEAK = """
import gc, json, sys, torch
from pathlib import Path
from noisedim.data import load_images
from noisedim.training import TrainConfig
from noisedim.training.loop import Trainer
torch.set_num_threads(1)
def held(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))
peaks = {}
for name, settings in json.load(sys.stdin).items():
    config = TrainConfig.from_dict(settings)
    images = load_images(config.data.name, limit=config.data.limit).images
    gc.collect()
    before = held("VmRSS")
    trainer = Trainer(config, images, device="cpu")
    trainer.step()
    Path("/proc/self/clear_refs").write_text("5")
    trainer.step()
    peaks[name] = held("VmHWM") - before
    del trainer
print(json.dumps(peaks))
"""


@pytest.fixture(scope="session")
def peak_bytes(comparison: dict[str, MethodOutcome]) -> dict[str, int]:
    """Memory that weights, optimiser and a training step take at their peak, by method; empty where it can't be read."""
    if not Path("/proc/self/clear_refs").exists():
        return {}
    settings = {name: outcome.chosen.to_dict() for name, outcome in comparison.items() if outcome.chosen is not None}
    # The first process's first trainer pays for what PyTorch sets up once: it goes first and is measured again.
    first = next(iter(settings))
    # Freed tensors go back to the system at once, instead of being kept for the next: what is needed is measured.
    surroundings = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, "-c", _PEAK],
        input=json.dumps({"warm-up": settings[first], **settings}),
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
        env=surroundings,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def equal_time(
    comparison: dict[str, MethodOutcome],
    costs: dict[str, float],
    profile: Profile,
    base: TrainConfig,
    store: RunStore,
    making: dict[str, Any],
) -> dict[str, MethodOutcome]:
    """The same methods, each with as many steps as the closed-form dual's time at an equal number of steps allows."""
    seconds = costs.get("dual", min(costs.values())) * base.steps

    def steps(name: str) -> int:
        return max(20, round(seconds / costs[name] / 20) * 20)

    return make_seeds(comparison, store, seeds=range(min(3, profile.seeds)), steps=steps, **making)


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
    ratios ours/peer, and a 95% interval for that median from order statistics. Of fewer than six rounds even the least
    and the largest are no 95% interval: ``ratio_level`` says what they are.
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
        outside = sum(math.comb(rounds, i) for i in range(low + 1)) / 2**rounds
        benchmark.extra_info |= {
            "peer": peer_name,
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
