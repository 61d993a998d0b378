"""Accuracy of simple classifiers on a frozen embedding."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError

__all__ = [
    "FOLDS",
    "PROBE_NAMES",
    "cross_validated_scores",
    "fold_labels",
    "fold_scores",
    "integer_labels",
    "label_curve",
    "probe_predictions",
    "probe_scores",
]

PROBE_NAMES = ("knn", "naive_bayes", "mlp", "linear")
FOLDS = 5


def _classifier(name: str, seed: int, labels: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier

    if name == "knn":
        return KNeighborsClassifier(5)
    if name == "naive_bayes":
        return GaussianNB()
    if name == "linear":
        return LogisticRegression(max_iter=2000)
    counts = np.unique(labels, return_counts=True)[1]
    # Shallow, as the paper says. Training stops by the accuracy on a tenth of the training rows if these are enough to
    # measure it, otherwise when the loss no longer falls. Of two classes scikit-learn stratifies that tenth, for which each
    # needs two rows.
    measures = len(labels) >= 100 * len(counts) and (len(counts) > 2 or bool(counts.min() > 1))
    return MLPClassifier(
        (64,),
        learning_rate_init=1e-2,
        max_iter=2000,
        tol=1e-3,
        early_stopping=measures,
        random_state=seed,
    )


def integer_labels(name: str, labels: Any, rows: int) -> np.ndarray:
    """``labels`` as an array of integers or booleans, (rows,).

    Raises: InvalidInputError: for another shape or dtype; the message begins with ``name``.
    """
    array = np.asarray(labels)
    if array.shape != (rows,) or array.dtype.kind not in "iub":
        raise InvalidInputError(
            f"{name} must be {rows} integers, one per row; got shape {array.shape}, dtype {array.dtype}"
        )
    return array


def probe_scores(
    train_z: Any,
    train_labels: Any,
    test_z: Any,
    test_labels: Any,
    *,
    seed: int = 0,
    names: Sequence[str] = PROBE_NAMES,
) -> dict[str, float]:
    """Accuracy on test rows of classifiers fitted to training rows.

    Args:
        train_z, test_z: embeddings, (n, d) and (m, d).
        train_labels, test_labels: integers, (n,) and (m,).
        seed: seed of the perceptron.
        names: probes to fit, from :data:`PROBE_NAMES`.

    Returns: accuracy in [0, 1] by name: 5 nearest neighbours, Gaussian naive Bayes, a perceptron with one hidden layer,
        multinomial logistic regression.

    Raises: InvalidInputError: for shapes that do not match, NaN, or a single class.
    """
    train_z = embedding_matrix("train_z", train_z, minimum_rows=10)
    test_z = embedding_matrix("test_z", test_z, dim=train_z.shape[1])
    train_labels = integer_labels("train_labels", train_labels, len(train_z))
    test_labels = integer_labels("test_labels", test_labels, len(test_z))
    if len(np.unique(train_labels)) < 2:
        raise InvalidInputError(f"expected at least 2 classes; got only {train_labels[0]}")
    return _accuracies(train_z, train_labels, test_z, test_labels, seed, names)


def probe_predictions(
    train_z: Any, train_labels: Any, test_z: Any, *, seed: int = 0, names: Sequence[str] = PROBE_NAMES
) -> dict[str, np.ndarray]:
    """Labels that classifiers fitted to training rows give test rows, (m,) by name.

    Arguments and errors are those of :func:`probe_scores`.
    """
    train_z = embedding_matrix("train_z", train_z, minimum_rows=10)
    test_z = embedding_matrix("test_z", test_z, dim=train_z.shape[1])
    train_labels = integer_labels("train_labels", train_labels, len(train_z))
    if len(np.unique(train_labels)) < 2:
        raise InvalidInputError(f"expected at least 2 classes; got only {train_labels[0]}")
    return {name: _classifier(name, seed, train_labels).fit(train_z, train_labels).predict(test_z) for name in names}


def _accuracies(
    train_z: np.ndarray,
    train_labels: np.ndarray,
    test_z: np.ndarray,
    test_labels: np.ndarray,
    seed: int,
    names: Sequence[str],
) -> dict[str, float]:
    return {
        name: float(_classifier(name, seed, train_labels).fit(train_z, train_labels).score(test_z, test_labels))
        for name in names
    }


def cross_validated_scores(z: Any, labels: Any, *, folds: int = FOLDS, seed: int = 0) -> dict[str, float]:
    """Mean accuracy of each probe over stratified folds (the encoder may have been trained on all rows, without labels).

    Args:
        z: embeddings, (n, d).
        labels: integers, (n,), at least ``folds`` of each class.
        folds: number of folds, at least 2.
        seed: seed of the folds and the perceptron.

    Raises: InvalidInputError: as :func:`probe_scores`, or if a class has fewer rows than folds.
    """
    z = embedding_matrix("z", z, minimum_rows=10)
    folds = positive_integer("folds", folds, minimum=2)
    return fold_scores(z, fold_labels(labels, len(z), folds), folds=folds, seed=seed)


def fold_labels(labels: Any, rows: int, folds: int) -> np.ndarray:
    """``labels`` as an array of integers, (rows,), for stratified cross-validation.

    Raises: InvalidInputError: for another shape or dtype, a single class, or a class with fewer rows than folds.
    """
    array = integer_labels("labels", labels, rows)
    classes, counts = np.unique(array, return_counts=True)
    if counts.min() < folds:
        raise InvalidInputError(f"each class needs at least folds={folds} rows; the smallest has {counts.min()}")
    if len(classes) < 2:
        raise InvalidInputError(f"expected at least 2 classes; got only {classes[0]}")
    return array


def why_not_scored(labels: np.ndarray, *, least: int) -> str | None:
    """Why no classifier is fitted to these labels: too few classes, or too few rows of one; None where there are enough.

    Args:
        labels: integers, (n,), of the rows that fit.
        least: rows that each class needs.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        return f"accuracies need 2 classes or more; got {len(classes)}"
    if counts.min() < least:
        return f"accuracies need {least} images of each class to fit on; class {classes[counts.argmin()]} has {counts.min()}"
    return None


