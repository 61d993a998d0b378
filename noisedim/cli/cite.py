"""``noisedim cite``."""

from dataclasses import dataclass, field
from pathlib import Path

import tyro

__all__ = ["Cite"]


@dataclass(frozen=True, kw_only=True)
class Cite:
    """Print BibTeX for what was used: the paper and noisedim, or what a run or a claim rests on.

    Examples: noisedim cite, noisedim cite theorem-3.4, or noisedim cite reports/results/runs/RUN.
    """

    used: tyro.conf.Positional[tuple[str, ...]] = field(default=())
    """Claims' ids, or folders of runs."""

    def run(self) -> int:
        """Print the entries."""
        from noisedim.citations import bibtex, keys_of_claim, keys_of_config
        from noisedim.files import read_json

        keys: list[str] = [] if self.used else ["paper", "noisedim"]
        for name in self.used:
            folder = Path(name)
            keys += keys_of_config(read_json(folder / "config.json")) if folder.is_dir() else keys_of_claim(name)
        print(bibtex(keys))
        return 0
