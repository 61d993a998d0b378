"""The methods that benchmarks compare and sweeps run, by name, and the one rule by which each is tuned.

Every method gets three configurations: its main hyper-parameter at a third of its authors' value, at it, and at three
times it; the learning rate instead where it has none. They are judged on a validation part of the training images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.runs.record import RunRecord
from noisedim.training import NoiseConfig, ObjectiveConfig, TrainConfig
from noisedim.training.methods import OTHER_METHODS

__all__ = [
    "FACTORS",
    "METHODS",
    "TUNING_RULE",
    "Method",
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
_LEVELS = {"normal": ("sigma", 0.3), "uniform": ("epsilon", 0.1)}
_PAPER_CRITIC = {"critic": "mlp", "negatives": 15}


@dataclass(frozen=True)
class Method:
    """One method of the comparison.

    Attributes:
        words: its name in tables.
        family: noise injection, or what it is otherwise.
        objective: what it optimises.
        prior: the law it is to match.
        knob: what is tuned: the noise level, its objective's strength, or the learning rate.
        gaussianise: the map after training, if any.
    """

    words: str
    family: Literal["noise injection", "without noise", "siamese", "prior matching", "autoencoder", "post hoc"]
    objective: ObjectiveConfig
    knob: Literal["level", "strength", "learning rate"]
    prior: Literal["normal", "uniform"] = "normal"
    gaussianise: Literal["none", "rank", "flow"] = "none"
    knob_words: str = field(default="")

    @property
    def injects_noise(self) -> bool:
        """Whether it is the paper's method in one of its forms."""
        return self.family == "noise injection"


def _infomax(name: Literal["infonce", "dv", "nwj"], **options: Any) -> ObjectiveConfig:
    return ObjectiveConfig(name=name, **{**_PAPER_CRITIC, **options})


def _other(words: str, family: Any, name: Any, **options: Any) -> Method:
    strength = OTHER_METHODS[name].strength
    knob: Any = "learning rate" if strength is None or options.pop("fixed", False) else "strength"
    knob_words = strength if knob == "strength" and strength else "learning rate"
    return Method(words, family, ObjectiveConfig(name=name, **options), knob, knob_words=knob_words)


_PLAIN = _infomax("infonce", noisy=False)
METHODS: dict[str, Method] = {
    "dual": Method("closed-form dual", "noise injection", ObjectiveConfig(), "level", knob_words="σ"),
    "infonce": Method("InfoNCE, learned critic", "noise injection", _infomax("infonce"), "level", knob_words="σ"),
    "dv": Method("Donsker–Varadhan, learned critic", "noise injection", _infomax("dv"), "level", knob_words="σ"),
    "nwj": Method("NWJ, learned critic", "noise injection", _infomax("nwj"), "level", knob_words="σ"),
    "theorem-4.1": Method(
        "Theorem 4.1's critic, sampled",
        "noise injection",
        ObjectiveConfig(name="infonce", critic="gaussian-dual"),
        "level",
        knob_words="σ",
    ),
    "uniform": Method(
        "uniform prior, InfoNCE", "noise injection", _infomax("infonce"), "level", "uniform", knob_words="ε"
    ),
    "uniform-dual": Method(
        "uniform prior, closed form", "noise injection", ObjectiveConfig(), "level", "uniform", knob_words="ε"
    ),
    "infomax": Method("Deep InfoMax, σ = 0", "without noise", _PLAIN, "learning rate", knob_words="learning rate"),
    "infomax-rank": Method(
        "Deep InfoMax, then ranks",
        "post hoc",
        _PLAIN,
        "learning rate",
        gaussianise="rank",
        knob_words="learning rate",
    ),
    "infomax-flow": Method(
        "Deep InfoMax, then a flow",
        "post hoc",
        _PLAIN,
        "learning rate",
        gaussianise="flow",
        knob_words="learning rate",
    ),
    "adversarial": _other("Deep InfoMax, adversarial prior", "prior matching", "adversarial"),
    "sigreg": _other("SIGReg (LeJEPA)", "prior matching", "sigreg"),
    "wae-mmd": _other("WAE-MMD", "autoencoder", "wae-mmd"),
    "swae": _other("sliced Wasserstein autoencoder", "autoencoder", "swae"),
    "vae": _other("VAE", "autoencoder", "vae", fixed=True),
    "beta-vae": _other("β-VAE", "autoencoder", "vae", strength=4.0),
    "vicreg": _other("VICReg", "siamese", "vicreg"),
    "barlow-twins": _other("Barlow Twins", "siamese", "barlow-twins"),
    "simclr": _other("SimCLR", "siamese", "simclr"),
    "align-uniform": _other("alignment and uniformity", "siamese", "align-uniform"),
    "w-mse": _other("W-MSE", "siamese", "w-mse"),
}


def configure(name: str, base: TrainConfig, *, factor: float = 1.0) -> TrainConfig:
    """The run of method ``name`` with all else as in ``base``, its main hyper-parameter at ``factor`` times the usual.

    Raises: InvalidInputError: for an unknown method.
    """
    method = METHODS[one_of("method", name, tuple(METHODS))]
    level_name, level = _LEVELS[method.prior]
    noise = NoiseConfig(**{level_name: level * (factor if method.knob == "level" else 1.0)}, anneal=base.noise.anneal)
    objective, optimiser = method.objective, base.optimiser
    if method.knob == "strength":
        usual = objective.strength if objective.strength is not None else OTHER_METHODS[objective.name].default
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
    """A method in another dimension, with its usual settings, for uses beside the comparison.

    Attributes:
        words: its name in tables.
        method: key of :data:`METHODS`.
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
    if config.objective.name in OTHER_METHODS or not config.objective.noisy:
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
