"""The largest and the smallest eigenvalue of ZᵀZ/n: a direction, on no axis in particular, of unusual variance.

Source: Johnstone (2001), Annals of Statistics 29, 295–327; Ma (2012), Bernoulli 18, 322–359.
"""

import numpy as np

from noisedim.normality.summaries.moments import spectrum
from noisedim.normality.summaries.spectrum import largest_eigenvalue_p_value, smallest_eigenvalue_p_value
from noisedim.normality.tests.base import ExactTest, Outcome

__all__ = ["TESTS"]

# Of the Tracy–Widom approximation, compared with exact draws (tests/normality/test_spectrum.py): rates of p ≤ .05
# were .036 to .060 over 19 shapes.
_RELATIVE_ERROR = 0.15
# With less than this between rows and columns, the smallest eigenvalue has another law.
_LEAST_RATIO = 1.1


def _largest(z: np.ndarray) -> Outcome:
    value = float(spectrum(z)[-1])
    return Outcome(value, largest_eigenvalue_p_value(value, *z.shape))


def _smallest(z: np.ndarray) -> Outcome:
    value = max(0.0, float(spectrum(z)[0]))
    # Large statistics depart, as everywhere.
    return Outcome(-value, smallest_eigenvalue_p_value(value, *z.shape))


def _has_soft_edge(n: int, dim: int) -> bool:
    return max(n, dim) >= _LEAST_RATIO * min(n, dim)


TESTS = (
    ExactTest(
        "largest_eigenvalue",
        "simple",
        "a direction has too much variance (largest eigenvalue of the second moments)",
        "effective_rank",
        "root",
        least_dim=2,
        outcome=_largest,
        relative_error=_RELATIVE_ERROR,
    ),
    ExactTest(
        "smallest_eigenvalue",
        "simple",
        "a direction has too little variance (smallest eigenvalue of the second moments)",
        "effective_rank",
        "root",
        least_dim=2,
        outcome=_smallest,
        relative_error=_RELATIVE_ERROR,
        defined=_has_soft_edge,
    ),
)
