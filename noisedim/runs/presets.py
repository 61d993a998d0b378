"""Methods with their usual settings, by name: what sweeps run, and what studies train in other dimensions."""

from dataclasses import dataclass, replace
from typing import Any

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.objectives import METHODS, Method
from noisedim.objectives.method import Preset
from noisedim.priors import PRIORS
from noisedim.training import ObjectiveConfig, TrainConfig

__all__ = ["PRESETS", "Variant", "configure", "with_capacity"]

PRESETS: dict[str, tuple[Method, Preset]] = {
    preset.name: (method, preset) for method in METHODS.values() for preset in method.presets or (Preset(method.name),)
}
"""By name, the method and how it is set; a method that names no presets is one itself."""

_NO_LEVEL: dict[str, Any] = {"sigma": None, "epsilon": None, "capacity": None}


def configure(name: str, base: TrainConfig) -> TrainConfig:
    """The run of the preset ``name`` with all else as in ``base``; the noise is of its prior's usual level.

    Of the objective, ``base`` says what the preset leaves open.

    Raises: InvalidInputError: for an unknown name.
    """
    method, preset = PRESETS[one_of("method", name, tuple(PRESETS))]
    law = PRIORS[preset.prior](base.dim)
    return replace(
        base,
        prior=preset.prior,
        noise=replace(base.noise, **{**_NO_LEVEL, law.level_name: law.default_level}),
        objective=replace(base.objective, name=method.name, **preset.options),
        gaussianise=preset.gaussianise,
    )


@dataclass(frozen=True)
class Variant:
    """A preset in another dimension.

    Attributes:
        words: its name in tables.
        method: key of :data:`PRESETS`.
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
    return replace(config, noise=replace(config.noise, **{**_NO_LEVEL, "capacity": capacity}))
