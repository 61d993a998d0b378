"""Tests of random projections, their use as the paper's index, and Shapiro–Wilk for many samples at once."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, one_of, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.normality.directions import random_directions
from noisedim.normality.exact_tests import Outcome
from noisedim.normality.henze_zirkler import henze_zirkler_scaled
from noisedim.normality.p_values import calibrated_p_value
from noisedim.statistics.combining import average_p_value, bonferroni, holm, sidak
from noisedim.statistics.intervals import Interval, student_t

__all__ = [
    "PROJECTION_TESTS",
    "directions_tested",
    "paper_indices",
    "projections_test",
    "rows_tested",
    "shapiro_wilk",
    "split_projections_p_value",
]

PROJECTION_TESTS = ("dagostino", "shapiro")
_DIRECTIONS = 8
# Shapiro–Wilk's null law is tabulated up to here; more rows are cut to a random part.
_MOST_ROWS = 100_000
# Their projections are held several times over.
_PARTS_AT_ONCE = 256


def shapiro_wilk(values: Any, *, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Shapiro–Wilk's W and Royston's approximate p-value along ``axis``, for any number of samples at once.

    Args:
        values: array with at least 12 finite values along ``axis``.
        axis: along which a sample lies.

    Returns: W in (0, 1] and p. Royston fitted p up to 5,000 values; above, it is NaN: calibrate W by simulation.

    Raises: InvalidInputError: for fewer than 12 values.

    Source: Royston (1995), Algorithm AS R94, Applied Statistics 44, 547–551.

    >>> w, p = shapiro_wilk(np.arange(20.0))
    >>> print(round(float(w), 3), round(float(p), 2))
    0.96 0.55
    """
    from scipy.special import ndtr

    x = np.sort(np.moveaxis(np.asarray(values, dtype=np.float64), axis, -1), axis=-1)
    n = x.shape[-1]
    if n < 12:
        raise InvalidInputError(f"Shapiro–Wilk needs at least 12 values; got {n}")
    x = x - x.mean(-1, keepdims=True)
    # 1 − W = Σ(x − (Σax)a)²/Σx², as a and x are centred and Σa² = 1: near 1, W alone would lose the digits.
    weights = _shapiro_weights(n)
    squares = (x**2).sum(-1)
    with np.errstate(invalid="ignore"):  # a constant sample has no W
        residual = x - (x @ weights)[..., None] * weights
        lack = (residual**2).sum(-1) / squares
        if n > 5000:
            return 1 - lack, np.full(lack.shape, np.nan)
        y = math.log(n)
        centre = np.polyval([0.0038915, -0.083751, -0.31082, -1.5861], y)
        scale = math.exp(np.polyval([0.0030302, -0.082676, -0.4803], y))
        return 1 - lack, ndtr((centre - np.log(np.maximum(lack, 1e-300))) / scale)


def _shapiro_weights(n: int) -> np.ndarray:
    """Royston's approximation to the best weights of the order statistics, (n,), antisymmetric, Σa² = 1."""
    from scipy.special import ndtri

    m = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    u, total = 1 / math.sqrt(n), float((m**2).sum())
    last = np.polyval([-2.706056, 4.434685, -2.07119, -0.147981, 0.221157, m[-1] / math.sqrt(total)], u)
    second = np.polyval([-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, m[-2] / math.sqrt(total)], u)
    inner = (total - 2 * m[-1] ** 2 - 2 * m[-2] ** 2) / (1 - 2 * last**2 - 2 * second**2)
    weights = m / math.sqrt(inner)
    weights[[0, 1, -2, -1]] = [-last, -second, second, last]
    return weights


def directions_tested(dim: int) -> int:
    """How many directions :func:`projections_test` looks along."""
    return min(dim, _DIRECTIONS)


def rows_tested(n: int) -> int:
    """How many rows :func:`projections_test` takes of n."""
    return min(n, _MOST_ROWS)


