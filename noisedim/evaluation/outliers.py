"""Outliers by an embedding's norm under its known prior, and the detectors that have to be fitted instead."""

from typing import Any, Literal

import numpy as np
import torch

from noisedim.checks import embedding_matrix, one_of
from noisedim.priors import Prior, make_prior

__all__ = ["DETECTOR_WORDS", "fitted_scores", "outlier_p_values", "squared_norms"]

DETECTOR_WORDS = {
    "mahalanobis": "Mahalanobis distance",
    "knn": "distance to the 5th neighbour",
    "isolation_forest": "isolation forest",
    "one_class_svm": "one-class SVM",
}
"""Detectors that are fitted to reference rows, in words."""

Tail = Literal["far", "both"]


def squared_norms(z: Any, *, prior: str | Prior = "normal") -> np.ndarray:
    """‖T(z)‖² of each row, where T takes the prior to N(0, I); ∞ for rows outside of the prior's support.

    Args:
        z: embeddings, (n, d).
        prior: the law that they are to follow, as an object or by name.

    Returns: (n,) float64; χ² with d degrees of freedom for rows that follow the prior.

    Raises: InvalidInputError: for an unknown prior, or embeddings that are not a finite (n, d) matrix of its dimension.
    """
    if isinstance(prior, Prior):
        law, z = prior, embedding_matrix("z", z, dim=prior.dim)
    else:
        z = embedding_matrix("z", z)
        law = make_prior(prior, z.shape[1])
    squares = law.to_normal(torch.from_numpy(z)).square().sum(1).numpy()
    return np.where(np.isnan(squares), np.inf, squares)


def outlier_p_values(z: Any, *, prior: str | Prior = "normal", tail: Tail = "far") -> np.ndarray:
    r"""How rarely the prior gives a row at least as far out: exact, with nothing fitted and no reference rows.

    .. math:: p = P(\chi^2_d \ge \lVert T(z)\rVert^2)

    with T the prior's map to N(0, I). If the embedding of usual images follows the prior, a usual image has p ≤ α with
    probability α, whatever α. That is a statement on false alarms alone: nothing makes an encoder send what it has not
    seen far out. Where it sends it into the midst, this finds nothing. See :func:`fitted_scores` for other detectors.

    Args:
        z: embeddings, (n, d).
        prior: the law that they are to follow, as an object or by name.
        tail: ``far``: large norms are unusual; ``both``: small ones, too, as they are in many dimensions.

    Returns: (n,) p-values in [0, 1]; 0 for rows outside of the prior's support.

    Raises: InvalidInputError: as :func:`squared_norms`, or for an unknown tail.

    Source: arXiv 2410.06993, Section 1, names outlier detection as a use; the statistic is the obvious one.

    >>> outlier_p_values([[0.0, 0.0], [1.5, 2.0], [6.0, 0.0]]).round(4)
    array([1.    , 0.0439, 0.    ])
    """
    from scipy import stats

    one_of("tail", tail, ("far", "both"))
    squares = squared_norms(z, prior=prior)
    law = stats.chi2(np.shape(z)[1])
    far = law.sf(squares)
    return far if tail == "far" else np.minimum(1.0, 2 * np.minimum(far, law.cdf(squares)))


def fitted_scores(reference: Any, z: Any, *, seed: int = 0) -> dict[str, np.ndarray]:
    """How far out each row is by detectors that learn what is usual from reference rows.

    Args:
        reference: usual rows, (m, d): embeddings, or pixels.
        z: rows to judge, (n, d).
        seed: of the isolation forest.

    Returns: (n,) scores by key of :data:`DETECTOR_WORDS`; larger is farther out. ``mahalanobis`` is a square, to be
        compared with χ²_d; its covariance is shrunk as Ledoit and Wolf do, so that constant pixels do no harm. All else
        is as scikit-learn has it.

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
