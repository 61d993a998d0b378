"""Lemma 3.1: I(f(X′); Y) = h(Y) − h(Z) − I(Y; f(X) | f(X′)), Y = f(X)+Z.

Hypotheses: Z independent of (X, X′), h(Z) finite. The paper also asks for densities throughout (E12).
Source: arXiv 2410.06993, Lemma 3.1.

Each of the four is computed from its own definition: the information as a mean divergence over values of f(X′), the
conditional one as a mean entropy, the entropies by quadrature. Then the information once more from samples.
"""

import math

import numpy as np
from scipy import stats

from noisedim.theory import entropy
from noisedim.theory.laws import Law, Mixture, Normal, Uniform
from noisedim.theory.sources import DiscreteSource, GaussianSource, LazySource, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.sampling import sampled_information
from noisedim.verification.scenarios import (
    ON_THE_UNIT_INTERVAL,
    STANDARDISED,
    gaussian_pairs,
    lattice,
    standardised_pairs,
    unit_pairs,
)


def _identity(trial: Trial, source: Source, noise: Law) -> None:
    information, lost = source.information(noise), source.residual_information(noise)
    sides = source.noisy_entropy(noise) - source.noise_entropy(noise)
    terms = max(abs(source.noisy_entropy(noise)), abs(source.noise_entropy(noise)))
    trial.equal("I(f(X′); Y) + I(Y; f(X) | f(X′)) and h(Y) − h(Z)", information + lost, sides, terms=terms)
    trial.at_most("0 and I(Y; f(X) | f(X′))", 0.0, lost)
    trial.at_most("0 and I(f(X′); Y)", 0.0, information)


@check("lemma-3.1", cases=gaussian_pairs())
def gaussian(trial: Trial, case: tuple[Source, float]) -> None:
    """Jointly Gaussian pairs by log-determinants."""
    source, sigma = case
    _identity(trial, source, Normal(0, sigma))


@check("lemma-3.1", cases=standardised_pairs(sigmas=(0.3, 1.0, 5.0)))
def gaussian_noise(trial: Trial, case: tuple[Source, float]) -> None:
    """Other laws, atoms among them, through Gaussian noise."""
    source, sigma = case
    _identity(trial, source, Normal(0, sigma))


