"""Theorem 3.4: I(f(X′); Y) ≤ C = (d/2) log(1+1/σ²), equality iff f weakly invariant and f(X) ~ N(0, I), and its KL bound.

Hypotheses: Z ~ N(0, σ²I) independent of (X, X′); E f(X) = 0, Var f(X)_i = 1; P(X = X′ | X) > 0 for "only if".
Source: arXiv 2410.06993, Theorem 3.4, eq. (5). The sentences after it: test_errata_of_section_3_1.py.

The capacity against a log-determinant and an integral; the bound on laws that stress each hypothesis; equality both ways;
the same from Gaussian samples with exact chi-square intervals and from other samples with empirical-Bernstein ones.
"""

import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.laws import Law, Normal
from noisedim.theory.sources import GaussianSource, LazySource, Source
from noisedim.verification import Trial, check
from noisedim.verification.budget import BETA
from noisedim.verification.sampling import sampled_information
from noisedim.verification.scenarios import (
    STANDARDISED,
    STANDARDISED_TAILS,
    gaussian_pairs,
    planar_pairs,
    standardised_pairs,
)

_LEVELS = {f"d={dim},sigma={sigma:g}": (dim, sigma) for dim in (1, 2, 8, 64) for sigma in (0.01, 0.3, 1.0, 5.0)}


@check("theorem-3.4", cases=_LEVELS)
def capacity(trial: Trial, case: tuple[int, float]) -> None:
    """The capacity: as h(N(0, 1+σ²)) − h(N(0, σ²)) by quadrature, as a log-determinant, and back to σ."""
    dim, sigma = case
    value = bounds.gaussian_capacity(dim, sigma)
    trial.equal("C and d·I(X; X+Z) by quadrature", value, dim * entropy.channel_information(Normal(), Normal(0, sigma)))
    eye = np.eye(dim)
    joint = np.block([[(1 + sigma**2) * eye, eye], [eye, eye]])
    trial.equal("C and the log-determinants", value, entropy.gaussian_information(joint, dim))
    trial.equal("C in plain arithmetic", value, dim / 2 * math.log((1 + sigma**2) / sigma**2), floor=0.0)
    trial.equal("σ back from C", bounds.sigma_for_capacity(dim, value), sigma, floor=0.0)
    trial.equal("σ by its formula", bounds.sigma_for_capacity(dim, 1.5), (math.exp(3.0 / dim) - 1) ** -0.5, floor=0.0)


_PAIRS = {
    f"d={d},sigma={s:g},rho={r:g}": (d, s, r)
    for d, s, r in ((1, 0.05, 1), (2, 0.3, 0.9), (8, 1, 0.5), (64, 5, 0.99), (3, 0.1, 0), (2, 0.05, -0.999))
}


@check("theorem-3.4", cases=_PAIRS)
def correlated_pairs(trial: Trial, case: tuple[int, float, float]) -> None:
    """−(d/2) log(1 − ρ²/(1+σ²)) against log-determinants."""
    dim, sigma, rho = case
    value = bounds.correlated_gaussian_information(dim, sigma, rho)
    trial.equal(
        "closed form and log-determinants", value, GaussianSource.correlated(dim, rho).information(Normal(0, sigma))
    )
    plain = -dim / 2 * math.log(1 - rho**2 / (1 + sigma**2))
    trial.equal("closed form in plain arithmetic", value, plain, tolerance=1e-9, floor=1e-3)
    trial.at_most("information and capacity", value, bounds.gaussian_capacity(dim, sigma))


def _bounded(trial: Trial, source: Source, sigma: float, *, attained: bool) -> None:
    information, value = source.information(Normal(0, sigma)), bounds.gaussian_capacity(source.dim, sigma)
    if attained:
        trial.equal("I(f(X′); Y) and C, both conditions met", information, value)
    else:
        trial.below("I(f(X′); Y) and C, a condition not met", information, value, by=1e-9)


@check("theorem-3.4", cases=gaussian_pairs())
def gaussian(trial: Trial, case: tuple[Source, float]) -> None:
    """Gaussian pairs: equality exactly for the standard normal law with f(X) = f(X′)."""
    source, sigma = case
    assert isinstance(source, GaussianSource)
    trial.equal("Var f(X)_i = 1", float(np.abs(np.diag(source.covariance) - 1).max()), 0.0)
    standard = bool(np.array_equal(source.covariance, np.eye(source.dim)))
    _bounded(trial, source, sigma, attained=standard and source.weakly_invariant)


@check("theorem-3.4", cases=standardised_pairs(sigmas=(0.01, 1.0)))
def other_laws(trial: Trial, case: tuple[Source, float]) -> None:
    """Uniform, Laplace, clusters, atoms: strictly below unless normal and unchanged."""
    source, sigma = case
    normal = isinstance(source, LazySource) and isinstance(source.law, Normal)
    _bounded(trial, source, sigma, attained=normal and source.weakly_invariant)


