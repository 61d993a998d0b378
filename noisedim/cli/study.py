"""``noisedim study``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

__all__ = ["Study"]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Make a long study of the report: hundreds of short runs, of which one compact file keeps the scores.

    If it is interrupted, the same command resumes it. Example: noisedim study methods --profile mnist --jobs 2
    """

    name: Annotated[str, tyro.conf.Positional]
    """methods: which method matches best at the accuracy one needs. two-dimensions: what reaches the paper's .95 in two
    dimensions. matching: what a match needs, in images, steps, noise and batch. figure-1: accuracy against capacity.
    duals: which form of the closed-form dual is the best objective."""
    profile: str = "mnist"
    """smoke (digits, seconds), mnist, or another profile of the study; an unknown one is answered with their names."""
    jobs: int | None = None
    """Runs at a time, one thread each; the number of cores if omitted."""
    data_root: Path | None = None
    """Folder of the data sets; default NOISEDIM_DATA."""
    output: Path | None = None
    """JSON file to write; default where the report reads it."""

    def run(self) -> int:
        """Make the runs that are missing."""
        from noisedim.progress import progress_display
        from noisedim.report.long_studies import long_study
        from noisedim.runs.store import DEFAULT_ROOT
        from noisedim.runs.studies.long_study import make_study
        from noisedim.runs.sweep import available_cores

        study = long_study(self.name)
        output = DEFAULT_ROOT.parent / study.file_name(self.profile) if self.output is None else self.output
        cells = study.profile(self.profile)
        failed: list[str] = []
        with progress_display("runs", len(cells)) as display:
            display.start()
            records = make_study(
                study,
                self.profile,
                output,
                jobs=available_cores() if self.jobs is None else self.jobs,
                data_root=self.data_root,
                on_finished=lambda cell: display.advance(f"last {cell.words}"),
                on_failed=lambda cell, words: failed.append(f"{cell.words}: {words}"),
            )
        print(f"records    {output}: {len(records)} runs; python -m noisedim.report adds them to the report")
        for words in failed:
            print(f"failed     {words}")
        return 2 if failed else 0
