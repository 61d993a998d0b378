"""How much noise the channel adds while a run trains."""

from dataclasses import dataclass

from noisedim.checks import positive, unit_interval
from noisedim.priors import Prior, noise_level

__all__ = ["NoiseConfig"]


@dataclass(frozen=True, kw_only=True)
class NoiseConfig:
    """How much noise the channel adds: at most one of sigma, epsilon, capacity, and how it is reached.

    How far to anneal depends on the batch: one of B rows sees log B + (d/2)·log 2 − 0.35 nats of a Gaussian channel
    (:func:`~noisedim.theory.dual_batch.visible_capacity`). Training with the plain or the linear dual warns, once, where the
    target's capacity exceeds that.
    """

    sigma: float | None = None
    """Noise standard deviation (normal prior); by default the one that passes 2.5 nats: 0.3 at d = 2, 1.07 at d = 8."""
    epsilon: float | None = None
    """Half-width of the noise (uniform prior); default 0.1."""
    capacity: float | None = None
    """Instead of either: the capacity in nats."""
    start: float | None = None
    """Noise level at the first step, annealed geometrically to the target: without it small noise gets stuck.
    Default: 1 (normal) or 0.2 (uniform), or the target if that is larger. (Half-widths near 0.5 draw a uniform embedding
    to a lattice, by Theorem 3.5.)"""
    anneal: float = 0.6
    """Share of the steps over which the noise falls to its target."""

    def __post_init__(self) -> None:
        for name in ("sigma", "epsilon", "capacity", "start"):
            if getattr(self, name) is not None:
                positive(f"noise.{name}", getattr(self, name))
        unit_interval("noise.anneal", self.anneal)

    def target(self, prior: Prior) -> float:
        """The noise level of ``prior`` that training ends with."""
        if self.sigma is self.epsilon is self.capacity is None:
            return prior.default_level
        return noise_level(prior, sigma=self.sigma, epsilon=self.epsilon, capacity=self.capacity)

    def level(self, prior: Prior, progress: float) -> float:
        """The noise level at ``progress`` in [0, 1]: geometric from the start to the target, then constant."""
        target = self.target(prior)
        start = self.start if self.start is not None else max(target, prior.start_level)
        if progress >= self.anneal:
            return target
        return start * (target / start) ** (progress / self.anneal)
