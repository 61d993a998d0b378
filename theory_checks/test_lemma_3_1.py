"""Lemma 3.1: I(f(X′); Y) = h(Y) − h(Z) − I(Y; f(X) | f(X′)), Y = f(X)+Z.

Hypotheses: Z independent of (X, X′), h(Z) finite. The paper also asks for densities throughout (E12).
Source: arXiv 2410.06993, Lemma 3.1.

Each of the four is computed from its own definition: both informations as mean divergences, in which no entropy occurs, the
entropies by quadrature. Then the information once more from samples.
"""

import math

import numpy as np
from scipy import stats

from noisedim.theory import entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Law, Mixture, Normal, Uniform
from noisedim.theory.sources import DiscreteSource, GaussianSource, LazySource, PlanarMixture, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.hypotheses import satisfies_all
from noisedim.verification.sampling import sampled_information
from noisedim.verification.scenarios import (
    ON_THE_UNIT_INTERVAL,
    STANDARDISED,
    block_pairs,
    gaussian_pairs,
    lattice,
    planar_pairs,
    standardised_pairs,
    unit_pairs,
)
from noisedim.verification.trial import EXACT

# What the double integrals over blocks and uniform noise reach.
_DOUBLE = 1e-5


def _identity(trial: Trial, source: Source, noise: Law, *, tolerance: float = EXACT) -> None:
    information, lost = source.information(noise), source.residual_information(noise)
    sides = source.noisy_entropy(noise) - source.noise_entropy(noise)
    terms = max(abs(source.noisy_entropy(noise)), abs(source.noise_entropy(noise)))
    words = "I(f(X′); Y) + I(Y; f(X) | f(X′)) and h(Y) − h(Z)"
    trial.equal(words, information + lost, sides, terms=terms, tolerance=tolerance)
    trial.at_most("0 and I(Y; f(X) | f(X′))", 0.0, lost)
    trial.at_most("0 and I(f(X′); Y)", 0.0, information)


@check("lemma-3.1", cases=gaussian_pairs())
def gaussian(trial: Trial, case: tuple[Source, float]) -> None:
    """Jointly Gaussian pairs by log-determinants."""
    source, sigma = case
    _identity(trial, source, Normal(0, sigma))


@check("lemma-3.1", cases=standardised_pairs(sigmas=(0.01, 0.3, 5.0)))
def gaussian_noise(trial: Trial, case: tuple[Source, float]) -> None:
    """Other laws, atoms among them, through Gaussian noise."""
    source, sigma = case
    _identity(trial, source, Normal(0, sigma))


@check("lemma-3.1", cases=unit_pairs(epsilons=(0.05, 1 / 3)))
def uniform_noise(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws on [0, 1], atoms among them, through uniform noise."""
    source, epsilon = case
    _identity(trial, source, Uniform(-epsilon, epsilon))


def _unit_lazy() -> dict[str, tuple[Source, float]]:
    return {n: case for n, case in unit_pairs(epsilons=(0.25,)).items() if isinstance(case[0], LazySource)}


@check("lemma-3.1", cases={**planar_pairs(sigmas=(0.01, 1.0)), **block_pairs(epsilons=(0.1,))})
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws in the plane that are no products: copulas, rotated components, rings."""
    source, level = case
    if isinstance(source, PlanarMixture):
        _identity(trial, source, Normal(0, level))
    else:
        _identity(trial, source, Uniform(-level, level), tolerance=_DOUBLE if source.weakly_invariant else EXACT)


@check("lemma-3.1", cases={**gaussian_pairs(), **standardised_pairs(sigmas=(1.0,)), **_unit_lazy()})
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
        assert isinstance(source, DiscreteSource)
        joint, points = source.joint, np.array([place for place, _ in source.law.atoms])
        noisy = clean + source.sample_noise(Normal(0, level), 4, rng)
        found = source.pointwise_information(other, noisy, Normal(0, level))
        for i in range(4):
            plain = 0.0
            for x, y in zip(other[i], noisy[i], strict=True):
                heights = np.exp(-((y - points) ** 2) / (2 * level**2))
                column = joint[:, source.others.index(x)]
                plain += math.log(column @ heights / column.sum()) - math.log(joint.sum(1) @ heights)
            trial.equal("log of sums over atoms", found[i], plain)


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


# Densities of at most M on [0, 1], with atoms nowhere: f(X) near the lattice {0, ½, 1}, in blocks of width 1/M at least.
_DENSE = {f"M={bound:g}": bound for bound in (2.0, 4.0, 40.0, 400.0)}


def _least_shortfall(bound: float, epsilon: float) -> float:
    """What log(1 + 1/(2ε)) − I is at least for every f(X) of density at most ``bound``, f(X) = f(X′): nats.

    The shortfall is KL(Y ‖ U[−ε, 1+ε]). Y's density at −ε + t is at most ``bound``·t/(2ε), so P(Y < −ε + t) ≤
    ``bound``·t²/(4ε), and the divergence is at least that of the two events, by data processing.
    """
    best = 0.0
    for t in np.geomspace(1e-4, 1, 400) * epsilon / bound:
        least, uniform = bound * t * t / (4 * epsilon), t / (1 + 2 * epsilon)
        if least < uniform:
            found = least * math.log(least / uniform) + (1 - least) * math.log((1 - least) / (1 - uniform))
            best = max(best, found)
    return best


@check("E12", role="printed", cases=_DENSE)
def attained_with_a_density(trial: Trial, bound: float) -> None:
    """Under Lemma 3.1's densities (6) holds with equality for some f: the least shortfall over all of them is 0."""
    epsilon = 0.25
    source, noise = LazySource(_blocks(1.5 / bound)), Uniform(-epsilon, epsilon)
    satisfies_all(trial, source, noise, *CLAIMS["E12"].satisfies)
    trial.at_most(f"least shortfall with a density of at most {bound:g}, and 0", _least_shortfall(bound, epsilon), 0.0)


@check("E12", role="corrected", cases=_DENSE)
def shortfall_of_densities(trial: Trial, bound: float) -> None:
    """Blocks about the lattice, of a density that reaches ``bound``: their shortfall is above the least, and falls with M."""
    epsilon = 0.25
    law, noise, value = _blocks(1 / (1.5 * bound)), Uniform(-epsilon, epsilon), math.log(3)
    peak = float(law.density(law.breakpoints + 1e-9).max())
    short = value - entropy.channel_information(law, noise)
    trial.at_most("least shortfall at the law's own density, and its shortfall", _least_shortfall(peak, epsilon), short)
    trial.below("0 and the least shortfall", 0.0, _least_shortfall(peak, epsilon), by=1e-6)
    denser = value - entropy.channel_information(_blocks(1 / (3 * bound)), noise)
    trial.below("denser blocks fall less short", denser, short)


@check("E12", role="corrected", cases={"eps=0.25": 0.25, "eps=0.5": 0.5, "eps=0.05": 0.05})
def attained_by_atoms(trial: Trial, epsilon: float) -> None:
    """Lemma 3.1 holds for the lattice, which has no density, and the bound (6) is attained by it."""
    noise, source = Uniform(-epsilon, epsilon), LazySource(lattice(epsilon))
    _identity(trial, source, noise)
    trial.equal("I(f(X′); Y) and the bound", source.information(noise), math.log(1 + 1 / (2 * epsilon)))


def _blocks(width: float) -> Law:
    """A law with a density near {0, ½, 1}."""
    parts = (Uniform(0, width), Uniform(0.5 - width / 2, 0.5 + width / 2), Uniform(1 - width, 1))
    return Mixture(parts)
