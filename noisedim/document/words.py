"""How numbers are written, the same in every section."""

import math
from collections.abc import Sequence

from noisedim.statistics.intervals import Interval, student_t

__all__ = ["bracketed", "count_words", "decided_words", "mean_and_half_width", "share_word"]


def bracketed(interval: Interval, *, digits: int = 3, signed: bool = False, least: float = -math.inf) -> str:
    """``0.123 [0.101, 0.145]``; ``signed`` for differences, ``least`` where the quantity has a smallest value."""
    ends = interval.estimate, max(least, interval.lower), interval.upper
    rounded = (round(value, digits) + 0.0 for value in ends)  # no minus before a zero
    estimate, lower, upper = (f"{value:{'+' if signed else ''}.{digits}f}" for value in rounded)
    return f"{estimate} [{lower}, {upper}]"


def count_words(part: int, whole: int, what: str) -> str:
    """``none of the 5 seeds``, ``2 of the 5 seeds`` or ``all 5 seeds``."""
    return f"all {whole} {what}" if part == whole else f"{part or 'none'} of the {whole} {what}"


def decided_words(interval: Interval, more: str = "higher", less: str = "lower", *, at: float = 0) -> str:
    """Which side of ``at`` the interval lies on: ``is decided to be higher``, or ``is not decided to be higher or lower``."""
    if interval.lower > at:
        return f"is decided to be {more}"
    return f"is decided to be {less}" if interval.upper < at else f"is not decided to be {more} or {less}"


def mean_and_half_width(values: Sequence[float], *, digits: int = 3) -> str:
    """Mean over seeds ± half of the 95% t-interval, for tables."""
    interval = student_t(values)
    # No-break spaces keep the two numbers on one line in a narrow column.
    estimate = round(interval.estimate, digits) + 0.0  # no minus before a zero
    return f"{estimate:.{digits}f}\u00a0±\u00a0{interval.upper - interval.estimate:.{digits}f}"


def share_word(part: int, whole: int) -> str:
    """``yes`` if ``part`` is all of ``whole``, ``no`` if it is 0, else ``3 of 5``."""
    return "yes" if part == whole else "no" if part == 0 else f"{part} of {whole}"
