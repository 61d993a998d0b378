"""Kill what noisedim does at random moments, go on, and compare the end with that of work that nothing disturbed.

A program, so that no thread of the caller is copied: ``python tests/faults/kills.py FOLDER KILLS SEED [WORK ...]`` imports
noisedim once and forks a process for each try; SIGKILL ends it at a random moment. It prints the counts, and what was lost,
wrong or left behind, as JSON.
"""

import json
import os
import random
import re
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from noisedim.cli import main
from noisedim.files import read_json
from noisedim.generation import train as generation
from noisedim.generation.config import GanConfig
from noisedim.report.build import ReportOptions, write_report
from noisedim.report.studies import STUDIES
from noisedim.runs import RunStore, make_run, make_runs
from noisedim.runs.make_generator import make_generator_run
from noisedim.runs.packed import read_packed
from noisedim.runs.studies.long_study import Cell, LongStudy, Scores, make_study, read_study
from noisedim.training import DataConfig, TrainConfig, loop

_RUN = TrainConfig(data=DataConfig(fold=0, limit=400), steps=12, batch_size=32, encoder="mlp")
_SECONDS = ("seconds", "made", "time", "environment", "memory")
_SPENT = re.compile(r"[\d.]+ (s|min|h)\b")
# Kills before work is let to its end.
_AT_ONCE = 4
_ORPHAN_SECONDS = 10.0


def _train(folder: Path) -> None:
    make_run(_RUN, RunStore(folder / "runs"), device="cpu")


def _sweep(folder: Path) -> None:
    outcomes = make_runs([replace(_RUN, seed=seed) for seed in (1, 2)], RunStore(folder / "runs"), device="cpu", jobs=2)
    if any(outcome.error for outcome in outcomes):
        raise RuntimeError(str([outcome.error for outcome in outcomes]))


def _generator(folder: Path) -> None:
    config = GanConfig(encoder=_RUN, steps=8, batch_size=16, width=4)
    make_generator_run(config, RunStore(folder / "runs"), device="cpu")


def _measured(cell: Cell, root: str | None) -> Scores:
    time.sleep(0.02)
    return Scores(
        n=10, seconds=1.0, values={"knn": (0.5 + cell.config.seed, 0.25)}, correct={"knn": "x"}, whole={"p": 0.5}
    )


def _cells() -> list[Cell]:
    return [Cell(replace(_RUN, seed=seed), {"method": "dual", "dial": 0.5}) for seed in range(12)]


def _study(folder: Path) -> None:
    study = LongStudy(name="methods", question="?", cells={"small": _cells}, measure=_measured)
    make_study(study, "small", folder / "study.json")


def _report(folder: Path) -> None:
    """The pages, written anew as each of two runs arrives, and the records that are published when both are there."""
    (study,) = (study for study in STUDIES if study.name == "embeddings")
    plan = [replace(_RUN, noise=config.noise) for config in study.runs("quick", "digits")[:2]]
    options = ReportOptions(output=folder / "report", jobs=1, device="cpu")
    for count in (1, 2):
        write_report(options, [replace(study, runs=lambda profile, data, count=count: tuple(plan[:count]))])


def _assess(folder: Path) -> None:
    if not (folder / "z.npy").exists():
        np.save(folder / "z.npy", np.random.default_rng(0).normal(size=(100, 2)))
    code = main(["assess", str(folder / "z.npy"), "--no-n-star", "--output", str(folder / "out")])
    if code not in (0, 1):
        raise RuntimeError(f"exit code {code}")


WORKS = {
    "train": _train,
    "study": _study,
    "assess": _assess,
    "generator": _generator,
    "sweep": _sweep,
    "report": _report,
}
SHARES = {"train": 0.3, "study": 0.3, "assess": 0.1, "generator": 0.1, "sweep": 0.1, "report": 0.1}


def _start(work, folder: Path) -> int:
    """A process, the first of its group, that does the work; its exit code is 0 if all went well."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nothing, stream)
        work(folder)
        code = 0
    except BaseException as error:
        (folder / "failure.txt").write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def _finished(work, folder: Path) -> tuple[bool, float]:
    began = time.monotonic()
    _, status = os.waitpid(_start(work, folder), 0)
    return status == 0, time.monotonic() - began


def _content(folder: Path) -> dict[str, object]:
    """What the work left, without times: arrays as bytes, JSON as data."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix in (".npy", ".npz"):
            loaded = np.load(path, allow_pickle=False)
            arrays = loaded if path.suffix == ".npz" else {"array": loaded}
            found[name] = {key: _values(arrays[key]) for key in arrays}
        elif path.suffix == ".json" and path.name != "environment.json":  # which names the commit
            found[name] = _timeless(read_json(path))
        elif path.suffix in (".html", ".md", ".csv"):
            found[name] = _SPENT.sub("", path.read_text(encoding="utf-8"))
    return found


