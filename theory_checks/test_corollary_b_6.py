"""Corollary B.6: KL(f(X) ‖ U[0, 1]^d) ≤ I(Z; Y) − I(f(X′); Y) − d log 2ε; the slack is I(Y; f(X) | f(X′)).

Hypotheses: those of Theorem 3.5's bound, h(f(X)) finite.
Source: arXiv 2410.06993, Corollary B.6.
"""

import math

from noisedim.theory import bounds
from noisedim.theory.laws import Uniform
from noisedim.theory.sources import LazySource, Source
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import ON_THE_UNIT_INTERVAL, block_pairs

_LEVELS = {
    "uniform": ((0.01, 1.0), (0.5, 0.5)),
    "lower-half": ((0.25, 1.0), (2.0, 0.0)),
    "two-blocks": ((0.25, 0.5), (2.0, 1.0)),
}
_CASES = {
    f"{name},eps={epsilon:.3g},keep={keep:g}": (LazySource(ON_THE_UNIT_INTERVAL[name], dim=2, keep=keep), epsilon)
    for name, levels in _LEVELS.items()
    for epsilon, keep in levels
}


@check("corollary-b.6", cases=_CASES)
def bound_and_slack(trial: Trial, case: tuple[LazySource, float]) -> None:
    """The bound of Theorem 3.5 and what it leaves."""
    source, epsilon = case
    noise, dim = Uniform(-epsilon, epsilon), source.dim
    about_noise, information = source.noise_information(noise), source.information(noise)
    direct = bounds.uniform_kl_upper_bound(about_noise, information, dim, epsilon)
    divergence = source.divergence(Uniform(0, 1))
    trial.equal("bound and KL + I(Y; f(X) | f(X′))", direct, divergence + source.residual_information(noise))
    trial.at_most("KL and the bound", divergence, direct)


@check("corollary-b.6", cases=block_pairs(epsilons=(0.25,)))
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws on the square that are no products: I(Z; Y) as a double integral, to about 1e-6."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    upper = bounds.uniform_kl_upper_bound(source.noise_information(noise), source.information(noise), 2, epsilon)
    divergence = source.divergence(Uniform(0, 1))
    lost = source.residual_information(noise)
    trial.equal("bound and KL + I(Y; f(X) | f(X′))", upper, divergence + lost, tolerance=1e-5)
    trial.at_most("KL and the bound", divergence, upper, slack=1e-5)


@check("corollary-b.6")
def atoms(trial: Trial) -> None:
    """With an atom both sides are infinite: the bound is empty, not wrong."""
    source = LazySource(ON_THE_UNIT_INTERVAL["atoms-and-uniform"])
    about_noise = source.noise_information(Uniform(-0.25, 0.25))
    trial.equal("KL(f(X) ‖ U)", source.divergence(Uniform(0, 1)), math.inf)
    trial.equal("its bound", bounds.uniform_kl_upper_bound(about_noise, 0.5, 1, 0.25), math.inf)
