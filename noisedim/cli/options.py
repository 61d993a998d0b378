"""What several commands share. Imports nothing heavy, so that help is printed at once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DEFAULT_RUNS", "Device", "read_rows"]

# Runs are kept where the report reads them; a test compares this with noisedim.runs.store.DEFAULT_ROOT.
DEFAULT_RUNS = Path("reports/results/runs")
# auto, cpu, cuda, cuda:N or mps; noisedim.training.execution checks it, which imports torch.
Device = str


def read_rows(path: Path, name: str | None) -> "np.ndarray":
    """The embeddings of a file; which columns were used and left out is printed to standard error."""
    from noisedim.assessment.storage.read import load_embeddings

    loaded = load_embeddings(path, name=name)
    print(f"noisedim: {path}: {loaded.words}", file=sys.stderr)
    return loaded.values