@check("lemma-3.1", cases=unit_pairs(epsilons=(0.05, 1 / 3, 0.5)))
def uniform_noise(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws on [0, 1], atoms among them, through uniform noise."""
    source, epsilon = case
    _identity(trial, source, Uniform(-epsilon, epsilon))


@check("lemma-3.1", cases={**gaussian_pairs(), **standardised_pairs(sigmas=(1.0,)), **unit_pairs(epsilons=(0.25,))})
def pointwise(trial: Trial, case: tuple[Source, float]) -> None:
    """The pointwise information at a few points: of Gaussian vectors by their joint density, of others by sums."""
    source, level = case
    rng = np.random.default_rng(0)
    clean, other = source.sample(4, rng)
    if isinstance(source, GaussianSource):
        noise: Law = Normal(0, level)
        noisy = clean + level * rng.standard_normal(clean.shape)
        spread = source.covariance + level**2 * np.eye(source.dim)
        joint = np.block([[spread, source.cross], [source.cross.T, source.other]])
        zero = np.zeros(source.dim)
        for x, y, found in zip(other, noisy, source.pointwise_information(other, noisy, noise), strict=True):
            both = stats.multivariate_normal(np.zeros(2 * source.dim), joint).logpdf(np.concatenate([y, x]))
            apart = stats.multivariate_normal(zero, spread).logpdf(y)
            apart += stats.multivariate_normal(zero, source.other).logpdf(x)
            trial.equal("log p(x′, y) − log p(x′) p(y)", found, both - apart, terms=abs(both))
        axes = np.linalg.eigvalsh(source.covariance)
        entropies = math.fsum(math.log(2 * math.pi * math.e * axis) / 2 for axis in axes)
        trial.equal("h(f(X)) and the sum over axes", source.entropy(), entropies)
    elif isinstance(source, LazySource):
        noise = Uniform(-level, level) if source.law in ON_THE_UNIT_INTERVAL.values() else Normal(0, level)
        noisy = clean + source.sample_noise(noise, 4, rng)
        marginal = add(source.law, noise)
        found = source.pointwise_information(other, noisy, noise)
        for i in range(4):
            plain = 0.0
            for x, y in zip(other[i], noisy[i], strict=True):
                here, p = (float(law.density(np.array([y]))[0]) for law in (noise.shifted(x), marginal))
                value = source.keep * here / p + 1 - source.keep
                plain += math.log(value) if value > 0 else -math.inf
            trial.equal("sum of log(k·p(y | x)/p(y) + 1 − k)", found[i], plain)
    else:
        trial.holds("finite sources are checked in Remark 2.5", isinstance(source, DiscreteSource))


_SAMPLED: dict[str, tuple[LazySource, Law]] = {
    "uniform,sigma=0.3,keep=0.5": (LazySource(STANDARDISED["uniform"], keep=0.5), Normal(0, 0.3)),
    "two-clusters,sigma=0.3,keep=0.5": (LazySource(STANDARDISED["two-clusters"], keep=0.5), Normal(0, 0.3)),
    "laplace,sigma=1,keep=0.5": (LazySource(STANDARDISED["laplace"], keep=0.5), Normal(0, 1)),
    "rademacher,sigma=0.3,keep=0.5": (LazySource(STANDARDISED["rademacher"], keep=0.5), Normal(0, 0.3)),
    "atoms-and-uniform,eps=0.25,keep=0.5": (
        LazySource(ON_THE_UNIT_INTERVAL["atoms-and-uniform"], keep=0.5),
        Uniform(-0.25, 0.25),
    ),
    "uniform,eps=0.1,keep=0.5": (LazySource(ON_THE_UNIT_INTERVAL["uniform"], keep=0.5), Uniform(-0.1, 0.1)),
    "lattice,eps=0.25,keep=0.9": (LazySource(lattice(0.25), keep=0.9), Uniform(-0.25, 0.25)),
}


@check("lemma-3.1", cases=_SAMPLED, intervals=1)
def sampled(trial: Trial, case: tuple[LazySource, Law]) -> None:
    """h(Y) − h(Z) − I(Y; f(X) | f(X′)), by quadrature, from pairs drawn as a user would meet them (Δ = 0.02 nats)."""
    source, noise = case
    found = sampled_information(trial, source, noise)
    right = (
        entropy.differential_entropy(add(source.law, noise))
        - entropy.differential_entropy(noise)
        - source.residual_information(noise)
    )
    what = "sampled information and the three entropies"
    trial.within(what, found.lower, found.upper, right, delta=0.02, n=found.n)


@check("E12", role="printed")
def attained_with_a_density(trial: Trial) -> None:
    """Under Lemma 3.1's hypotheses (densities) Theorem 3.5's bound can be attained, as the two together say."""
    epsilon = 0.25
    # Ever narrower blocks around the lattice {0, ½, 1}: the best that laws with a density do, and they stay below.
    best = max(entropy.channel_information(_blocks(width), Uniform(-epsilon, epsilon)) for width in (0.1, 0.01, 0.001))
    trial.equal("best information of laws with a density, and the bound", best, math.log(1 + 1 / (2 * epsilon)))


@check("E12", role="corrected", cases={"eps=0.25": 0.25, "eps=0.5": 0.5, "eps=0.05": 0.05})
def attained_by_atoms(trial: Trial, epsilon: float) -> None:
    """Lemma 3.1 holds for the lattice, which has no density, and the bound (6) is attained by it alone."""
    noise, source = Uniform(-epsilon, epsilon), LazySource(lattice(epsilon))
    _identity(trial, source, noise)
    bound = math.log(1 + 1 / (2 * epsilon))
    trial.equal("I(f(X′); Y) and the bound", source.information(noise), bound)
    if epsilon == 0.25:
        values = [entropy.channel_information(_blocks(width), noise) for width in (0.2, 0.1, 0.01, 0.001)]
        for less, more in zip(values, [*values[1:], bound], strict=True):
            trial.below("narrower blocks send more, and less than the bound", less, more)


def _blocks(width: float) -> Law:
    """A law with a density near {0, ½, 1}."""
    parts = (Uniform(0, width), Uniform(0.5 - width / 2, 0.5 + width / 2), Uniform(1 - width, 1))
    return Mixture(parts)
