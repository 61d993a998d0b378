"""Theorem 3.4: I(f(X′); Y) ≤ C = (d/2) log(1+1/σ²), equality iff f weakly invariant and f(X) ~ N(0, I), and its KL bound.

Hypotheses: Z ~ N(0, σ²I) independent of (X, X′); E f(X) = 0, Var f(X)_i = 1; P(X = X′ | X) > 0 for "only if".
Source: arXiv 2410.06993, Theorem 3.4, eq. (5).

The capacity against a log-determinant and an integral; the bound on laws that stress each hypothesis; equality both ways;
the same from Gaussian samples with exact chi-square intervals and from other samples with empirical-Bernstein ones.
"""

import itertools
import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.laws import Law, Normal
from noisedim.theory.sources import GaussianSource, LazySource, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.budget import BETA
from noisedim.verification.sampling import sampled_information
from noisedim.verification.scenarios import (
    STANDARDISED,
    STANDARDISED_TAILS,
    covariance,
    gaussian_pairs,
    standardised_pairs,
)

_LEVELS = {f"d={dim},sigma={sigma:g}": (dim, sigma) for dim in (1, 2, 8, 64) for sigma in (0.05, 0.3, 1.0, 5.0)}


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


@check("theorem-3.4", cases=standardised_pairs(sigmas=(0.05, 1.0)))
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


def _copula_entropy(sigma: float) -> tuple[float, float]:
    """h(Y) and KL(Y ‖ N(0, (1+σ²)I)) for N(0, 1) marginals, no correlation, and a joint law that is not normal.

    f(X) is an equal mixture of normal laws with correlations ±0.8. On the diagonals the parts are products; the
    trapezoid rule converges exponentially for such densities.
    """
    wide, narrow = math.sqrt(1.8 + sigma**2), math.sqrt(0.2 + sigma**2)
    step, reach = narrow / 12, 11 * wide
    grid = np.arange(-reach, reach + step, step)
    one, two = Normal(0, wide).density(grid), Normal(0, narrow).density(grid)
    density = (np.outer(one, two) + np.outer(two, one)) / 2
    logs = np.log(np.maximum(density, 1e-300))
    h = -float((density * logs).sum()) * step * step
    variance = 1 + sigma**2
    log_reference = -math.log(2 * math.pi * variance) - np.add.outer(grid**2, grid**2) / (2 * variance)
    return h, float((density * (logs - log_reference)).sum()) * step * step


@check("theorem-3.4", cases={f"sigma={sigma:g}": sigma for sigma in (0.05, 0.3, 1.0)})
def normal_marginals(trial: Trial, sigma: float) -> None:
    """Standard normal marginals without correlation, but not jointly normal: strictly below the capacity."""
    h, divergence = _copula_entropy(sigma)
    information = h - 2 * entropy.differential_entropy(Normal(0, sigma))
    value = bounds.gaussian_capacity(2, sigma)
    trial.below("I(f(X′); Y) and C", information, value, by=1e-3)
    trial.equal("C − I and KL(Y ‖ N(0, (1+σ²)I))", value - information, divergence)


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


@check("E9", role="printed")
def normal_iff_normal(trial: Trial) -> None:
    """f(X)+Z is normal when f(X) is, whatever Z of finite variance, as printed: then its divergence to N is 0."""
    from noisedim.theory.laws import Uniform

    noisy = add(Normal(), Uniform(-1, 1))
    gap = entropy.kl_divergence(noisy, Normal(0, math.sqrt(noisy.variance)))
    trial.equal("KL of N(0, 1) + U[−1, 1] to the normal law of its moments, and 0", gap, 0.0)


@check(
    "E9",
    role="corrected",
    cases={name: STANDARDISED[name] for name in ("normal", "uniform", "laplace", "rademacher", "two-clusters")},
)
def gaussian_noise_alone(trial: Trial, law: Law) -> None:
    """With Gaussian Z the sum is normal iff f(X) is."""
    gap = entropy.kl_divergence(add(law, Normal(0, 0.5)), Normal(0, math.sqrt(1.25)))
    if isinstance(law, Normal):
        trial.equal("KL of the sum to its normal law", gap, 0.0)
    else:
        trial.below("0 and KL of the sum to its normal law", 0.0, gap)


@check("E14", role="printed")
def bounded_noise_information(trial: Trial) -> None:
    """I(Z; f(X)+Z) is finite where the support of f(X) is all of the line, as printed."""
    from noisedim.theory.laws import Atoms, Mixture

    law = Mixture((Normal(), Atoms((0.0,))), (0.99, 0.01))
    trial.below("I(Z; f(X)+Z) and infinity", LazySource(law).noise_information(Normal(0, 1)), math.inf)


@check("E14", role="corrected")
def infinite_noise_information(trial: Trial) -> None:
    """An atom of mass p: I(Z; f(X)+W+Z) with a little uniform W of width w grows as p·log(1/w), without end."""
    from noisedim.theory.laws import Mixture, Uniform

    noise, mass, widths = Normal(0, 1), 0.01, (1e-4, 1e-6, 1e-8)
    values = []
    for width in widths:
        law = Mixture((Normal(), Uniform(-width / 2, width / 2)), (1 - mass, mass))
        values.append(entropy.noise_information(law, noise))
    for less, more in itertools.pairwise(values):
        # Each hundredth of the width adds p·log 100, up to what the normal part hides.
        trial.below("narrower, more informative on the noise", less, more, by=0.9 * mass * math.log(100))
    full = covariance(3, seed=3)
    trial.equal(
        "finite with a density",
        GaussianSource.of(full).noise_information(Normal(0, 1)),
        entropy.gaussian_entropy(full + np.eye(3)) - entropy.gaussian_entropy(full),
    )


@check("E8", role="printed", cases={f"sigma={sigma:g}": sigma for sigma in (0.1, 0.3)})
def attainable_with_noisy_views(trial: Trial, sigma: float) -> None:
    """The capacity is attained with additive Gaussian noise of 0.6 as augmentation, by the best linear scalar encoder."""
    rho = 1 / math.sqrt(1 + 0.6**2)
    trial.equal(
        "I(f(X′); Y) and C", bounds.correlated_gaussian_information(1, sigma, rho), bounds.gaussian_capacity(1, sigma)
    )


@check("E8", role="corrected", cases={f"sigma={sigma:g}": sigma for sigma in (1e-6, 0.01, 0.1, 0.3, 1.0, 5.0)})
def out_of_reach(trial: Trial, sigma: float) -> None:
    """With X′ = X + 0.6·N and X ~ N(0, 1), no noise level of the channel lets a linear encoder pass ½ log(1 + 1/0.36)."""
    source = GaussianSource.of([[1.0]], [[1.0]], [[1.36]])
    information, most = source.information(Normal(0, sigma)), math.log(1 + 1 / 0.36) / 2
    trial.at_most("I(f(X′); Y) and 0.665 nats", information, most)
    trial.equal(
        "I and its closed form", information, bounds.correlated_gaussian_information(1, sigma, 1 / math.sqrt(1.36))
    )
    trial.equal("P(X = X′)", source.keeps, 0.0)
    trial.below("0 and what the views cost", 0.0, source.residual_information(Normal(0, sigma)))
