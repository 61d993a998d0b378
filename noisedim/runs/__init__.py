"""Runs: one folder each, named by its configuration, written atomically, made once."""

from noisedim.runs.make import make_run
from noisedim.runs.record import RunRecord, records_table
from noisedim.runs.store import RunFolder, RunStore, load
from noisedim.runs.sweep import make_runs

__all__ = ["RunFolder", "RunRecord", "RunStore", "load", "make_run", "make_runs", "records_table"]