def projections_test(z: Any, test: str, rng: np.random.Generator, *, independent: bool = True) -> Outcome:
    """D'Agostino–Pearson or Shapiro–Wilk on min(d, 8) random orthonormal directions; the worst of them counts.

    Both are free of location and scale, so a projection's p-value is that of one normal sample, whatever d. Under N(0, I)
    orthogonal projections are independent, and the least p of k has an exact law; under another normal law they are not,
    and Bonferroni's bound stands.

    Args:
        z: (n, d) numbers, 20 rows or more.
        test: ``dagostino`` or ``shapiro``.
        rng: of the directions.
        independent: the null is N(0, I).

    Returns: the largest K², or 1 − W, and its p-value; p = 0 for a constant projection, which no normal law has.
    """
    z = embedding_matrix("z", z, minimum_rows=20)
    one_of("test", test, PROJECTION_TESTS)
    dim = z.shape[1]
    directions = np.linalg.qr(rng.standard_normal((dim, directions_tested(dim))))[0]
    if len(z) > _MOST_ROWS:
        z = z[rng.choice(len(z), _MOST_ROWS, replace=False)]
    projected, constant = _standardised((z / max(1.0, float(np.abs(z).max()) / 1e100)) @ directions[None])
    statistics = _single(test, projected)[0]
    if constant.any():
        return Outcome(float(statistics.max()), 0.0)
    # Monotone in the statistic: the worst projection has the least p.
    p_value = calibrated_p_value(test, _as_tabulated(test, float(statistics.max())), len(z), 1)
    combine = sidak if independent else bonferroni
    return Outcome(float(statistics.max()), combine(p_value, len(statistics)))


def _as_tabulated(test: str, statistic: float) -> float:
    return math.log(max(statistic, 1e-300)) if test == "shapiro" else statistic


def split_projections_p_value(
    z: Any, *, test: str = "shapiro", parts: int = 4, directions: int = 8, seed: int = 0
) -> float:
    """The paper's averaged p-values made into a test of normality: composite null, valid, at a loss of power.

    The rows are split at random into disjoint parts, each projected on the same random directions. A projection of a
    part has a p-value calibrated at its size. Per direction they are averaged over the parts (Vovk & Wang: twice the
    mean is a p-value whatever their dependence), and Holm's first step takes the least over directions.

    Args:
        z: (n, d) numbers.
        test: ``dagostino`` or ``shapiro``.
        parts: how many; the rows that are over are left out.
        directions: random projections.
        seed: of parts and directions.

    Raises: InvalidInputError: for parts of fewer than 20 rows, or a part whose projection is constant.
    """
    z = embedding_matrix("z", z)
    one_of("test", test, PROJECTION_TESTS)
    n, dim = z.shape
    size = n // positive_integer("parts", parts)
    if size < 20:
        raise InvalidInputError(f"expected at least 20 rows a part, {20 * parts} in all; got {n}")
    rng = np.random.default_rng([seed, 7791])
    rows = rng.permutation(n)[: size * parts].reshape(parts, size)
    projected = z[rows] @ random_directions(dim, positive_integer("directions", directions), rng).T
    projected, constant = _standardised(projected)
    if constant.any():
        raise InvalidInputError("expected rows that vary; the projection of a part is constant")
    statistics = _single(test, projected)
    p_values = [
        average_p_value([calibrated_p_value(test, _as_tabulated(test, float(s)), size, 1) for s in column])
        for column in statistics.T
    ]
    return float(holm(p_values).min())


