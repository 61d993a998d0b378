"""Measurements of a generator: from their parts, for exact laws, and for generators with known faults."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from noisedim.errors import InvalidInputError
from noisedim.generation.judge import lost_class_distance, measure_generator, prior_gap
from noisedim.generation.nets import FeatureClassifier
from noisedim.generation.sample_distances import kernel_distance


def test_distance_of_a_lost_class_is_that_of_the_mixture_without_it():
    # Three classes, each at one point, shares 0.5, 0.3, 0.2: laws with three atoms, whose distance is a finite sum.
    points, shares = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 3.0]]), np.array([0.5, 0.3, 0.2])
    kernel = (points @ points.T / 2 + 1) ** 3
    expected = []
    for k in range(3):
        without = shares * (np.arange(3) != k) / (1 - shares[k])
        expected.append((shares - without) @ kernel @ (shares - without))
    labels = np.repeat([0, 1, 2], [500, 300, 200])
    assert lost_class_distance(points[labels], labels) == pytest.approx(np.mean(expected), rel=5e-3)


def test_gap_is_the_difference_of_the_distances():
    rng = np.random.default_rng(0)
    encoded, sampled, real = (
        rng.standard_normal((1, 30, 3)),
        rng.standard_normal((50, 3)) + 0.5,
        rng.standard_normal((30, 3)),
    )
    gap, influence = prior_gap(encoded, sampled, real)
    wanted = kernel_distance(sampled, real) - kernel_distance(encoded[0], real, paired=True)
    assert gap == pytest.approx(wanted, rel=1e-10)
    # With several images per condition: the mean over all choices of one image, without comparisons of own images.
    more = rng.standard_normal((2, 30, 3))
    mixed = np.mean([prior_gap(more[[i]], sampled, real)[0] for i in range(2)])
    assert prior_gap(more, sampled, real)[0] != pytest.approx(
        mixed, rel=1e-6
    )  # pairs of different images count as well
    assert influence.mean() == pytest.approx(0, abs=1e-9)


def test_influences_are_those_of_the_jackknife():
    rng = np.random.default_rng(1)
    n = 100
    real = rng.standard_normal((n, 2))
    encoded, sampled = np.stack([real + rng.standard_normal((n, 2)) for _ in range(2)]), rng.standard_normal((300, 2))
    gap, influence = prior_gap(encoded, sampled, real)
    jackknife = np.array(
        [(n - 1) * (gap - prior_gap(np.delete(encoded, i, 1), sampled, np.delete(real, i, 0))[0]) for i in range(n)]
    )
    assert np.corrcoef(influence, jackknife)[0, 1] > 0.999
    assert influence.std() == pytest.approx(jackknife.std(), rel=0.02)


@pytest.mark.slow
def test_variance_from_influences_is_that_over_samples():
    # 300 samples of 100 images: the variance of the gap over samples compared with its estimate from one sample.
    rng = np.random.default_rng(2)
    sampled = rng.standard_normal((300, 2))
    gaps, predicted = [], []
    for _ in range(300):
        real = rng.standard_normal((100, 2))
        encoded = np.stack([0.6 * real + 0.8 * rng.standard_normal((100, 2)) for _ in range(2)])
        gap, influence = prior_gap(encoded, sampled, real)
        gaps.append(gap)
        predicted.append(influence.var() / 100)
    assert np.var(gaps) == pytest.approx(np.mean(predicted), rel=0.5)


class Plane:
    """An encoder and a generator that are inverse to each other: the two pixels of an image are its condition."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def conditions(self, images):
        return images.flatten(1)

    def generate(self, conditions, *, generator=None):
        torch.randn(1, generator=generator)
        return (conditions + self.shift).reshape(-1, 1, 1, 2)


@pytest.fixture
def judged():
    torch.manual_seed(0)
    draws = torch.Generator().manual_seed(0)
    classifier = FeatureClassifier((1, 1, 2), 4).eval()
    images = torch.randn(400, 1, 1, 2, generator=draws)
    labels = (images[:, 0, 0, 0] > 0).long() + 2 * (images[:, 0, 0, 1] > 0).long()
    return SimpleNamespace(classifier=classifier, images=images, labels=labels, draws=draws)


def test_a_perfect_generator_and_faulty_ones(judged):
    laws = {
        "right": torch.randn(800, 2, generator=judged.draws),
        "wide": 2 * torch.randn(800, 2, generator=judged.draws),
    }

    def measured(model):
        return measure_generator(model, judged.classifier, judged.images, judged.labels, laws, seed=0)

    found, influences = measured(Plane())
    assert (found["n"], found["repeats"]) == (400, 2)
    assert found["encoded"]["consistency"] == found["right"]["consistency"] == pytest.approx(0, abs=1e-10)
    assert found["encoded"]["frechet"] == pytest.approx(0, abs=1e-6)
    error = {law: influence.std() / 20 for law, influence in influences.items()}
    assert abs(found["right"]["gap_in_lost_classes"]) < 5 * error["right"]
    assert found["wide"]["gap_in_lost_classes"] > 5 * error["wide"]
    shifted, _ = measured(Plane(shift=1.0))
    assert shifted["encoded"]["consistency"] == pytest.approx(2.0, rel=1e-5)
    assert shifted["encoded"]["kid"] > found["encoded"]["kid"] + 0.01
    with pytest.raises(InvalidInputError, match="the same multiple of 400 draws"):
        measure_generator(
            Plane(), judged.classifier, judged.images, judged.labels, {"few": laws["right"][:500]}, seed=0
        )
