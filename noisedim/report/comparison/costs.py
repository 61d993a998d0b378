"""What a training step of each method costs: seconds on one thread, and memory at its peak."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from noisedim.data import load_images
from noisedim.files import write_json_atomically
from noisedim.runs.compare import MethodOutcome
from noisedim.schema import read_record
from noisedim.training import TrainConfig
from noisedim.training.loop import Trainer

__all__ = ["peak_bytes", "step_seconds"]

_ROUNDS, _STEPS = 8, 3


@dataclass(frozen=True)
class _Cost:
    """Seconds of a step, by the digest of the configuration that took them."""

    config: str
    seconds: float


def _chosen(comparison: Mapping[str, MethodOutcome]) -> dict[str, TrainConfig]:
    return {name: outcome.chosen for name, outcome in comparison.items() if outcome.chosen is not None}


def step_seconds(comparison: Mapping[str, MethodOutcome], base: TrainConfig, folder: Path) -> dict[str, float]:
    """Seconds of a training step of each method, one thread, measured in turn.

    They are kept in ``folder``: what is trained at equal time depends on them, and so stays the same at the next call.

    Args:
        comparison: what tuning took, by method.
        base: what all methods have in common.
        folder: where the file of costs is kept.
    """
    chosen = _chosen(comparison)
    path = folder / f"costs-{base.digest()}.json"
    key = {name: replace(config, data=base.data, seed=0).digest() for name, config in chosen.items()}
    known = read_record(path, dict[str, _Cost]) if path.is_file() else {}
    if all(name in known and known[name].config == digest for name, digest in key.items()):
        return {name: known[name].seconds for name in chosen}
    found = _measured(chosen, base)
    write_json_atomically(path, {name: {"config": key[name], "seconds": found[name]} for name in chosen})
    return found


def _measured(configs: Mapping[str, TrainConfig], base: TrainConfig) -> dict[str, float]:
    images = load_images(base.data.name, limit=base.data.limit).images
    trainers = {name: Trainer(config, images, device="cpu") for name, config in configs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in configs}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(_ROUNDS):
            for name, trainer in trainers.items():
                began = time.perf_counter()
                for _ in range(_STEPS):
                    trainer.step()
                seconds[name].append((time.perf_counter() - began) / _STEPS)
    finally:
        torch.set_num_threads(threads)
    # The first round warms up.
    return {name: statistics.median(own[1:]) for name, own in seconds.items()}


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


def peak_bytes(comparison: Mapping[str, MethodOutcome]) -> dict[str, int]:
    """Memory that weights, optimiser and a training step take at their peak, by method; empty where it can't be read."""
    if not Path("/proc/self/clear_refs").exists():
        return {}
    settings = {name: config.to_dict() for name, config in _chosen(comparison).items()}
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