@check("theorem-3.4", cases={f"{n},sigma={s:g}": (law, s) for n, law in STANDARDISED_TAILS.items() for s in (0.3, 1.0)})
def heavy_tails(trial: Trial, case: tuple[Law, float]) -> None:
    """Student's t with few degrees of freedom, f(X) = f(X′)."""
    law, sigma = case
    information = entropy.channel_information(law, Normal(0, sigma))
    trial.below("I(f(X′); Y) and C", information, bounds.gaussian_capacity(1, sigma))


@check("theorem-3.4", cases=planar_pairs(sigmas=(0.3,)) | planar_pairs(sigmas=(0.01,), views=("same",)))
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws in the plane that are no products, one with normal marginals and no correlation: strictly below C; the KL bound."""
    source, sigma = case
    _bounded(trial, source, sigma, attained=False)
    _kl_bound(trial, source, sigma)


@check("theorem-3.4", cases=gaussian_pairs())
def kl_bound_gaussian(trial: Trial, case: tuple[Source, float]) -> None:
    """KL(f(X) ‖ N(0, I)) ≤ I(Z; Y) − I(f(X′); Y) − d log σ, for Gaussian pairs; the slack is I(Y; f(X) | f(X′))."""
    source, sigma = case
    _kl_bound(trial, source, sigma)


@check(
    "theorem-3.4",
    cases={n: c for n, c in standardised_pairs(sigmas=(0.3,)).items() if math.isfinite(c[0].entropy())},
)
def kl_bound(trial: Trial, case: tuple[Source, float]) -> None:
    """The same for laws with a density."""
    source, sigma = case
    _kl_bound(trial, source, sigma)


def _kl_bound(trial: Trial, source: Source, sigma: float) -> None:
    noise = Normal(0, sigma)
    information, about_noise = source.information(noise), source.noise_information(noise)
    upper = bounds.gaussian_kl_upper_bound(about_noise, information, source.dim, sigma)
    divergence, terms = source.divergence(Normal()), max(abs(about_noise), source.dim * abs(math.log(sigma)))
    trial.at_most("KL(f(X) ‖ N(0, I)) and its bound", divergence, upper, slack=1e-9 * max(1.0, terms))
    trial.equal(
        "bound − KL and I(Y; f(X) | f(X′))", upper - divergence, source.residual_information(noise), terms=terms
    )


@check(
    "theorem-3.4",
    cases={
        f"d={d},sigma={s:g},rho={r:g}": (d, s, r)
        for d, s, r in ((1, 0.05, 0.999), (1, 1.0, 0.9), (2, 0.3, 0.95), (4, 1.0, 0.5), (8, 0.3, 0.99))
    },
    intervals=2,
)
def gaussian_samples(trial: Trial, case: tuple[int, float, float]) -> None:
    """I from samples of Gaussian pairs: ½d(log Var Y − log Var(Y | f(X′))), both by exact chi-square intervals."""
    dim, sigma, rho = case
    delta = 0.02
    # d/2 times the sum of two errors of log-variances is to be at most Δ, and β is split over the two.
    whole, given = (trial.chi_square_design(delta=delta / dim, beta=BETA / 2) for _ in range(2))
    rows = -(-whole.degrees // dim)
    source, squares = GaussianSource.correlated(dim, rho), np.zeros(2)
    for part in np.array_split(np.arange(rows), -(-rows // 100_000)):
        clean, other = source.sample(len(part), trial.rng)
        noisy = clean + sigma * trial.rng.standard_normal(clean.shape)
        squares += (noisy**2).sum(), ((noisy - rho * other) ** 2).sum()
    first, second = whole.interval(float(squares[0]), rows * dim), given.interval(float(squares[1]), rows * dim)
    lower, upper = (
        dim / 2 * (math.log(a) - math.log(b)) for a, b in ((first.lower, second.upper), (first.upper, second.lower))
    )
    expected = bounds.correlated_gaussian_information(dim, sigma, rho)
    trial.within("sampled information and its closed form", lower, upper, expected, delta=delta, n=rows)
    value = bounds.gaussian_capacity(dim, sigma)
    trial.sampled_at_most("sampled information and C", lower, upper, value, delta=delta, n=rows)


_SAMPLED = {
    f"{name},sigma={sigma:g},keep={keep:g}": (LazySource(STANDARDISED[name], keep=keep), sigma)
    for name, sigma, keep in (
        ("normal", 0.05, 0.9),
        ("normal", 1.0, 0.5),
        ("uniform", 0.05, 0.5),
        ("laplace", 0.3, 0.9),
        ("two-clusters", 0.05, 0.9),
        ("skewed-atoms", 0.3, 0.9),
        ("mostly-atoms", 0.3, 0.5),
    )
}


@check("theorem-3.4", cases=_SAMPLED, intervals=1)
def other_samples(trial: Trial, case: tuple[LazySource, float]) -> None:
    """I from samples of other laws, against its definition by quadrature and against the capacity (Δ = 0.02 nats)."""
    source, sigma = case
    noise = Normal(0, sigma)
    found = sampled_information(trial, source, noise)
    ends = found.lower, found.upper
    trial.within("sampled and integrated information", *ends, source.information(noise), delta=0.02, n=found.n)
    trial.sampled_at_most("sampled information and C", *ends, bounds.gaussian_capacity(1, sigma), delta=0.02, n=found.n)
