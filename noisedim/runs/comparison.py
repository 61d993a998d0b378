"""The methods that benchmarks compare and sweeps run, by name, and the one rule by which each is tuned.

Every method gets three configurations: its main hyper-parameter at a third of its authors' value, at it, and at three
times it; the learning rate instead where it has none. They are judged on a validation part of the training images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.objectives import METHODS, Method
from noisedim.objectives.method import FAMILIES, Compared, Family
from noisedim.priors import PRIORS
from noisedim.runs.record import RunRecord
from noisedim.training import NoiseConfig, ObjectiveConfig, TrainConfig

__all__ = [
    "CONTENDERS",
    "FACTORS",
    "TUNING_RULE",
    "Contender",
    "Variant",
    "candidates",
    "choose",
    "configure",
    "with_capacity",
]

FACTORS = (1 / 3, 1.0, 3.0)
TUNING_RULE = (
    "Each method gets three configurations: its main hyper-parameter at a third of its authors' value, at it, and at "
    "three times it (the learning rate where it has none). Of those whose 5-NN accuracy on validation images (a fifth "
    "of the training images, which then do not train; the test images are not looked at) is within one binomial "
    "standard error of the method's best, the one with the least D₂ there is taken."
)


@dataclass(frozen=True)
class Contender:
    """A method as the comparison runs it.

    Attributes:
        words: its name in tables.
        family: noise injection, or what it is otherwise.
        objective: what it optimises.
        knob: what is tuned: the noise level, its objective's strength, or the learning rate.
        prior: the law it is to match.
        gaussianise: the map after training, if any.
        knob_words: what the knob is called.
    """

    words: str
    family: Family
    objective: ObjectiveConfig
    knob: Literal["level", "strength", "learning rate"]
    prior: str
    gaussianise: Literal["none", "rank", "flow"]
    knob_words: str

    @property
    def injects_noise(self) -> bool:
        """Whether it is the paper's method in one of its forms."""
        return self.family == "noise injection"


def _contender(method: Method, compared: Compared) -> Contender:
    knob = compared.knob
    if knob is None:
        knob = (
            "level"
            if compared.family == "noise injection"
            else "learning rate"
            if method.strength is None
            else "strength"
        )
    symbols = {"sigma": "σ", "epsilon": "ε"}
    knob_words = {
        "level": symbols[PRIORS[compared.prior].level_name],
        "strength": method.strength or "",
        "learning rate": "learning rate",
    }[knob]
    objective = ObjectiveConfig(name=method.name, **compared.options)
    return Contender(compared.words, compared.family, objective, knob, compared.prior, compared.gaussianise, knob_words)


CONTENDERS: dict[str, Contender] = {
    compared.name: _contender(method, compared)
    for family in FAMILIES
    for method in METHODS.values()
    for compared in method.compared
    if compared.family == family
}
"""All that the table of methods says is compared, family by family."""


def configure(name: str, base: TrainConfig, *, factor: float = 1.0) -> TrainConfig:
    """The run of method ``name`` with all else as in ``base``, its main hyper-parameter at ``factor`` times the usual.

    Raises: InvalidInputError: for an unknown method.
    """
    method = CONTENDERS[one_of("method", name, tuple(CONTENDERS))]
    law = PRIORS[method.prior](base.dim)
    level = law.default_level * (factor if method.knob == "level" else 1.0)
    noise = NoiseConfig(**{law.level_name: level}, anneal=base.noise.anneal)
    objective, optimiser = method.objective, base.optimiser
    if method.knob == "strength":
        usual = objective.strength if objective.strength is not None else objective.method.default
        objective = replace(objective, strength=usual * factor)
    elif method.knob == "learning rate":
        optimiser = replace(optimiser, learning_rate=optimiser.learning_rate * factor)
    return replace(
        base,
        prior=method.prior,
        noise=noise,
        objective=objective,
        optimiser=optimiser,
        gaussianise=method.gaussianise,
    )


@dataclass(frozen=True)
class Variant:
    """A method in another dimension, with its usual settings, for uses other than the comparison.

    Attributes:
        words: its name in tables.
        method: key of :data:`CONTENDERS`.
        dim: embedding dimension.
        moves: largest shift between the views, pixels; 0 for views that differ as in the base.
    """

    words: str
    method: str
    dim: int
    moves: float = 0.0

    def configured(self, base: TrainConfig) -> TrainConfig:
        """The run with all else as in ``base``. Deep InfoMax has a separable critic, which costs a quarter."""
        config = configure(self.method, replace(base, dim=self.dim))
        if self.moves:
            config = replace(config, augmentation=replace(config.augmentation, shift=self.moves))
        if self.method == "infomax":
            config = replace(config, objective=ObjectiveConfig(name="infonce", critic="separable", noisy=False))
        return config


def with_capacity(config: TrainConfig, capacity: float) -> TrainConfig:
    """The run with the channel at ``capacity`` nats.

    Raises: InvalidInputError: for a method that has no channel.
    """
    if not (config.objective.method.injects_noise and config.objective.noisy):
        raise InvalidInputError(f"capacity is for noise injection; objective {config.objective.name!r} adds no noise")
    return replace(config, noise=NoiseConfig(capacity=capacity, anneal=config.noise.anneal))


def candidates(name: str, base: TrainConfig, *, seed: int) -> list[TrainConfig]:
    """The configurations among which method ``name`` is tuned, on validation images, with a seed that judges nothing."""
    validating = replace(base, data=replace(base.data, validate=True), seed=seed)
    return [configure(name, validating, factor=factor) for factor in FACTORS]


def choose(found: Sequence[RunRecord | None]) -> int | None:
    """Which candidate :data:`TUNING_RULE` takes, from their runs' records; ``None`` for a run that failed.

    Returns: its position; None if all failed.
    """
    alive = {i: record for i, record in enumerate(found) if record is not None}
    if not alive:
        return None
    best = max(alive.values(), key=lambda record: record.scores["knn"])
    accuracy = best.scores["knn"]
    least = accuracy - math.sqrt(accuracy * (1 - accuracy) / best.n)
    near = [i for i, record in alive.items() if record.scores["knn"] >= least]
    return min(near, key=lambda i: alive[i].assessment.effects["d2"].estimate)
