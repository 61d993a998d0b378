"""Machines, versions and commits behind the numbers, and the command that remakes each."""

import json
from pathlib import Path
from typing import Any

from noisedim.document.content import Block, Section, Table, Text
from noisedim.files import read_json
from noisedim.report.records import environments
from noisedim.report.study import Sources
from noisedim.runs.studies.long_study import read_study
from noisedim.schema import refusing

__all__ = ["provenance_section"]

_TITLE = "Machines, versions and commits"
_COMMANDS = {
    "theory.json": "pytest theory_checks -n auto",
    "benchmarks*.json": "pytest benchmarks --benchmark-json",
    "table-1*.json": "noisedim table-1",
}


def _of_file(path: Path) -> list[dict[str, Any]]:
    """The distinct environments in a file of results, named once for the whole file or entry by entry."""
    with refusing(str(path)):
        content = read_json(path)
        entries = [entry["extra_info"] for entry in content.get("benchmarks", [])] + content.get("records", [])
        named = [content.get("environment"), *(entry.get("environment") for entry in entries)]
    return [json.loads(words) for words in dict.fromkeys(json.dumps(each, sort_keys=True) for each in named if each)]


def _of_long_study(path: Path) -> list[dict[str, str]]:
    """One row per environment of a file of ``noisedim study``; none for another file."""
    with refusing(str(path)):
        if "study" not in read_json(path):
            return []
    file = read_study(path)
    return [_row(f"{path.name}: {len(file.records)} runs", each, file.command) for each in file.environments]


def _row(what: str, environment: dict[str, Any], command: str) -> dict[str, str]:
    packages = [f"{name} {version}" for name, version in environment.get("packages", {}).items() if version]
    hardware = environment.get("accelerator") or f"{environment.get('cpu', '?')}, {environment.get('cores', '?')} cores"
    return {
        "what": what,
        "commit": environment.get("commit") or "installed package",
        "remade by": f"`{command}`",
        "hardware": hardware,
        "system": environment.get("system", "?"),
        "threads": str(environment.get("threads", "?")),
        "versions": ", ".join([f"Python {environment.get('python', '?')}", *packages]),
    }


def provenance_section(sources: Sources) -> Section:
    """One row per machine and set of versions, for the runs of each study and for each file of results."""
    rows = [
        _row(f"{study}: {each['runs']} runs", each, f"{sources.command} --fresh")
        for study, plan in sources.plans.items()
        for each in environments(plan, sources.store)
    ]
    for name, command in _COMMANDS.items():
        rows += [
            _row(path.name, each, command) for path in sorted(sources.results.glob(name)) for each in _of_file(path)
        ]
    for path in sorted(sources.results.glob("*.json")):
        rows += _of_long_study(path)
    blocks: list[Block] = [
        Text(
            f"This report is made by `{sources.command}`. Runs that were made here are read from `results/runs/`, others from "
            "the published records `results/runs-*.npz`: configuration, seed, commit, hardware, logged metrics and results of "
            "each run, embeddings in half precision. The rows behind the pages are in `results/report.json`. Theory, "
            "benchmarks and Table 1 are made by commands of their own; a study counts as not tested until its file is there."
        )
    ]
    if rows:
        blocks.append(Table(rows, "What made each number"))
    commits = sorted({row["commit"] for row in rows})
    finding = f"The numbers here were made by {len(commits)} commits; each row names its own, and how to remake it."
    return Section(_TITLE, [], blocks, finding=finding if rows else "")
