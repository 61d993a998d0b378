"""What every fit to samples owes its reader: rows that fitted nothing, and a word on tails that it does not have."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.priors.mapped import MappedPrior

__all__ = ["Tail", "heavy_tail", "set_apart", "tail_words"]

# Shares of the rows that the tail is read from, and standard errors by which its index must be above 0 in each: a far
# group of rows looks like a heavy tail in one of them, but not in all.
_SHARES = ((0.1, 3.0), (0.05, 1.0), (0.025, 1.0))
_FEWEST = 20
# A fitted law is contradicted by its farthest row where it expects less than one such row in so many samples.
_SURPRISE = 1e3


def set_apart(
    rows: np.ndarray, permutation: Callable[[int], np.ndarray], *, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """A tenth of the different rows, which fits nothing, and the others; copies of a row are on one side.

    Args:
        rows: (n, d).
        permutation: a random order of so many.
        least: fewest different rows.

    Returns: (m, d) rows that judge, (n − m, d) rows that fit.

    Raises: InvalidInputError: for too few different rows.
    """
    values, group = np.unique(rows, axis=0, return_inverse=True)
    if len(values) < least:
        raise InvalidInputError(f"a fit takes at least {least} different rows; got {len(values)} in {len(rows)}")
    if len(values) == len(rows):
        group = np.arange(len(rows))
    place = np.argsort(permutation(len(values)))[group.reshape(-1)]
    order = np.argsort(place, kind="stable")
    judges = int((place < len(values) // 10).sum())
    return rows[order[:judges]], rows[order[judges:]]


@dataclass(frozen=True)
class Tail:
    """A tail that falls off as a power of the distance.

    Attributes:
        power: α of P(distance > r) ∝ r^−α: moments from this one on are infinite.
        farthest: distance of the farthest row from the median, in the coordinates' interquartile ranges.
    """

    power: float
    farthest: float


def heavy_tail(rows: np.ndarray) -> Tail | None:
    """The tail of the rows' distance from their median, if it is surely heavier than an exponential one.

    By the moment estimator of the extreme value index γ, 1/α for a power tail and 0 for exponential and Gaussian ones, on the
    farthest tenth of the rows: heavy where it is three standard errors, √(1+γ²)/√k, above 0, and one in the farthest
    twentieth and fortieth.

    Args:
        rows: (n, d).

    Source: Dekkers, Einmahl & de Haan (1989), Annals of Statistics 17, 1833–1855.

    >>> heavy_tail(np.random.default_rng(0).standard_normal((2000, 2))) is None
    True
    >>> 1.3 < heavy_tail(np.random.default_rng(0).standard_t(2, (2000, 2))).power < 3
    True
    """
    values = np.unique(rows, axis=0)
    low, high = np.quantile(values, [0.25, 0.75], axis=0)
    spread = high - low
    distance = np.linalg.norm((values - np.median(values, axis=0)) / np.where(spread > 0, spread, 1.0), axis=1)
    distance.sort()
    indices = []
    for share, errors in _SHARES:
        count = int(share * len(values))
        if count < _FEWEST:
            break
        if (index := _extreme_value_index(distance, count)) <= errors * math.sqrt((1 + index * index) / count):
            return None
        indices.append(index)
    return Tail(1 / indices[0], float(distance[-1])) if indices else None


def _extreme_value_index(ascending: np.ndarray, count: int) -> float:
    threshold = ascending[-count - 1]
    if not threshold > 0:
        return -math.inf
    excess = np.log(ascending[-count:] / threshold)
    first, second = float(excess.mean()), float((excess**2).mean())
    return first + 1 - 0.5 / (1 - first * first / second) if 0 < first * first < second else -math.inf


def tail_words(prior: MappedPrior, rows: np.ndarray) -> str | None:
    """What to say of a law with Gaussian ends that was fitted to rows (n, d) of heavier ones; None if none are seen."""
    from scipy.stats import chi2

    meaning = (
        "the fitted law's ends are Gaussian: its density is far too small beyond the rows, and a score of few rows is too "
        "high, as it lacks the rare far ones"
    )
    if (tail := heavy_tail(rows)) is not None:
        return (
            f"the samples have heavy tails, which thin out as about the power -{tail.power:.2g} of the distance (the farthest "
            f"row lies {tail.farthest:.3g} interquartile ranges from the median), while {meaning}"
        )
    squares = prior.to_normal(torch.from_numpy(rows)).square().sum(1)
    log_expected = math.log(len(rows)) + float(chi2.logsf(float(squares.max()), prior.dim))
    if log_expected < -math.log(_SURPRISE):
        return f"the farthest row lies where the fitted law expects {math.exp(log_expected):.1g} of {len(rows)} rows; {meaning}"
    return None
