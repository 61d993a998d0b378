"""Lemma B.1: KL(Y ‖ N(0, (1+σ²)I)) = C − I(f(X′); Y) − I(Y; f(X) | f(X′)), so at most C − I.

Hypotheses: Z ~ N(0, σ²I) independent of (X, X′), E f(X) = 0, Var f(X)_i = 1; equality iff f is weakly invariant (given
P(X = X′ | X) > 0), for any law of f(X). The paper also asks for f(X) ~ N(0, I) (E1).
Source: arXiv 2410.06993, Lemma B.1.
"""

import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.claims import hypotheses as given
from noisedim.theory.laws import Law, Normal, Uniform
from noisedim.theory.sources import GaussianSource, LazySource, Source
from noisedim.verification import Trial, check
from noisedim.verification.hypotheses import satisfies_all
from noisedim.verification.scenarios import (
    ON_THE_UNIT_INTERVAL,
    STANDARDISED,
    covariance,
    gaussian_pairs,
    planar_pairs,
    standardised_pairs,
)

_ALWAYS = (given.DENSITIES, given.KEPT, given.WEAKLY_INVARIANT)


def _lemma(trial: Trial, source: Source, sigma: float) -> None:
    noise, reference = Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    upper = bounds.gaussian_noisy_kl_upper_bound(source.information(noise), source.dim, sigma)
    divergence, lost = source.noisy_divergence(noise, reference), source.residual_information(noise)
    terms = bounds.gaussian_capacity(source.dim, sigma)
    trial.at_most("KL(Y ‖ N) and C − I", divergence, upper, slack=1e-9 * max(1.0, terms))
    trial.equal("C − I and KL(Y ‖ N) + I(Y; f(X) | f(X′))", upper, divergence + lost, terms=terms)


@check("lemma-b.1", cases=gaussian_pairs())
def gaussian(trial: Trial, case: tuple[Source, float]) -> None:
    """Gaussian pairs, full covariances and rotations among them."""
    _lemma(trial, *case)


@check("lemma-b.1", cases=standardised_pairs(sigmas=(0.01, 0.3, 5.0)))
def other_laws(trial: Trial, case: tuple[Source, float]) -> None:
    """Other laws, with X′ = X always, half of the time, and never."""
    _lemma(trial, *case)


