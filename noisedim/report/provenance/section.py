"""Machines, versions and commits behind the numbers."""

import json
from pathlib import Path
from typing import Any

from noisedim.document.content import Block, Section, Table, Text
from noisedim.files import read_json
from noisedim.report.records import environments
from noisedim.report.study import Sources
from noisedim.schema import refusing

__all__ = ["provenance_section"]


def _of_file(path: Path) -> list[dict[str, Any]]:
    """The distinct environments in a file of results, named once for the whole file or entry by entry."""
    with refusing(str(path)):
        content = read_json(path)
        entries = content.get("benchmarks", [])
        named = [content.get("environment"), *(entry["extra_info"].get("environment") for entry in entries)]
    return [json.loads(words) for words in dict.fromkeys(json.dumps(each, sort_keys=True) for each in named if each)]


def _row(what: str, environment: dict[str, Any]) -> dict[str, str]:
    packages = [f"{name} {version}" for name, version in environment.get("packages", {}).items() if version]
    hardware = environment.get("accelerator") or f"{environment.get('cpu', '?')}, {environment.get('cores', '?')} cores"
    return {
        "what": what,
        "hardware": hardware,
        "system": environment.get("system", "?"),
        "threads": str(environment.get("threads", "?")),
        "versions": ", ".join([f"Python {environment.get('python', '?')}", *packages]),
        "commit": environment.get("commit") or "installed package",
    }


def provenance_section(sources: Sources) -> Section:
    """One row per machine and set of versions, for the runs and for each file of results."""
    rows = [_row(f"{each['runs']} runs", each) for each in environments(sources.configs, sources.store)]
    for name in ("theory.json", "benchmarks*.json", "table-1*.json"):
        rows += [_row(path.name, each) for path in sorted(sources.results.glob(name)) for each in _of_file(path)]
    blocks: list[Block] = [
        Text(
            f"Made by `{sources.command}`; every run's configuration, seed, metrics and embeddings are in "
            "`results/runs/` next to this file, and the rows behind this page are in `results/report.json`. Theory, "
            "benchmarks and Table 1 are made by commands of their own, which their sections name; the files are below."
        )
    ]
    if rows:
        blocks.append(Table(rows))
    return Section("Where the numbers come from", [], blocks)
