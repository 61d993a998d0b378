"""Corollary B.3: KL(f(X) ‖ N(0, I)) ≤ I(Z; Y) − I(f(X′); Y) − d log σ; the slack is I(Y; f(X) | f(X′)).

Hypotheses: those of Theorem 3.4, h(f(X)) finite.
Source: arXiv 2410.06993, Corollary B.3.

Every term by its own integral, and once with an atom, where both sides are infinite.
"""

import math

from noisedim.theory import bounds
from noisedim.theory.laws import Normal
from noisedim.theory.sources import GaussianSource, LazySource, Source
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED, covariance, planar_pairs

_LEVELS = {
    "normal": ((0.3, 1.0), (0.3, 0.5)),
    "uniform": ((0.01, 0.5), (0.3, 1.0), (1.0, 0.0)),
    "laplace": ((0.3, 0.5), (5.0, 1.0)),
    "two-clusters": ((0.01, 0.5), (0.3, 1.0), (5.0, 0.9)),
}
_CASES: dict[str, tuple[Source, float]] = {
    f"{name},sigma={sigma:g},keep={keep:g}": (LazySource(STANDARDISED[name], dim=2, keep=keep), sigma)
    for name, levels in _LEVELS.items()
    for sigma, keep in levels
}
for _dim, _rho in ((2, 0.9), (16, 0.5), (64, 0.99)):
    _full = covariance(_dim, seed=_dim)
    _CASES[f"full,d={_dim},rho={_rho:g}"] = GaussianSource.of(_full, _rho * _full), 0.3
_CASES.update(planar_pairs(sigmas=(0.3,)))


@check("corollary-b.3", cases=_CASES)
def bound_and_slack(trial: Trial, case: tuple[Source, float]) -> None:
    """The bound of Theorem 3.4 and what it leaves."""
    source, sigma = case
    noise, dim = Normal(0, sigma), source.dim
    about_noise, information = source.noise_information(noise), source.information(noise)
    direct = bounds.gaussian_kl_upper_bound(about_noise, information, dim, sigma)
    terms = max(about_noise, dim / 2 * math.log1p(1 / sigma**2))
    divergence = source.divergence(Normal())
    trial.equal(
        "bound and KL + I(Y; f(X) | f(X′))", direct, divergence + source.residual_information(noise), terms=terms
    )
    trial.at_most("KL and the bound", divergence, direct, slack=1e-9 * max(1.0, terms))


@check("corollary-b.3")
def atoms(trial: Trial) -> None:
    """With an atom both sides are infinite: the bound is empty, not wrong."""
    source = LazySource(STANDARDISED["mostly-atoms"])
    about_noise = source.noise_information(Normal(0, 0.3))
    trial.equal("KL(f(X) ‖ N(0, I))", source.divergence(Normal()), math.inf)
    trial.equal("its bound", bounds.gaussian_kl_upper_bound(about_noise, 0.5, 1, 0.3), math.inf)
