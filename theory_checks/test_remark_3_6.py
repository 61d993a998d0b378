"""Remark 3.6: I(U; U+Z) = d(ε − log 2ε) for ε ≤ ½, d/(4ε) above; the shortfall from (6) is d(log(1+2ε) − ε).

Hypotheses: f(X) ~ U[0, 1]^d, f weakly invariant, Z ~ U[−ε, ε]^d.
Source: arXiv 2410.06993, Remark 3.6; its second form is wrong (E4).
"""

import math

from scipy import integrate as scipy_integrate

from noisedim.theory import bounds, entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Uniform
from noisedim.theory.sources import LazySource
from noisedim.verification import Trial, check
from noisedim.verification.hypotheses import satisfies_all
from noisedim.verification.sampling import sampled_information

_LEVELS = {
    f"d={d},eps={e:g}": (d, e) for d, e in ((1, 0.01), (1, 0.1), (4, 0.1), (2, 0.3), (8, 0.5), (3, 0.75), (64, 2.0))
}


def _by_hand(epsilon: float) -> float:
    """h(Y) − h(Z) with the trapezium's density written out, by another library's quadrature."""
    height, ramp = min(1.0, 1 / (2 * epsilon)), min(1.0, 2 * epsilon)

    def rising(t: float) -> float:
        p = height * t / ramp
        return -p * math.log(p) if p > 0 else 0.0

    ramps = 2 * scipy_integrate.quad(rising, 0, ramp, epsabs=1e-13, epsrel=1e-13)[0]
    flat = abs(1 - 2 * epsilon) * -height * math.log(height) if height != 1 else 0.0
    return ramps + flat - math.log(2 * epsilon)


@check("remark-3.6", cases=_LEVELS)
def closed_form(trial: Trial, case: tuple[int, float]) -> None:
    """The closed form against its definition, and against the trapezium integrated by hand."""
    dim, epsilon = case
    value = bounds.uniform_information(dim, epsilon)
    source = LazySource(Uniform(0, 1), dim=dim)
    trial.equal("closed form and E KL(P(Y | x) ‖ P(Y))", value, source.information(Uniform(-epsilon, epsilon)))
    trial.equal("closed form and the trapezium", value, dim * _by_hand(epsilon))
    trial.below("it stays below (6)", value, bounds.uniform_capacity(dim, epsilon))


@check("remark-3.6")
def approaches_the_bound(trial: Trial) -> None:
    """The shortfall vanishes with ε, like ε itself: I by the trapezium's integral, the bound by the noise's."""
    previous = math.inf
    for epsilon in (0.4, 0.1, 0.01, 1e-3):
        outer = entropy.differential_entropy(Uniform(-epsilon, 1 + epsilon))
        short = 3 * (outer - entropy.differential_entropy(Uniform(-epsilon, epsilon)) - _by_hand(epsilon))
        trial.below("the shortfall falls", short, previous)
        by_formula = bounds.uniform_capacity(3, epsilon) - bounds.uniform_information(3, epsilon)
        trial.equal(f"shortfall at ε={epsilon:g}, integrated and by formula", short, by_formula, tolerance=1e-11)
        trial.at_most("shortfall over dε", short / (3 * epsilon), 1.0)
        previous = short
    trial.at_most("0.99 and the shortfall over dε at ε = 1e-3", 0.99, previous / 3e-3)


@check("remark-3.6", cases={"below": 0.5 - 1e-9, "at": 0.5, "above": 0.5 + 1e-9})
def continuous_at_one_half(trial: Trial, epsilon: float) -> None:
    """The two branches meet at ε = ½, at ½ nat a coordinate."""
    trial.equal("closed form near ½ and the trapezium", bounds.uniform_information(1, epsilon), _by_hand(epsilon))
    trial.equal("the trapezium near ½ and ½ nat", _by_hand(epsilon), 0.5, tolerance=1e-8)


@check("remark-3.6", cases={"eps=0.1,keep=0.99": 0.1, "eps=0.4,keep=0.99": 0.4}, intervals=1)
def samples(trial: Trial, epsilon: float) -> None:
    """Nearly weakly invariant pairs, sampled: below the closed form by what the changed views cost (Δ = 0.02 nats)."""
    source, noise = LazySource(Uniform(0, 1), keep=0.99), Uniform(-epsilon, epsilon)
    found = sampled_information(trial, source, noise)
    expected = bounds.uniform_information(1, epsilon) - source.residual_information(noise)
    trial.within(
        "sampled information and closed form − cost", found.lower, found.upper, expected, delta=0.02, n=found.n
    )


_WRONG = {f"d={d},eps={e:g}": (d, e) for d, e in ((4, 0.1), (2, 0.3), (64, 0.01))}


@check("E4", role="printed", cases=_WRONG)
def bracket_taken_once(trial: Trial, case: tuple[int, float]) -> None:
    """I = d log(1+1/(2ε)) − (log(1+2ε) − ε), as printed."""
    dim, epsilon = case
    source, noise = LazySource(Uniform(0, 1), dim=dim), Uniform(-epsilon, epsilon)
    satisfies_all(trial, source, noise, *CLAIMS["E4"].satisfies[:4])
    trial.satisfies(CLAIMS["E4"].satisfies[4], source.divergence(Uniform(0, 1)) < 1e-12)
    trial.satisfies(CLAIMS["E4"].satisfies[5], epsilon < 0.5)
    printed = bounds.uniform_capacity(dim, epsilon) - (math.log1p(2 * epsilon) - epsilon)
    trial.equal("printed form and I(U; U+Z)", printed, dim * _by_hand(epsilon))


@check("E4", role="printed")
def bracket_of_smaller_order(trial: Trial) -> None:
    """The bracket log(1+2ε) − ε is o(ε), as printed: over ε it tends to 0."""
    # At small ε, by what it brackets: the bound less the trapezium's information, integrated.
    epsilon = 1e-3
    trial.at_most(
        "bracket over ε at ε = 1e-3", (bounds.uniform_capacity(1, epsilon) - _by_hand(epsilon)) / epsilon, 0.01
    )


@check("E4", role="corrected", cases=_WRONG)
def bracket_a_coordinate(trial: Trial, case: tuple[int, float]) -> None:
    """I = d log(1+1/(2ε)) − d(log(1+2ε) − ε)."""
    dim, epsilon = case
    corrected = bounds.uniform_capacity(dim, epsilon) - dim * (math.log1p(2 * epsilon) - epsilon)
    trial.equal("corrected form and I(U; U+Z)", corrected, dim * _by_hand(epsilon))
    trial.equal("and the closed form", corrected, bounds.uniform_information(dim, epsilon))
