"""Lemma 2.4: h(X+Z | Y) = h(Z | Y) + I(X; X+Z | Y) ≥ h(Z | Y), with equality iff X = g(Y).

Hypotheses: X and Z independent given Y; h(Z | Y) finite (which the paper does not ask for: E11).
Source: arXiv 2410.06993, Lemma 2.4.

Y is discrete; given each of its values X and Z have laws of their own. The information is the mean divergence of a shifted
noise law from the sum's law: its definition, not a difference of entropies.
"""

import math

import numpy as np

from noisedim.theory import entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Atoms, Laplace, Law, Normal, Uniform, expectation
from noisedim.theory.quadrature import integrate
from noisedim.theory.sums import add
from noisedim.verification import Trial, check

# For each value of Y: probability, law of X, law of Z.
Given = list[tuple[float, Law, Law]]

_CASES: dict[str, Given] = {
    "normal,independent-of-Y": [(1.0, Normal(0, 1), Normal(0, 0.5))],
    "laplace,noise-by-Y": [(0.4, Laplace(), Normal(0, 0.2)), (0.6, Laplace(1.0, 0.5), Normal(0, 2.0))],
    "clusters-by-Y": [(0.5, Normal(-2, 0.3), Normal(0, 0.4)), (0.5, Uniform(1, 2), Normal(0, 0.4))],
    "uniform-noise": [(0.3, Uniform(0, 1), Uniform(-0.25, 0.25)), (0.7, Atoms((0.0, 0.7)), Uniform(-0.5, 0.5))],
    "noise-off-centre": [(0.5, Atoms((-1.0, 1.0)), Normal(3, 1)), (0.5, Normal(0, 1), Normal(-3, 0.5))],
    "function-on-part-of-Y": [(0.9, Atoms((2.0,)), Normal(0, 1)), (0.1, Atoms((-1.0, 1.0)), Normal(0, 1))],
}


def _information(law: Law, noise: Law) -> float:
    total = add(law, noise)
    return expectation(lambda x: entropy.kl_divergence(noise.shifted(x), total), law)


@check("lemma-2.4", cases=_CASES)
def identity(trial: Trial, given: Given) -> None:
    """Both sides of the identity, and a sum that is strictly more uncertain than its noise."""
    sums = math.fsum(p * entropy.differential_entropy(add(x, z)) for p, x, z in given)
    noise = math.fsum(p * entropy.differential_entropy(z) for p, _, z in given)
    information = math.fsum(p * _information(x, z) for p, x, z in given)
    trial.equal("h(X+Z | Y) and h(Z | Y) + I(X; X+Z | Y)", sums, noise + information)
    trial.below("h(Z | Y) and h(X+Z | Y), X no function of Y", noise, sums)


@check("lemma-2.4")
def equality(trial: Trial) -> None:
    """X = g(Y): the sum is as uncertain as the noise, whatever g and however the noise depends on Y."""
    given: Given = [
        (0.2, Atoms((-3.0,)), Normal(0, 0.1)),
        (0.5, Atoms((0.0,)), Uniform(-1, 1)),
        (0.3, Atoms((7.0,)), Normal(1, 2)),
    ]
    sums = math.fsum(p * entropy.differential_entropy(add(x, z)) for p, x, z in given)
    noise = math.fsum(p * entropy.differential_entropy(z) for p, _, z in given)
    trial.equal("h(X+Z | Y) and h(Z | Y)", sums, noise)
    trial.equal("I(X; X+Z | Y)", math.fsum(p * _information(x, z) for p, x, z in given), 0.0)


@check("lemma-2.4", cases={f"spread={spread:g}": spread for spread in (1.0, 0.1, 0.01)})
def nearly_a_function(trial: Trial, spread: float) -> None:
    """X within ``spread`` of a function of Y: still strictly more, as s²/(2σ²) for small s (the only-if direction)."""
    law, noise = Atoms((-spread, spread)), Normal(0, 1)
    lost = entropy.channel_information(law, noise)
    trial.below("0 and I(X; X+Z)", 0.0, lost, by=1e-5)
    trial.at_most("I and its Gaussian bound", lost, math.log1p(spread**2) / 2)


