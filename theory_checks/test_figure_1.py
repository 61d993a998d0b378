"""Figure 1's dotted line: the least capacity that keeps the class labels, H(L).

Hypotheses: L → X → f(X) → Y is a Markov chain; those of Theorem 3.4 or of Theorem 3.5.
Source: arXiv 2410.06993, Figure 1.

f(X) is a function of the label, which is the most that it can tell of it; the information by divergences over atoms.
"""

import math

import numpy as np

from noisedim.theory import bounds, capacity
from noisedim.theory.laws import Atoms, Normal, Uniform
from noisedim.theory.sources import DiscreteSource
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import lattice


def _labelled(points: np.ndarray, weights: np.ndarray) -> DiscreteSource:
    return DiscreteSource.of(points, np.arange(len(points)), np.diag(weights))


def _entropy(weights: np.ndarray) -> float:
    return -float((weights * np.log(weights)).sum())


_CASES = {f"{k} classes,{shape}": (k, shape) for k in (2, 3, 10) for shape in ("even", "uneven")}


@check("figure-1-capacity", cases=_CASES)
def necessary(trial: Trial, case: tuple[int, str]) -> None:
    """I(L; Y) is at most H(L) and at most C; at C = H(L) Gaussian noise keeps strictly less than H(L)."""
    classes, shape = case
    weights = (
        np.full(classes, 1 / classes)
        if shape == "even"
        else np.arange(1.0, classes + 1) / (classes * (classes + 1) / 2)
    )
    labels = _entropy(weights)
    line = np.linspace(-1, 1, classes)
    for places in (line, np.sign(line) * line**2 + 0.01 * np.arange(classes)):
        mean = weights @ places
        points = (places - mean) / math.sqrt(weights @ places**2 - mean**2)
        source = _labelled(points, weights)
        sigma = bounds.sigma_for_capacity(1, labels)
        kept, value = source.information(Normal(0, sigma)), bounds.gaussian_capacity(1, sigma)
        trial.equal("C and H(L)", value, labels)
        trial.below("I(L; Y) and H(L) at C = H(L)", kept, labels, by=1e-3)
        less = source.information(Normal(0, bounds.sigma_for_capacity(1, labels / 2)))
        trial.at_most("I(L; Y) and C below H(L)", less, labels / 2)
        most = source.information(Normal(0, sigma / 30))
        trial.at_most("I(L; Y) and H(L) at a capacity far above", most, labels)
        trial.below("a capacity far above keeps more", kept, most, by=1e-2)


@check("figure-1-capacity", cases={f"{k} classes": k for k in (2, 3, 10)})
def sufficient_with_uniform_noise(trial: Trial, classes: int) -> None:
    """Uniform noise with 1/(2ε) + 1 balanced classes on the lattice: I(L; Y) = H(L) = C, nothing is lost."""
    epsilon = 1 / (2 * (classes - 1))
    law = lattice(epsilon)
    assert isinstance(law, Atoms)
    source = _labelled(np.array(law.points), np.full(classes, 1 / classes))
    kept = source.information(Uniform(-epsilon, epsilon))
    trial.equal("I(L; Y) and H(L)", kept, math.log(classes))
    trial.equal("H(L) and the capacity", math.log(classes), capacity.uniform_channel_capacity(1, epsilon))
    wider = source.information(Uniform(-1.2 * epsilon, 1.2 * epsilon))
    trial.below("more noise keeps less", wider, kept, by=1e-2)
