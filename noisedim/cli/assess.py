"""``noisedim assess``."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from noisedim.cli.options import Device

__all__ = ["Assess"]

# Takes minutes on two cores; above that, a notice is printed first.
_MANY_ROWS = 100_000


@dataclass(frozen=True, kw_only=True)
class Assess:
    """Test embeddings against a prior: exit code 0 if no departure was found, 1 if one was, 2 for bad input.

    Example: noisedim assess z.npy --prior normal
    """

    embeddings: tyro.conf.Positional[Path]
    """.npy, .npz, .csv, .parquet, .pt or .safetensors file, (n, d)."""
    name: str | None = None
    """Which array or column of the file, if it holds several and none is called z, embeddings or x."""
    prior: str = "normal"
    """normal for N(0, I), uniform for U[0, 1]^d, or a prior file (.json, .safetensors)."""
    null: Literal["simple", "composite"] = "simple"
    """The prior itself, or any normal law."""
    labels: Path | None = None
    """File of one column of integers: also measure the accuracy of classifiers on the embedding."""
    alpha: float = 0.05
    """Family-wise error rate."""
    within: tuple[str, ...] = ()
    """Decide instead whether the embedding is close enough: one margin (0.05) for all effects, or NAME=MARGIN for some of
    mean, variance, d2, sliced_w2 and max_sliced_w2. Exit code 0 within, 1 beyond, 3 undecided (rows needed are said)."""
    seed: int = 0
    """Of random projections, parts and folds."""
    simulations: int | None = None
    """Calibrate by this many null samples of exactly this shape instead of by the shipped tables."""
    n_star: bool = True
    """Look for the sample size at which the battery rejects half of the time."""
    device: Device = "cpu"
    """Where sums over pairs of rows are computed."""
    output: Path | None = None
    """Folder for assessment.json and assessment.html; or a .json or .html file."""

    def run(self) -> int:
        if self.within:
            from noisedim.cli.within import decide_equivalence

            return decide_equivalence(
                *(self.embeddings, self.within),
                name=self.name,
                prior=self.prior,
                alpha=self.alpha,
                seed=self.seed,
                output=self.output,
            )

        from noisedim.assessment import assess
        from noisedim.assessment.read import read_embeddings, read_labels
        from noisedim.assessment.table import print_assessment
        from noisedim.files import write_json_atomically
        from noisedim.normality.pair_sums import computing_on
        from noisedim.training.loop import resolve_device

        z = read_embeddings(self.embeddings, name=self.name)
        if len(z) > _MANY_ROWS:
            print(
                f"noisedim: sums over all pairs of {len(z):,} rows take {(len(z) / _MANY_ROWS) ** 2:,.0f} times as long as "
                f"for {_MANY_ROWS:,}; a random part of the rows, or --device cuda, is faster",
                file=sys.stderr,
            )
        with computing_on(resolve_device(self.device)):
            assessment = assess(
                z,
                prior=self.prior,
                null=self.null,
                alpha=self.alpha,
                seed=self.seed,
                labels=None if self.labels is None else read_labels(self.labels),
                simulations=self.simulations,
                n_star=self.n_star,
            )
        # Printed first, so that an output folder that cannot be written does not cost the answer.
        print_assessment(assessment)
        if self.output is not None:
            file = self.output if self.output.suffix in (".json", ".html") else None
            if file is None or file.suffix == ".json":
                write_json_atomically(file or self.output / "assessment.json", assessment.to_dict())
            if file is None or file.suffix == ".html":
                assessment.to_html(file or self.output / "assessment.html")
        return int(assessment.rejected)
