"""Any density by a normalizing flow (neural splines, by zuko): learned once, frozen, saved."""

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

import torch

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError, StorageError, words_of
from noisedim.priors.arrays import check_sizes, numbers
from noisedim.priors.fitting import set_apart, tail_words
from noisedim.priors.mapped import MappedPrior
from noisedim.priors.special import standard_normal_log_prob
from noisedim.streams import drawing_weights, stream, torch_seed

if TYPE_CHECKING:
    from zuko.distributions import NormalizingFlow
    from zuko.flows import Flow

__all__ = ["FILE_FORMAT", "FlowPrior"]

FILE_FORMAT = "noisedim-prior-1"
_TRANSFORMS, _HIDDEN = 3, (64, 64)
_LEARNING_RATE = 1e-3
_LEAST_ROWS = 20
# Steps between two looks at the rows that judge.
_LOOK = 20
_JUDGES = 4096


@final
class FlowPrior(MappedPrior):
    """The law of a frozen normalizing flow: an exact density, a bijection to N(0, I) and exact samples.

    Made by :meth:`fit` from samples or by :meth:`fit_density` from a density, or read from a file. The prior *is* the
    flow's law. How near that is to what it learned from is another question, which ``assess(held_out, prior=flow)``
    answers for samples, and :attr:`learned` in figures. Outside of five standard deviations the flow is affine, so its
    tails are Gaussian whatever it learned from.

    Args:
        flow: zuko's, trained; it is of rows less ``mean``, divided by ``scale``.
        mean, scale: (d,), scale > 0.
        learned: see below.

    Attributes:
        learned: how the learning went: ``from`` (``samples`` or ``density``), and ``held_out_log_prob`` (nats, mean over
            the rows that fitted nothing) or ``effective_share`` (effective sample size of importance weights from the
            flow to the density, relative to the number of samples: 1 for a perfect flow).

    Source: Durkan et al., arXiv 1906.04032.
    """

    name = "flow"
    fields = ("path",)
    optional_fields = ("sha256", "dim")
    references = ("neural-splines",)

    def __init__(self, flow: "Flow", mean: Any, scale: Any, *, learned: dict[str, Any] | None = None) -> None:
        self.mean, self.scale = numbers("mean", mean, ndim=1), numbers("scale", scale, ndim=1)
        if self.mean.shape != self.scale.shape or not bool((self.scale > 0).all()):
            raise InvalidInputError(f"mean and scale must match, and scale be > 0; got {self.mean} and {self.scale}")
        super().__init__(len(self.mean))
        check_sizes("mean and scale", location=self.mean, scale=self.scale)
        self.learned = dict(learned or {})
        self._flow = flow.double().eval().requires_grad_(False)
        self._path: Path | None = None
        places = torch.linspace(-3, 3, 13, dtype=torch.float64, device="cpu")
        probe = self._from_normal(places[:, None].expand(-1, self.dim))
        if not bool(torch.isfinite(probe).all() and torch.isfinite(self._log_prob(probe)).all()):
            raise InvalidInputError("a flow must have finite samples and densities; got weights that make others")

    @classmethod
    def fit(cls, samples: Any, *, seed: int = 0, steps: int = 600, batch_size: int = 512) -> Self:
        """Learn the law of ``samples`` by likelihood.

        A tenth of the rows fits nothing: one half of it tells which step's flow to keep, the other how good that is. Copies
        of a row stay together.

        Args:
            samples: (n, d), at least 20 different rows.
            seed: of weights and batches.
            steps: of Adam, at most.
            batch_size: rows a step.

        Raises: InvalidInputError: for NaN, too few rows, a constant coordinate (its law has no density), or where zuko
            is not installed.

        Warns: UserWarning: where the rows' tails are heavier than the flow's, which are Gaussian.
        """
        rows = embedding_matrix("samples", samples, minimum_rows=_LEAST_ROWS)
        mean, scale = torch.from_numpy(rows.mean(0)), torch.from_numpy(rows.std(0))
        if not bool((scale > 0).all()):
            raise InvalidInputError("samples must vary in every coordinate; got a constant one")
        generator = stream(seed, "flow batches")
        parts = set_apart(
            rows, lambda n: torch.randperm(n, generator=generator, device="cpu").numpy(), least=_LEAST_ROWS
        )
        apart, known = (((torch.from_numpy(part) - mean) / scale).float() for part in parts)
        # One half says which step to keep, the other, which chose nothing, how good it is.
        judge, scored = apart[: (len(apart) + 1) // 2], apart[len(apart) // 2 :]
        flow = _new_flow(known.shape[1], seed)

        def loss() -> torch.Tensor:
            chosen = torch.randint(len(known), (min(batch_size, len(known)),), generator=generator, device="cpu")
            return -_law(flow).log_prob(known[chosen]).mean()

        _train(flow, loss, lambda: _law(flow).log_prob(judge).mean().item(), steps)
        with torch.no_grad():
            score = float(_law(flow).log_prob(scored).double().mean()) - float(scale.log().sum())
        prior = cls(flow, mean, scale, learned={"from": "samples", "rows": len(rows), "held_out_log_prob": score})
        if (words := tail_words(prior, rows)) is not None:
            warnings.warn(words, UserWarning, stacklevel=2)
        return prior

    @classmethod
    def fit_density(
        cls,
        log_density: Callable[[torch.Tensor], torch.Tensor],
        *,
        mean: Any,
        scale: Any,
        seed: int = 0,
        steps: int = 1000,
        batch_size: int = 512,
    ) -> Self:
        """Learn a law from its log-density, known up to a constant, by KL(flow ‖ law).

        This direction of the divergence forgives parts of the law that the flow does not reach, and importance weights
        of its own samples do not see them either: for laws of several far modes, fit samples, or write a mixture.

        Args:
            log_density: (n, d) float32 tensor to (n,), differentiable.
            mean, scale: (d,) about where the law is and how wide.
            seed, steps, batch_size: as in :meth:`fit`.

        Raises: InvalidInputError: for a log-density that is not finite where the law is said to be.
        """
        mean, scale = numbers("mean", mean, ndim=1), numbers("scale", scale, ndim=1)
        flow = _new_flow(len(mean), seed)
        generator = stream(seed, "flow batches")

        def log_ratio(n: int) -> torch.Tensor:
            z = torch.randn((n, len(mean)), generator=generator, dtype=torch.float32, device="cpu")
            x, ladj = _law(flow).transform.inv.call_and_ladj(z)
            values = log_density(mean.float() + scale.float() * x)
            if not bool(torch.isfinite(values).all()):
                raise InvalidInputError(
                    "log_density must be finite around mean, in units of scale: the law must be positive there; got "
                    f"{int((~torch.isfinite(values)).sum())} of {n} values that are not"
                )
            return values - (standard_normal_log_prob(z) - ladj)

        _train(flow, lambda: -log_ratio(batch_size).mean(), None, steps)
        with torch.no_grad():
            weights = torch.softmax(log_ratio(_JUDGES).double(), 0)
        learned = {"from": "density", "effective_share": float(1 / weights.square().sum() / _JUDGES)}
        return cls(flow, mean, scale, learned=learned)

    def __repr__(self) -> str:
        return f"FlowPrior(dim={self.dim}, {self.digest[:8]})"

    @property
    def law(self) -> str:
        return f"the law of the flow {self.digest[:8]}"

    @property
    def digest(self) -> str:
        """SHA-256 of all tensors."""
        content = hashlib.sha256()
        for key, tensor in sorted(self._tensors().items()):
            content.update(key.encode() + str(tuple(tensor.shape)).encode() + tensor.numpy().tobytes())
        return content.hexdigest()

    def _tensors(self) -> dict[str, torch.Tensor]:
        # Fitted in single precision: nothing is lost.
        state = {f"flow.{key}": value.detach().cpu() for key, value in self._flow.state_dict().items()}
        single = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
        return {key: value.contiguous() for key, value in {**single, "mean": self.mean, "scale": self.scale}.items()}

    def _on(self, device: torch.device) -> tuple["NormalizingFlow", torch.Tensor, torch.Tensor]:
        return _law(self._flow.to(device)), self.mean.to(device), self.scale.to(device)

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        law, mean, scale = self._on(z.device)
        return law.transform((z - mean) / scale)

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        law, mean, scale = self._on(z.device)
        return mean + scale * law.transform.inv(z)

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        law, mean, scale = self._on(z.device)
        return law.log_prob((z - mean) / scale) - scale.log().sum()

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "dim": self.dim, "sha256": self.digest}

    @classmethod
    def from_spec(cls, **fields: Any) -> "FlowPrior":
        """The flow of a file, refused if it is not the one that the specification was written for."""
        prior, expected = cls.load(fields["path"]), fields.get("sha256")
        if expected is not None and prior.digest != expected:
            raise InvalidInputError(
                f"expected the flow {expected[:8]}; {fields['path']} now holds another one, {prior.digest[:8]}"
            )
        return prior

    def reference(self) -> dict[str, Any]:
        if self._path is None:
            raise InvalidInputError("a flow is known to a run by its file: save it first")
        return {**self.spec(), "path": str(self._path.resolve())}

    def save(self, path: str | Path) -> None:
        """Write the flow to a .safetensors file that :func:`~noisedim.priors.load_prior` reads, atomically."""
        from safetensors.torch import save

        from noisedim.files import write_atomically

        path = Path(path)
        if path.suffix != ".safetensors":
            raise InvalidInputError(f"a flow is saved as a .safetensors file; got {path}")
        header = {"format": FILE_FORMAT, "prior": self.name, "learned": json.dumps(self.learned)}
        content = save(self._tensors(), header)

        def write(file: Any) -> None:
            file.write(content)

        write_atomically(path, write)
        self._path = path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote; nothing is unpickled.

        Raises: InvalidInputError: if the file is missing, damaged, of another kind or version, or its tensors do not fit.
        """
        from safetensors import SafetensorError, safe_open

        path = Path(path)
        if not path.is_file():
            raise InvalidInputError(f"expected a prior file; there is no {path}")
        try:
            with safe_open(str(path), framework="pt") as file:
                header = file.metadata() or {}
                if header.get("format") != FILE_FORMAT or header.get("prior") != cls.name:
                    raise InvalidInputError(
                        f"expected a flow of format {FILE_FORMAT}; {path} has {header.get('format', 'none')}"
                    )
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - safe_open is no mapping
                learned = json.loads(header.get("learned", "{}"))
        except (SafetensorError, OSError, ValueError) as error:
            if isinstance(error, InvalidInputError | StorageError):
                raise
            raise InvalidInputError(f"expected a prior file; {path} is damaged ({words_of(error)})") from None
        try:
            mean, scale = tensors.pop("mean"), tensors.pop("scale")
            flow = _new_flow(len(mean), 0)
            flow.load_state_dict({key.removeprefix("flow."): value for key, value in tensors.items()})
        except (KeyError, RuntimeError) as error:
            first = str(error).splitlines()[0]
            raise InvalidInputError(f"{path} does not hold the tensors of a flow of this version: {first}") from None
        prior = cls(flow, mean, scale, learned=learned)
        prior._path = path
        return prior


def _new_flow(dim: int, seed: int) -> "Flow":
    try:
        import zuko
    except ImportError:
        raise InvalidInputError(
            "a flow needs zuko, which is not installed; pip install 'noisedim[flows]' brings it"
        ) from None
    positive_integer("dim", dim)
    with drawing_weights(torch_seed(seed, "flow weights")):
        return zuko.flows.NSF(dim, transforms=_TRANSFORMS, hidden_features=_HIDDEN)


def _law(flow: "Flow") -> "NormalizingFlow":
    """The distribution of a flow; without the context its base law would be made on torch's default device."""
    with next(flow.parameters()).device:
        return flow()


def _train(flow: "Flow", loss: Callable[[], torch.Tensor], judge: Callable[[], float] | None, steps: int) -> None:
    """Minimise ``loss``; with ``judge``, keep the state that it scores highest."""
    optimizer = torch.optim.Adam(flow.parameters(), lr=_LEARNING_RATE)
    best, kept = -float("inf"), flow.state_dict()
    for step in range(positive_integer("steps", steps)):
        value = loss()
        optimizer.zero_grad()
        value.backward()
        with torch.device("cpu"):  # where its counter of steps is made
            optimizer.step()
        if judge is not None and (step % _LOOK == _LOOK - 1 or step == steps - 1):
            with torch.no_grad():
                score = judge()
            if score > best:
                best, kept = score, {name: tensor.clone() for name, tensor in flow.state_dict().items()}
    if judge is not None:
        flow.load_state_dict(kept)
