"""How good a generator's images are, with conditions from held-out images and with conditions from the prior.

Images are compared as features of a classifier that was trained on the training part of the same data; every number
names it. Held-out images trained neither encoder, nor generator, nor classifier.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.generation.classifier import classify
from noisedim.generation.sample_distances import (
    class_coverage,
    cubic_kernel,
    frechet_distance,
    kernel_distance,
    mean_kernel_within,
    precision_recall,
)
from noisedim.generation.train import GeneratorModel
from noisedim.nets import FeatureClassifier
from noisedim.priors import Prior
from noisedim.streams import stream

__all__ = ["lost_class_distance", "measure_generator", "prior_gap", "quantile_grid"]


def quantile_grid(prior: Prior, side: int) -> torch.Tensor:
    """Conditions on a grid over a two-dimensional prior whose cells have equal probability.

    Args:
        prior: of dimension 2.
        side: cells along each axis.

    Returns: (side², 2), at the cells' medians; rows from the top of the second coordinate down, so that reshaped to
        (side, side) it lies like the plane.

    Raises: InvalidInputError: for a prior of another dimension.

    >>> from noisedim.priors import GaussianPrior
    >>> quantile_grid(GaussianPrior(2), 1).tolist()
    [[0.0, 0.0]]
    """
    side = positive_integer("side", side)
    if prior.dim != 2:
        raise InvalidInputError(f"a grid over the plane is for a prior of dimension 2; got {prior!r}")
    quantiles = torch.special.ndtri((torch.arange(side, dtype=torch.float64) + 0.5) / side)
    second, first = torch.meshgrid(quantiles.flip(0), quantiles, indexing="ij")
    return prior.from_normal(torch.stack([first.flatten(), second.flatten()], 1)).float()


def lost_class_distance(features: Any, labels: Any) -> float:
    """What the kernel distance of a sample from the real one would be if it lacked one class, averaged over the classes.

    Without class k of share π, the distance is π² times that of class k from all others; both are real images.

    Args:
        features: (n, d) of real images.
        labels: their classes, integers, (n,); two or more classes of two or more images.
    """
    features, labels = np.asarray(features), np.asarray(labels)
    distances = []
    for label in np.unique(labels):
        own = labels == label
        distances.append(float(own.mean()) ** 2 * kernel_distance(features[own], features[~own]))
    return float(np.mean(distances))


def prior_gap(encoded: np.ndarray, sampled: np.ndarray, real: np.ndarray) -> tuple[float, np.ndarray]:
    """By how much images from the prior are farther from the real ones than images from encoded conditions.

    Args:
        encoded: (r, n, d) features: r images from the condition of each of the n real ones.
        sampled: (m, d) features of images whose conditions are draws of the prior.
        real: (n, d) features.

    Returns: the difference of the unbiased kernel distances, in which the real images' own term cancels and images made
        from an image are never compared with it or with each other; and (n,) what each real image contributes, its
        Hájek projection: the variance of the difference over draws of the real images is about their variance / n.
    """
    n = len(real)
    within, cross = np.zeros((n, n)), np.zeros((n, n))  # rows: made from; columns of cross: compared with
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
    """All that is said of a generator, from images that trained nothing.

    Args:
        model: the generator with its encoder.
        classifier: gives features and classes.
        images, labels: the held-out images, (n, *shape), and their classes, int64 (n,).
        laws: draws of conditions by the name of their law, each (r n, d) with one r: beside r images from each f(x).
        seed: of the latents.

    Returns: numbers as JSON holds them: by name of the law and for ``"encoded"``, with distances as they come, and by
        law the gap to ``"encoded"``, also in units of :func:`lost_class_distance`; and arrays: what each image
        contributes to the gap of a law, in that unit (:func:`prior_gap`), by the law's name.

    Raises: InvalidInputError: for conditions whose number is no multiple of the images'.
    """
    n = len(images)
    sizes = {len(c) for c in laws.values()}
    if len(sizes) != 1 or (size := sizes.pop()) % n or not size:
        raise InvalidInputError(f"each law needs one multiple of {n} draws, the number of images; got {sizes}")
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
