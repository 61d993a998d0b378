"""How numbers are written, the same in every section."""

from collections.abc import Sequence

from noisedim.statistics.intervals import student_t

__all__ = ["interval_words", "mean_and_half_width", "share_word"]


def interval_words(values: Sequence[float], *, level: float = 0.95, digits: int = 3) -> str:
    """Mean over seeds and its t-interval, with the level and the number of seeds."""
    interval = student_t(values, level=level)
    return (
        f"{interval.estimate:.{digits}f} [{interval.lower:.{digits}f}, {interval.upper:.{digits}f}] "
        f"({level:.0%} t-interval, {interval.n} seeds)"
    )


def mean_and_half_width(values: Sequence[float], *, digits: int = 3) -> str:
    """Mean over seeds ± half of the 95% t-interval, for tables."""
    interval = student_t(values)
    # No-break spaces keep the two numbers on one line in a narrow column.
    estimate = round(interval.estimate, digits) + 0.0  # no minus before a zero
    return f"{estimate:.{digits}f}\u00a0±\u00a0{interval.upper - interval.estimate:.{digits}f}"


def share_word(part: int, whole: int) -> str:
    """``yes`` if ``part`` is all of ``whole``, ``no`` if it is 0, else ``in part``."""
    return "yes" if part == whole else "no" if part == 0 else "in part"
