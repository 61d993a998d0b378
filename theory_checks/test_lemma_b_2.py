"""Lemma B.2: KL(Y ‖ N(0, (1+σ²)I)) ≤ KL(f(X) ‖ N(0, I)) = KL(Y ‖ N(0, (1+σ²)I)) + I(Z; Y) − (d/2) log(1+σ²).

Hypotheses: Z ~ N(0, σ²I) independent of X, E f(X) = 0, Var f(X)_i = 1, h(f(X)) finite.
Source: arXiv 2410.06993, Lemma B.2.
"""

import math

import numpy as np

from noisedim.theory import entropy
from noisedim.theory.laws import Law, Normal
from noisedim.theory.sources import GaussianSource, LazySource, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED, STANDARDISED_TAILS, covariance, planar_pairs

_LAWS = {n: law for n, law in STANDARDISED.items() if not law.atoms}
_CASES = {f"{name},sigma={sigma:g}": (law, sigma) for name, law in _LAWS.items() for sigma in (0.01, 0.3, 1.0, 5.0)} | {
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
    apart = source.noisy_entropy(noise) - source.entropy()
    trial.equal("E_z KL(f(X)+z ‖ Y) and h(Y) − h(f(X))", about_noise, apart, terms=abs(source.entropy()))


@check(
    "lemma-b.2", cases={f"t{degrees:g},sigma={sigma:g}": (degrees, sigma) for degrees, sigma in ((5, 0.3), (3, 0.3))}
)
def heavy_tails(trial: Trial, case: tuple[float, float]) -> None:
    """Student's t, whose sum with the noise is an integral itself: I(Z; Y) from 12 values of the noise, to about 1e-6."""
    degrees, sigma = case
    law, noise = STANDARDISED_TAILS[f"t{degrees}"], Normal(0, sigma)
    total = add(law, noise)
    clean = entropy.kl_divergence(law, Normal())
    noisy = entropy.kl_divergence(total, Normal(0, math.hypot(1, sigma)))
    places, weights = np.polynomial.hermite_e.hermegauss(12)
    about_noise = math.fsum(
        w * entropy.kl_divergence(law.shifted(sigma * z), total, tolerance=1e-8)
        for z, w in zip(places, weights / weights.sum(), strict=True)
    )
    right = noisy + about_noise - math.log1p(sigma**2) / 2
    trial.equal("KL(f(X) ‖ N(0, 1)) and its three terms", clean, right, tolerance=1e-5)
    trial.at_most("KL(Y ‖ N(0, 1+σ²)) and KL(f(X) ‖ N(0, 1))", noisy, clean)


@check("lemma-b.2", cases=planar_pairs(sigmas=(0.01, 0.7), views=("same",)))
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws in the plane that are no products: I(Z; Y) as a double integral."""
    source, sigma = case
    noise = Normal(0, sigma)
    clean, noisy = source.divergence(Normal()), source.noisy_divergence(noise, Normal(0, math.hypot(1, sigma)))
    right = noisy + source.noise_information(noise) - math.log1p(sigma**2)
    trial.at_most("KL(Y ‖ N(0, (1+σ²)I)) and KL(f(X) ‖ N(0, I))", noisy, clean)
    trial.equal("KL(f(X) ‖ N(0, I)) and its three terms", clean, right)


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
    mean = LazySource(Normal()).noise_information(Normal(0, sigma))
    trial.equal("E_z KL(f(X)+z ‖ Y) and ½ log(1+σ²)", mean, math.log1p(sigma**2) / 2)
