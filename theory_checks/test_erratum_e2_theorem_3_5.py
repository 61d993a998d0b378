"""E2: Theorem 3.5's bound needs 1/(2ε) whole, not 1/ε; and the exact capacity of uniform noise on [0, 1]^d.

Hypotheses: Z ~ U[−ε, ε], f(X) in [0, 1].
Source: arXiv 2410.06993, Theorem 3.5, corrected; capacity: Oettli (1974).

The capacity is bracketed by Blahut–Arimoto, whose upper bound holds for every law on [0, 1], grid or not.
"""

import itertools
import math

import numpy as np

from noisedim.theory import bounds, capacity, entropy
from noisedim.theory.laws import Atoms, Uniform
from noisedim.verification import Trial, check

# ε and a grid that holds the best law's points {2kε} ∪ {1−2kε}.
_LEVELS = {
    "eps=1/3": (1 / 3, 7),
    "eps=1/5": (0.2, 11),
    "eps=3/20": (0.15, 21),
    "eps=1/4": (0.25, 9),
    "eps=2/5": (0.4, 11),
    "eps=1/2": (0.5, 5),
    "eps=3/4": (0.75, 5),
    "eps=1/20": (0.05, 21),
}
# How far apart, in nats, the search lets what it attains and what no law exceeds end up.
_SEARCH, _BRACKET = 1e-6, 1e-5
_THIRDS = {"eps=1/3": 1 / 3, "eps=1/5": 0.2, "eps=1": 1.0}


@check("E2", role="printed", cases=_THIRDS)
def attained_for_whole_inverse(trial: Trial, epsilon: float) -> None:
    """1/ε is whole, so some law attains log(1+1/(2ε)), as printed: the capacity, searched over all laws, equals it."""
    trial.equal("1/ε and a whole number", 1 / epsilon, round(1 / epsilon))
    found = capacity.uniform_channel_search(epsilon, points=round(1 / epsilon) * 2 + 1, tolerance=_SEARCH)
    trial.equal("an upper bound on the capacity, and the bound (6)", found.upper, bounds.uniform_capacity(1, epsilon))


@check("E2", role="corrected", cases=_LEVELS)
def attained_for_whole_half_inverse(trial: Trial, case: tuple[float, int]) -> None:
    """The bound is attained iff 1/(2ε) is whole; elsewhere even the certified upper bound stays below it."""
    epsilon, points = case
    found = capacity.uniform_channel_search(epsilon, points=points, tolerance=_SEARCH)
    value = bounds.uniform_capacity(1, epsilon)
    if abs(1 / (2 * epsilon) - round(1 / (2 * epsilon))) < 1e-12:
        trial.at_most("the bound (6) and what the search attains", value, found.lower + _BRACKET)
        trial.at_most("upper bound on the capacity and the bound (6)", found.upper, value + _BRACKET)
    else:
        trial.below("upper bound on the capacity and the bound (6)", found.upper, value, by=1e-4)


@check("uniform-channel", cases=_LEVELS)
def bracketed(trial: Trial, case: tuple[float, int]) -> None:
    """The closed form lies between what a law attains and what no law can exceed."""
    epsilon, points = case
    found = capacity.uniform_channel_search(epsilon, points=points, tolerance=_SEARCH)
    value = capacity.uniform_channel_capacity(1, epsilon)
    trial.at_most("attained and closed form", found.lower, value, slack=1e-9)
    trial.at_most("closed form and upper bound", value, found.upper, slack=1e-9)
    trial.at_most("width of the bracket", found.upper - found.lower, _BRACKET)
    kept = found.law > 1e-9
    law = Atoms(tuple(found.points[kept]), tuple(found.law[kept] / found.law[kept].sum()))
    attained = entropy.channel_information(law, Uniform(-epsilon, epsilon))
    trial.at_most("what the law attains by the search, and by quadrature", abs(attained - found.lower), 1e-7)


@check("uniform-channel", cases={f"d={dim}": dim for dim in (1, 2, 64)})
def interpolation(trial: Trial, dim: int) -> None:
    """Linear in t = 1/(2ε) between whole numbers, where it meets (6), and strictly below it elsewhere."""
    for whole, rest in itertools.product((0, 1, 2, 9), (0.0, 0.25, 0.5, 0.9)):
        if whole + rest == 0:
            continue
        epsilon = 1 / (2 * (whole + rest))
        value, bound = capacity.uniform_channel_capacity(dim, epsilon), bounds.uniform_capacity(dim, epsilon)
        plain = dim * ((1 - rest) * math.log(whole + 1) + rest * math.log(whole + 2))
        trial.equal(f"closed form at 1/(2ε) = {whole + rest:g}", value, plain)
        if rest == 0:
            trial.equal("it meets the bound (6)", value, bound)
        else:
            trial.below("it stays below the bound (6)", value, bound, by=1e-4)
    for epsilon in (0.07, 0.3, 0.5, 3.0):
        below = bounds.uniform_information(dim, epsilon)
        trial.below("continuous uniform and capacity", below, capacity.uniform_channel_capacity(dim, epsilon))


_KNOWN = {
    "noiseless,3": (np.eye(3), math.log(3)),
    "useless": (np.full((4, 2), 0.5), 0.0),
    "binary-symmetric,0.1": (
        np.array([[0.9, 0.1], [0.1, 0.9]]),
        math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1),
    ),
    "erasure,0.25": (np.array([[0.75, 0.25, 0], [0, 0.25, 0.75]]), 0.75 * math.log(2)),
    "z-channel,0.5": (np.array([[1.0, 0.0], [0.5, 0.5]]), math.log(1.25)),
}


@check("uniform-channel", cases=_KNOWN)
def textbook_channels(trial: Trial, case: tuple[np.ndarray, float]) -> None:
    """The search itself, on channels whose capacity is in every textbook."""
    channel, expected = case
    found = capacity.blahut_arimoto(channel, tolerance=1e-12)
    trial.equal("capacity, from below", found.lower, expected)
    trial.equal("capacity, from above", found.upper, expected)
