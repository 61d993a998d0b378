"""D'Agostino and Pearson's K² of one variable, and its test of random projections."""

import numpy as np

from noisedim.normality.tests.base import Batch, CalibratedTest, ProjectionTest, SurfaceForm

__all__ = ["TESTS", "VARIABLE"]


def _k_squared(batch: Batch) -> np.ndarray:
    from scipy import stats

    return np.asarray(stats.normaltest(batch.rows, axis=1).statistic)


VARIABLE = CalibratedTest(
    name="dagostino",
    null="one_dimensional",
    batched=_k_squared,
    table=SurfaceForm(knots=(), terms=("one", "root", "inverse", "power"), reach=((1, 0, None),)),
    words="skewness or kurtosis is not the normal's",
)
TESTS = (
    VARIABLE,
    ProjectionTest(
        name="dagostino_projections",
        null="composite",
        variable=VARIABLE,
        words="a projection's skewness or kurtosis is not the normal's",
        effect="max_sliced_w2",
        grows="root",
    ),
)