def fold_scores(z: np.ndarray, labels: np.ndarray, *, folds: int = FOLDS, seed: int = 0) -> dict[str, float]:
    """As :func:`cross_validated_scores`, for an embedding and labels that have been checked."""
    from sklearn.model_selection import StratifiedKFold

    splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(z, labels)
    scores = [_accuracies(z[a], labels[a], z[b], labels[b], seed, PROBE_NAMES) for a, b in splits]
    return {name: float(np.mean([score[name] for score in scores])) for name in PROBE_NAMES}


def label_curve(
    train_z: Any,
    train_labels: Any,
    test_z: Any,
    test_labels: Any,
    *,
    counts: tuple[int, ...] = (1, 10, 100),
    draws: int = 10,
    seed: int = 0,
) -> dict[str, float]:
    """Accuracy of nearest neighbours on test rows, with few labelled training rows per class.

    Args:
        train_z, test_z: embeddings, (n, d) and (m, d).
        train_labels, test_labels: integers, (n,) and (m,).
        counts: numbers of labels per class; those above the size of the smallest class are left out.
        draws: number of random choices of the labelled rows, over which the accuracy is averaged.
        seed: seed of the choices.

    Returns: mean accuracy by the number of labels per class (as text), and ``"all"`` for all labels, each with
        min(5, labels per class) neighbours.

    Raises: InvalidInputError: as :func:`probe_scores`.
    """
    from sklearn.neighbors import KNeighborsClassifier

    train_z = embedding_matrix("train_z", train_z, minimum_rows=2)
    test_z = embedding_matrix("test_z", test_z, dim=train_z.shape[1])
    train_labels = integer_labels("train_labels", train_labels, len(train_z))
    test_labels = integer_labels("test_labels", test_labels, len(test_z))
    classes, sizes = np.unique(train_labels, return_counts=True)
    rng = np.random.default_rng([seed, 7])
    curve = {}
    for count in counts:
        if sizes.min() < count:
            continue
        scores = []
        for _ in range(draws):
            rows = np.concatenate(
                [rng.choice(np.flatnonzero(train_labels == label), count, replace=False) for label in classes]
            )
            neighbours = KNeighborsClassifier(min(5, count)).fit(train_z[rows], train_labels[rows])
            scores.append(neighbours.score(test_z, test_labels))
        curve[str(count)] = float(np.mean(scores))
    everything = KNeighborsClassifier(min(5, len(train_z))).fit(train_z, train_labels)
    return {**curve, "all": float(everything.score(test_z, test_labels))}
