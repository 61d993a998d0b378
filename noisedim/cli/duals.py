"""``noisedim duals``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Duals"]


@dataclass(frozen=True, kw_only=True)
class Duals:
    """Compare the forms of the closed-form dual as objectives over noise levels and batch sizes, for the report.

    If it is interrupted, the same command resumes it. Example: noisedim duals --profile digits
    """

    profile: Literal["smoke", "digits", "digits-large", "mnist"] = "digits"
    """smoke: does everything work? digits: 120 runs with batches of 64 and 256. digits-large: 30 runs with batches of 1,024.
    mnist: 90 runs of 48,000 images. digits took 19 minutes on a busy core; the others were never completed."""
    data_root: Path | None = None
    """Folder of the data sets; default NOISEDIM_DATA."""
    output: Path | None = None
    """JSON file to write; default where the report reads it."""

    def run(self) -> int:
        """Make the runs that are missing, and say which form the rule chooses."""
        import torch

        from noisedim.progress import progress_display
        from noisedim.report.duals.plan import configs, make_duals
        from noisedim.report.duals.verdicts import duals_verdict
        from noisedim.runs.store import DEFAULT_ROOT

        torch.set_num_threads(1)
        output = DEFAULT_ROOT.parent / f"duals-{self.profile}.json" if self.output is None else self.output
        with progress_display("runs", sum(1 for _ in configs(self.profile))) as display:
            display.start()
            records = make_duals(
                self.profile,
                output,
                data_root=self.data_root,
                on_finished=lambda own: display.advance(f"last {own.method}, σ = {own.sigma}, batch {own.batch}"),
            )
        found = duals_verdict(records)
        print(f"chosen     {'not decided' if found is None else found.chosen}")
        print(f"records    {output}; python -m noisedim.report adds them to the report")
        return 0
