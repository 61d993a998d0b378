"""``noisedim assess``."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from noisedim.cli.options import Device

if TYPE_CHECKING:
    import numpy as np
    import torch

    from noisedim.assessment import Assessment

__all__ = ["Assess"]

# Takes minutes on two cores; above that, a notice is printed first.
_MANY_ROWS = 100_000
# Longer lines are hard to read.
_WIDEST = 120


@dataclass(frozen=True, kw_only=True)
class Assess:
    """Test embeddings against a prior: exit code 0 if no departure was found, 1 if one was, 2 for bad input.

    Example: noisedim assess z.npy --prior normal
    """

    embeddings: tyro.conf.Positional[Path]
    """.npy, .npz, .csv, .tsv, .jsonl, .parquet, .feather, .arrow, .pt, .pth, .safetensors or .h5 file, or .zarr folder,
    (n, d)."""
    name: str | None = None
    """Which array or column of the file, if it holds several and none is called z, embeddings, features or x."""
    rows: int | None = None
    """Assess a random part of so many rows; of an .npy file, only that part is read."""
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
    """Look for the sample size at which the battery rejects half of the time; by default where that takes seconds."""
    budget: float = 5.0
    """Seconds that the tests over all pairs of rows may take together; if they would take longer, they are left out, and
    the verdict says so."""
    device: Device = "cpu"
    """Where sums over pairs of rows are computed: auto, cpu, cuda or cuda:N."""
    output: Path | None = None
    """Folder for assessment.json and assessment.html; or a .json or .html file."""
    every: Annotated[bool, tyro.conf.arg(name="all")] = False
    """Print all tests and effect sizes, not only the most telling."""

    def run(self) -> int:
        """Assess the rows and say where they depart from the prior; 1 if they do."""
        if self.within:
            from noisedim.cli.within import decide_equivalence

            self._refuse_options_of_tests()
            return decide_equivalence(
                *(self.embeddings, self.within),
                name=self.name,
                prior=self.prior,
                alpha=self.alpha,
                seed=self.seed,
                output=self.output,
            )

        from noisedim.assessment import assess
        from noisedim.assessment.storage.read import load_embeddings, read_labels
        from noisedim.normality.summaries.pair_sums import computing_on

        loaded = load_embeddings(self.embeddings, name=self.name)
        print(f"noisedim: {self.embeddings}: {loaded.words}", file=sys.stderr)
        labels = None if self.labels is None else read_labels(self.labels)
        z, part = loaded.values, None
        if self.rows is not None and self.rows < len(z):
            chosen = self._part(len(z))
            z, part = z[chosen], f"{len(chosen):,} of {len(z):,} rows at random"
            labels = labels[chosen] if labels is not None and len(labels) == len(loaded.values) else labels
        if len(z) > _MANY_ROWS:
            print(
                f"noisedim: sums over all pairs of {len(z):,} rows take {(len(z) / _MANY_ROWS) ** 2:,.0f} times as long as "
                f"for {_MANY_ROWS:,}; a random part (--rows {_MANY_ROWS // 10}), or --device cuda, is faster",
                file=sys.stderr,
            )
        with computing_on(self._device()), _shown_progress():
            assessment = assess(
                z,
                prior=self.prior,
                null=self.null,
                alpha=self.alpha,
                seed=self.seed,
                labels=labels,
                simulations=self.simulations,
                n_star=None if self.n_star else False,
                budget=self.budget,
            )
        if assessment.made is not None:
            about: dict[str, Any] = {"used": loaded.used, "left_out": loaded.left_out, "rows": part}
            assessment = replace(assessment, made=replace(assessment.made, file=str(self.embeddings), **about))
        # Printed first, so that an output folder that cannot be written does not cost the answer.
        self._print(assessment)
        self._write(assessment)
        return int(assessment.rejected)

    def _refuse_options_of_tests(self) -> None:
        """Options that --within would not heed."""
        from noisedim.errors import InvalidInputError

        plain = Assess(embeddings=self.embeddings)
        options = ("rows", "null", "labels", "simulations", "n_star", "budget", "device", "every")
        given = [name for name in options if getattr(self, name) != getattr(plain, name)]
        if given:
            listed = ", ".join("--" + {"every": "all"}.get(name, name).replace("_", "-") for name in given)
            raise InvalidInputError(f"--within decides equivalence alone and takes no {listed}")

    def _part(self, n: int) -> "np.ndarray":
        import numpy as np

        from noisedim.checks import positive_integer
        from noisedim.streams import numpy_stream

        rows = positive_integer("rows", self.rows, minimum=20)
        # In order, so that a file on disk is read forwards.
        return np.sort(numpy_stream(self.seed, "rows assessed").choice(n, rows, replace=False))

    def _device(self) -> "torch.device":
        import torch

        if self.device == "cpu":
            return torch.device("cpu")
        from noisedim.errors import InvalidInputError
        from noisedim.training.execution import resolve_device

        if (device := resolve_device(self.device)).type == "mps":
            raise InvalidInputError(
                "device='mps' has no float64, in which sums over pairs are computed; use cpu or cuda"
            )
        return device

    def _print(self, assessment: "Assessment") -> None:
        if self.every:
            from noisedim.assessment.table import print_assessment

            print_assessment(assessment)
            return
        from noisedim.assessment.summary import summary

        size = f"{len(assessment.results)} tests and {len(assessment.effects)} effect sizes"
        page = "" if self.output is not None else "; a page with pictures and a JSON file: --output FOLDER"
        more = f"more: all {size}: --all{page}"
        # Flushed, so that a reader who has gone is noticed here.
        print(summary(assessment, width=min(shutil.get_terminal_size().columns, _WIDEST), more=more), flush=True)

    def _write(self, assessment: "Assessment") -> None:
        from noisedim.files import write_json_atomically

        if self.output is None:
            return
        file = self.output if self.output.suffix in (".json", ".html") else None
        if file is None or file.suffix == ".json":
            path = file or self.output / "assessment.json"
            write_json_atomically(path, assessment.to_dict())
            print(f"written: {path}")
        if file is None or file.suffix == ".html":
            path = file or self.output / "assessment.html"
            assessment.to_html(path)
            print(f"written: {path}")


@contextmanager
def _shown_progress() -> Iterator[None]:
    """How far the tests and effect sizes have come, from three seconds on."""
    from noisedim.normality.effects import EFFECT_WORDS
    from noisedim.normality.tests import TESTS
    from noisedim.progress import progress_of_steps

    # n* and the values at the prior are a step each.
    with progress_of_steps("tests and effect sizes", len(TESTS) + len(EFFECT_WORDS) + 2):
        yield
