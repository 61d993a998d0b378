"""Variational lower bounds on mutual information from scores of pairs: Donsker–Varadhan, NWJ, InfoNCE.

Every sum of exponentials is a log-sum-exp, so values and gradients stay finite at scores of ±1e4. Positives are the
scores T(x_i, y_i) of pairs from one image, negatives those of pairs from different images.
"""

import math

import torch

from noisedim.errors import InvalidInputError
from noisedim.objectives.interface import ObjectiveValue

__all__ = [
    "donsker_varadhan",
    "exp_with_tangent",
    "infonce",
    "log_mean_exp",
    "nguyen_wainwright_jordan",
    "split_scores",
]

# Beyond e^30 an exponential penalty goes on along its tangent. A tangent of e^v at v > 0 stays above 1 + v, which is
# all that the proof of the bound needs, so the value remains a lower bound while float32 gradients remain finite.
_TANGENT_FROM = 30.0


def _check_scores(positive: torch.Tensor, negative: torch.Tensor) -> None:
    if positive.ndim != 1 or len(positive) < 1:
        raise InvalidInputError(f"positive scores must have shape (n,); got {tuple(positive.shape)}")
    if negative.ndim != 2 or len(negative) != len(positive) or negative.shape[1] < 1:
        raise InvalidInputError(
            f"negative scores must have shape (n, k) with n={len(positive)}, k >= 1; got {tuple(negative.shape)}"
        )


def split_scores(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Positives (n,) and negatives (n, n−1) of a square score matrix whose diagonal holds the positives."""
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or len(scores) < 2:
        raise InvalidInputError(f"scores must be a square matrix of at least 2 rows; got {tuple(scores.shape)}")
    n = len(scores)
    # Row-major, the diagonal is every (n+1)-th entry: drop the first, then the last of each run of n+1.
    negative = scores.flatten()[1:].view(n - 1, n + 1)[:, :-1].reshape(n, n - 1)
    return scores.diagonal(), negative


def log_mean_exp(values: torch.Tensor) -> torch.Tensor:
    """log of the mean of exp(values) over all values, without overflow."""
    return torch.logsumexp(values.flatten(), 0) - math.log(values.numel())


def exp_with_tangent(value: torch.Tensor, start: float = _TANGENT_FROM) -> torch.Tensor:
    """e^value, from ``start`` on along its tangent; same shape."""
    beyond = (value - start).clamp(min=0)
    return torch.exp(value.clamp(max=start)) + math.exp(start) * beyond


def donsker_varadhan(
    positive: torch.Tensor, negative: torch.Tensor, *, log_normaliser: torch.Tensor | None = None
) -> ObjectiveValue:
    r"""Donsker–Varadhan's bound: :math:`I \ge \mathbb E_{P^+}T - \log\mathbb E_{P^-}e^T`.

    Its ceiling is log of the number of negative scores: beyond it the sample cannot have seen the mean of e^T.

    Args:
        positive: scores of positive pairs, (n,).
        negative: scores of negative pairs, (n, k).
        log_normaliser: log of a running mean of e^T (0-d). Given, gradients divide by that mean instead of the batch's,
            which removes the mini-batch bias; the value is unchanged.

    Returns: loss, bound (nats), ceiling log(n·k).

    Raises: InvalidInputError: for scores of other shapes.

    Source: arXiv 2410.06993, eq. (2); bias correction: Belghazi et al., arXiv 1801.04062, Section 3.2.

    >>> value = donsker_varadhan(torch.tensor([1.0, 1.0]), torch.zeros(2, 3))
    >>> round(value.bound.item(), 4), round(value.ceiling, 4)  # 1 − log 1, and log 6
    (1.0, 1.7918)
    """
    _check_scores(positive, negative)
    log_mean = log_mean_exp(negative)
    bound = positive.mean() - log_mean
    loss = -bound
    if log_normaliser is not None:
        surrogate = exp_with_tangent(log_mean - log_normaliser.detach()) - positive.mean()
        loss = surrogate + (loss - surrogate).detach()
    return ObjectiveValue(loss, bound.detach(), math.log(negative.numel()))


def nguyen_wainwright_jordan(positive: torch.Tensor, negative: torch.Tensor) -> ObjectiveValue:
    r"""Nguyen–Wainwright–Jordan's bound: :math:`I \ge \mathbb E_{P^+}T - \mathbb E_{P^-}e^{T-1}`.

    Where log E e^{T−1} exceeds 30 the penalty continues along its tangent (still a lower bound, and a tighter one).

    Args:
        positive: scores of positive pairs, (n,).
        negative: scores of negative pairs, (n, k).

    Returns: loss, bound (nats), ceiling log(n·k).

    Raises: InvalidInputError: for scores of other shapes.

    Source: arXiv 2410.06993, eq. (3).

    >>> round(nguyen_wainwright_jordan(torch.tensor([1.0, 1.0]), torch.zeros(2, 3)).bound.item(), 4)  # 1 − 1/e
    0.6321
    """
    _check_scores(positive, negative)
    bound = positive.mean() - exp_with_tangent(log_mean_exp(negative) - 1)
    return ObjectiveValue(-bound, bound.detach(), math.log(negative.numel()))


def infonce(positive: torch.Tensor, negative: torch.Tensor) -> ObjectiveValue:
    r"""InfoNCE with the positive among the candidates.

    .. math:: I \ge \mathbb E\Bigl[T^+ - \log\tfrac1K\bigl(e^{T^+} + \textstyle\sum_j e^{T^-_j}\bigr)\Bigr] \le \log K

    The paper prints the denominator with negatives only, which is neither a lower bound nor capped by log K.

    Args:
        positive: scores of positive pairs, (n,).
        negative: scores of negative pairs, (n, K−1).

    Returns: loss, bound (nats), ceiling log K.

    Raises: InvalidInputError: for scores of other shapes.

    Source: van den Oord et al., arXiv 1807.03748; Poole et al., arXiv 1905.06922, eq. (10).

    >>> value = infonce(torch.tensor([9.0, 9.0]), torch.zeros(2, 3))
    >>> round(value.bound.item(), 3), round(value.ceiling, 3)  # never above log 4
    (1.386, 1.386)
    """
    _check_scores(positive, negative)
    candidates = negative.shape[1] + 1
    log_sum = torch.logaddexp(positive, torch.logsumexp(negative, 1))
    bound = (positive - log_sum).mean() + math.log(candidates)
    return ObjectiveValue(-bound, bound.detach(), math.log(candidates))
