"""What several commands share."""

from typing import Literal

from noisedim.runs.store import DEFAULT_ROOT

__all__ = ["DEFAULT_RUNS", "Device"]

# Runs are kept where the report reads them.
DEFAULT_RUNS = DEFAULT_ROOT
Device = Literal["auto", "cpu", "cuda"]
