"""Remark 2.5: the Donsker–Varadhan and NWJ suprema are attained exactly at PMI + α (α = 1 for NWJ), P_X⊗P_Y-a.s.

Hypotheses: PMI exists; T may be −∞ where it is.
Source: arXiv 2410.06993, eqs. (1)–(4); what it does not cover, PMI = −∞: E10.

Continuous pairs by quadrature over y for each value of x′; finite ones by sums.
"""

import math
from collections.abc import Callable

import numpy as np

from noisedim.theory.laws import Law, Normal, Uniform
from noisedim.theory.quadrature import integrate
from noisedim.theory.sources import DiscreteSource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check

_KEEP = [[0.3, 0.05], [0.1, 0.55]]
_CASES: dict[str, tuple[DiscreteSource, Law]] = {
    "bits,kept,sigma=0.5": (DiscreteSource.of([-1, 1], [-1, 1], [[0.5, 0], [0, 0.5]]), Normal(0, 0.5)),
    "bits,noisy,sigma=0.5": (DiscreteSource.of([-1, 1], [-1, 1], _KEEP), Normal(0, 0.5)),
    "bits,noisy,sigma=3": (DiscreteSource.of([-1, 1], [-1, 1], _KEEP), Normal(0, 3)),
    "three-by-two,sigma=0.3": (
        DiscreteSource.of([0, 1, 2], [0, 1], [[0.2, 0.1], [0.3, 0.0], [0.1, 0.3]]),
        Normal(0, 0.3),
    ),
    "independent,sigma=1": (DiscreteSource.of([-1, 1], [0, 1], [[0.25, 0.25], [0.25, 0.25]]), Normal(0, 1)),
}


def _expectations(
    source: DiscreteSource, noise: Law, critic: Callable[[float, np.ndarray], np.ndarray]
) -> tuple[float, float]:
    """E_P T and E_Q e^T by quadrature."""
    weights = source.joint.sum(0)
    marginal = add(source.law, noise)
    points = source.law.breakpoints
    positive = negative = 0.0
    for k, other in enumerate(source.others):
        joint = source.joint[:, k]

        def given(y: np.ndarray, joint: np.ndarray = joint) -> np.ndarray:
            return joint @ noise.density(y - points[:, None])

        def over_p(y: np.ndarray, other: float = other, given: Callable = given) -> np.ndarray:
            density = given(y)
            return np.where(density > 0, density * critic(other, y), 0.0)

        def over_q(y: np.ndarray, other: float = other, k: int = k) -> np.ndarray:
            return weights[k] * marginal.density(y) * np.exp(critic(other, y))

        positive += integrate(over_p, marginal.breakpoints).value
        negative += integrate(over_q, marginal.breakpoints).value
    return positive, negative


def _pmi(source: DiscreteSource, noise: Law) -> Callable[[float, np.ndarray], np.ndarray]:
    def value(other: float, y: np.ndarray) -> np.ndarray:
        return source.pointwise_information(np.full((len(y), 1), other), y[:, None], noise)

    return value


def _raised(pmi: Callable[[float, np.ndarray], np.ndarray], by: float) -> Callable[[float, np.ndarray], np.ndarray]:
    return lambda x, y: pmi(x, y) + by


@check("remark-2.5", cases=_CASES)
def attained(trial: Trial, case: tuple[DiscreteSource, Law]) -> None:
    """At T = PMI + α the first bound is I for every α, the second for α = 1 only."""
    source, noise = case
    information, pmi = source.information(noise), _pmi(source, noise)
    for alpha in (-2.0, 0.0, 1.0):
        positive, negative = _expectations(source, noise, _raised(pmi, alpha))
        trial.equal(f"Donsker–Varadhan at α={alpha:g} and I", positive - math.log(negative), information)
        value = positive - negative / math.e
        if alpha == 1:
            trial.equal("NWJ at α=1 and I", value, information)
        else:
            trial.below(f"NWJ at α={alpha:g} and I", value, information)


@check("remark-2.5", cases=_CASES)
def only_there(trial: Trial, case: tuple[DiscreteSource, Law]) -> None:
    """Away from PMI + α both bounds are strictly below I: perturbed, scaled, and with a part left out."""
    source, noise = case
    information, pmi = source.information(noise), _pmi(source, noise)
    critics = {
        "PMI + ½ sin y": lambda x, y: pmi(x, y) + np.sin(y) / 2,
        "PMI + x′/4": lambda x, y: pmi(x, y) + x / 4,
        "PMI − ½ where y > 0": lambda x, y: pmi(x, y) - 0.5 * (y > 0),
    }
    for words, critic in critics.items():
        positive, negative = _expectations(source, noise, critic)
        trial.below(f"Donsker–Varadhan at {words}", positive - math.log(negative), information)
        trial.below(f"NWJ at {words} + 1", positive + 1 - negative, information)


# X = Y uniform on {0, 1}: joint and product laws, PMI log 2 on the diagonal and −∞ off it.
_JOINT, _PRODUCT = np.eye(2) / 2, np.full((2, 2), 0.25)


def _donsker_varadhan(critic: np.ndarray) -> float:
    return float((_JOINT * critic).sum() - math.log((_PRODUCT * np.exp(critic)).sum()))


@check("E10", cases={"T=1 off the support": 1.0, "T=0 off the support": 0.0, "T=-3 off the support": -3.0})
def almost_surely_under_the_joint(trial: Trial, off: float) -> None:
    """A critic that is PMI P_{X,Y}-almost surely and finite elsewhere falls short by log(1 + e^off/2)."""
    critic = np.where(_JOINT > 0, math.log(2), off)
    value = _donsker_varadhan(critic)
    trial.below("Donsker–Varadhan and I = log 2", value, math.log(2), by=1e-3)
    trial.equal("what it loses, and log(1 + e^off/2)", math.log(2) - value, math.log1p(math.exp(off) / 2))


@check("E10")
def almost_surely_under_the_product(trial: Trial) -> None:
    """PMI + α almost surely under the product, −∞ included, attains it."""
    critic = np.where(_JOINT > 0, math.log(2), -np.inf)
    value = float((_JOINT * np.where(_JOINT > 0, critic, 0)).sum() - math.log((_PRODUCT * np.exp(critic)).sum()))
    trial.equal("Donsker–Varadhan and I = log 2", value, math.log(2))


_BOX = (DiscreteSource.of([0, 1], [0, 1], [[0.5, 0], [0, 0.5]]), Uniform(-0.25, 0.25))


def _off_support(level: float) -> Callable[[float, np.ndarray], np.ndarray]:
    return lambda x, y: np.where(np.abs(y - x) <= 0.25, math.log(2), -level)


@check("E10")
def approached_by_real_critics(trial: Trial) -> None:
    """The supremum is approached as T falls to −∞ off the support; the shortfall is log(1 + e^(−M)/2)."""
    information = _BOX[0].information(_BOX[1])
    trial.equal("I and log 2", information, math.log(2))
    for level in (1.0, 5.0, 10.0):
        positive, negative = _expectations(*_BOX, _off_support(level))
        short = information - (positive - math.log(negative))
        trial.equal(f"shortfall at −{level:g}", short, math.log1p(math.exp(-level) / 2))
        trial.below("0 and the shortfall", 0.0, short, by=1e-5)
