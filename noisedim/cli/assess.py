"""``noisedim assess``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

__all__ = ["Assess"]


@dataclass(frozen=True, kw_only=True)
class Assess:
    """Test embeddings against a prior: exit code 0 if no departure was found, 1 if one was.

    Example: noisedim assess z.npy --prior normal
    """

    embeddings: tyro.conf.Positional[Path]
    """.npy or .npz file, (n, d)."""
    prior: Literal["normal", "uniform"] = "normal"
    """N(0, I), or U[0, 1]^d."""
    alpha: float = 0.05
    """Family-wise error rate."""
    seed: int = 0
    """Of random projections."""
    output: Path | None = None
    """.json file for everything that was measured."""

    def run(self) -> int:
        from noisedim.evaluation import assess
        from noisedim.evaluation.table import print_assessment
        from noisedim.files import read_array, write_json_atomically

        assessment = assess(read_array(self.embeddings), prior=self.prior, alpha=self.alpha, seed=self.seed)
        if self.output is not None:
            write_json_atomically(self.output, assessment.to_dict())
        print_assessment(assessment)
        return int(assessment.rejected)
