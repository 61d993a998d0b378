"""Capacities: Blahut–Arimoto with a duality-gap certificate, and the exact capacity of uniform noise on [0, 1]^d."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from noisedim.checks import positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import elementwise

__all__ = ["Capacity", "blahut_arimoto", "uniform_channel_capacity", "uniform_channel_law", "uniform_channel_search"]


@dataclass(frozen=True)
class Capacity:
    """A capacity between two bounds that were both computed.

    Attributes:
        lower: information of ``law``, nats: attained, so the capacity is at least this.
        upper: the largest divergence of an input's output from the output of ``law``: the capacity is at most this.
        points: input values, (k,).
        law: their probabilities, (k,).
        iterations: how many were made.
    """

    lower: float
    upper: float
    points: np.ndarray
    law: np.ndarray
    iterations: int

    @property
    def gap(self) -> float:
        """Upper minus lower bound, nats."""
        return self.upper - self.lower


def _divergences(channel: np.ndarray, self_information: np.ndarray, law: np.ndarray) -> np.ndarray:
    """KL(channel row ‖ output of law) for every row; +inf where the row has mass that the output lacks."""
    output = law @ channel
    with np.errstate(divide="ignore"):
        logs = np.log(output)
    cross = np.where(channel > 0, channel * np.where(channel > 0, logs, 0.0), 0.0).sum(1)
    return self_information - cross


def blahut_arimoto(channel: Any, *, tolerance: float = 1e-9, iterations: int = 100_000) -> Capacity:
    """Capacity of a finite channel.

    Args:
        channel: (k, m) probabilities of outputs given inputs; each row adds up to 1.
        tolerance: stop when the upper bound exceeds the lower by less, nats.
        iterations: stop after this many anyway; the certificate then says how far it came.

    Returns: lower and upper bound, input law (``points`` are row numbers).

    Raises: InvalidInputError: if the rows are not probabilities.

    Source: Blahut (1972), Arimoto (1972); the upper bound is Csiszár's. Checked by tests/theory/test_capacity.py.

    >>> erasure = blahut_arimoto([[0.75, 0.25, 0.0], [0.0, 0.25, 0.75]])
    >>> round(erasure.lower / math.log(2), 9), round(erasure.upper / math.log(2), 9)
    (0.75, 0.75)
    """
    matrix = np.asarray(channel, dtype=np.float64)
    if matrix.ndim != 2 or not (matrix >= 0).all() or np.abs(matrix.sum(1) - 1).max() > 1e-9:
        raise InvalidInputError(f"channel must have rows of probabilities that add up to 1; got shape {matrix.shape}")
    positive("tolerance", tolerance)
    positive_integer("iterations", iterations)
    logs = np.log(np.where(matrix > 0, matrix, 1.0))
    self_information = (matrix * logs).sum(1)
    law = np.full(len(matrix), 1 / len(matrix))
    step = 1.0
    divergences = _divergences(matrix, self_information, law)
    lower, upper, done = float(law @ divergences), float(divergences.max()), 0
    for done in range(1, iterations + 1):  # noqa: B007 - reported
        if upper - lower <= tolerance:
            break
        # Steps longer than Blahut and Arimoto's 1 are kept while they increase the information (Matz & Duhamel, 2004).
        trial = law * np.exp(step * (divergences - upper))
        trial /= trial.sum()
        after = _divergences(matrix, self_information, trial)
        information = float(trial @ np.where(trial > 0, after, 0.0))
        if information < lower and step > 1:
            step = max(1.0, step / 4)
            continue
        law, divergences, lower, upper = trial, after, information, float(after.max())
        step = min(step * 1.2, 1e6)
    return Capacity(lower, upper, np.arange(len(matrix)), law, done)


def uniform_channel_capacity(dim: Any, epsilon: Any) -> Any:
    r"""The exact capacity, in nats, of uniform noise on embeddings in [0, 1]^d: what Theorem 3.5's bound relaxes.

    .. math:: C^* = d\,\bigl[(1-r)\log(n+1) + r\log(n+2)\bigr], \qquad \frac1{2\varepsilon} = n + r,\ n \in \mathbb N,\
              0 \le r < 1

    The linear interpolation of log(1+t) at whole t, so it meets d·log(1+1/(2ε)) where 1/(2ε) is whole and lies below it
    elsewhere. Proof: modulo 2ε the output is uniform and independent of the input; given that phase, the input chooses
    among n+1 cells, or n+2 for a fraction r of the phases.

    Args:
        dim: embedding dimension d, a whole number >= 1.
        epsilon: half-width of the noise, > 0.

    Returns: nats, in the broadcast shape of the arguments.

    Raises: InvalidInputError: if ``epsilon`` is not finite and positive, or ``dim`` is not a whole number >= 1.

    Source: Oettli (1974) for d = 1; new here as the correction of arXiv 2410.06993, Theorem 3.5. Checked by
        theory_checks/test_erratum_e2_theorem_3_5.py.

    >>> abs(uniform_channel_capacity(1, 1 / 3) - math.log(6) / 2) < 1e-15
    True
    """

    def formula(dim: torch.Tensor, epsilon: torch.Tensor) -> torch.Tensor:
        if not bool(((dim >= 1) & (dim == dim.round()) & torch.isfinite(dim)).all()):
            raise InvalidInputError(f"dim must be a whole number >= 1; got {dim.tolist()!r}")
        if not bool(((epsilon > 0) & torch.isfinite(epsilon)).all()):
            raise InvalidInputError(f"epsilon must be finite and > 0; got {epsilon.tolist()!r}")
        ratio = 1 / (2 * epsilon)
        whole = torch.floor(ratio)
        return dim * (torch.log1p(whole) + (ratio - whole) * torch.log1p(1 / (whole + 1)))

    return elementwise(formula, dim=dim, epsilon=epsilon)


def uniform_channel_law(epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    r"""The law on [0, 1] that attains the capacity of noise U[−ε, ε], for every ε: its points and their probabilities.

    .. math:: \frac{n+1-k}{(n+1)(n+2)} \text{ at } 2k\varepsilon, \quad
              \frac{k+1}{(n+1)(n+2)} \text{ at } 1-2(n-k)\varepsilon, \quad k = 0, \dots, n = \lfloor 1/(2\varepsilon) \rfloor

    Where 1/(2ε) is whole the two lattices are one, and the law is uniform on it: Theorem 3.5's U(A). In d dimensions the
    product of d such laws attains the capacity.

    Args:
        epsilon: half-width of the noise, > 0.

    Returns: points (m,), growing, and probabilities (m,).

    Raises: InvalidInputError: if ``epsilon`` is not finite and positive.

    Source: Oettli (1974); the form is derived here. Checked by theory_checks/test_erratum_e2_theorem_3_5.py.

    >>> points, masses = uniform_channel_law(0.25)
    >>> points.tolist(), masses.round(4).tolist()
    ([0.0, 0.5, 1.0], [0.3333, 0.3333, 0.3333])
    """
    epsilon = positive("epsilon", epsilon)
    # 1/(2ε) within rounding of a whole number is that number: a lattice must not be split in two.
    ratio = 1 / (2 * epsilon)
    n = round(ratio) if abs(ratio - round(ratio)) < 1e-12 * ratio else math.floor(ratio)
    k = np.arange(n + 1)
    points = np.concatenate([2 * k * epsilon, 1 - 2 * (n - k) * epsilon])
    masses = np.concatenate([n + 1 - k, k + 1]) / ((n + 1) * (n + 2))
    order = np.argsort(points, kind="stable")
    points, masses = points[order].clip(0, 1), masses[order]
    first = np.concatenate([[True], np.diff(points) > 1e-12])
    return points[first], np.add.reduceat(masses, np.flatnonzero(first))


def uniform_channel_search(epsilon: float, *, points: int = 61, tolerance: float = 1e-6) -> Capacity:
    """The capacity of noise U[−ε, ε] on inputs in [0, 1], found by search, with a certificate for *all* inputs.

    The input law is sought on a grid, where the channel is exactly finite: outputs fall in the cells between all x ± ε.
    The upper bound is over all of [0, 1]: the divergence of an input's output is piecewise linear in the input, with
    kinks where x ± ε meets a cell's edge, so its maximum over the kinks is its maximum.

    Args:
        epsilon: half-width of the noise, > 0.
        points: size of the grid, both ends included.
        tolerance: of the search on the grid, nats.

    Returns: ``lower`` attained by ``law`` on ``points``; ``upper`` a bound for every law on [0, 1].

    >>> found = uniform_channel_search(1 / 3, points=7)
    >>> found.lower < math.log(6) / 2 < found.upper + 1e-12 and found.gap < 1e-5
    True
    """
    epsilon = positive("epsilon", epsilon)
    grid = np.linspace(0, 1, positive_integer("points", points, minimum=2))
    edges = np.sort(np.concatenate([grid - epsilon, grid + epsilon]))
    # Edges that differ by rounding only would make cells of no width.
    edges = edges[np.concatenate([[True], np.diff(edges) > 1e-12])]
    low, high = edges[:-1], edges[1:]

    def rows(x: np.ndarray) -> np.ndarray:
        overlap = np.minimum(high, x[:, None] + epsilon) - np.maximum(low, x[:, None] - epsilon)
        overlap = np.where(overlap > 1e-12, overlap, 0.0)
        return overlap / overlap.sum(1, keepdims=True)

    found = blahut_arimoto(rows(grid), tolerance=tolerance)
    kinks = np.concatenate([edges - epsilon, edges + epsilon, grid])
    kinks = np.unique(kinks[(kinks >= 0) & (kinks <= 1)])
    channel = rows(kinks)
    # Within a cell the density of Y given x is 1/(2ε) on the part covered: the self-information is −log 2ε.
    output = found.law @ rows(grid)
    density = output / (high - low)
    if not (density > 0).all():
        raise InvalidInputError(f"the grid of {points} points leaves outputs unreached at epsilon={epsilon}")
    upper = -math.log(2 * epsilon) - channel @ np.log(density)
    return Capacity(found.lower, float(upper.max()), grid, found.law, found.iterations)
