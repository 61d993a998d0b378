"""What is said of a generator, from its parts, from exact laws and from generators whose faults are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.generation.grids import image_grid, write_image_grid
from noisedim.generation.judge import lost_class_distance, measure_generator, prior_gap, quantile_grid
from noisedim.generation.sample_distances import kernel_distance
from noisedim.nets import FeatureClassifier
from noisedim.priors import GaussianPrior, UniformPrior


def test_quantile_grid_has_cells_of_equal_probability():
    grid = quantile_grid(GaussianPrior(2), 4).double().numpy()
    edges = stats.norm.ppf([0, 0.25, 0.5, 0.75, 1])
    counts = np.histogram2d(*grid.T, bins=[edges, edges])[0]
    assert (counts == 1).all()
    plane = grid.reshape(4, 4, 2)
    assert (np.diff(plane[..., 0], axis=1) > 0).all()
    assert (np.diff(plane[..., 1], axis=0) < 0).all()
    np.testing.assert_allclose(
        quantile_grid(UniformPrior(2), 2), [[0.25, 0.75], [0.75, 0.75], [0.25, 0.25], [0.75, 0.25]]
    )
    with pytest.raises(InvalidInputError, match=r"dimension 2; got GaussianPrior\(dim=3\)"):
        quantile_grid(GaussianPrior(3), 4)


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
    # With more images from each condition: the mean over all choices of one, where own images are never compared.
    more = rng.standard_normal((2, 30, 3))
    mixed = np.mean([prior_gap(more[[i]], sampled, real)[0] for i in range(2)])
    assert prior_gap(more, sampled, real)[0] != pytest.approx(mixed, rel=1e-6)  # pairs across both count, too
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


def test_variance_from_influences_is_that_over_samples():
    # 300 samples of 100 images: the variance of the gap over them against what one sample says of it.
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
    """An encoder and a generator that are each other's inverse: an image is two pixels, and they are the condition."""

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
    with pytest.raises(InvalidInputError, match="one multiple of 400 draws"):
        measure_generator(
            Plane(), judged.classifier, judged.images, judged.labels, {"few": laws["right"][:500]}, seed=0
        )


def test_image_grid(tmp_path):
    images = np.stack([np.full((1, 2, 3), value) for value in (0.0, 0.25, 1.0)])
    grid = image_grid(images, columns=2)
    assert grid.shape == (7, 9)
    assert (grid[1:3, 1:4] == 0).all()
    assert (grid[1:3, 5:8] == 0.25).all()
    assert (grid[4:6, 1:4] == 1).all()
    assert (grid[4:6, 5:8] == 0.5).all()  # nothing there
    assert image_grid(np.zeros((4, 3, 2, 2))).shape == (7, 7, 3)
    from matplotlib.image import imread

    write_image_grid(tmp_path / "g.png", images)
    assert imread(tmp_path / "g.png").shape[:2] == (7 * 16, 9 * 16)
    with pytest.raises(InvalidInputError, match=r"shape \(n, 1 or 3, h, w\); got \(3, 64\)"):
        image_grid(np.zeros((3, 64)))
