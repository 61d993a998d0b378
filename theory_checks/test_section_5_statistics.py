"""Section 5's statistics: five runs with a 99% asymptotic interval (E18), and averaged p-values (E19).

Source: arXiv 2410.06993, Figure 1 and Section 5.

Coverage by Student's distribution function, not by simulation; two p-values whose average is exactly known.
"""

import math

import numpy as np
from scipy import stats

from noisedim.statistics import intervals
from noisedim.verification import Trial, check


def _coverage(multiple: float, runs: int) -> float:
    """How often mean ± multiple standard errors of normal values covers their mean: by Student's law."""
    return float(2 * stats.t.cdf(multiple, runs - 1) - 1)


@check("E18", role="printed")
def asymptotic_interval_of_five(trial: Trial) -> None:
    """mean ± 2.576 standard errors of 5 runs covers 99%, as printed."""
    trial.at_most("0.99 and the coverage", 0.99, _coverage(float(stats.norm.ppf(0.995)), 5), slack=1e-6)


@check("E18", role="corrected")
def student_interval_of_five(trial: Trial) -> None:
    """It covers 93.8%; Student's 4.604 standard errors cover 99%, and noisedim's interval is that."""
    covered = _coverage(float(stats.norm.ppf(0.995)), 5)
    trial.at_most("coverage and 0.9386", covered, 0.9386, slack=1e-9)
    trial.at_most("0.9384 and the coverage", 0.9384, covered, slack=1e-9)
    values = np.array([0.1, 0.4, 0.35, 0.2, 0.6])
    found = intervals.student_t(values, level=0.99)
    multiple = (found.upper - found.estimate) / (values.std(ddof=1) / math.sqrt(5))
    trial.equal("coverage of noisedim's interval", _coverage(multiple, 5), 0.99)


def _two_p_values(alpha: float, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two uniform variables: p₁ = u, p₂ the mirror image of u inside [0, 2α], u itself outside."""
    return u, np.where(u <= 2 * alpha, 2 * alpha - u, u)


@check("E19", role="printed", cases={f"alpha={alpha:g}": alpha for alpha in (0.01, 0.05, 0.1)})
def average_as_a_p_value(trial: Trial, alpha: float) -> None:
    """The mean of two p-values is at most α with probability at most α, as its use as a test's p-value says."""
    u = (np.arange(100_000) + 0.5) / 100_000
    first, second = _two_p_values(alpha, u)
    rejected = float(((first + second) / 2 <= alpha + 1e-12).mean())
    trial.at_most("P(mean ≤ α) and α", rejected, alpha)


@check("E19", role="corrected", cases={f"alpha={alpha:g}": alpha for alpha in (0.01, 0.05, 0.1)})
def twice_the_average(trial: Trial, alpha: float) -> None:
    """Both are uniform and the mean is at most α with probability 2α; twice the mean is a p-value."""
    u = (np.arange(100_000) + 0.5) / 100_000
    first, second = _two_p_values(alpha, u)
    for level in (alpha / 2, alpha, 3 * alpha):
        trial.equal(f"P(p₂ ≤ {level:g})", float((second <= level + 1e-12).mean()), level, tolerance=1e-9)
    trial.equal("P(mean ≤ α) and 2α", float(((first + second) / 2 <= alpha + 1e-12).mean()), 2 * alpha)
    doubled = float((first + second <= alpha + 1e-12).mean())
    trial.at_most("P(2·mean ≤ α) and α", doubled, alpha)
