"""What a pre-trained backbone is worth: offline probes, and the battery on its features and on the embedding."""

from typing import Any

import numpy as np

from noisedim.assessment.assess import assess
from noisedim.downstream.linear_probe import PENALTY_RULE, linear_probe, weighted_knn
from noisedim.normality.spectrum import effective_rank
from noisedim.statistics.intervals import clopper_pearson

__all__ = ["MOST_ROWS", "measure_pretraining"]

# The battery's power is plenty with these, and its cost grows with the square.
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
    """Probes and batteries of one encoder.

    Args:
        features: the backbone's, (n, k).
        z: the embedding after the channel, clean, (n, d).
        labels: (n,), or None: then nothing is probed.
        train: indices that fit.
        measured: indices that judge; the training ones if there are no others.
        prior: that the embedding is assessed against; features always against the normal one.
        seed: of the probe's validation rows and of the battery.
        device: where probes compute.

    Returns: figures as plain data, and the probe's class for each measured row (on the features), if there are labels
        and images that did not train.
    """
    part = measured[np.sort(np.random.default_rng([seed, 37]).permutation(len(measured))[:MOST_ROWS])]
    mean, deviation = features[train].mean(0), features[train].std(0)
    # Dead features stay constant, and the battery names them.
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
