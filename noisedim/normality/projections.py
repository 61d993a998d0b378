"""Tests of random projections, and the paper's index made of their averaged p-values."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.normality.p_values import calibrated_p_value
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.summaries.moments import largest_value
from noisedim.normality.summaries.whitening import LEAST_EIGENVALUE
from noisedim.normality.tests.base import Batch, CalibratedTest, Outcome
from noisedim.normality.tests.pairs.henze_zirkler import HENZE_ZIRKLER, henze_zirkler_statistics
from noisedim.normality.tests.shapiro import shapiro_wilk
from noisedim.statistics.combining import bonferroni, sidak
from noisedim.statistics.intervals import Interval, student_t
from noisedim.streams import numpy_stream

__all__ = [
    "axes_test",
    "directions_tested",
    "found_directions_test",
    "paper_indices",
    "projections_test",
    "rows_tested",
]

_DIRECTIONS = 8
# Shapiro–Wilk's null law is tabulated up to here; of more rows, a random part is tested.
_MOST_ROWS = 100_000
# Projections are held in memory several times, for this many parts at once.
_PARTS_AT_ONCE = 256
# And so many kernels between rows of a part.
_PAIRS_AT_ONCE = 1_000_000


def directions_tested(dim: int) -> int:
    """How many directions :func:`projections_test` looks along."""
    return min(dim, _DIRECTIONS)


def rows_tested(n: int) -> int:
    """How many rows :func:`projections_test` takes of n."""
    return min(n, _MOST_ROWS)


def projections_test(
    z: np.ndarray, test: CalibratedTest, rng: np.random.Generator, *, independent: bool = True
) -> Outcome:
    """A test of one variable on min(d, 8) random orthonormal directions; the worst of them counts.

    The tests are free of location and scale, so a projection's p-value is that of one normal sample, whatever d. Under
    N(0, I) orthogonal projections are independent, and the smallest p of k has an exact law; under another normal law they
    are not, and Bonferroni's bound holds.

    Args:
        z: (n, d) float64, 20 rows or more.
        test: of one variable.
        rng: of the directions.
        independent: the null is N(0, I).

    Returns: the largest statistic and its p-value; p = 0 for a constant projection, which no normal law has.
    """
    dim = z.shape[1]
    directions = np.linalg.qr(rng.standard_normal((dim, directions_tested(dim))))[0]
    if len(z) > _MOST_ROWS:
        z = z[rng.choice(len(z), _MOST_ROWS, replace=False)]
    return _worst(_projected(z, directions), test, independent=independent)[0]


def axes_test(z: np.ndarray, test: CalibratedTest) -> Outcome:
    """A test of one variable on every coordinate; the worst of them counts, with Bonferroni's bound.

    Args:
        z: (n, d) float64, 20 rows or more.
        test: of one variable.
    """
    outcome, worst = _worst(z[:_MOST_ROWS], test, independent=False)
    return replace(outcome, note=f"coordinate {worst}")


def found_directions_test(
    z: np.ndarray,
    test: CalibratedTest,
    search: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    rng: np.random.Generator,
    *,
    independent: bool = True,
) -> Outcome:
    """A test of one variable on directions that a search finds on one half of the rows, applied to the other half.

    Args:
        z: (n, d) float64, 40 rows or more.
        test: of one variable, free of location and scale.
        search: from rows to orthonormal directions, (k, d).
        rng: of the halves and of the search.
        independent: the null is N(0, I). Otherwise the first half is whitened by its own covariance before it is
            searched, which needs more rows than coordinates in it, and Bonferroni's bound holds.

    Returns: the largest statistic, its p-value and the direction of unit length, in the coordinates of ``z``.
    """
    order = rng.permutation(len(z))
    half = len(z) // 2
    first = z[order[:half]]
    if independent:
        directions = search(first, rng)
    else:
        centred = first - first.mean(0)
        inverse = np.linalg.inv(np.linalg.cholesky(centred.T @ centred / half))
        directions = search(centred @ inverse.T, rng) @ inverse
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    del first  # half of the rows, which are not needed beside the other half
    second = z[order[half : half + _MOST_ROWS]]
    outcome, worst = _worst(_projected(second, directions.T), test, independent=independent)
    return replace(outcome, direction=directions[worst])


def _projected(z: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """(n, d) rows along (d, k) directions; values beyond 1e100 are scaled first, which no test here sees."""
    scale = largest_value(z) / 1e100
    return np.asarray((z if scale <= 1 else z / scale) @ directions)


def _worst(projected: np.ndarray, test: CalibratedTest, *, independent: bool) -> tuple[Outcome, int]:
    """The largest statistic over the columns of (n, k), with its p-value, and which column."""
    samples, constant = _standardised(projected[None])
    values = np.asarray(test.values(Batch(samples)))[0]
    worst = int(values.argmax())
    largest = float(values[worst])
    if constant.any():
        return Outcome(largest, 0.0), int(constant[0].argmax())
    # Monotone in the statistic: the worst projection has the smallest p.
    p_value = calibrated_p_value(test.name, float(test.scaled(largest, len(projected), 1)), len(projected), 1)
    return Outcome(largest, (sidak if independent else bonferroni)(p_value, len(values))), worst


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


def _joint_p_values(samples: np.ndarray) -> np.ndarray:
    """Henze–Zirkler's p of each of (m, n, d) samples; 0 for one with constant or dependent coordinates."""
    rows, constant = _standardised(samples)
    deviations = np.sqrt((rows**2).mean(1, keepdims=True))
    rows = rows / deviations
    correlations = np.swapaxes(rows, 1, 2) @ rows / rows.shape[1]
    regular = ~constant.any(1) & (np.linalg.eigvalsh(correlations)[:, 0] > LEAST_EIGENVALUE)
    found = np.zeros(len(samples))
    if regular.any():
        factors = np.linalg.inv(np.linalg.cholesky(correlations[regular]))
        statistics = henze_zirkler_statistics(rows[regular] @ np.swapaxes(factors, 1, 2))
        shape = samples.shape[1:]
        found[regular] = [calibrated_p_value(HENZE_ZIRKLER.name, float(own), *shape) for own in statistics]
    return found


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
    """The paper's averaged p-values: a descriptive index, not a test.

    The rows are split at random into disjoint parts. D'Agostino–Pearson and Shapiro–Wilk are applied to each part's
    random projections, Henze–Zirkler to the part, and p-values are averaged. About 0.5 for a normal sample; but laws
    far from normal also score well, because a part of 50 rows sees little. A part with constant or dependent
    coordinates, which no part of a normal sample has, counts as p = 0.

    Args:
        z: (n, d) numbers.
        part_size: rows per part, from 20 (and d+1) to 5,000; rows that fill no part are left out.
        parts: how many; as many as there are rows for, if omitted.
        directions: random projections per part.
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
    rng = numpy_stream(seed, "paper's index")
    split = rng.permutation(n)[: parts * part_size].reshape(parts, part_size)
    unit = np.stack([random_directions(dim, directions, rng) for _ in split])

    single: dict[str, list[np.ndarray]] = {"dagostino": [], "shapiro": []}
    for start in range(0, parts, _PARTS_AT_ONCE):
        some = slice(start, start + _PARTS_AT_ONCE)
        rows = z[split[some]]  # not of all parts at once, which would be a second copy of z
        projected, constant = _standardised(rows @ np.swapaxes(unit[some], 1, 2))
        single["dagostino"].append(np.where(constant, 0, stats.normaltest(projected, axis=1).pvalue).mean(1))
        single["shapiro"].append(np.where(constant, 0, shapiro_wilk(projected, axis=1)[1]).mean(1))
    p_values = {name: np.concatenate(found) for name, found in single.items()}
    if joint:
        at_once = max(1, _PAIRS_AT_ONCE // part_size**2)
        joint_ps = [_joint_p_values(z[split[start : start + at_once]]) for start in range(0, parts, at_once)]
        p_values["henze_zirkler"] = np.concatenate(joint_ps)
    found = {name: student_t(values, level=level) for name, values in p_values.items()}
    # A mean of p-values lies in [0, 1]: cutting the interval there does not reduce its coverage.
    return {name: replace(own, lower=max(0.0, own.lower), upper=min(1.0, own.upper)) for name, own in found.items()}