def _standardised(projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples along axis 1 of (m, n, k), centred and within ±1; and which of them, (m, k), are constant.

    No statistic here depends on origin or scale; powers up to the fourth neither cancel, overflow nor underflow then.
    Constant samples are replaced by an arbitrary one.
    """
    centred = projected - projected.mean(1, keepdims=True)
    peak = np.abs(centred).max(1)
    constant = peak <= 1e-13 * np.abs(projected).max(1)
    stand_in = np.linspace(-1, 1, projected.shape[1])[:, None]
    scaled = centred / np.where(constant, 1, peak)[:, None]
    return np.where(constant[:, None], stand_in, scaled), constant


def _single(test: str, projected: np.ndarray) -> np.ndarray:
    """The statistic of each projection of each part, (parts, size, k) to (parts, k)."""
    from scipy import stats

    if test == "shapiro":
        return 1 - shapiro_wilk(projected, axis=1)[0]
    return np.asarray(stats.normaltest(projected, axis=1).statistic)


def paper_indices(
    z: Any,
    *,
    part_size: int = 50,
    parts: int | None = None,
    directions: int = 16,
    seed: int = 0,
    level: float = 0.99,
    joint: bool = True,
) -> dict[str, Interval]:
    """The paper's averaged p-values: an index of smoothness to look at, not a test.

    The rows are split at random into disjoint parts. D'Agostino–Pearson and Shapiro–Wilk are applied to each part's
    random projections, Henze–Zirkler to the part, and p-values are averaged. About 0.5 for a normal sample; but laws
    far from normal also score well, because a part of 50 rows sees little. A part with constant or dependent
    coordinates, which no part of a normal sample has, counts as p = 0.

    Args:
        z: (n, d) numbers.
        part_size: rows a part, from 20 (and d+1) to 5,000; the rows that are over are left out.
        parts: how many; as many as there are rows for, if omitted.
        directions: random projections a part.
        seed: of parts and projections.
        level: coverage of the interval over parts (Student's t; parts are independent), cut to [0, 1].
        joint: also Henze–Zirkler's, whose null law is simulated where the tables do not reach.

    Returns: means of p with intervals, by ``dagostino``, ``shapiro``, ``henze_zirkler``.

    Raises: InvalidInputError: for fewer rows than the parts need, or parts too small or too large.

    Source: arXiv 2410.06993, Section 5.
    """
    from scipy import stats

    z = embedding_matrix("z", z)
    n, dim = z.shape
    part_size = positive_integer("part_size", part_size, minimum=max(20, dim + 1))
    if part_size > 5000:
        raise InvalidInputError(f"part_size must be at most 5000, where p of Shapiro–Wilk is known; got {part_size}")
    parts = max(1, n // part_size) if parts is None else positive_integer("parts", parts)
    if n < parts * part_size:
        raise InvalidInputError(
            f"expected at least {parts * part_size} rows for parts={parts} of part_size={part_size}; got {n}"
        )
    rng = np.random.default_rng([seed, 2410])
    split = z[rng.permutation(n)[: parts * part_size].reshape(parts, part_size)]
    unit = np.stack([random_directions(dim, directions, rng) for _ in split])

    def joint_p_value(part: np.ndarray) -> float:
        try:
            statistic = henze_zirkler_scaled(part)
        except InvalidInputError:  # constant or dependent coordinates
            return 0.0
        return calibrated_p_value("henze_zirkler", statistic, part_size, dim)

    single: dict[str, list[np.ndarray]] = {"dagostino": [], "shapiro": []}
    for start in range(0, parts, _PARTS_AT_ONCE):
        some = slice(start, start + _PARTS_AT_ONCE)
        projected, constant = _standardised(split[some] @ np.swapaxes(unit[some], 1, 2))
        single["dagostino"].append(np.where(constant, 0, stats.normaltest(projected, axis=1).pvalue).mean(1))
        single["shapiro"].append(np.where(constant, 0, shapiro_wilk(projected, axis=1)[1]).mean(1))
    p_values = {name: np.concatenate(found) for name, found in single.items()}
    if joint:
        p_values["henze_zirkler"] = np.array([joint_p_value(part) for part in split])
    found = {name: student_t(values, level=level) for name, values in p_values.items()}
    # A mean of p-values lies in [0, 1]: what an interval holds beyond is no loss to its coverage.
    return {name: replace(own, lower=max(0.0, own.lower), upper=min(1.0, own.upper)) for name, own in found.items()}