def _log_squared_density(z: np.ndarray) -> np.ndarray:
    """1/(z log² z) on z > e: a density of infinite entropy."""
    inside = z > math.e
    return np.where(inside, 1 / (np.where(inside, z, math.e) * np.log(np.where(inside, z, math.e)) ** 2), 0.0)


def _entropy_up_to(level: float, shift_weights: tuple[float, ...]) -> float:
    """−∫ p log p over u = log z in [1, level] for the sum of Z and a variable on {0, 1, …} with these weights."""

    def integrand(u: np.ndarray) -> np.ndarray:
        z = np.exp(u)
        p = np.sum([w * _log_squared_density(z - k) for k, w in enumerate(shift_weights)], axis=0)
        return np.where(p > 0, -p * np.log(np.where(p > 0, p, 1.0)), 0.0) * z

    kinks = [math.log(math.e + k) for k in range(len(shift_weights))]
    steps = [u for u in np.geomspace(1, level, 60) if u > max(kinks)]
    return integrate(integrand, [*kinks, *steps], tolerance=1e-10).value


@check("E11", role="printed")
def equality_without_a_finite_entropy(trial: Trial) -> None:
    """X = g(Y) wherever h(X+Z | Y) = h(Z | Y), as printed: then X would be constant, and I(X; X+Z) = 0."""
    level = 300.0
    density = integrate(lambda u: _log_squared_density(np.exp(u)) * np.exp(u), [1 + 1e-12, 2, 8, 40, level]).value
    trial.satisfies(CLAIMS["E11"].satisfies[0], abs(density + 1 / level - 1) < 1e-9)
    bit = Atoms((0.0, 1.0))
    trial.satisfies(CLAIMS["E11"].satisfies[1], len(bit.atoms) > 1)  # Y is constant
    alone, both = _entropy_up_to(level, (1.0,)), _entropy_up_to(level, (0.5, 0.5))
    trial.details["entropy up to z = e^300"] = [alone, both]
    # Both entropies are infinite, hence equal: −∫ p log p up to e^u grows as log u + 2 log u / u without end. X is a bit.
    # Information that a bit sends: over z where the two shifted densities differ; it converges as they approach.

    def integrand(u: np.ndarray) -> np.ndarray:
        z = np.exp(u)
        parts = [_log_squared_density(z), _log_squared_density(z - 1)]
        middle = (parts[0] + parts[1]) / 2
        total = np.zeros_like(z)
        for part in parts:
            positive = part > 0
            ratio = np.where(positive, part / np.where(middle > 0, middle, 1.0), 1.0)
            total += 0.5 * part * np.log(ratio)
        return total * z

    points = [1.0, math.log(math.e + 1), *np.linspace(1.4, 30, 40)]
    information = integrate(integrand, points, tolerance=1e-10).value
    trial.equal("I(X; X+Z) and 0", information, 0.0)


@check("E11", role="corrected")
def infinite_entropies(trial: Trial) -> None:
    """The counterexample's entropies both grow without end (as log log z), and their difference stays the information."""
    levels = (10.0, 100.0, 600.0)
    alone = [_entropy_up_to(level, (1.0,)) for level in levels]
    both = [_entropy_up_to(level, (0.5, 0.5)) for level in levels]
    for low, high, a, b in zip(levels[:-1], levels[1:], alone[:-1], alone[1:], strict=True):
        # ∫ (u + 2 log u)/u² du from low to high, the exact integral of −p log p over z = e^u.
        exact = math.log(high / low) + 2 * ((1 + math.log(low)) / low - (1 + math.log(high)) / high)
        trial.equal(f"−∫ p log p from e^{low:g} to e^{high:g}, by quadrature and in closed form", b - a, exact)
        trial.below("the entropy goes on growing", a, b, by=1.0)
    for a, b in zip(alone, both, strict=True):
        trial.below("h(Z) and h(X+Z), both cut off: X is still seen", a, b, by=0.01)
