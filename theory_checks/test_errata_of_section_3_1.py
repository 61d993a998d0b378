"""The sentences of Section 3.1 about Theorem 3.4, and the augmentation of Appendix C: E8, E9, E14, E23.

Source: arXiv 2410.06993, Section 3.1 and Appendix C.
"""

import itertools
import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Law, Mixture, Normal, Uniform
from noisedim.theory.quadrature import integrate
from noisedim.theory.sources import GaussianSource, LazySource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.hypotheses import satisfies_all
from noisedim.verification.scenarios import STANDARDISED, covariance


@check("E9", role="printed", cases={"uniform": Uniform(-1, 1), "two-clusters": STANDARDISED["two-clusters"]})
def normal_iff_normal(trial: Trial, noise: Law) -> None:
    """f(X)+Z is normal when f(X) is, whatever Z of finite variance, as printed: then its divergence to N is 0."""
    satisfies_all(trial, LazySource(Normal()), noise, *CLAIMS["E9"].satisfies)
    # A sum has no order: add() takes Gaussian or uniform noise.
    noisy = add(noise, Normal()) if isinstance(noise, Mixture) else add(Normal(), noise)
    gap = entropy.kl_divergence(noisy, Normal(0, math.sqrt(noisy.variance)))
    trial.equal("KL of f(X)+Z to the normal law of its moments, and 0", gap, 0.0)


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


# f(X) = N(0, 1) or ±W, W = e^(−1/U), each half of the time, over _SCALE. The density of W is 1/(w log² w) on (0, 1/e).
_LEAST = 1 / 700


def _second_moment() -> float:
    """E W², W = e^(−1/U): ∫ e^(−2/u) du over (0, 1)."""
    return integrate(lambda u: np.exp(-2 / u), [_LEAST, 0.05, 0.2, 1.0]).value


_SCALE = math.sqrt(0.5 + 0.5 * _second_moment())


def _density(w: np.ndarray) -> np.ndarray:
    """Density of f(X)·_SCALE at w > 0, that at −w: half of N(0, 1), a quarter of W's."""
    inner = np.where((w > 0) & (w < 1 / math.e), w, 0.1)
    steep = np.where((w > 0) & (w < 1 / math.e), 1 / (inner * np.log(inner) ** 2), 0.0)
    return Normal().density(w) / 2 + steep / 4


def _mean_log_density(cut: float) -> float:
    """∫ p log p of f(X)·_SCALE, without U < ``cut``: over u, as W is far too steep at 0 for an integral over w."""
    # Both signs: the steep part has half of the mass, uniform in u.
    steep = integrate(lambda u: 0.5 * np.log(_density(np.exp(-1 / u))), [cut, *np.geomspace(cut, 1, 12)[1:]]).value
    # The normal part, over u where w < 1/e and over w beyond.
    inside = integrate(
        lambda u: np.exp(-1 / u) / u**2 * Normal().density(np.exp(-1 / u)) * np.log(_density(np.exp(-1 / u))),
        [_LEAST, 0.01, 0.05, 0.2, 0.5, 1.0],
        tolerance=1e-11,
    ).value
    outside = integrate(lambda w: Normal().density(w) * np.log(_density(w)), [1 / math.e, 1.0, 3.0, 10.0]).value
    return steep + inside + outside


def _between_by_hand(small: float, big: float) -> float:
    """½∫ log(1/(4 w log² w)) over u from small to big, w = e^(−1/u): what the steep part adds to ∫ p log p."""

    def antiderivative(u: float) -> float:
        return (math.log(u) + 2 * (u * math.log(u) - u) - u * math.log(4)) / 2

    return antiderivative(big) - antiderivative(small)


def _mass() -> float:
    """∫ p, over t = −log w on (1, 700), what is left beyond in closed form, and over w from 1/e on; both signs."""
    near = integrate(lambda t: _density(np.exp(-t)) * np.exp(-t), np.geomspace(1 + 1e-12, 700, 20)).value
    far = integrate(_density, [1 / math.e, 1.0, 3.0, 10.0]).value
    return 2 * (near + far + 0.25 / 700)


@check("E14", role="printed")
def bounded_noise_information(trial: Trial) -> None:
    """I(Z; f(X)+Z) is bounded for a law whose support is all of the line: say by 50 nats. Most of U > e^−200 exceeds that."""
    mean_square = (1 + _second_moment()) / 2 / _SCALE**2
    facts = {
        "f(X) has a density (mass 1)": abs(_mass() - 1) < 1e-9,
        "the support of f(X) is the whole line": bool((_density(np.linspace(1e-9, 30, 1000)) > 0).all()),
        "E f(X) = 0 and Var f(X)_i = 1 (Theorem 3.4)": abs(mean_square - 1) < 1e-12,
    }
    satisfies_all(trial, LazySource(Normal()), Normal(0, 1), CLAIMS["E14"].satisfies[0])
    for words in CLAIMS["E14"].satisfies[1:]:
        trial.satisfies(words, facts[words])
    # I = h(Y) − h(f(X)) with h(Y) ≥ h(Z); scaling by _SCALE adds its logarithm to ∫ p log p.
    least = _mean_log_density(1 / 650) + math.log(_SCALE) + _between_by_hand(math.exp(-200), 1 / 650)
    trial.at_most("I(Z; f(X)+Z), at least, and 50 nats", least + entropy.differential_entropy(Normal()), 50.0)


