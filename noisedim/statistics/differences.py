"""Paired differences by seed, with p-values adjusted for their number."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from noisedim.checks import rate
from noisedim.errors import InvalidInputError
from noisedim.statistics.combining import holm
from noisedim.statistics.intervals import Interval, student_t

__all__ = ["Difference", "paired_differences"]


@dataclass(frozen=True)
class Difference:
    """How much ``first`` exceeds ``second``, pair by pair.

    Attributes:
        first, second: names.
        interval: mean difference with Student's t interval, not adjusted for the number of differences.
        p_value: two-sided, by the paired t-test.
        adjusted_p_value: after Holm over the family.
    """

    first: str
    second: str
    interval: Interval
    p_value: float
    adjusted_p_value: float

    def sign(self, *, alpha: float = 0.05) -> int:
        """1 or −1, the sign of the difference where it is decided at ``alpha`` after Holm; else 0."""
        if self.adjusted_p_value > rate("alpha", alpha):
            return 0
        return 1 if self.interval.estimate > 0 else -1


def _paired_p_value(differences: np.ndarray) -> float:
    from scipy import stats

    mean, error = differences.mean(), differences.std(ddof=1) / math.sqrt(len(differences))
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, len(differences) - 1))


def paired_differences(
    values: Mapping[str, Mapping[int, float]], pairs: Sequence[tuple[str, str]] | None = None
) -> list[Difference]:
    """Differences by seed of pairs of names, with p-values adjusted by Holm over all of them.

    Args:
        values: by name, by seed; a pair is compared on the seeds that both have.
        pairs: which ones; all pairs if omitted. Chosen before the values are seen, or the p-values mean nothing.

    Raises: InvalidInputError: if a pair shares fewer than 2 seeds.
    """
    pairs = list(combinations(values, 2)) if pairs is None else list(pairs)
    found = []
    for first, second in pairs:
        shared = sorted(values[first].keys() & values[second].keys())
        if len(shared) < 2:
            raise InvalidInputError(f"{first!r} and {second!r} must share at least 2 seeds; they share {len(shared)}")
        differences = np.array([values[first][seed] - values[second][seed] for seed in shared])
        found.append((first, second, student_t(differences), _paired_p_value(differences)))
    adjusted = holm([p for *_, p in found]) if found else np.empty(0)
    return [Difference(*parts, float(p)) for parts, p in zip(found, adjusted, strict=True)]
