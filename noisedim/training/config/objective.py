"""What a run optimises: one of the table of methods, with its options."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import tyro

from noisedim.checks import one_of, positive, positive_integer
from noisedim.critics import CLOSED_FORM, CRITICS
from noisedim.errors import InvalidInputError
from noisedim.objectives import METHODS, BatchObjective, Method
from noisedim.objectives.method import Settings
from noisedim.objectives.methods.duals.dual import Pairs
from noisedim.objectives.noisy_views import NoiseOn, NoisePlace, with_noise

__all__ = ["ObjectiveConfig"]


def _names(chosen: Callable[[Method], bool]) -> str:
    """The methods of the table that are ``chosen``, for help and refusals."""
    return ", ".join(name for name, method in METHODS.items() if chosen(method))


_STRENGTHS = ", ".join(f"{name}: {method.strength}" for name, method in METHODS.items() if method.strength)


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """What is optimised: noise injection in one of its forms, or a method that it is compared with."""

    name: Literal[tuple(METHODS)] = "adaptive-dual"  # type: ignore[valid-type]
    """adaptive-dual: closed form, with the critic of views that agree as these do; dual: with that of equal views, Theorem
    4.1's; row-dual, adaptive-row-dual: their forms that are a bound in every batch; linear-dual: without bias. infonce, dv
    (Donsker–Varadhan), nwj: bounds with a critic on samples. autoencoder: reconstruction of X from the noisy embedding, as
    a bound on the information between both. All others do without noise unless noise_on asks for it: their embedding is
    standardised when training is over, for them to be compared."""
    critic: Literal[tuple(CRITICS)] = "mlp"  # type: ignore[valid-type]
    """infonce, dv, nwj: the paper's perceptron, separable, dot product, or Theorem 4.1's closed form."""
    negatives: int | None = None
    """infonce, dv, nwj: negative pairs a sample; all of the batch if omitted."""
    noisy: bool = True
    """infonce, dv, nwj: add the channel's noise; without it, this is plain Deep InfoMax."""
    noise_on: NoiseOn = "none"
    """Methods of others that see two views: add the channel's noise to what they see of one view (as in Y = f(X)+Z), of
    both, or of none, which is the method as its authors have it."""
    noise_place: NoisePlace = "output"
    """With noise_on: where. output: the encoder's output in units of its batch deviation, so that no noise leaves the
    method as it is; standardised: the standardised output; sphere: rows brought to one length (losses of cosines only)."""
    unbiased_gradient: bool = False
    """dv: divide gradients by a running mean, as MINE does."""
    pairs: Pairs = "clean"
    """dual, adaptive-dual: draw the law of f(X) (clean), or the overlap of f(X) and f(X′) (cross), to the prior."""
    strength: Annotated[
        float | None,
        tyro.conf.arg(
            help=f"Methods of others: their main hyper-parameter ({_STRENGTHS}); their authors' value if omitted."
        ),
    ] = None
    loss_scale: float = 1.0
    """Factor of the loss. Adam and LARS make up for it in what they adapt; with LARS, biases and normalisations step by it."""
    features: Annotated[
        int,
        tyro.conf.arg(help=f"{_names(lambda method: method.projects)}: outputs of the projector; 0 for no projector."),
    ] = 32

    def __post_init__(self) -> None:
        one_of("objective.name", self.name, tuple(METHODS))
        one_of("objective.critic", self.critic, tuple(CRITICS))
        one_of("objective.pairs", self.pairs, get_args(Pairs))
        one_of("objective.noise_on", self.noise_on, get_args(NoiseOn))
        one_of("objective.noise_place", self.noise_place, get_args(NoisePlace))
        positive_integer("objective.features", self.features, minimum=0)
        positive("objective.loss_scale", self.loss_scale)
        if self.negatives is not None:
            positive_integer("objective.negatives", self.negatives)
        self._check_options()

    def _check_options(self) -> None:
        """Refuse options that are not for this method."""
        options: tuple[tuple[str, bool, Callable[[Method], bool]], ...] = (
            ("unbiased_gradient=True", self.unbiased_gradient, lambda method: method.takes_unbiased_gradient),
            (f"noise_on={self.noise_on!r}", self.noise_on != "none", lambda method: method.takes_noise),
            ("noise_place='sphere'", self.noise_place == "sphere", lambda method: method.sees_cosines),
            ("noisy=False", not self.noisy, lambda method: method.takes_critic),
        )
        for option, given, takes in options:
            if given and not takes(self.method):
                raise InvalidInputError(f"objective.{option} is for {_names(takes)}; got {self.name!r}")
        if not self.noisy and self.critic == CLOSED_FORM:
            raise InvalidInputError(f"objective.critic={CLOSED_FORM!r} has no value without noise")
        if self.strength is not None:
            positive("objective.strength", self.strength)
            if self.method.strength is None:
                raise InvalidInputError(f"objective.name={self.name!r} takes no objective.strength")

    @property
    def method(self) -> Method:
        """The entry of the table of methods."""
        return METHODS[self.name]

    @property
    def outputs_a_dimension(self) -> int:
        """What the encoder puts out for each coordinate of the embedding: 2 for variational autoencoders, else 1."""
        return self.method.outputs_a_dimension

    @property
    def injects_noise(self) -> bool:
        """Whether the channel's noise reaches the objective."""
        return self.noisy if self.method.injects_noise else self.noise_on != "none"

    @property
    def needs_gaussian_channel(self) -> bool:
        """Whether it is for Gaussian noise only."""
        return self.critic == CLOSED_FORM and self.method.takes_critic

    def build(self, dim: int, shape: tuple[int, ...]) -> BatchObjective:
        """The objective as a module, with a fresh critic, projector or decoder where one is needed.

        Args:
            dim: columns that it sees: the embedding dimension, or what the prior's channel takes.
            shape: of an image, for decoders.
        """
        settings = Settings(
            dim=dim,
            shape=shape,
            strength=self.method.default if self.strength is None else self.strength,
            features=self.features,
            critic=self.critic,
            negatives=self.negatives,
            noisy=self.noisy,
            unbiased_gradient=self.unbiased_gradient,
            pairs=self.pairs,
        )
        objective = self.method.build(settings)
        return objective if self.noise_on == "none" else with_noise(objective, on=self.noise_on, place=self.noise_place)
