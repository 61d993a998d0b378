"""The configuration of a generator's run: the encoder's run that gives its conditions, and the training of both networks."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from noisedim.checks import one_of, positive, positive_integer, random_seed, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.training.config import TrainConfig
from noisedim.training.config.stored import StoredConfig

__all__ = ["GanConfig"]


@dataclass(frozen=True, kw_only=True)
class GanConfig(StoredConfig):
    """A conditional GAN on the training images of an encoder; its conditions are the frozen encoder's embeddings.

    The two networks have different learning rates, the penalty R₁ is evaluated every few steps, and the generator's weights
    are averaged. The defaults were chosen on validation images of digits, which are not used for testing.
    """

    stored_as: ClassVar[str] = "a generator's configuration"
    kind: ClassVar[str] = "generator"

    encoder: TrainConfig = field(default_factory=TrainConfig)
    """The run whose encoder gives the conditions c = f(x), and whose training images the GAN is trained on."""
    loss: Literal["non-saturating", "hinge"] = "non-saturating"
    """Loss on the discriminator's logits."""
    latent: int = 16
    """Dimension of the generator's random input besides the condition."""
    width: int = 16
    """Channels of both networks at the highest resolution."""
    gamma: float = 1.0
    """Weight of R₁: γ/2 times the squared gradient of the discriminator at real images; 0 for none."""
    penalise_every: int = 4
    """Steps between two evaluations of R₁, each of which is weighted by this number."""
    consistency: float = 0.0
    """Weight of E‖f(G(c, z)) − c‖² in the generator's loss; 0 gives the paper's conditional GAN."""
    instance_noise: float = 0.05
    """Standard deviation of pixel noise on real and generated images, so that exact grey levels do not tell them apart."""
    generator_rate: float = 1e-3
    """Learning rate of the generator."""
    discriminator_rate: float = 2e-3
    """Learning rate of the discriminator."""
    beta_1: float = 0.0
    """Adam's first decay rate."""
    beta_2: float = 0.99
    """Adam's second decay rate."""
    average: float = 0.995
    """Decay rate of the averaged weights, which are those that generate images."""
    steps: int = 2000
    """Optimiser steps of each network."""
    batch_size: int = 64
    """Images per step."""
    seed: int = 0
    """Seed of weights, batches and noise; the encoder's run has its own."""

    def __post_init__(self) -> None:
        """Refuse values out of range, and encoders whose embedding is mapped after training."""
        one_of("loss", self.loss, ("non-saturating", "hinge"))
        for name in ("latent", "width", "penalise_every", "steps"):
            positive_integer(name, getattr(self, name))
        positive_integer("batch_size", self.batch_size, minimum=2)
        random_seed("seed", self.seed)
        for name in ("generator_rate", "discriminator_rate"):
            positive(name, getattr(self, name))
        for name in ("gamma", "consistency", "instance_noise"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InvalidInputError(f"{name} must be a finite number >= 0; got {getattr(self, name)!r}")
        for name in ("beta_1", "beta_2", "average"):
            if unit_interval(name, getattr(self, name)) == 1:
                raise InvalidInputError(f"{name} must be below 1; got 1")
        if self.encoder.gaussianise != "none":
            raise InvalidInputError(
                "the encoder must not be followed by a map that its checkpoint does not hold; got an encoder with "
                f"gaussianise={self.encoder.gaussianise!r}"
            )

    @property
    def title(self) -> str:
        """The run in a few words, for progress displays and lists of failures."""
        return f"generator on {self.encoder.title}, seed {self.seed}"

    def digest_content(self) -> dict[str, Any]:
        # The encoder's digest is part of it.
        return {**super().digest_content(), "encoder": self.encoder.digest()}
