"""What the sorted values of each coordinate say, each coordinate sorted once."""

from dataclasses import dataclass

import numpy as np

from noisedim.normality.summaries.sharing import shared

__all__ = ["OrderedColumns", "kolmogorov", "ordered_columns"]

# Columns that are read together: a line of the cache holds eight values of a row.
_TOGETHER = 8


@dataclass(frozen=True)
class OrderedColumns:
    """One entry per coordinate.

    Attributes:
        distances: Kolmogorov's, from N(0, 1).
        values: the value that occurs most often.
        counts: how often.
    """

    distances: np.ndarray
    values: np.ndarray
    counts: np.ndarray


def kolmogorov(ordered: np.ndarray) -> float:
    """Kolmogorov's distance of rising values from U[0, 1]."""
    n = len(ordered)
    grid = np.arange(n + 1) / n
    return float(max((grid[1:] - ordered).max(), (ordered - grid[:-1]).max()))


@shared
def ordered_columns(z: np.ndarray) -> OrderedColumns:
    """Of (n, d) rows; eight coordinates at a time are in memory twice."""
    from scipy.special import ndtr

    n, dim = z.shape
    distances, values, counts = np.empty(dim), np.empty(dim), np.ones(dim, dtype=np.int64)
    for i in range(dim):
        if i % _TOGETHER == 0:
            some = np.array(z[:, i : i + _TOGETHER].T, order="C")  # a copy, which is sorted
            some.sort(axis=1)
        column = some[i % _TOGETHER]
        distances[i] = kolmogorov(ndtr(column))
        values[i] = column[0]
        changes = column[1:] != column[:-1]
        if not changes.all():
            starts = np.flatnonzero(np.concatenate([[True], changes]))
            lengths = np.diff(np.append(starts, n))
            best = int(lengths.argmax())
            values[i], counts[i] = column[starts[best]], lengths[best]
    return OrderedColumns(distances, values, counts)
