"""Theorem 2.2: h(X) = h(U(S)) − KL(X ‖ U(S)), h(U(S)) = log μ(S).

Hypotheses: a density, X in S with finite positive measure.
Source: arXiv 2410.06993, Theorem 2.2.
"""

import math

from noisedim.theory import entropy
from noisedim.theory.laws import Law, Mixture, Normal, Uniform
from noisedim.theory.sums import add
from noisedim.verification import Trial, check

# (law, uniform law on S, measure of S); S need not be an interval.
_TWO_PIECES = Mixture((Uniform(0, 1), Uniform(2, 4)), (1 / 3, 2 / 3))
_CASES: dict[str, tuple[Law, Law, float]] = {
    "uniform-itself": (Uniform(0, 1), Uniform(0, 1), 1.0),
    "part-of-S": (Uniform(0.2, 0.5), Uniform(0, 1), 1.0),
    "blocks": (Mixture((Uniform(0, 0.3), Uniform(0.2, 1)), (0.6, 0.4)), Uniform(0, 1), 1.0),
    "triangle": (add(Uniform(0, 1), Uniform(0, 1)), Uniform(0, 2), 2.0),
    "wide-S": (add(Uniform(0, 1), Uniform(-0.1, 0.1)), Uniform(-0.5, 3.5), 4.0),
    "two-pieces": (Mixture((Uniform(0, 1), Uniform(2, 4)), (0.9, 0.1)), _TWO_PIECES, 3.0),
    "smooth-on-two-pieces": (
        Mixture((add(Uniform(0, 0.5), Uniform(0, 0.5)), add(Uniform(2, 3), Uniform(0, 1)))),
        _TWO_PIECES,
        3.0,
    ),
}


@check("theorem-2.2", cases=_CASES)
def identity(trial: Trial, case: tuple[Law, Law, float]) -> None:
    """Entropy of a law on S and its divergence from the uniform law there."""
    law, uniform, measure = case
    trial.equal("h(U(S)) and log μ(S)", entropy.differential_entropy(uniform), math.log(measure), floor=1.0)
    left = entropy.differential_entropy(law)
    trial.equal("h(X) and h(U(S)) − KL", left, math.log(measure) - entropy.kl_divergence(law, uniform))
    trial.at_most("h(X) and log μ(S)", left, math.log(measure))


@check("theorem-2.2", cases={f"d={dim}": dim for dim in (1, 3, 16)})
def cube(trial: Trial, dim: int) -> None:
    """The cube [−ε, 1+ε]^d that the uniform prior's noisy embedding fills: coordinates add."""
    for epsilon in (0.05, 0.5, 2.0):
        law, uniform = add(Uniform(0, 1), Uniform(-epsilon, epsilon)), Uniform(-epsilon, 1 + epsilon)
        left = dim * entropy.differential_entropy(law)
        right = dim * math.log(1 + 2 * epsilon) - dim * entropy.kl_divergence(law, uniform)
        trial.equal(f"h(Y) at ε={epsilon}", left, right)


@check("theorem-2.2")
def outside_the_set(trial: Trial) -> None:
    """A law with mass outside S is infinitely far from U(S): the hypothesis is needed."""
    trial.equal("KL of a normal law to U[0, 1]", entropy.kl_divergence(Normal(0.5, 0.2), Uniform(0, 1)), math.inf)
