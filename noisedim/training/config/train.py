"""One training run, whole."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from noisedim.channel import unseen_capacity
from noisedim.checks import one_of, positive, positive_integer, random_seed, unit_interval
from noisedim.data import AugmentationConfig, ViewsConfig
from noisedim.errors import InvalidInputError
from noisedim.nets import RESNET_NAMES, check_encoder
from noisedim.nets.backbones import is_backbone
from noisedim.priors import (
    PRIOR_NAMES,
    PRIORS,
    SQUASH_NAMES,
    Prior,
    as_prior,
    prior_identity,
    prior_reference,
)
from noisedim.training.config.data import DataConfig
from noisedim.training.config.noise import NoiseConfig
from noisedim.training.config.objective import ObjectiveConfig
from noisedim.training.config.stored import ADDED_LATER, StoredConfig
from noisedim.training.optimizers import OptimiserConfig

__all__ = ["TrainConfig"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig(StoredConfig):
    """One training run. Two runs with equal configurations give equal results on one kind of CPU.

    Every field stands with its meaning below, in the reference of the documentation, and in ``noisedim train --help``.

    Raises: InvalidInputError: naming the field, for a value out of range or of another type, and for fields that do not go
        together.

    >>> from dataclasses import replace
    >>> config = TrainConfig(dim=8, noise=NoiseConfig(capacity=14.0), seed=1)
    >>> replace(config, dim=4).digest() == config.digest()
    False
    >>> TrainConfig(steps=0)
    Traceback (most recent call last):
    noisedim.errors.InvalidInputError: steps must be an integer >= 1; got 0 (int)
    """

    stored_as: ClassVar[str] = "a training configuration"

    data: DataConfig = field(default_factory=DataConfig)
    """Which images."""
    augmentation: AugmentationConfig = field(default_factory=lambda: AugmentationConfig(noise=0.3))
    """How X′ differs from X."""
    augmentation_probability: float = 0.5
    """Chance that X′ differs from X at all. Below 1, P(X = X′ | X) > 0, which Lemma 3.3 needs."""
    pairs_by: Literal["image", "label"] = field(default="image", metadata=ADDED_LATER)
    """What X and X′ share. image: X′ is a view of the same image. label: a view of another image of the same class, which
    is supervised training and needs labels."""
    prior: str = "normal"
    """The law to match: normal for N(0, I), uniform for U[0, 1]^d, or a prior file (.json, .safetensors), of which its
    content is kept."""
    squash: Literal["normal-cdf", "logistic", "clip"] = "normal-cdf"
    """How a standardised output is brought into [0, 1]^d (uniform prior)."""
    dim: int = 2
    """Embedding dimension d."""
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    """The channel's noise."""
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    """What is maximised."""
    views: ViewsConfig = field(default_factory=ViewsConfig)
    """How both views are made, where X is to be augmented, too; then augmentation is not used."""
    encoder: str = "auto"
    """auto: the paper's ConvNet for 24×24 images, a perceptron for everything else. convnet, digits-convnet, mlp, or a
    backbone with a projection head: resnet18 or resnet34 in their form for small images, torchvision:MODEL, timm:MODEL."""
    width: int = 64
    """Channels of a ResNet's first stage; 64 is the ResNet of the literature."""
    head: tuple[int, ...] = ()
    """Widths of the hidden layers of a backbone's projection head, whose last layer has dim outputs."""
    head_normalisation: bool = True
    """Batch normalisation in the head's hidden layers."""
    pixel_mean: tuple[float, ...] = ()
    """Mean of each channel that a backbone's input is normalised by, for pixels in [0, 1]; as it is if empty."""
    pixel_deviation: tuple[float, ...] = ()
    """Standard deviation of each channel, likewise."""
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """How."""
    steps: int = 4000
    """Optimiser steps."""
    batch_size: int = 256
    """Images a step."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the encoder; bfloat16 needs CUDA. Normalisation and objective stay in float32."""
    gaussianise: Literal["none", "rank", "flow"] = "none"
    """Map the embedding to N(0, I) when training is over, by what trained: coordinate by coordinate (rank), or by a
    normalizing flow (needs zuko). What others do; the map is measured in the run, and not part of the checkpoint."""
    seed: int = 0
    """Seed of weights, batches, augmentation and noise, a stream each: runs of one seed that differ in noise or objective
    see the same batches in the same views, from the same weights of the encoder."""

    def __post_init__(self) -> None:
        unit_interval("augmentation_probability", self.augmentation_probability)
        one_of("pairs_by", self.pairs_by, ("image", "label"))
        positive_integer("steps", self.steps)
        positive_integer("batch_size", self.batch_size, minimum=2)
        random_seed("seed", self.seed)
        check_encoder(self.encoder)
        self._check_backbone()
        one_of("precision", self.precision, ("float32", "bfloat16"))
        one_of("gaussianise", self.gaussianise, ("none", "rank", "flow"))
        # A file may change or move: what it says is kept instead, and a flow's digest beside its path.
        object.__setattr__(self, "prior", prior_reference(self.prior))
        one_of("squash", self.squash, SQUASH_NAMES)
        takes_squash = [name for name in PRIOR_NAMES if "squash" in PRIORS[name].optional_fields]
        if self.squash != "normal-cdf" and self.prior not in takes_squash:
            raise InvalidInputError(
                f"squash={self.squash!r} is for prior={' or '.join(map(repr, takes_squash))}; got {self.prior!r}"
            )
        prior = self.build_prior()
        if self.gaussianise != "none" and not prior.is_standard_normal:
            raise InvalidInputError(f"gaussianise={self.gaussianise!r} is for prior='normal'; got {self.prior!r}")
        self.noise.target(prior)  # refuses a level that the prior does not take
        if self.batch_size <= self.dim and not self.head:
            raise InvalidInputError(
                f"batch_size must exceed dim, or a batch says nothing of the embedding's law in all directions; "
                f"got batch_size={self.batch_size}, dim={self.dim}"
            )
        if self.objective.needs_gaussian_channel and not prior.channel_prior.is_standard_normal:
            raise InvalidInputError(
                f"objective.critic={self.objective.critic!r} is for prior='normal' and what it is mapped to; "
                f"got {self.prior!r}"
            )
        if not self.objective.method.injects_noise and not prior.is_standard_normal:
            raise InvalidInputError(f"objective.name={self.objective.name!r} is for prior='normal'; got {self.prior!r}")

    def _check_backbone(self) -> None:
        for name in ("head", "pixel_mean", "pixel_deviation"):
            # JSON has lists only.
            object.__setattr__(self, name, tuple(getattr(self, name)))
        positive_integer("width", self.width)
        for features in self.head:
            positive_integer("head", features)
        for deviation in self.pixel_deviation:
            positive("pixel_deviation", deviation)
        if len(self.pixel_mean) != len(self.pixel_deviation):
            raise InvalidInputError(
                f"pixel_mean and pixel_deviation must have one value per channel each; got {len(self.pixel_mean)} and "
                f"{len(self.pixel_deviation)}"
            )
        if not is_backbone(self.encoder) and (self.head or self.pixel_mean):
            raise InvalidInputError(
                f"head and pixel_mean are for backbones such as resnet18; got encoder={self.encoder!r}"
            )
        if self.width != 64 and self.encoder not in RESNET_NAMES:
            raise InvalidInputError(
                f"width is for {', '.join(RESNET_NAMES)}; got width={self.width}, encoder={self.encoder!r}"
            )

    @property
    def has_backbone(self) -> bool:
        """Whether the encoder is a backbone with a head, whose features are used downstream."""
        return is_backbone(self.encoder)

    def build_prior(self) -> Prior:
        """The prior object."""
        return as_prior(self.prior, self.dim, squash=self.squash)

    @property
    def unseen_capacity(self) -> str | None:
        """What to say where the noise falls below what a batch can see; None where it does not, or the objective copes."""
        if not self.objective.method.means_pairs:
            return None
        prior = self.build_prior()
        return unseen_capacity(prior, self.noise.target(prior), self.batch_size)

    @property
    def title(self) -> str:
        """The run in a few words, for progress and lists of failures."""
        prior = self.build_prior()
        noise = f"{prior.level_name} {self.noise.target(prior):.3g}" if self.objective.injects_noise else "no noise"
        return f"{self.objective.name}, {noise}, seed {self.seed}"

    def digest_content(self) -> dict[str, Any]:
        return {**super().digest_content(), "prior": prior_identity(self.prior)}
