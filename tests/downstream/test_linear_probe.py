"""The offline probe compared with scikit-learn's optimum, the penalty rule spelled out, and the k-NN vote by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from noisedim.downstream.linear_probe import PENALTIES, linear_probe, weighted_knn
from noisedim.errors import InvalidInputError


def classes(n, k=7, dim=5, seed=0, spread=1.0, shift=0.0):
    """Normal classes around fixed centres."""
    centres = np.random.default_rng(1).standard_normal((k, dim))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    return centres[labels] + spread * rng.standard_normal((n, dim)) + shift, labels


def test_fit_is_scikit_learns_optimum():
    train, labels = classes(400)
    test, test_labels = classes(300, seed=1)
    probe = linear_probe(train, labels, test, test_labels, penalties=(1e-2,))
    # scikit-learn's loss is a sum over rows: C = 1/(n λ).
    standardise = lambda z: (z - train.mean(0)) / train.std(0)  # noqa: E731
    peer = LogisticRegression(C=1 / (400 * 1e-2), tol=1e-10, max_iter=5000).fit(standardise(train), labels)
    scores = peer.decision_function(standardise(test))
    np.testing.assert_array_equal(probe.predictions, peer.predict(standardise(test)))
    assert probe.top1 == pytest.approx(peer.score(standardise(test), test_labels))
    best_five = peer.classes_[np.argsort(-scores, axis=1)[:, :5]]
    assert probe.top5 == pytest.approx((best_five == test_labels[:, None]).any(1).mean())
    assert probe.gradient < 1e-5


@pytest.mark.slow
def test_penalty_is_chosen_by_the_rule_and_not_by_the_test_rows():
    train, labels = classes(300, dim=40, spread=3.0)
    test, test_labels = classes(300, dim=40, spread=3.0, seed=1)
    probe = linear_probe(train, labels, test, test_labels)
    assert set(probe.validation) == set(PENALTIES)
    best = max(probe.validation.values())
    assert probe.penalty == max(penalty for penalty, score in probe.validation.items() if score == best)
    again = linear_probe(train, labels, test[:50], test_labels[:50] * 0 + 3)
    assert again.penalty == probe.penalty
    np.testing.assert_array_equal(again.predictions, probe.predictions[:50])


def test_scale_offset_and_dead_features_do_not_matter():
    train, labels = classes(300)
    test, test_labels = classes(200, seed=1)
    plain = linear_probe(train, labels, test, test_labels)
    scale = np.array([1e-3, 1.0, 1e4, 7.0, 1.0])
    dead = [np.hstack([z * scale + 5, np.full((len(z), 1), 3.0)]) for z in (train, test)]
    other = linear_probe(dead[0], labels, dead[1], test_labels)
    assert other.penalty == plain.penalty
    np.testing.assert_array_equal(other.predictions, plain.predictions)


def test_labels_of_any_numbers_and_few_classes():
    train, labels = classes(200, k=3)
    probe = linear_probe(train, 10 * labels - 5, train, 10 * labels - 5)
    assert set(np.unique(probe.predictions)) == {-5, 5, 15}
    assert probe.top5 is None
    assert probe.top1 > 0.5
    # Shuffled labels give chance level.
    torn = np.random.default_rng(2).permutation(labels)
    test, test_labels = classes(3000, k=3, seed=3)
    assert linear_probe(train, torn, test, test_labels).top1 < 0.45


def test_weighted_knn_by_hand():
    train, labels = classes(60)
    test, test_labels = classes(40, seed=1)
    found = []
    for row in test:
        cosines = train @ row / np.linalg.norm(train, axis=1) / np.linalg.norm(row)
        near = np.argsort(-cosines)[:9]
        votes = [np.exp(cosines[near][labels[near] == label] / 0.1).sum() for label in range(7)]
        found.append(int(np.argmax(votes)))
    assert weighted_knn(train, labels, test, test_labels, neighbours=9) == pytest.approx(np.mean(found == test_labels))
    assert weighted_knn(train, labels, train, labels, neighbours=1) == 1.0


def test_bad_input():
    train, labels = classes(100, k=2)
    with pytest.raises(InvalidInputError, match="10 training rows each; got 1 classes"):
        linear_probe(train, labels * 0, train, labels)
    with pytest.raises(InvalidInputError, match="train_labels must be 100 integers"):
        linear_probe(train, labels[:5], train, labels)
    with pytest.raises(InvalidInputError, match=r"test_z must have shape \(n, 5\)"):
        linear_probe(train, labels, train[:, :3], labels)
    with pytest.raises(InvalidInputError, match="neighbours must be an integer >= 1"):
        weighted_knn(train, labels, train, labels, neighbours=0)
