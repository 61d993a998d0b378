"""The quality of a generator's images, with conditions from held-out images and with conditions from the prior.

Images are compared by the features of a classifier trained on the training part of the same data. No encoder, generator
or classifier was trained on the held-out images.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.generation.classifier import classify
from noisedim.generation.nets import FeatureClassifier
from noisedim.generation.sample_distances import (
    class_coverage,
    cubic_kernel,
    frechet_distance,
    kernel_distance,
    mean_kernel_within,
    precision_recall,
)
from noisedim.generation.train import GeneratorModel
from noisedim.streams import stream

__all__ = ["lost_class_distance", "measure_generator", "prior_gap"]


def lost_class_distance(features: Any, labels: Any) -> float:
    """Kernel distance from the real images of a sample without one class, averaged over the classes; a unit of distance.

    Without class k, whose share is π, the distance is π² times the distance of class k from all other classes.

    Args:
        features: features of real images, (n, d).
        labels: their classes, integers, (n,); two or more classes of two or more images each.
    """
    features, labels = np.asarray(features), np.asarray(labels)
    distances = []
    for label in np.unique(labels):
        own = labels == label
        distances.append(float(own.mean()) ** 2 * kernel_distance(features[own], features[~own]))
    return float(np.mean(distances))


def prior_gap(encoded: np.ndarray, sampled: np.ndarray, real: np.ndarray) -> tuple[float, np.ndarray]:
    """Excess distance from the real images of images from the prior over images from encoded conditions.

    Args:
        encoded: features (r, n, d) of r images from the condition of each of the n real images.
        sampled: features (m, d) of images whose conditions are draws of the prior.
        real: features (n, d) of the real images.

    Returns: the difference of the two unbiased kernel distances, in which the real images' own term cancels and an image
        is never compared with images made from it, nor these with each other; and the contribution (n,) of each real
        image, its Hájek projection. The variance of the difference over draws of the real images is about the variance of
        the contributions divided by n.
    """
    n = len(real)
    # Row i: images made from real image i; column j of cross: real image j.
    within, cross = np.zeros((n, n)), np.zeros((n, n))
    for a in encoded:
        cross += cubic_kernel(a, real) / len(encoded)
        for b in encoded:
            within += cubic_kernel(a, b) / len(encoded) ** 2
    prior_cross = cubic_kernel(real, sampled).mean(1)
    np.fill_diagonal(within, 0)
    np.fill_diagonal(cross, 0)
    others = n - 1
    near = within.sum(1) / others
    as_condition, as_target = cross.sum(1) / others, cross.sum(0) / others
    gap = (
        mean_kernel_within(sampled)
        - 2 * float(prior_cross.mean())
        - float(near.mean())
        + 2 * float(as_condition.mean())
    )
    influence = -2 * prior_cross - 2 * near + 2 * (as_condition + as_target)
    return gap, influence - influence.mean()


def measure_generator(
    model: GeneratorModel,
    classifier: FeatureClassifier,
    images: torch.Tensor,
    labels: torch.Tensor,
    laws: Mapping[str, torch.Tensor],
    *,
    seed: int,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """All measurements of a generator, on held-out images.

    Args:
        model: the generator with its encoder.
        classifier: computes features and classes.
        images, labels: the held-out images, (n, *shape), and their classes, int64 (n,).
        laws: draws of conditions, by the name of their law, each (r n, d) with the same r; they are compared with r
            images from each encoded condition f(x).
        seed: seed of the latents.

    Returns: numbers for JSON: distances by name of the law and for ``"encoded"``, and for each law the gap to
        ``"encoded"``, also in units of :func:`lost_class_distance`; and arrays by name of the law: the contribution of
        each image to the gap (:func:`prior_gap`), in that unit.

    Raises: InvalidInputError: if the number of conditions is not one multiple of the number of images.
    """
    n = len(images)
    sizes = {len(c) for c in laws.values()}
    if len(sizes) != 1 or (size := sizes.pop()) % n or not size:
        raise InvalidInputError(f"all laws need the same multiple of {n} draws, the number of images; got {sizes}")
    repeats = size // n
    latents = stream(seed, "measured latents")
    real, _ = classify(classifier, images)
    real_features = real.numpy()
    unit = lost_class_distance(real_features, labels.numpy())
    result: dict[str, Any] = {"n": n, "repeats": repeats, "lost_class_distance": unit}
    made: dict[str, np.ndarray] = {}
    for source, c in {"encoded": model.conditions(images).repeat(repeats, 1), **laws}.items():
        pictures = model.generate(c, generator=latents)
        features, predicted = classify(classifier, pictures)
        made[source] = features.numpy()
        first = made[source][:n]
        precision, recall = precision_recall(first, real_features)
        coverage = class_coverage(predicted.numpy(), labels.numpy(), classes=classifier.head.out_features)
        result[source] = {
            "kid": kernel_distance(first, real_features, paired=source == "encoded"),
            "frechet": frechet_distance(first, real_features),
            "precision": precision,
            "recall": recall,
            "coverage": asdict(coverage),
            "consistency": float((model.conditions(pictures) - c).square().sum(1).mean()),
        }
        if source == "encoded":
            result[source]["same_class"] = float((predicted == labels.repeat(repeats)).double().mean())
    influences = {}
    for source in laws:
        gap, influence = prior_gap(made["encoded"].reshape(repeats, n, -1), made[source], real_features)
        result[source] |= {"gap": gap, "gap_in_lost_classes": gap / unit}
        influences[source] = influence / unit
    return result, influences
