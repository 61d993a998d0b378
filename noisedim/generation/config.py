"""What a generator's run is: the encoder's run that its conditions come from, and how the two networks are trained."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from noisedim.checks import one_of, positive, positive_integer, random_seed, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.training.config import TrainConfig, plain_data

__all__ = ["GanConfig"]

# Raised when the meaning of a configuration changes, so that old runs are not taken for new ones.
_FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class GanConfig:
    """A conditional GAN on the images that trained an encoder; its conditions are the frozen encoder's embeddings.

    Two time scales, R₁ every few steps, an average of the generator's weights. The defaults were chosen on a validation
    part of digits that certifies nothing.
    """

    encoder: TrainConfig = field(default_factory=TrainConfig)
    """The run whose encoder gives the conditions c = f(x), and whose training images are learned."""
    loss: Literal["non-saturating", "hinge"] = "non-saturating"
    """What the discriminator's logits are judged by."""
    latent: int = 16
    """Size of the generator's own randomness beside the condition."""
    width: int = 16
    """Channels of both networks at the highest resolution."""
    gamma: float = 1.0
    """R₁: the discriminator's squared gradient at real images costs γ/2; 0 for none."""
    penalise_every: int = 4
    """Steps between two evaluations of R₁, each weighed by that number."""
    consistency: float = 0.0
    """Weight of E‖f(G(c, z)) − c‖² in the generator's loss; 0 is the paper's plain conditional GAN."""
    instance_noise: float = 0.05
    """Standard deviation of pixel noise on what the discriminator sees, real or not: grey levels give nothing away."""
    generator_rate: float = 1e-3
    """Learning rate of the generator."""
    discriminator_rate: float = 2e-3
    """Learning rate of the discriminator."""
    beta_1: float = 0.0
    """Adam's first decay rate."""
    beta_2: float = 0.99
    """Adam's second decay rate."""
    average: float = 0.995
    """Decay rate of the averaged generator, which is the one that generates."""
    steps: int = 2000
    """Steps of both networks."""
    batch_size: int = 64
    """Images a step."""
    seed: int = 0
    """Seed of weights, batches and noise; the encoder has its own."""

    def __post_init__(self) -> None:
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
                "the encoder's checkpoint must give the embedding itself; got an encoder with "
                f"gaussianise={self.encoder.gaussianise!r}, a map that is not part of it"
            )

    @property
    def title(self) -> str:
        """The run in a few words, for progress and lists of failures."""
        return f"generator on {self.encoder.title}, seed {self.seed}"

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it."""
        return plain_data(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`; an unknown or missing field is refused by name."""
        try:
            return cls(**{**data, "encoder": TrainConfig.from_dict(data["encoder"])})
        except (TypeError, KeyError, AttributeError) as error:
            raise InvalidInputError(f"not a generator's configuration of this version: {error}") from None

    def digest(self) -> str:
        """16 hexadecimal characters that name this configuration's run folder; the encoder's digest is part of it."""
        own = {**self.to_dict(), "encoder": self.encoder.digest()}
        text = json.dumps({"format": _FORMAT, "kind": "generator", **own}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