def _values(array: np.ndarray) -> object:
    content = array.tobytes()
    # Records of runs are packed as JSON, with their times.
    return _timeless(json.loads(content)) if content.startswith(b"{") else content


def _timeless(data: object) -> object:
    if isinstance(data, dict):
        return {key: _timeless(value) for key, value in data.items() if not any(word in key for word in _SECONDS)}
    return [_timeless(value) for value in data] if isinstance(data, list) else data


def _readable(kind: str, folder: Path) -> str | None:
    """What cannot be read after a kill; None if all can."""
    try:
        for runs in folder.rglob("runs"):
            RunStore(runs).load()
        for packed in folder.rglob("runs-*.npz"):
            read_packed(packed)
        for page in folder.rglob("*.html"):
            if not page.read_text(encoding="utf-8").rstrip().endswith("</html>"):
                return f"{kind}: half of {page.name}"
        if (folder / "study.json").exists():
            read_study(folder / "study.json")
        _content(folder)
    except Exception as error:
        return f"{kind}: {type(error).__name__}: {error}"[:300]
    return None


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _orphans(group: int) -> bool:
    """Whether processes of a killed one's group live on for longer than ten seconds; they are ended then."""
    until = time.monotonic() + _ORPHAN_SECONDS
    while _group_lives(group):
        if time.monotonic() > until:
            os.killpg(group, signal.SIGKILL)
            return True
        time.sleep(0.1)
    return False


def run(folder: Path, kills: int, seed: int, works: tuple[str, ...]) -> dict[str, object]:
    """``kills`` kills, shared by :data:`SHARES`, until the second of NOISEDIM_FAULTS_UNTIL at most."""
    until = float(os.environ.get("NOISEDIM_FAULTS_UNTIL", "inf"))
    torch.set_num_threads(1)
    for function in (loop.run_to_end, loop.train, generation.train_generator):
        if "checkpoint_seconds" in function.__kwdefaults__:
            function.__kwdefaults__["checkpoint_seconds"] = 0.0  # a checkpoint after every record, of every step
        function.__kwdefaults__["log_every"] = 1
    chance = random.Random(seed)
    counts = dict.fromkeys(works, 0)
    faults: dict[str, list[str]] = {"lost": [], "wrong": [], "orphans": []}
    for kind in works:
        work = WORKS[kind]
        whole = folder / f"{kind}-whole"
        whole.mkdir(parents=True)
        good, seconds = _finished(work, whole)
        if not good:
            raise RuntimeError(f"{kind} fails undisturbed: {(whole / 'failure.txt').read_text()}")
        expected, tries = _content(whole), 0
        aim = round(SHARES[kind] / sum(SHARES[other] for other in works) * kills)
        while counts[kind] < aim and time.time() < until:
            tries += 1
            place = folder / f"{kind}-{tries}"
            place.mkdir()
            for _ in range(_AT_ONCE):
                process = _start(work, place)
                time.sleep(chance.uniform(0.05, 1.0) * seconds)
                os.kill(process, signal.SIGKILL)
                _, status = os.waitpid(process, 0)
                if not os.WIFSIGNALED(status):
                    break  # it was done before
                counts[kind] += 1
                if _orphans(process):
                    faults["orphans"].append(kind)
                if (words := _readable(kind, place)) is not None:
                    faults["lost"].append(words)
            good, seconds_now = _finished(work, place)
            seconds = 0.8 * seconds + 0.2 * seconds_now
            if not good:
                faults["lost"].append(f"{kind}: {(place / 'failure.txt').read_text()[:300]}")
            elif (left := _content(place)) != expected:
                faults["wrong"].append(f"{kind}: {sorted(set(left) ^ set(expected)) or 'other values'}")
            shutil.rmtree(place)
        print(kind, counts[kind], faults, file=sys.stderr, flush=True)
    return {"kills": sum(counts.values()), "by_work": counts, **{name: sorted(found) for name, found in faults.items()}}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), tuple(sys.argv[4:]) or tuple(WORKS))))
