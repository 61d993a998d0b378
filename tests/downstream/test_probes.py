"""Probes and silhouette: compared with direct calls of scikit-learn, chance level on noise, refusal of bad input."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import silhouette_samples
from sklearn.neighbors import KNeighborsClassifier

from noisedim.downstream import PROBE_NAMES, cross_validated_scores, label_curve, label_silhouette, probe_scores
from noisedim.errors import InvalidInputError


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def test_scores_on_iris(iris):
    x, y = iris
    scores = cross_validated_scores(x, y)
    assert set(scores) == set(PROBE_NAMES)
    assert min(scores.values()) > 0.9
    train, test = np.arange(150) % 2 == 0, np.arange(150) % 2 == 1
    by_hand = KNeighborsClassifier(5).fit(x[train], y[train]).score(x[test], y[test])
    assert probe_scores(x[train], y[train], x[test], y[test])["knn"] == by_hand


def test_noise_scores_chance():
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((1000, 2)), rng.integers(0, 5, 1000)
    for score in cross_validated_scores(z, y).values():
        # 1,000 predictions at 0.2: 0.08 is beyond six standard deviations.
        assert score == pytest.approx(0.2, abs=0.08)


def test_silhouette_is_the_mean_over_samples(iris):
    x, y = iris
    assert label_silhouette(x, y) == pytest.approx(silhouette_samples(x, y).mean())
    assert label_silhouette(x, y, rows=60) == pytest.approx(silhouette_samples(x, y).mean(), abs=0.2)


def test_bad_input(iris):
    x, y = iris
    with pytest.raises(InvalidInputError, match="train_labels must be 150 integers"):
        probe_scores(x, y[:10], x, y)
    with pytest.raises(InvalidInputError, match="at least 2 classes; got only 1"):
        probe_scores(x, np.ones(150, int), x, y)
    with pytest.raises(InvalidInputError, match=r"test_z must have shape \(n, 4\)"):
        probe_scores(x, y, x[:, :2], y)
    with pytest.raises(InvalidInputError, match="at least folds=5 rows; the smallest has 1"):
        cross_validated_scores(x[:101], y[:101])
    with pytest.raises(InvalidInputError, match="at least 2 classes"):
        label_silhouette(x, np.zeros(150))


def test_label_curve_by_hand():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    z = labels[:, None] * 2.0 + rng.standard_normal((120, 2))
    test_z, test_labels = z[::2] + 0.1, labels[::2]
    curve = label_curve(z, labels, test_z, test_labels, counts=(1, 10, 100))
    assert list(curve) == ["1", "10", "all"]  # no class has a hundred
    distances = ((test_z[:, None] - z[None]) ** 2).sum(-1)
    nearest = np.argsort(distances, axis=1)[:, :5]
    assert curve["all"] == np.mean((labels[nearest].mean(1) > 0.5) == test_labels)
    assert curve["1"] < curve["all"] + 0.05
    assert curve == label_curve(z, labels, test_z, test_labels, counts=(1, 10, 100))
    assert curve["1"] != label_curve(z, labels, test_z, test_labels, seed=1)["1"]
