"""Reads the shipped null tables: tail probabilities of scaled statistics at any n and d that the tables reach.

A test's quantile at an upper tail probability is a smooth surface over n and d: a cubic spline in log₂ d times a few
terms in n. Where the law's width changes by orders, values are standardised first, by a location and a scale that are such
surfaces too, and the surfaces are those of their inverse hyperbolic sine. Between the tabulated probabilities, the normal
score of p is linear in the statistic; beyond the smallest, the tail is a generalised Pareto law through three of its quantiles.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

__all__ = [
    "FLOOR",
    "PROBABILITIES",
    "Surface",
    "read_tables",
    "table_error",
    "table_p_values",
    "table_reaches",
    "table_samples",
    "terms",
]

PROBABILITIES = (
    *(0.9995, 0.999, 0.9975, 0.995, 0.99, 0.98, 0.965, 0.95, 0.925, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3),
    *(0.2, 0.15, 0.1, 0.075, 0.05, 0.035, 0.02, 0.01, 0.005, 0.0025, 0.001, 0.0005),
)
"""Upper tail probabilities of the tabulated quantiles."""
FLOOR = 1e-6
"""Smallest reported p-value: beyond it, the extrapolation goes too far."""
_FILE = files("noisedim.normality.nulls") / "tables.npz"
_FEWEST_ROWS = 20
# Tail probabilities in steps of ten, through which the Pareto tail goes.
_TAIL = (0.05, 0.005, 0.0005)

_TERMS: dict[str, Callable[[float, int], float]] = {
    "one": lambda n, dim: 1.0,
    "root": lambda n, dim: n**-0.5,
    "inverse": lambda n, dim: 1 / n,
    "power": lambda n, dim: n**-1.5,
    "share_root": lambda n, dim: math.sqrt(dim / n),
    "share": lambda n, dim: dim / n,
    "share_square": lambda n, dim: (dim / n) ** 2,
    "log": lambda n, dim: math.log(n),
    "log_square": lambda n, dim: math.log(n) ** 2,
    "log_cube": lambda n, dim: math.log(n) ** 3,
}


def terms(names: Sequence[str], n: float, dim: int) -> np.ndarray:
    """The named functions of n and d, (len(names),)."""
    return np.array([_TERMS[name](n, dim) for name in names])


@dataclass(frozen=True)
class Surface:
    """One test's quantiles.

    Attributes:
        coefficients: (probabilities, splines × terms).
        knots: of the cubic spline in log₂ d; empty for tests of one dimension.
        terms: names of the terms in n.
        reach: largest d, and up to it least n/d and largest n (``None``: there is a limit law), by ascending d.
        relative_error: by tail probability, root mean square relative error of p over the simulated cells beyond
            their own binomial noise, and at least the error that such noise would hide.
        samples: how many null samples were simulated for it, over all cells.
        stretch: (2, splines × terms): coefficients of location and of the logarithm of scale; ``None``: not standardised.
    """

    coefficients: np.ndarray
    knots: tuple[float, ...]
    terms: tuple[str, ...]
    reach: tuple[tuple[int, int, int | None], ...]
    relative_error: dict[str, float]
    samples: int = 0
    stretch: np.ndarray | None = None

    def design(self, n: float, dim: int) -> np.ndarray:
        """The row of basis functions at (n, d)."""
        own = terms(self.terms, n, dim)
        if not self.knots:
            return own
        return np.kron(spline_row(self.knots, math.log2(dim)), own)

    def quantiles(self, n: float, dim: int) -> np.ndarray:
        """At :data:`PROBABILITIES`, ascending."""
        location, scale = self.standard(n, dim)
        standard = self.standard_quantiles(n, dim)
        return standard if self.stretch is None else location + scale * np.sinh(standard)

    def standard_quantiles(self, n: float, dim: int) -> np.ndarray:
        """At :data:`PROBABILITIES`, ascending, of standardised values."""
        return ordered_outward(self.coefficients @ self.design(n, dim))

    def standard(self, n: float, dim: int) -> tuple[float, float]:
        """Location and scale; 0 and 1 where values are not standardised."""
        if self.stretch is None:
            return 0.0, 1.0
        location, log_scale = self.stretch @ self.design(n, dim)
        return float(location), math.exp(float(log_scale))

    def reaches(self, n: int, dim: int) -> bool:
        """Whether n rows in d dimensions lie inside."""
        for most_dim, rows_a_coordinate, most_rows in self.reach:
            if dim <= most_dim:
                return max(_FEWEST_ROWS, rows_a_coordinate * dim) <= n and (most_rows is None or n <= most_rows)
        return False


def ordered_outward(quantiles: np.ndarray) -> np.ndarray:
    """Made ascending from the median outward, so that an extreme quantile, the least certain, never moves those inside."""
    middle = len(quantiles) // 2
    upper = np.maximum.accumulate(quantiles[middle:])
    lower = np.minimum.accumulate(quantiles[middle::-1])[::-1]
    return np.concatenate([lower[:-1], upper])


def spline_row(knots: Sequence[float], x: float) -> np.ndarray:
    """Cubic B-splines with these breaks at ``x``: (len(knots) + 2,)."""
    from scipy.interpolate import BSpline

    padded = np.concatenate([[knots[0]] * 3, knots, [knots[-1]] * 3])
    return np.asarray(BSpline.design_matrix(np.array([x]), padded, 3).toarray()[0])


def read_tables() -> tuple[dict[str, dict[str, Any]], dict[str, np.ndarray]]:
    """What the shipped tables hold: a description and an array of coefficients for each test."""
    with _FILE.open("rb") as file, np.load(file) as loaded:
        about = json.loads(str(loaded["about"]))["tests"]
        return about, {test: loaded[test] for test in about}


@lru_cache(maxsize=1)
def _surfaces() -> dict[str, Surface]:
    about, arrays = read_tables()
    return {
        test: Surface(
            arrays[test][: len(PROBABILITIES)].astype(np.float64),
            tuple(own["knots"]),
            tuple(own["terms"]),
            tuple((most_dim, share, most_rows) for most_dim, share, most_rows in own["reach"]),
            own["relative_error"],
            own["samples"],
            # Two rows more.
            arrays[test][len(PROBABILITIES) :].astype(np.float64) if own["stretched"] else None,
        )
        for test, own in about.items()
    }


def table_reaches(test: str, n: int, dim: int) -> bool:
    """Whether the tables hold this test's law at n rows in d dimensions."""
    surface = _surfaces().get(test)
    return surface is not None and surface.reaches(n, dim)


