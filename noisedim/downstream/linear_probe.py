"""The offline linear probe: logistic regression on a frozen encoder's features, fitted to convergence.

A probe trained for a fixed number of epochs has a learning rate and an augmentation to tune. This one has a single setting,
the weight of the penalty, which a fixed rule chooses on validation images that are neither fitted to nor tested on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.downstream.probes import integer_labels
from noisedim.errors import InvalidInputError

__all__ = ["LEAST_OF_A_CLASS", "PENALTIES", "PENALTY_RULE", "LinearProbe", "linear_probe", "weighted_knn"]

PENALTIES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
PENALTY_RULE = (
    "the L2 penalty is the one of six powers of ten whose fit to 90% of the training images is most accurate on the other "
    "10% (stratified; the largest penalty in a tie); the probe is then fitted to all training images"
)
LEAST_OF_A_CLASS = 10
"""Training rows that each class needs: a tenth of them validates the penalty."""
_ITERATIONS = 200
_ROWS = 2048


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """The result of a linear probe.

    Attributes:
        top1, top5: accuracy on the test rows, in [0, 1]; top-5 is ``None`` with fewer than six classes.
        predictions: predicted label of each test row, (m,).
        penalty: the L2 weight that the rule chose, for features of unit variance.
        validation: accuracy on the validation rows by penalty.
        gradient: largest component of the gradient at the end of the last fit; 0 at the optimum.
    """

    top1: float
    top5: float | None
    predictions: np.ndarray
    penalty: float
    validation: dict[float, float]
    gradient: float


def linear_probe(
    train_z: Any,
    train_labels: Any,
    test_z: Any,
    test_labels: Any,
    *,
    penalties: Sequence[float] = PENALTIES,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> LinearProbe:
    """Multinomial logistic regression on standardised features, fitted to convergence with a validated penalty.

    The loss is the mean cross-entropy plus half the penalty times the squared norm of the weights (without intercepts).
    L-BFGS minimises it in float64, starting at zero, so that equal inputs give equal results. :data:`PENALTY_RULE` chooses
    the penalty.

    Args:
        train_z, test_z: features, (n, k) and (m, k); standardised by the training rows' means and standard deviations.
        train_labels, test_labels: integers, (n,) and (m,); the classes are those of the training labels.
        penalties: the penalties to choose from.
        seed: seed of the choice of validation rows.
        device: where to compute.

    Raises: InvalidInputError: for shapes that do not match, NaN, a single class, or a class with fewer than ten rows.
    """
    train_z = embedding_matrix("train_z", train_z, minimum_rows=20)
    test_z = embedding_matrix("test_z", test_z, dim=train_z.shape[1])
    train_labels = integer_labels("train_labels", train_labels, len(train_z))
    test_labels = integer_labels("test_labels", test_labels, len(test_z))
    classes, targets, counts = np.unique(train_labels, return_inverse=True, return_counts=True)
    if len(classes) < 2 or counts.min() < LEAST_OF_A_CLASS:
        raise InvalidInputError(
            f"a linear probe needs 2 classes or more with {LEAST_OF_A_CLASS} training rows each; got {len(classes)} classes, "
            f"the smallest with {counts.min()}"
        )
    mean, deviation = train_z.mean(0), train_z.std(0)
    # A constant feature carries no information; any divisor will do.
    deviation[deviation <= 1e-12 * (1 + np.abs(mean))] = 1.0
    known, asked = (torch.from_numpy((z - mean) / deviation).to(device) for z in (train_z, test_z))
    aims = torch.from_numpy(targets.astype(np.int64)).to(device)
    fit_rows, held = (torch.from_numpy(rows).to(device) for rows in _validation_split(targets, seed))
    validation: dict[float, float] = {}
    start = None
    # From the strongest penalty to the weakest: each fit starts where the last one ended.
    for penalty in sorted(penalties, reverse=True):
        start, _ = _fit(known[fit_rows], aims[fit_rows], len(classes), penalty, start)
        validation[penalty] = float((_scores(known[held], start).argmax(1) == aims[held]).double().mean())
    best = max(validation, key=lambda penalty: (validation[penalty], penalty))
    weights, gradient = _fit(known, aims, len(classes), best, None)
    scores = _scores(asked, weights).cpu().numpy()
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = classes[order[:, :5]] == test_labels[:, None]
    return LinearProbe(
        top1=float(hits[:, 0].mean()),
        top5=float(hits.any(1).mean()) if len(classes) > 5 else None,
        predictions=classes[order[:, 0]],
        penalty=best,
        validation=validation,
        gradient=gradient,
    )


def _validation_split(targets: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of rows to fit, and of a tenth of each class to validate on."""
    rng = np.random.default_rng([seed, 31])
    held = np.zeros(len(targets), dtype=bool)
    for label in np.unique(targets):
        own = rng.permutation(np.flatnonzero(targets == label))
        held[own[: len(own) // 10]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def _scores(z: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return z @ weights[:-1] + weights[-1]


def _fit(
    z: torch.Tensor, targets: torch.Tensor, classes: int, penalty: float, start: torch.Tensor | None
) -> tuple[torch.Tensor, float]:
    """Weights (k + 1, classes), intercepts in the last row, and the largest component of their gradient."""
    shape = (z.shape[1] + 1, classes)
    weights = (torch.zeros(shape, dtype=z.dtype, device=z.device) if start is None else start.clone()).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weights],
        max_iter=_ITERATIONS,
        tolerance_grad=1e-6,
        tolerance_change=1e-10,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(_scores(z, weights), targets)
        loss = loss + penalty / 2 * weights[:-1].square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    closure()
    slope = weights.grad
    return weights.detach(), float(slope.abs().max()) if slope is not None else float("nan")


def weighted_knn(
    train_z: Any,
    train_labels: Any,
    test_z: Any,
    test_labels: Any,
    *,
    neighbours: int = 20,
    temperature: float = 0.1,
    device: torch.device | str = "cpu",
) -> float:
    """Test accuracy of k nearest neighbours by cosine similarity, whose votes have weight exp(cos/τ).

    Args:
        train_z, test_z: features, (n, k) and (m, k).
        train_labels, test_labels: integers, (n,) and (m,).
        neighbours: number of neighbours; all training rows if there are fewer.
        temperature: τ.
        device: where to compute.

    Raises: InvalidInputError: for shapes that do not match, or NaN.

    Source: Wu et al., arXiv 1805.01978, Section 3.4.
    """
    train_z = embedding_matrix("train_z", train_z, minimum_rows=2)
    test_z = embedding_matrix("test_z", test_z, dim=train_z.shape[1])
    train_labels = integer_labels("train_labels", train_labels, len(train_z))
    test_labels = integer_labels("test_labels", test_labels, len(test_z))
    classes, targets = np.unique(train_labels, return_inverse=True)
    neighbours = min(positive_integer("neighbours", neighbours), len(train_z))
    known, asked = (torch.nn.functional.normalize(torch.from_numpy(z).to(device), dim=1) for z in (train_z, test_z))
    aims = torch.from_numpy(targets.astype(np.int64)).to(device)
    right = 0
    for start in range(0, len(asked), _ROWS):
        near = (asked[start : start + _ROWS] @ known.T).topk(neighbours, dim=1)
        votes = torch.zeros(len(near.values), len(classes), dtype=known.dtype, device=known.device)
        votes.scatter_add_(1, aims[near.indices], (near.values / temperature).exp())
        found = classes[votes.argmax(1).cpu().numpy()]
        right += int((found == test_labels[start : start + _ROWS]).sum())
    return right / len(asked)