@check("E14", role="corrected")
def infinite_noise_information(trial: Trial) -> None:
    """E log p grows as ½ E 1/U without the least U: by ½ log 10 for each factor of 10, so h(f(X)) = −∞ and I(Z; Y) = ∞."""
    cuts = (1e-1, 1e-2, 1 / 650)
    values = [_mean_log_density(cut) for cut in cuts]
    for (big, small), (less, more) in zip(itertools.pairwise(cuts), itertools.pairwise(values), strict=True):
        exact = 5e-2 if big > 0.05 else 1e-6  # where U is large the normal part counts
        by_hand = _between_by_hand(small, big)
        trial.equal(
            f"∫ p log p between U = {small:.3g} and {big:g}, and by hand", more - less, by_hand, tolerance=exact
        )
        trial.below("it goes on growing", less, more, by=0.5)


@check("E14", role="corrected", cases={"d=3": 3, "d=8": 8})
def finite_with_a_finite_entropy(trial: Trial, dim: int) -> None:
    """I(Z; Y) = h(Y) − h(f(X)) where both are finite; an atom makes it infinite, as ever narrower parts show."""
    full = covariance(dim, seed=dim)
    right = entropy.gaussian_entropy(full + np.eye(dim)) - entropy.gaussian_entropy(full)
    trial.equal("E_z KL(f(X)+z ‖ Y) and h(Y) − h(f(X))", GaussianSource.of(full).noise_information(Normal(0, 1)), right)
    values = []
    for width in (1e-2, 1e-3, 1e-4):
        law = Mixture((Normal(), Uniform(-width / 2, width / 2)), (0.5, 0.5))
        values.append(LazySource(law).noise_information(Normal(0, 1)))
    for less, more in itertools.pairwise(values):
        trial.below("ten times narrower: half of log 10 more", less + 0.45 * math.log(10), more)
    atom = LazySource(Mixture((Normal(), STANDARDISED["rademacher"]), (0.99, 0.01)))
    trial.equal("with an atom", atom.noise_information(Normal(0, 1)), math.inf)


_LEVELS = {f"sigma={sigma:g}": sigma for sigma in (0.3, 1.0, 5.0)}


@check("E23", role="printed", cases=_LEVELS)
def only_asymptotically(trial: Trial, sigma: float) -> None:
    """At a finite noise level no law reaches (5), so that a match is asymptotic only, as the sentence suggests."""
    source, noise = LazySource(Normal(), dim=2), Normal(0, sigma)
    satisfies_all(trial, source, noise, *CLAIMS["E23"].satisfies)
    trial.below("I(f(X′); Y) of the standard normal law and C", source.information(noise), _plain_capacity(2, sigma))


@check("E23", role="corrected", cases=_LEVELS)
def exactly(trial: Trial, sigma: float) -> None:
    """At every σ the normal law reaches (5) and is matched exactly; uniform embeddings never reach (6)."""
    noise = Normal(0, sigma)
    information = LazySource(Normal(), dim=2).information(noise)
    trial.equal("I(f(X′); Y) and C", information, _plain_capacity(2, sigma))
    trial.equal("KL(f(X) ‖ N(0, 1))", entropy.kl_divergence(Normal(), Normal()), 0.0)
    uniform = LazySource(Uniform(0, 1)).information(Uniform(-sigma / 10, sigma / 10))
    trial.below("uniform f(X), uniform noise: I and (6)", uniform, math.log1p(5 / sigma), by=1e-3)


def _plain_capacity(dim: int, sigma: float) -> float:
    return dim / 2 * math.log((1 + sigma**2) / sigma**2)


@check("E8", cases={f"sigma={sigma:g}": sigma for sigma in (1e-6, 0.01, 0.1, 0.3, 1.0, 5.0)})
def out_of_reach(trial: Trial, sigma: float) -> None:
    """X′ = X + 0.6·N: no noise level lets a linear encoder pass ½ log(1 + Var X/0.36), 0.665 nats at variance 1."""
    for deviation, ceiling in ((1.0, 0.665), (10.0, 2.815)):
        # f(X) = X/deviation, f(X′) = X′/deviation.
        other = 1 + 0.36 / deviation**2
        source = GaussianSource.of([[1.0]], [[1.0]], [[other]])
        information, most = source.information(Normal(0, sigma)), math.log1p(deviation**2 / 0.36) / 2
        trial.equal("½ log(1 + Var X/0.36) in figures", most, ceiling, tolerance=1e-3)
        trial.at_most("I(f(X′); Y) and that", information, most)
        closed = bounds.correlated_gaussian_information(1, sigma, 1 / math.sqrt(other))
        trial.equal("I and its closed form", information, closed)
        trial.equal("P(X = X′)", source.keeps, 0.0)
        lost, capacity = source.residual_information(Normal(0, sigma)), bounds.gaussian_capacity(1, sigma)
        trial.below("0 and what the views cost", 0.0, lost, by=1e-7)
        trial.equal("I and what the views cost make C, as f(X) is normal", information + lost, capacity)