def table_error(test: str) -> dict[str, float]:
    """The stated relative error of a test's p at 0.05, 0.01 and 0.001."""
    return dict(_surfaces()[test].relative_error)


def table_samples(test: str) -> int:
    """How many null samples a test's table rests on, over all n and d."""
    return _surfaces()[test].samples


def table_p_values(test: str, statistic: float, n: int, dim: int) -> tuple[float, float] | None:
    """Upper and lower tail probability of a scaled statistic; ``None`` where the tables do not reach."""
    if not table_reaches(test, n, dim):
        return None
    location, scale, quantiles = _cached(test, n, dim)
    if _surfaces()[test].stretch is not None:
        statistic = math.asinh((statistic - location) / scale)
    return p_values_at(quantiles, statistic)


@lru_cache(maxsize=4096)
def _cached(test: str, n: int, dim: int) -> tuple[float, float, np.ndarray]:
    surface = _surfaces()[test]
    return *surface.standard(n, dim), surface.standard_quantiles(n, dim)


def p_values_at(quantiles: np.ndarray, statistic: float) -> tuple[float, float]:
    """The same from the quantiles at :data:`PROBABILITIES`."""
    from scipy.special import ndtr, ndtri

    if statistic > quantiles[-1]:
        upper = max(FLOOR, _tail(quantiles, statistic))
        return upper, 1 - upper
    if statistic < quantiles[0]:
        lower = max(FLOOR, _tail(-quantiles[::-1], -statistic))
        return 1 - lower, lower
    score = float(np.interp(statistic, quantiles, -ndtri(np.array(PROBABILITIES))))
    return float(ndtr(-score)), float(ndtr(score))


def _tail(quantiles: np.ndarray, statistic: float) -> float:
    """Beyond the last quantile: the generalised Pareto law through three of them, not lighter than exponential."""
    at = [float(np.interp(-p, -np.array(PROBABILITIES), quantiles)) for p in _TAIL]
    first, second = at[1] - at[0], at[2] - at[1]
    if not first > 0 or not second > 0:
        return _TAIL[2]
    shape = min(0.5, max(1e-6, math.log10(second / first)))
    scale = second * shape / (1 - 10**-shape)
    return _TAIL[2] * (1 + shape * (statistic - at[2]) / scale) ** (-1 / shape)
