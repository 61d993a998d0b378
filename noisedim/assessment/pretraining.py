"""Measurements of a pre-trained encoder: offline probes, and the battery, on its features and on its embedding."""

from typing import Any

import numpy as np

from noisedim.assessment.assess import assess
from noisedim.downstream.linear_probe import LEAST_OF_A_CLASS, PENALTY_RULE, linear_probe, weighted_knn
from noisedim.downstream.probes import why_not_scored
from noisedim.normality.summaries.spectrum import effective_rank
from noisedim.statistics.intervals import clopper_pearson
from noisedim.streams import numpy_stream

__all__ = ["MOST_ROWS", "measure_pretraining"]

# Enough rows for a powerful battery, whose cost grows with their square.
MOST_ROWS = 2000


def measure_pretraining(
    features: np.ndarray,
    z: np.ndarray,
    labels: np.ndarray | None,
    train: np.ndarray,
    measured: np.ndarray,
    *,
    prior: str = "normal",
    seed: int = 0,
    device: str = "cpu",
) -> tuple[dict[str, Any], np.ndarray | None]:
    """Probe accuracies and assessments of one encoder.

    Args:
        features: the backbone's, (n, k).
        z: the embedding after the channel, clean, (n, d).
        labels: (n,), or None for no probes.
        train: indices of the rows that fit the probes.
        measured: indices of the rows that are assessed and tested; ``train`` itself if there are no others.
        prior: the prior that the embedding is assessed against; features are always assessed against the normal prior.
        seed: seed of the probe's validation rows and of the battery.
        device: where probes are computed.

    Returns: numbers as plain data, and the class that the probe on the features predicts for each measured row, or None
        without labels or held-out rows, and where labels are too few to fit a probe (``not_scored`` then says why).
    """
    part = measured[np.sort(numpy_stream(seed, "rows assessed").permutation(len(measured))[:MOST_ROWS])]
    mean, deviation = features[train].mean(0), features[train].std(0)
    # Constant features stay constant, and the battery reports them.
    standardised = (features[part] - mean) / np.where(deviation > 0, deviation, 1.0)
    found: dict[str, Any] = {
        "assessment": assess(z[part], prior=prior, seed=seed, n_star=False).to_dict(),
        "assessment_features": assess(standardised, seed=seed, n_star=False).to_dict(),
        "effective_rank": {"embedding": effective_rank(z[part]), "features": effective_rank(features[part])},
        "dims": {"embedding": z.shape[1], "features": features.shape[1]},
        "rows_assessed": len(part),
    }
    if labels is None or measured is train:
        return found, None
    if (reason := why_not_scored(labels[train], least=LEAST_OF_A_CLASS)) is not None:
        return {**found, "not_scored": reason}, None
    probes: dict[str, Any] = {"penalty_rule": PENALTY_RULE}
    predictions = None
    for name, rows in (("features", features), ("embedding", z)):
        sets = rows[train], labels[train], rows[measured], labels[measured]
        probe = linear_probe(*sets, seed=seed, device=device)
        right = round(probe.top1 * len(measured))
        interval = clopper_pearson(right, len(measured))
        probes[name] = {
            "top1": probe.top1,
            "top1_interval": [interval.lower, interval.upper],
            "top5": probe.top5,
            "knn": weighted_knn(*sets, device=device),
            "penalty": probe.penalty,
            "gradient": probe.gradient,
        }
        if name == "features":
            predictions = probe.predictions
    found["probes"] = probes
    return found, predictions
