"""Values that a coordinate takes again and again: clipped, rectified, min-max scaled or quantised rows.

A continuous law gives no value twice, but for rounding: a value of a given rounding step is met with a probability of at
most the step times the largest density, which bounds the chance of k equal values among n.
"""

import math

import numpy as np

from noisedim.normality.summaries.moments import correlation
from noisedim.normality.summaries.ordered import ordered_columns
from noisedim.normality.tests.base import LOOKS_FOR_THE_IMPOSSIBLE, ExactTest, Outcome, rounding_of

__all__ = ["TESTS", "atoms"]

_LARGEST_DENSITY = 1 / math.sqrt(2 * math.pi)
# Of a sample's standard deviation, under the composite null: a safe lower limit for the law's own.
_SAFETY = 2.0


def _outcome(z: np.ndarray, densities: np.ndarray) -> Outcome:
    from scipy.special import gammaln

    n, dim = z.shape
    found = ordered_columns(z)
    counts = found.counts.astype(np.float64)
    # The chance of one value; C(n, k) sets of k values, each all equal with probability at most chance^(k − 1).
    chance = np.minimum(1.0, rounding_of(z) * densities)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = math.log(dim) + gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
        logs = np.where(counts > 1, logs + (counts - 1) * np.log(chance), 0.0)
    worst = int(np.argmin(logs))
    value, count = float(found.values[worst]), int(found.counts[worst])
    p_value = math.exp(min(0.0, float(logs[worst])))
    shared = int((logs < math.log(1e-6)).sum())
    note = f"{count} values of coordinate {worst} are exactly {value:.6g}"
    if shared > 1:
        note += f", and {shared - 1} more coordinates have such values"
    note += ": clipped or rectified?" if p_value < 1e-6 else ""
    return Outcome(-min(0.0, float(logs[worst])), p_value, note if count > 1 else "")


def atoms(z: np.ndarray) -> Outcome:
    """−log of a bound on the probability of so many equal values in a coordinate under N(0, I)."""
    return _outcome(z, np.full(z.shape[1], _LARGEST_DENSITY))


def scaled_atoms(z: np.ndarray) -> Outcome:
    """The same under any normal law."""
    spread = correlation(z).scales
    return _outcome(z, _SAFETY * _LARGEST_DENSITY / np.maximum(spread, 1e-300))


_WORDS = "a coordinate takes one value again and again"
TESTS = (
    ExactTest(
        "atoms",
        "simple",
        _WORDS,
        grows=None,
        weight=LOOKS_FOR_THE_IMPOSSIBLE,
        outcome=atoms,
        bound=True,
        sees_rounding=True,
    ),
    ExactTest(
        "atoms_composite",
        "composite",
        _WORDS,
        grows=None,
        weight=LOOKS_FOR_THE_IMPOSSIBLE,
        outcome=scaled_atoms,
        bound=True,
        needs_variation=True,
        sees_rounding=True,
    ),
)
