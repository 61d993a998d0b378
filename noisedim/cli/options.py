"""What several commands share. Imports nothing heavy, so that help is printed at once."""

from pathlib import Path
from typing import Literal

__all__ = ["DEFAULT_RUNS", "Device"]

# Runs are kept where the report reads them; a test compares this with noisedim.runs.store.DEFAULT_ROOT.
DEFAULT_RUNS = Path("reports/results/runs")
Device = Literal["auto", "cpu", "cuda"]
