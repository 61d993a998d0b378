"""Remark 2.3: h(X) ≠ h(X′) − KL(X ‖ X′) in general; what is added is E log p′(X′) − E log p′(X).

Hypotheses: X and X′ have densities.
Source: arXiv 2410.06993, Remark 2.3.
"""

import math

import numpy as np

from noisedim.theory import entropy
from noisedim.theory.laws import Laplace, Law, Mixture, Normal, Uniform, expectation
from noisedim.verification import Trial, check

_PAIRS: dict[str, tuple[Law, Law]] = {
    "wider": (Normal(0, 2), Normal(0, 1)),
    "shifted": (Normal(1, 1), Normal(0, 1)),
    "laplace-from-normal": (Normal(0, 1), Laplace()),
    "clusters-from-normal": (Mixture((Normal(-2, 0.5), Normal(1, 1))), Normal(0, 1)),
}


def _mean_log(reference: Law, law: Law) -> float:
    return expectation(lambda x: math.log(float(reference.density(np.array([x]))[0])), law)


@check("remark-2.3", cases=_PAIRS)
def not_in_general(trial: Trial, case: tuple[Law, Law]) -> None:
    """The two sides differ, by a cross term."""
    law, other = case
    left = entropy.differential_entropy(law)
    right = entropy.differential_entropy(other) - entropy.kl_divergence(law, other)
    trial.below("0 and |h(X) − h(X′) + KL|", 0.0, abs(left - right), by=1e-2)
    cross = _mean_log(other, other) - _mean_log(other, law)
    trial.equal("h(X) and h(X′) − KL + E log p′(X′) − E log p′(X)", left, right + cross)


_MATCHED: dict[str, tuple[Law, Law]] = {
    "laplace,its-normal": (Laplace(), Normal(0, 1)),
    "uniform,its-normal": (Uniform(-math.sqrt(3), math.sqrt(3)), Normal(0, 1)),
    "part,uniform": (Uniform(0.2, 0.5), Uniform(0, 1)),
}


@check("remark-2.3", cases=_MATCHED)
def where_it_holds(trial: Trial, case: tuple[Law, Law]) -> None:
    """At the laws of Theorems 2.1 and 2.2 the cross term vanishes and the sides agree."""
    law, other = case
    right = entropy.differential_entropy(other) - entropy.kl_divergence(law, other)
    trial.equal("h(X) and h(X′) − KL(X ‖ X′)", entropy.differential_entropy(law), right)
