"""The published records of runs: one file per study, so that a report renders where no run was made."""

from pathlib import Path

from noisedim.report.study import Sources
from noisedim.runs.packed import read_packed, write_packed

__all__ = ["packed_path", "publish"]


def packed_path(results: Path, profile: str, data: str, study: str) -> Path:
    """Where the records of a study's runs are published."""
    return results / f"runs-{data}-{profile}-{study}.npz"


def publish(sources: Sources, *, anew: bool = False) -> list[Path]:
    """Pack the runs of each study that are all in their folders, where no complete record of them is published yet.

    Args:
        sources: of the report; runs of the smoke profile mean nothing and are not published.
        anew: whether to replace complete records too.

    Returns: the files that were written.

    Raises: StorageError: if a file cannot be written; the old one is left intact.
    """
    written = []
    for study, plan in sources.plans.items():
        folders = [sources.store.open(config) for config in plan]
        if sources.profile == "smoke" or not folders or not all(folder.is_complete for folder in folders):
            continue
        path = packed_path(sources.results, sources.profile, sources.data, study)
        known = set(read_packed(path)) if path.is_file() else set()
        if anew or not known.issuperset(folder.name for folder in folders):
            write_packed(path, folders)
            written.append(path)
    return written
