"""What every source can say of itself."""

from abc import ABC, abstractmethod

import numpy as np

from noisedim.theory.entropy import differential_entropy
from noisedim.theory.laws import Law

__all__ = ["Source"]


class Source(ABC):
    """Pairs (f(X), f(X′)) in ``dim`` dimensions; noise is a :class:`Law` of one coordinate, the same in each.

    Attributes:
        name: for reports.
        dim: d.
        weakly_invariant: whether f(X) = g(f(X)) = g(f(X′)) for some g.
        keeps: the largest known α with P(X = X′ | X) >= α.
        squared_distance: E‖f(X) − f(X′)‖².
    """

    name: str
    dim: int

    @property
    @abstractmethod
    def weakly_invariant(self) -> bool:
        """Whether f(X) = g(f(X)) = g(f(X′)) for some g."""

    @property
    @abstractmethod
    def keeps(self) -> float:
        """The largest known α with P(X = X′ | X) >= α."""

    @property
    @abstractmethod
    def squared_distance(self) -> float:
        """E‖f(X) − f(X′)‖²."""

    @abstractmethod
    def information(self, noise: Law) -> float:
        """I(f(X′); f(X)+Z), nats."""

    @abstractmethod
    def residual_information(self, noise: Law) -> float:
        """I(f(X)+Z; f(X) | f(X′)), nats: what augmentation loses."""

    @abstractmethod
    def entropy(self) -> float:
        """h(f(X)), nats; ``-inf`` for atoms."""

    @abstractmethod
    def noisy_entropy(self, noise: Law) -> float:
        """h(f(X)+Z), nats."""

    @abstractmethod
    def divergence(self, reference: Law) -> float:
        """KL(f(X) ‖ reference^d), nats."""

    @abstractmethod
    def noisy_divergence(self, noise: Law, reference: Law) -> float:
        """KL(f(X)+Z ‖ reference^d), nats."""

    @abstractmethod
    def noisy_renyi_2(self, noise: Law, reference: Law) -> float:
        """D₂(f(X)+Z ‖ reference^d), nats."""

    @abstractmethod
    def pointwise_information(self, other: np.ndarray, noisy: np.ndarray, noise: Law) -> np.ndarray:
        """log p(y | x′)/p(y), nats, at rows (n, d) of f(X′) and f(X)+Z; its mean over the source is the information."""

    @abstractmethod
    def sample(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n independent pairs, two (n, d) arrays: f(X), f(X′)."""

    def noise_entropy(self, noise: Law) -> float:
        """h(Z), nats."""
        return self.dim * differential_entropy(noise)

    @abstractmethod
    def noise_information(self, noise: Law) -> float:
        """I(Z; f(X)+Z), nats, as E_z KL(f(X)+z ‖ f(X)+Z), without any entropy; ``inf`` for atoms."""

    def sample_noise(self, noise: Law, n: int, generator: np.random.Generator) -> np.ndarray:
        """(n, d) draws of Z."""
        return noise.sample(n * self.dim, generator).reshape(n, self.dim)
