"""Directions found on one half of the rows and tested on the other: of unusual variance, skewness or kurtosis.

What is tested was not searched, so along a direction that the first half gives, the other half's values are independent
draws of N(0, 1) under N(0, I), and of one normal law under any, however long the search was.
"""

from dataclasses import replace

import numpy as np

from noisedim.normality.summaries.directions import extreme_variances, third_and_fourth_order
from noisedim.normality.summaries.moments import bounded
from noisedim.normality.tests.base import ExactTest, Outcome, ProjectionTest
from noisedim.normality.tests.dagostino import VARIABLE
from noisedim.statistics.combining import sidak
from noisedim.streams import numpy_stream

__all__ = ["TESTS", "worst_variance"]


def worst_variance(z: np.ndarray) -> Outcome:
    """Largest |log of the variance| along the two directions; each sum of squares is χ² with n/2 degrees of freedom."""
    from scipy import stats

    z = bounded(z)
    order = numpy_stream(0, "halves of the rows").permutation(len(z))
    searched, measured = np.split(order, [len(z) // 2])
    directions = extreme_variances(z[searched])
    sums, n = ((z[measured] @ directions.T) ** 2).sum(0), len(measured)
    p_values = np.minimum(1.0, 2 * np.minimum(stats.chi2.sf(sums, n), stats.chi2.cdf(sums, n)))
    worst = int(np.argmin(p_values))
    variance = float(sums[worst]) / n
    note = f"variance {variance:.3g} along a direction found on the other half of the rows"
    return Outcome(abs(variance - 1), sidak(float(p_values[worst]), len(sums)), note, directions[worst])


_SHAPE = ProjectionTest(
    "worst_direction",
    "simple",
    "along a direction found on half of the rows, the other half is skewed, or its tails are not the normal's",
    "max_sliced_w2",
    "root",
    least_dim=2,
    variable=VARIABLE,
    onto="found",
    search=third_and_fourth_order,
)
TESTS = (
    ExactTest(
        "worst_variance",
        "simple",
        "along a direction found on half of the rows, the other half has not variance 1",
        "max_sliced_w2",
        "root",
        least_dim=2,
        outcome=worst_variance,
    ),
    _SHAPE,
    replace(_SHAPE, name="worst_direction_composite", null="composite"),
    ProjectionTest(
        "coordinate_shapes",
        "composite",
        "a coordinate's skewness or kurtosis is not the normal's",
        "kurtosis_error",
        "root",
        variable=VARIABLE,
        onto="axes",
    ),
)
