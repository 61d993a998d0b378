"""``noisedim prior``: learn a prior from samples, draw from one, map embeddings to one."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from noisedim.cli.options import read_rows
from noisedim.errors import InvalidInputError

if TYPE_CHECKING:
    import torch

__all__ = ["PriorCommand"]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Learn a prior from samples: a normalizing flow, or a Gaussian mixture.

    A tenth of the rows fits nothing; a flow or mixture is judged by its mean log-density there.

    Example: noisedim prior fit samples.npy --output prior.safetensors
    """

    samples: tyro.conf.Positional[Path]
    """File of samples (n, d); see assess for its kinds."""
    output: Path
    """.safetensors for a flow, .json for a mixture."""
    name: str | None = None
    """Which array of the file."""
    components: int = 3
    """Components of a mixture."""
    steps: int = 600
    """Steps of a flow, at most."""
    seed: int = 0
    """Of weights, batches and starting points."""

    def run(self) -> int:
        """Fit the prior to the samples and write it."""
        samples = read_rows(self.samples, self.name)
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            score = self._fitted(samples)
        print(f"{self.output}: mean log-density of rows that fitted nothing {score:.4g} nats")
        for note in notes:
            print(f"note: {note.message}")
        print("whether other samples follow it: noisedim assess SAMPLES --prior " + str(self.output))
        return 0

    def _fitted(self, samples: Any) -> float:
        """Fit and write; the score of the rows that fitted nothing."""
        from noisedim.priors import FlowPrior, GaussianMixturePrior

        if self.output.suffix == ".safetensors":
            flow = FlowPrior.fit(samples, seed=self.seed, steps=self.steps)
            flow.save(self.output)
            return float(flow.learned["held_out_log_prob"])
        if self.output.suffix == ".json":
            mixture, score = GaussianMixturePrior.fit(samples, components=self.components, seed=self.seed)
            mixture.save(self.output)
            return score
        raise InvalidInputError(f"--output must end in .safetensors (a flow) or .json (a mixture); got {self.output}")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Draw from a prior.

    Example: noisedim prior sample prior.json -n 1000 --output draws.npy
    """

    prior: tyro.conf.Positional[Path]
    """Prior file."""
    n: Annotated[int, tyro.conf.arg(aliases=["-n"])]
    """How many rows."""
    output: Path
    """.npy file to write, float64."""
    seed: int = 0
    """Of the draws."""

    def run(self) -> int:
        """Draw rows and write them."""
        import torch

        from noisedim.priors import load_prior
        from noisedim.streams import stream

        prior = load_prior(self.prior)
        draws = prior.sample(self.n, generator=stream(self.seed, "prior sample"), dtype=torch.float64)
        _write(self.output, draws)
        print(f"{len(draws)} draws of {prior.law} in {self.output}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Map:
    """Map embeddings that follow N(0, I) to a prior, or rows of a prior to N(0, I). No divergence changes on the way.

    Example: noisedim prior map z.npy --prior prior.json --output mapped.npy
    """

    embeddings: tyro.conf.Positional[Path]
    """File of embeddings (n, d); see assess for its kinds."""
    prior: Path
    """Prior file."""
    output: Path
    """.npy file to write, float64."""
    name: str | None = None
    """Which array of the file."""
    to: Literal["prior", "normal"] = "prior"
    """Where to."""

    def run(self) -> int:
        """Map the rows to or from N(0, I) and write them."""
        import torch

        from noisedim.checks import embedding_matrix
        from noisedim.priors import load_prior
        from noisedim.priors.mapping import mapped_to_normal

        prior = load_prior(self.prior)
        columns = prior.dim if self.to == "prior" else prior.ambient_dim
        z = embedding_matrix(str(self.embeddings), read_rows(self.embeddings, self.name), dim=columns)
        if self.to == "prior":
            mapped = prior.from_normal(torch.from_numpy(z))
        else:
            mapped = torch.from_numpy(mapped_to_normal(prior, z)[0])
        _write(self.output, mapped)
        print(f"{len(mapped)} rows of dimension {mapped.shape[1]} in {self.output}")
        return 0


@dataclass(frozen=True, kw_only=True)
class PriorCommand:
    """Priors as files: learn one from samples, draw from one, map embeddings to one."""

    action: tyro.conf.OmitSubcommandPrefixes[
        Annotated[Fit, tyro.conf.subcommand("fit")]
        | Annotated[Sample, tyro.conf.subcommand("sample")]
        | Annotated[Map, tyro.conf.subcommand("map")]
    ]

    def run(self) -> int:
        """Do what was chosen."""
        return self.action.run()


def _write(path: Path, rows: "torch.Tensor") -> None:
    import numpy as np

    from noisedim.files import write_atomically

    if path.suffix != ".npy":
        raise InvalidInputError(f"--output must be an .npy file; got {path}")
    write_atomically(path, lambda file: np.save(file, rows.numpy()))
