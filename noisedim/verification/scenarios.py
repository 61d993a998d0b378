"""Sources that stress each hypothesis, by readable name: what several claims are checked on.

Everything is cheap to build; what is expensive happens in the checks. Laws are of one coordinate, standardised for the
Gaussian prior, in [0, 1] for the uniform one.
"""

import math
from types import MappingProxyType

import numpy as np

from noisedim.theory.laws import Atoms, Laplace, Law, Mixture, Normal, StudentT, Uniform
from noisedim.theory.sources import BlockSource, DiscreteSource, GaussianSource, LazySource, PlanarMixture, Source

__all__ = [
    "ON_THE_UNIT_INTERVAL",
    "STANDARDISED",
    "STANDARDISED_TAILS",
    "block_pairs",
    "covariance",
    "gaussian_pairs",
    "lattice",
    "planar_pairs",
    "standardised_pairs",
    "unit_pairs",
]

_ROOT3 = math.sqrt(3)

# Mean 0 and variance 1.
STANDARDISED = MappingProxyType(
    {
        "normal": Normal(0, 1),
        "uniform": Uniform(-_ROOT3, _ROOT3),
        "laplace": Laplace(),
        "two-clusters": Mixture((Normal(-0.9, math.sqrt(0.19)), Normal(0.9, math.sqrt(0.19)))),
        "rademacher": Atoms((-1.0, 1.0)),
        "skewed-atoms": Atoms((-0.5, 2.0), (0.8, 0.2)),
        "atom-and-uniform": Mixture((Atoms((0.0,)), Uniform(-math.sqrt(6), math.sqrt(6))), (0.5, 0.5)),
        "mostly-atoms": Mixture((Atoms((-1.05, 1.05)), Uniform(-math.sqrt(0.2325), math.sqrt(0.2325))), (0.9, 0.1)),
    }
)
# The same with tails so heavy that only one-dimensional integrals are in reach.
STANDARDISED_TAILS = MappingProxyType({"t5": StudentT(5), "t3": StudentT(3)})

ON_THE_UNIT_INTERVAL = MappingProxyType(
    {
        "uniform": Uniform(0, 1),
        "lower-half": Uniform(0, 0.5),
        "two-blocks": Mixture((Uniform(0, 0.25), Uniform(0.5, 1)), (0.5, 0.5)),
        "three-atoms": Atoms((0.0, 0.5, 1.0)),
        "uneven-atoms": Atoms((0.0, 0.3, 1.0), (0.2, 0.5, 0.3)),
        "atoms-and-uniform": Mixture((Atoms((0.0, 1.0)), Uniform(0, 1)), (0.5, 0.5)),
    }
)