@check("lemma-b.1", cases=planar_pairs())
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws in the plane that are no products."""
    _lemma(trial, *case)


_ANY_LAW = {n: law for n, law in STANDARDISED.items() if n != "normal"}


@check(
    "E1",
    role="printed",
    cases={f"{name},gaussian-prior": STANDARDISED[name] for name in ("uniform", "laplace", "two-clusters")},
)
def strict_unless_normal(trial: Trial, law: Law) -> None:
    """KL < C − I for a weakly invariant encoder whose law is not normal, as Lemma B.1 prints it."""
    source, sigma = LazySource(law), 1.0
    satisfies_all(trial, source, Normal(0, sigma), *_ALWAYS, given.GAUSSIAN_NOISE, given.MOMENTS)
    divergence = source.noisy_divergence(Normal(0, sigma), Normal(0, math.hypot(1, sigma)))
    upper = bounds.gaussian_noisy_kl_upper_bound(source.information(Normal(0, sigma)), 1, sigma)
    trial.below("KL(Y ‖ N) and C − I", divergence, upper)


@check("E1", role="corrected", cases=_ANY_LAW)
def equal_for_any_law(trial: Trial, law: Law) -> None:
    """KL = C − I > 0 for any weakly invariant encoder, normal or not; and KL < C − I for one that is not."""
    sigma = 0.7
    noise, reference = Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    kept, moved = LazySource(law, dim=2), LazySource(law, dim=2, keep=0.8)
    divergence = kept.noisy_divergence(noise, reference)
    upper = bounds.gaussian_noisy_kl_upper_bound(kept.information(noise), 2, sigma)
    trial.equal("KL(Y ‖ N) and C − I", divergence, upper)
    trial.below("0 and KL: the law is not normal", 0.0, divergence, by=1e-4)
    loose = bounds.gaussian_noisy_kl_upper_bound(moved.information(noise), 2, sigma)
    trial.below("KL(Y ‖ N) and C − I, X′ ≠ X", divergence, loose, by=1e-3)


@check(
    "E1",
    role="printed",
    cases={"uniform,uniform-prior": (Uniform(0, 1), 0.25), "lower-half,uniform-prior": (Uniform(0, 0.5), 0.1)},
)
def strict_unless_lattice(trial: Trial, case: tuple[Law, float]) -> None:
    """KL < d log(1+1/(2ε)) − I for a weakly invariant encoder that is not U(A), as Lemma B.4 prints it."""
    law, epsilon = case
    source, noise = LazySource(law), Uniform(-epsilon, epsilon)
    satisfies_all(trial, source, noise, *_ALWAYS, given.UNIFORM_NOISE, given.UNIT_CUBE)
    upper = bounds.uniform_noisy_kl_upper_bound(source.information(noise), 1, epsilon)
    trial.below("KL(Y ‖ U) and the bound", source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon)), upper)


@check("E1", role="corrected", cases={f"{n},unit": law for n, law in ON_THE_UNIT_INTERVAL.items()})
def equal_on_the_unit_interval(trial: Trial, law: Law) -> None:
    """KL = d log(1+1/(2ε)) − I for any weakly invariant encoder into [0, 1], whether or not 1/ε is whole."""
    for epsilon in (0.25, 0.3):
        source, noise = LazySource(law), Uniform(-epsilon, epsilon)
        upper = bounds.uniform_noisy_kl_upper_bound(source.information(noise), 1, epsilon)
        trial.equal("KL(Y ‖ U) and the bound", source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon)), upper)


_CORRELATED = np.array([[1.0, 0.9], [0.9, 1.0]])


@check("E16", role="printed")
def reference_of_the_proof(trial: Trial) -> None:
    """The proof's KL(Y ‖ N(m, Σ)), Σ = Cov Y, is the lemma's KL(Y ‖ N(0, (1+σ²)I)), as its last lines take it."""
    satisfies_all(trial, GaussianSource.of(_CORRELATED), Normal(0, 1), *CLAIMS["E16"].satisfies)
    noisy = _CORRELATED + np.eye(2)
    zero = np.zeros(2)
    proof = entropy.gaussian_kl_divergence(zero, noisy, zero, noisy)
    trial.equal(
        "KL(Y ‖ N(m, Σ)) and KL(Y ‖ N(0, (1+σ²)I))",
        proof,
        entropy.gaussian_kl_divergence(zero, noisy, zero, 2 * np.eye(2)),
    )


@check("E16", role="corrected", cases={f"d={dim}": dim for dim in (2, 8, 64)})
def missing_term(trial: Trial, dim: int) -> None:
    """What the proof leaves out, KL(N(0, Σ) ‖ N(0, (1+σ²)I)), is exactly the entropy difference that it bounds by 0."""
    full, sigma = covariance(dim, seed=dim), 0.7
    noisy, wide = full + sigma**2 * np.eye(dim), (1 + sigma**2) * np.eye(dim)
    zero = np.zeros(dim)
    left_out = entropy.gaussian_kl_divergence(zero, noisy, zero, wide)
    trial.equal(
        "KL(N(0, Σ) ‖ N(0, (1+σ²)I)) and h − h",
        left_out,
        entropy.gaussian_entropy(wide) - entropy.gaussian_entropy(noisy),
    )
    trial.below("0 and the term, Σ not diagonal", 0.0, left_out, by=1e-3)
    source = GaussianSource.of(full)
    upper = bounds.gaussian_noisy_kl_upper_bound(source.information(Normal(0, sigma)), dim, sigma)
    trial.equal(
        "the lemma's own equality still holds",
        source.noisy_divergence(Normal(0, sigma), Normal(0, math.hypot(1, sigma))),
        upper,
    )
