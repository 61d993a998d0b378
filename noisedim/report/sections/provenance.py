"""Where the numbers come from: machines, versions, commits."""

from noisedim.report.collect import environments
from noisedim.report.content import Block, Section, Sources, Table, Text

__all__ = ["provenance_section"]


def provenance_section(sources: Sources) -> Section:
    """One row a machine and set of versions."""
    rows = []
    for environment in environments(sources.plan, sources.store):
        packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items() if version)
        rows.append(
            {
                "runs": str(environment["runs"]),
                "hardware": environment["accelerator"] or f"{environment['cpu']}, {environment['cores']} cores",
                "system": environment["system"],
                "threads a run": str(environment["threads"]),
                "versions": f"Python {environment['python']}, {packages}",
                "commit": environment["commit"] or "installed package",
            }
        )
    blocks: list[Block] = [
        Text(
            f"Made by `{sources.plan.command}`; every run's configuration, seed, metrics and embeddings are in "
            "`results/runs/` beside this file, the rows behind this page in `results/report.json`."
        )
    ]
    if rows:
        blocks.append(Table(rows))
    return Section("Where the numbers come from", [], blocks)
