"""Lemma B.5: KL(f(X) ‖ U[0, 1]^d) = KL(Y ‖ U[−ε, 1+ε]^d) + I(Z; Y) − d log(1+2ε).

Hypotheses: Z ~ U[−ε, ε]^d independent of X, f(X) in [0, 1]^d, h(f(X)) finite.
Source: arXiv 2410.06993, Lemma B.5.
"""

import math

from noisedim.theory.laws import Law, Mixture, Uniform
from noisedim.theory.sources import LazySource, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import ON_THE_UNIT_INTERVAL, block_pairs

_LAWS: dict[str, Law] = {n: law for n, law in ON_THE_UNIT_INTERVAL.items() if not law.atoms} | {
    "narrow": Uniform(0.4, 0.41),
    "steps": Mixture((Uniform(0, 1), Uniform(0, 0.5), Uniform(0, 0.25)), (0.2, 0.3, 0.5)),
}
_CASES = {f"{name},eps={e:.3g}": (law, e) for name, law in _LAWS.items() for e in (0.01, 0.25, 1 / 3, 2.0)}


@check("lemma-b.5", cases=_CASES)
def identity(trial: Trial, case: tuple[Law, float]) -> None:
    """Every term by its own integral."""
    law, epsilon = case
    dim, noise = 3, Uniform(-epsilon, epsilon)
    source = LazySource(law, dim=dim)
    clean, noisy = source.divergence(Uniform(0, 1)), source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon))
    about_noise = source.noise_information(noise)
    trial.equal("KL(f(X) ‖ U) and its three terms", clean, noisy + about_noise - dim * math.log1p(2 * epsilon))
    trial.below("0 and I(Z; Y)", 0.0, about_noise, by=1e-4)


@check("lemma-b.5", cases=block_pairs(views=("same",)))
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws on the square that are no products: I(Z; Y) as a double integral, to about 1e-6."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    clean, noisy = source.divergence(Uniform(0, 1)), source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon))
    right = noisy + source.noise_information(noise) - 2 * math.log1p(2 * epsilon)
    trial.equal("KL(f(X) ‖ U) and its three terms", clean, right, tolerance=1e-5)


@check("lemma-b.5", cases={f"eps={e:g}": e for e in (0.05, 0.5, 2.0)})
def noise_adds_uncertainty(trial: Trial, epsilon: float) -> None:
    """I(Z; Y) = h(Y) − h(f(X)) by the trapezium's own entropy."""
    low, high = min(1.0, 2 * epsilon), max(1.0, 2 * epsilon)
    # Sum of uniforms of widths high ≥ low: h = log high + low/(2 high).
    expected = math.log(high) + low / (2 * high)
    about_noise = LazySource(Uniform(0, 1)).noise_information(Uniform(-epsilon, epsilon))
    trial.equal("I(Z; Y) and the trapezium", about_noise, expected)
    trial.holds("the sum has a density", not add(Uniform(0, 1), Uniform(-epsilon, epsilon)).atoms)
