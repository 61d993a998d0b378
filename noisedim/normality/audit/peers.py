"""What others use to see whether an embedding is N(0, I), each as a p-value: what the audit compares the battery with.

A statistic that comes without a null law is calibrated by simulation, so that all peers hold the same level.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from noisedim.normality.audit.r_tests import R_TESTS, RTest, r_p_values
from noisedim.normality.rank import spectral_entropy
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.summaries.ordered import ordered_columns
from noisedim.streams import numpy_stream

__all__ = ["PEERS", "Peer", "peer_p_values", "rankme"]

_SLICES = 64
# Rejects at 5% with the smallest p that few simulations leave, 1/40: each takes as long as an assessment.
_FEW = 39


@dataclass(frozen=True)
class Peer:
    """One way to look at an embedding.

    Attributes:
        name: in tables.
        p_values: of samples of (n, d) rows, with as many seeds for its random directions.
        most_rows: beyond which it is not run: it needs all pairs of rows, or is not defined.
        alone: whether the audit counts it only when it is asked to (``--peer``).
        is_told: whether it sees the directions in which the law departs, and nothing else.
        package: of R, if it is from there.
    """

    name: str
    p_values: Callable[[Iterable[np.ndarray], Iterable[int]], list[float]]
    most_rows: float = math.inf
    alone: bool = False
    is_told: bool = False
    package: str = ""

    def p_value(self, z: np.ndarray, seed: int) -> float:
        """Of one sample."""
        return self.p_values([z], [seed])[0]


def _sliced_statistic(z: np.ndarray, rng: np.random.Generator) -> float:
    """Mean over random slices of n ∫ |φ_n(t) − e^{−t²/2}|² e^{−t²/2} dt, up to a constant."""
    projected = z @ random_directions(z.shape[1], _SLICES, rng).T
    total = 0.0
    for t in np.linspace(0.2, 3.0, 15):
        real, imaginary = np.cos(t * projected).mean(0), np.sin(t * projected).mean(0)
        total += float(((real - np.exp(-t * t / 2)) ** 2 + imaginary**2).mean()) * np.exp(-t * t / 2)
    return len(z) * total


@lru_cache(maxsize=8)
def _sliced_null(n: int, draws: int = 199) -> np.ndarray:
    # Slices of more coordinates are as independent as these.
    rng = numpy_stream(n, "audit, null of slices")
    return np.array([_sliced_statistic(rng.standard_normal((n, 128)), rng) for _ in range(draws)])


def _sliced(z: np.ndarray, seed: int) -> float:
    null = _sliced_null(len(z))
    statistic = _sliced_statistic(z, numpy_stream(seed, "audit, slices"))
    return (1 + int((null >= statistic).sum())) / (1 + len(null))


def rankme(z: np.ndarray) -> float:
    """exp of the entropy of the shares of the singular values of (n, d) rows, from 1 to d.

    Source: Garrido et al. (2023), RankMe, ICML, arXiv 2210.02885. The battery's effective rank is of the covariance's spectrum.
    """
    return math.exp(spectral_entropy(np.sqrt(np.maximum(np.linalg.eigvalsh(z.T @ z), 0))))


@lru_cache(maxsize=8)
def _rank_null(n: int, dim: int) -> np.ndarray:
    rng = numpy_stream(n, f"audit, null of the effective rank, d = {dim}")
    return np.array([rankme(rng.standard_normal((n, dim))) for _ in range(_FEW)])


def _rank(z: np.ndarray, seed: int) -> float:
    """A lower rank than N(0, I) has is a departure."""
    null = _rank_null(*z.shape)
    return (1 + int((null <= rankme(z)).sum())) / (1 + len(null))


def _kolmogorov(z: np.ndarray, seed: int) -> float:
    """Kolmogorov and Smirnov's test of every coordinate against N(0, 1), with Bonferroni's correction.

    The battery's own test ``coordinates`` but for the correction: what many use alone.
    """
    from scipy import stats

    distance = float(ordered_columns(z).distances.max())
    return min(1.0, z.shape[1] * float(stats.kstwo.sf(distance, len(z))))


def _shapiro(z: np.ndarray, seed: int) -> float:
    """Shapiro and Wilk's test of every coordinate that varies, with Bonferroni's correction."""
    from scipy import stats

    varied = z[:, np.ptp(z, axis=0) > 0]
    return min(1.0, z.shape[1] * float(np.asarray(stats.shapiro(varied, axis=0).pvalue).min()))


def _henze_zirkler(z: np.ndarray, seed: int) -> float:
    """pingouin's, with its log-normal p-value; an error is no rejection."""
    import pingouin

    with np.errstate(all="ignore"):
        try:
            p_value = float(pingouin.multivariate_normality(z).pval)
        except np.linalg.LinAlgError:
            return 1.0
    return p_value if math.isfinite(p_value) else 1.0


def _each(p_value: Callable[[np.ndarray, int], float]) -> Callable[[Iterable[np.ndarray], Iterable[int]], list[float]]:
    return lambda samples, seeds: [p_value(z, seed) for z, seed in zip(samples, seeds, strict=True)]


def _in_r(test: RTest) -> Callable[[Iterable[np.ndarray], Iterable[int]], list[float]]:
    return lambda samples, seeds: r_p_values(test, samples)


PEERS = (
    Peer("sliced Epps–Pulley", _each(_sliced)),
    Peer("Shapiro–Wilk by coordinate, Bonferroni", _each(_shapiro), most_rows=5000),
    Peer("Henze–Zirkler (pingouin)", _each(_henze_zirkler), most_rows=5000),
    Peer("Kolmogorov–Smirnov by coordinate, Bonferroni", _each(_kolmogorov)),
    Peer("effective rank (RankMe)", _each(_rank)),
    Peer("told the directions", _each(_kolmogorov), alone=True, is_told=True),
    *(Peer(test.name, _in_r(test), most_rows=5000, alone=True, package=test.package) for test in R_TESTS),
)


def peer_p_values(z: np.ndarray, seed: int) -> dict[str, float]:
    """By name, of the peers that so many rows allow and that are not counted alone, of (n, d) rows."""
    return {peer.name: peer.p_value(z, seed) for peer in PEERS if len(z) <= peer.most_rows and not peer.alone}
