"""Section 5's statistics: five runs with a 99% asymptotic interval (E18), and averaged p-values (E19). Remarks on method.

Source: arXiv 2410.06993, Figure 1 and Section 5.

Coverage by integrating the normal law of a mean over the chi law of its standard error; the worst pair of p-values by an
assignment that no argument went into.
"""

import math

import numpy as np
from scipy import optimize, special

from noisedim.statistics import intervals
from noisedim.theory.quadrature import integrate
from noisedim.verification import Trial, check


def _coverage(multiple: float, runs: int) -> float:
    """How often mean ± multiple standard errors of normal values covers their mean.

    (runs−1)·s² is a chi-square variable u with runs−1 degrees, apart from the mean: E P(|N| ≤ multiple·s).
    """
    degrees = runs - 1

    def integrand(root: np.ndarray) -> np.ndarray:
        # Over root = √u: 2 root · chi-square density.
        log_density = (degrees - 1) * np.log(root) - root**2 / 2 - (degrees / 2 - 1) * math.log(2)
        inside = 2 * special.ndtr(multiple * root / math.sqrt(degrees)) - 1
        return np.exp(log_density - special.gammaln(degrees / 2)) * inside

    return integrate(integrand, [0.0, 1.0, 2.0, 4.0, 8.0, 14.0]).value


@check("E18")
def asymptotic_interval_of_five(trial: Trial) -> None:
    """mean ± 2.576 standard errors of 5 runs covers 93.85%, not 99%; of 1000 runs nearly 99%."""
    normal = float(special.ndtri(0.995))
    covered = _coverage(normal, 5)
    trial.below("the coverage and 0.99", covered, 0.99, by=0.05)
    trial.equal("the coverage and 0.9385", covered, 0.9385, tolerance=1e-4)
    trial.equal("coverage of more multiples: everything", _coverage(1e9, 5), 1.0)


@check("E18", cases={f"n={n}": n for n in (3, 5, 20)})
def student_interval(trial: Trial, runs: int) -> None:
    """Student's multiple, which noisedim's intervals have, covers 99% of the time."""
    values = np.random.default_rng(runs).standard_normal(runs)
    found = intervals.student_t(values, level=0.99)
    multiple = (found.upper - found.estimate) / (values.std(ddof=1) / math.sqrt(runs))
    trial.equal("coverage of noisedim's interval", _coverage(multiple, runs), 0.99)
    if runs == 5:
        trial.equal("the multiple and 4.604", multiple, 4.604, tolerance=1e-4)


_POINTS = 200


def _most_often_small(mean: float) -> float:
    """The largest probability with which two uniform p-values on a grid have a mean of at most ``mean``: an assignment."""
    grid = (np.arange(_POINTS) + 0.5) / _POINTS
    small = (np.add.outer(grid, grid) / 2 <= mean + 1e-12).astype(float)
    rows, columns = optimize.linear_sum_assignment(small, maximize=True)
    return float(small[rows, columns].mean())


@check("E19", cases={f"alpha={alpha:g}": alpha for alpha in (0.01, 0.05, 0.1)})
def average_as_a_p_value(trial: Trial, alpha: float) -> None:
    """Over all ways for two p-values to depend on each other, their mean is at most α with probability up to 2α."""
    worst = _most_often_small(alpha)
    trial.equal("worst P(mean ≤ α) and 2α", worst, 2 * alpha)
    trial.below("α and the worst P(mean ≤ α)", alpha, worst, by=alpha / 2)


@check("E19", cases={f"alpha={alpha:g}": alpha for alpha in (0.02, 0.05, 0.1)})
def twice_the_average(trial: Trial, alpha: float) -> None:
    """Twice the mean is a p-value: P(2·mean ≤ α) is α at worst."""
    trial.equal("worst P(2·mean ≤ α) and α", _most_often_small(alpha / 2), alpha)
