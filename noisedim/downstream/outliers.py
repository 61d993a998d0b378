"""Outliers: by the norm of an embedding with a known prior, and by detectors that are fitted to usual rows."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from noisedim.checks import embedding_matrix, one_of
from noisedim.priors import Prior
from noisedim.priors.mapping import prior_of_rows

__all__ = ["DETECTOR_WORDS", "fitted_scores", "outlier_p_values", "squared_norms"]

DETECTOR_WORDS = {
    "mahalanobis": "Mahalanobis distance",
    "knn": "distance to the 5th neighbour",
    "isolation_forest": "isolation forest",
    "one_class_svm": "one-class SVM",
}
"""Names, for tables, of the detectors that are fitted to reference rows."""

Tail = Literal["far", "both"]


def squared_norms(z: Any, *, prior: Prior | str | Path = "normal") -> np.ndarray:
    """‖T(z)‖² of each row, where T maps the prior to N(0, I); ∞ for rows outside the prior's support.

    Args:
        z: embeddings, (n, d).
        prior: the law that they are to follow: an object, a name, or the path of a prior file.

    Returns: (n,) float64; for rows that follow the prior, χ² with as many degrees of freedom as the prior has dimensions.

    Raises: InvalidInputError: for an unknown prior, or embeddings that are not a finite matrix with its number of columns.
    """
    return _squares(z, prior)[0]


def _squares(z: Any, prior: Prior | str | Path) -> tuple[np.ndarray, int]:
    z = embedding_matrix("z", z)
    law = prior_of_rows(prior, z.shape[1])
    outside = law.outside(torch.from_numpy(z)).numpy()
    rows = torch.from_numpy(law.off_the_edges(z)[~outside])
    squares = np.full(len(z), np.inf)
    with torch.no_grad():
        squares[~outside] = law.to_normal(rows).square().sum(1).numpy()
    return squares, law.dim


def outlier_p_values(z: Any, *, prior: Prior | str | Path = "normal", tail: Tail = "far") -> np.ndarray:
    r"""Exact p-value of each row as an outlier: the probability of a larger norm under the prior, with nothing fitted.

    .. math:: p = P(\chi^2_d \ge \lVert T(z)\rVert^2)

    with T the prior's map to N(0, I). If the embedding of usual images follows the prior, a usual image has p ≤ α with
    probability α, for every α. This controls false alarms only: an encoder need not map unusual images far from the
    centre, and outliers that it maps near the centre are not found. See :func:`fitted_scores` for other detectors.

    Rows are taken for rounded to the shortest float format that holds all of them, and values at an edge of the prior's
    support for the middle of what rounds there: in half precision p tells no more of the tail than the format does.

    Args:
        z: embeddings, (n, d).
        prior: the law that they are to follow: an object, a name, or the path of a prior file.
        tail: ``far``: only large norms are unusual; ``both``: small norms as well, as in many dimensions.

    Returns: (n,) p-values in [0, 1]; 0 for rows outside the prior's support.

    Raises: InvalidInputError: as :func:`squared_norms`, or for an unknown tail.

    Source: arXiv 2410.06993, Section 1, names outlier detection as a use of a known prior.

    >>> outlier_p_values([[0.0, 0.0], [1.5, 2.0], [6.0, 0.0]]).round(4)
    array([1.    , 0.0439, 0.    ])
    """
    from scipy import stats

    one_of("tail", tail, ("far", "both"))
    squares, degrees = _squares(z, prior)
    far = stats.chi2.sf(squares, degrees)
    return far if tail == "far" else np.minimum(1.0, 2 * np.minimum(far, stats.chi2.cdf(squares, degrees)))


def fitted_scores(reference: Any, z: Any, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Outlier scores of each row by detectors that are fitted to reference rows.

    Args:
        reference: usual rows, (m, d): embeddings or pixels.
        z: rows to score, (n, d).
        seed: seed of the isolation forest.

    Returns: (n,) scores by key of :data:`DETECTOR_WORDS`; larger scores are more unusual. ``mahalanobis`` is the squared
        distance, comparable with χ²_d, with Ledoit and Wolf's shrinkage of the covariance, so that constant pixels do no
        harm. All other settings are scikit-learn's defaults.

    Raises: InvalidInputError: for matrices that do not match or are not finite.
    """
    from sklearn.covariance import LedoitWolf
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import NearestNeighbors
    from sklearn.svm import OneClassSVM

    reference = embedding_matrix("reference", reference, minimum_rows=10)
    z = embedding_matrix("z", z, dim=reference.shape[1])
    return {
        "mahalanobis": LedoitWolf().fit(reference).mahalanobis(z),
        "knn": NearestNeighbors(n_neighbors=5).fit(reference).kneighbors(z)[0][:, -1],
        "isolation_forest": -IsolationForest(random_state=seed).fit(reference).score_samples(z),
        "one_class_svm": -OneClassSVM(nu=0.1).fit(reference).decision_function(z),
    }
