"""What several commands share."""

from typing import Literal

from noisedim.runs.store import DEFAULT_ROOT

__all__ = ["DEFAULT_RUNS", "Device"]

# Every run lands where the report looks for it.
DEFAULT_RUNS = DEFAULT_ROOT
Device = Literal["auto", "cpu", "cuda"]
