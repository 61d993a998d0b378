"""What several commands share."""

from pathlib import Path
from typing import Literal

__all__ = ["DEFAULT_RUNS", "Device"]

# Every run lands where the report looks for it.
DEFAULT_RUNS = Path("reports/results/runs")
Device = Literal["auto", "cpu", "cuda"]
