"""Rows that repeat each other, exactly or nearly: in many dimensions independent draws of a normal law never do.

The p-value is a union bound over pairs: half the squared distance of two rows of N(0, I) is χ² with d degrees of freedom.
"""

import math
from dataclasses import dataclass

import numpy as np

from noisedim.normality.summaries.moments import correlation, row_blocks
from noisedim.normality.summaries.whitening import whiten
from noisedim.normality.tests.base import LOOKS_FOR_THE_IMPOSSIBLE, ExactTest, Outcome, rounding_of
from noisedim.streams import numpy_stream

__all__ = ["TESTS", "NearDuplicates", "find_near_duplicates"]

# Rows are compared in this many random directions first; only candidates are compared in all coordinates.
_SKETCH = 16
_SORTED = 3
_NEIGHBOURS = 4
_CANDIDATES = 2_000


@dataclass(frozen=True)
class NearDuplicates:
    """The closest pair found, and how rare so close a pair is.

    Attributes:
        first, second: row numbers of the pair.
        distance: between both rows.
        log_p_value: of a bound on P(some pair is as close), natural logarithm; 0 where the bound says nothing.
        repeated: rows whose nearest found neighbour is closer than the closest pair of the prior would be in 1% of samples.
    """

    first: int
    second: int
    distance: float
    log_p_value: float
    repeated: int


def _log_bound(squared: np.ndarray | float, n: int, dim: int) -> np.ndarray:
    """log of n(n−1)/2 · P(‖Z − Z′‖² ≤ squared), where ‖Z − Z′‖²/2 is χ² with d degrees of freedom."""
    from scipy.special import gammainc, gammaln

    x = np.maximum(np.asarray(squared, dtype=np.float64) / 4, 1e-300)
    with np.errstate(divide="ignore"):
        exact = np.log(gammainc(dim / 2, x))
    # Where it underflows: P(a, x) ≤ x^a e^{−x} / Γ(a+1) · 1/(1 − x/(a+1)), the first term of its series.
    a = dim / 2
    series = a * np.log(x) - x - gammaln(a + 1) - np.log1p(-np.minimum(x / (a + 1), 0.999))
    return np.asarray(math.log(n) + math.log(n - 1) - math.log(2) + np.where(np.isfinite(exact), exact, series))


def find_near_duplicates(
    z: np.ndarray, rng: np.random.Generator, *, slack: float = 0.0, stretch: float = 1.0
) -> NearDuplicates:
    """Look for close pairs among neighbours along a few random directions; O(n·d) products, n rows of (n, d) float64.

    The pair that is found is at least as far apart as the closest there is, so the bound on the closest holds for it.

    Args:
        z: (n, d) rows, to be N(0, I).
        rng: of the directions.
        slack: by how much rounding may have brought two rows closer; it is added to each distance.
        stretch: factor by which distances may have shrunk, for rows that were whitened by their own covariance.
    """
    n, dim = z.shape
    directions = np.linalg.qr(rng.standard_normal((dim, min(dim, _SKETCH))))[0]
    sketch = z @ directions
    pair, rough = np.empty((2, 0), dtype=np.intp), np.empty(0)
    for column in sketch.T[:_SORTED]:
        order = np.argsort(column, kind="stable")
        ordered = sketch[order]
        for step in range(1, min(_NEIGHBOURS, n - 1) + 1):
            rough = np.concatenate([rough, _squared_gaps(ordered, step)])
            pair = np.concatenate([pair, np.stack([order[:-step], order[step:]])], 1)
            if len(rough) > _CANDIDATES:
                # A projection shortens: what is close in all coordinates is close in the sketch. Exact repeats may be more.
                close = rough <= np.partition(rough, _CANDIDATES)[_CANDIDATES]
                pair, rough = pair[:, close], rough[close]
    gap = z[pair[0]] - z[pair[1]]
    squared = np.einsum("ij,ij->i", gap, gap)
    logs = _log_bound((stretch * (np.sqrt(squared) + slack)) ** 2, n, dim)
    best = int(np.argmin(squared))
    repeated = pair[:, logs < math.log(0.01)]
    return NearDuplicates(
        int(pair[0, best]),
        int(pair[1, best]),
        math.sqrt(float(squared[best])),
        min(0.0, float(logs[best])),
        len(np.unique(repeated)),
    )


def _squared_gaps(rows: np.ndarray, step: int) -> np.ndarray:
    """Squared distances between each row and the one ``step`` further down, (n − step,)."""
    squared = np.empty(len(rows) - step)
    for block in row_blocks(len(squared), rows.shape[1]):
        gap = rows[block] - rows[block.start + step : block.stop + step]
        squared[block] = np.einsum("ij,ij->i", gap, gap)
    return squared


def _outcome(rows: np.ndarray, slack: float, stretch: float = 1.0) -> Outcome:
    found = find_near_duplicates(rows, numpy_stream(0, "near duplicates"), slack=slack, stretch=stretch)
    pair = f"rows {min(found.first, found.second)} and {max(found.first, found.second)}"
    close = "are equal" if found.distance == 0 else f"are {found.distance:.3g} apart"
    note = f"{pair} {close}; {found.repeated} rows repeat another" if found.repeated else ""
    return Outcome(-found.log_p_value, math.exp(found.log_p_value), note)


def near_duplicates(z: np.ndarray) -> Outcome:
    """−log of a bound on the probability of so close a pair of rows under N(0, I)."""
    return _outcome(z, math.sqrt(z.shape[1]) * rounding_of(z))


def whitened_near_duplicates(z: np.ndarray) -> Outcome:
    """The same under any normal law, of whitened rows.

    Whitening by the rows' own covariance shrinks distances by at most the largest singular value of a sample's, which is
    1 + √(d/n) up to fluctuations far below the margin taken here.
    """
    n, dim = z.shape
    white = whiten(z)
    # The rounding of the rows as they came, in units of each coordinate's scale: correlated coordinates magnify it.
    found = correlation(z)
    spread = float(np.linalg.eigvalsh(found.covariance * n / (n - 1))[0]) ** 0.5
    slack = math.sqrt(dim) * rounding_of(z) / max(spread, 1e-300)
    return _outcome(white, slack, 1 + math.sqrt(dim / n) + 3 / math.sqrt(n))


_WORDS = "rows repeat each other, exactly or nearly"
TESTS = (
    ExactTest(
        "near_duplicates",
        "simple",
        _WORDS,
        grows=None,
        weight=LOOKS_FOR_THE_IMPOSSIBLE,
        outcome=near_duplicates,
        bound=True,
        sees_rounding=True,
    ),
    ExactTest(
        "near_duplicates_composite",
        "composite",
        _WORDS,
        grows=None,
        weight=LOOKS_FOR_THE_IMPOSSIBLE,
        outcome=whitened_near_duplicates,
        bound=True,
        needs_variation=True,
        sees_rounding=True,
        defined=lambda n, dim: n > dim,
    ),
)