def covariance(dim: int, *, seed: int = 0, unit_diagonal: bool = True) -> np.ndarray:
    """A full covariance matrix, well conditioned; with ``unit_diagonal`` a correlation matrix."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    spread = (rotation * np.geomspace(0.3, 3.0, dim)) @ rotation.T
    spread = (spread + spread.T) / 2
    scale = 1 / np.sqrt(np.diag(spread)) if unit_diagonal else np.ones(dim)
    scaled = spread * np.outer(scale, scale)
    if unit_diagonal:
        np.fill_diagonal(scaled, 1.0)
    return scaled


def gaussian_pairs() -> dict[str, tuple[Source, float]]:
    """Jointly Gaussian pairs with unit variances, and σ: dimension 1 to 64, correlation 0 to 1, rotated, full."""
    cases: dict[str, tuple[Source, float]] = {}
    for dim, sigma, rho in (
        (1, 0.05, 1.0),
        (1, 0.3, 0.9),
        (1, 5.0, 0.5),
        (2, 0.1, 0.99),
        (2, 1.0, 0.0),
        (4, 0.3, 0.5),
        (8, 0.05, 0.9),
        (16, 1.0, 0.99),
        (64, 0.3, 1.0),
        (64, 5.0, 0.9),
    ):
        cases[f"d={dim},sigma={sigma:g},rho={rho:g}"] = GaussianSource.correlated(dim, rho), sigma
    for dim, sigma in ((2, 0.3), (8, 0.1), (64, 1.0)):
        full = covariance(dim, seed=dim)
        cases[f"d={dim},sigma={sigma:g},full,same"] = GaussianSource.of(full), sigma
        cases[f"d={dim},sigma={sigma:g},full,rho=0.8"] = GaussianSource.of(full, 0.8 * full), sigma
        # f(X′) is f(X) turned by a rotation, with noise: information in other coordinates.
        turn = np.linalg.qr(np.random.default_rng(dim + 1).standard_normal((dim, dim)))[0]
        other = turn @ full @ turn.T
        cases[f"d={dim},sigma={sigma:g},full,rotated"] = (
            GaussianSource.of(full, 0.9 * full @ turn.T, (other + other.T) / 2),
            sigma,
        )
    return cases


def standardised_pairs(*, sigmas: tuple[float, ...] = (0.05, 0.3, 1.0, 5.0)) -> dict[str, tuple[Source, float]]:
    """Non-Gaussian pairs with mean 0 and variance 1, and σ: X′ = X with probability 1, ½ and 0 a coordinate."""
    cases: dict[str, tuple[Source, float]] = {}
    keeps = (1.0, 0.5, 0.0)
    for k, (name, law) in enumerate(STANDARDISED.items()):
        for j, sigma in enumerate(sigmas):
            # Each law with each σ; the probability goes round, so that each law meets each of them.
            keep = keeps[(k + j) % 3]
            dim = (1, 2, 16)[(k + 2 * j) % 3]
            cases[f"{name},d={dim},sigma={sigma:g},keep={keep:g}"] = LazySource(law, dim=dim, keep=keep), sigma
    table = [[0.25, 0.0, 0.05], [0.05, 0.25, 0.0], [0.0, 0.1, 0.3]]
    points = np.array([-1.0, 0.0, 1.2])
    weights = np.sum(table, axis=1)
    points = (points - weights @ points) / math.sqrt(weights @ points**2 - (weights @ points) ** 2)
    cases["three-atoms,non-invariant,sigma=0.3"] = (
        DiscreteSource.of(points, [-1.0, 0.5, 2.0], table, dim=2, keeps_at_least=0.5),
        0.3,
    )
    cases["rademacher,flipped,sigma=0.3"] = DiscreteSource.of([-1, 1], [-1, 1], [[0, 0.5], [0.5, 0]], dim=3), 0.3
    return cases


def unit_pairs(*, epsilons: tuple[float, ...] = (0.05, 0.25, 1 / 3, 0.5, 2.0)) -> dict[str, tuple[Source, float]]:
    """Pairs in [0, 1]^d, and ε: X′ = X with probability 1, ½ and 0 a coordinate."""
    cases: dict[str, tuple[Source, float]] = {}
    keeps = (1.0, 0.5, 0.0)
    for k, (name, law) in enumerate(ON_THE_UNIT_INTERVAL.items()):
        for j, epsilon in enumerate(epsilons):
            keep = keeps[(k + j) % 3]
            dim = (1, 2, 8)[(k + 2 * j) % 3]
            cases[f"{name},d={dim},eps={epsilon:.3g},keep={keep:g}"] = LazySource(law, dim=dim, keep=keep), epsilon
    cases["bit,flipped,eps=0.5"] = DiscreteSource.of([0, 1], [0, 1], [[0, 0.5], [0.5, 0]]), 0.5
    return cases


def lattice(epsilon: float) -> Law:
    """U(A), A = {0, 2ε, 4ε, …, 1}: the law that attains Theorem 3.5's bound when 1/(2ε) is whole."""
    steps = round(1 / (2 * epsilon))
    return Atoms(tuple(k / steps for k in range(steps + 1)))


def _turned(angle: float, first: float, second: float) -> np.ndarray:
    """A covariance with these variances along axes turned by ``angle``."""
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return turn @ np.diag([first, second]) @ turn.T


def planar_pairs(
    *, sigmas: tuple[float, ...] = (0.01, 0.3, 1.0), views: tuple[str, ...] = ("same", "label")
) -> dict[str, tuple[PlanarMixture, float]]:
    """Laws in the plane that are no products, mean 0 and variance 1 a coordinate, and σ; each law with each of ``views``.

    A copula with normal marginals and no correlation, a mixture of components rotated against each other, a ring of eight.
    """
    angles = np.arange(8) * math.pi / 4
    ring = 1.3 * np.stack([np.cos(angles), np.sin(angles)], 1)
    parts: dict[str, tuple[list[float], np.ndarray, list[np.ndarray]]] = {
        "copula": ([0.5, 0.5], np.zeros((2, 2)), [np.array([[1, r], [r, 1]]) for r in (0.8, -0.8)]),
        "rotated": ([0.4, 0.6], np.array([[-1.0, 0.3], [0.8, -0.2]]), [_turned(0.5, 1, 0.25), _turned(2.1, 0.8, 0.2)]),
        "ring": ([0.125] * 8, ring, [(1 - 1.69 / 2) * np.eye(2)] * 8),
    }
    return {
        f"{name},d=2,sigma={sigma:g},{view}": (
            PlanarMixture.of(*given, views=view, name=name).standardised(),
            sigma,
        )
        for name, given in parts.items()
        for sigma in sigmas
        for view in views
    }


def block_pairs(
    *, epsilons: tuple[float, ...] = (0.05, 1 / 3), views: tuple[str, ...] = ("same", "label")
) -> dict[str, tuple[BlockSource, float]]:
    """Laws on the unit square that are no products, and ε; each law with each of ``views``.

    A copula (uniform marginals, two blocks on the diagonal), uneven blocks, a ring of blocks.
    """
    ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]) / 8
    laws = {
        "copula": ([[0.5, 0.0], [0.0, 0.5]], None),
        "uneven": ([[0.4, 0.1], [0.2, 0.3]], ([0, 0.4, 1], [0, 0.5, 1])),
        "ring": (ring, ([0, 0.25, 0.75, 1], [0, 0.25, 0.75, 1])),
    }
    return {
        f"{name},d=2,eps={epsilon:.3g},{view}": (BlockSource.of(*given, views=view, name=name), epsilon)
        for name, given in laws.items()
        for epsilon in epsilons
        for view in views
    }
