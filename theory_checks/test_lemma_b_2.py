"""Lemma B.2: KL(Y ‖ N(0, (1+σ²)I)) ≤ KL(f(X) ‖ N(0, I)) = KL(Y ‖ N(0, (1+σ²)I)) + I(Z; Y) − (d/2) log(1+σ²).

Hypotheses: Z ~ N(0, σ²I) independent of X, E f(X) = 0, Var f(X)_i = 1, h(f(X)) finite.
Source: arXiv 2410.06993, Lemma B.2.
"""

import math

from noisedim.theory import entropy
from noisedim.theory.laws import Law, Normal
from noisedim.theory.sources import GaussianSource, LazySource
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED, STANDARDISED_TAILS, covariance

_LAWS = {n: law for n, law in {**STANDARDISED, **STANDARDISED_TAILS}.items() if not law.atoms}
_CASES = {f"{name},sigma={sigma:g}": (law, sigma) for name, law in _LAWS.items() for sigma in (0.3, 1.0, 5.0)} | {
    f"{name},sigma=0.05": (_LAWS[name], 0.05) for name in ("normal", "uniform", "laplace", "two-clusters")
}


@check("lemma-b.2", cases=_CASES)
def product_laws(trial: Trial, case: tuple[Law, float]) -> None:
    """Independent coordinates: every term by its own integral."""
    law, sigma = case
    dim, noise = 3, Normal(0, sigma)
    source = LazySource(law, dim=dim)
    clean, noisy = source.divergence(Normal()), source.noisy_divergence(noise, Normal(0, math.hypot(1, sigma)))
    about_noise = source.noise_information(noise)
    trial.at_most("KL(Y ‖ N(0, (1+σ²)I)) and KL(f(X) ‖ N(0, I))", noisy, clean)
    right = noisy + about_noise - dim / 2 * math.log1p(sigma**2)
    trial.equal("KL(f(X) ‖ N(0, I)) and its three terms", clean, right, terms=about_noise)


@check("lemma-b.2", cases={f"d={d},sigma={s:g}": (d, s) for d, s in ((2, 0.05), (8, 0.3), (64, 1.0), (8, 5.0))})
def full_covariance(trial: Trial, case: tuple[int, float]) -> None:
    """Normal laws with full covariance and unit variances: log-determinants."""
    dim, sigma = case
    source, noise = GaussianSource.of(covariance(dim, seed=dim)), Normal(0, sigma)
    clean, noisy = source.divergence(Normal()), source.noisy_divergence(noise, Normal(0, math.hypot(1, sigma)))
    about_noise = source.noise_information(noise)
    trial.at_most("KL(Y ‖ N(0, (1+σ²)I)) and KL(f(X) ‖ N(0, I))", noisy, clean)
    right = noisy + about_noise - dim / 2 * math.log1p(sigma**2)
    trial.equal("KL(f(X) ‖ N(0, I)) and its three terms", clean, right, terms=about_noise)


@check("lemma-b.2", cases={f"sigma={sigma:g}": sigma for sigma in (0.05, 0.3, 1.0, 5.0)})
def noise_information_of_the_prior(trial: Trial, sigma: float) -> None:
    """I(Z; Y) at the prior is (1/2) log(1+σ²) a coordinate, so both divergences vanish there together."""
    trial.equal(
        "I(Z; Y) and ½ log(1+σ²)", entropy.noise_information(Normal(), Normal(0, sigma)), math.log1p(sigma**2) / 2
    )
