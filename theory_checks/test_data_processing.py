"""Data processing along f(X)+Z ← f(X) ← X → X′ → f(X′): each step loses information.

Hypotheses: the chain is Markov.
Source: arXiv 2410.06993, Sections 2.2 and 3 (Cover & Thomas, Theorem 2.8.1).

Finite chains by sums over tables, noisy ones by quadrature, Gaussian ones by log-determinants.
"""

import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.laws import Normal, Uniform
from noisedim.theory.sources import DiscreteSource, GaussianSource
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import covariance


def _information(table: np.ndarray) -> float:
    first, second = table.sum(1, keepdims=True), table.sum(0, keepdims=True)
    used = table > 0
    return float((table[used] * np.log((table / (first * second))[used])).sum())


@check("data-processing", cases={f"{seed}": seed for seed in range(6)})
def finite_chains(trial: Trial, seed: int) -> None:
    """X on 6 values, X′ a random function of it, f onto 3 values: four informations in order, then noise."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(6))
    augment = 0.5 * np.eye(6) + 0.5 * rng.dirichlet(np.ones(6), size=6)
    encode = np.eye(3)[rng.permutation([0, 0, 1, 1, 2, 2])]
    views = p[:, None] * augment  # (X, X′)
    together = encode.T @ views @ encode  # (f(X), f(X′))
    ordered = {
        "I(f(X′); f(X))": _information(together),
        "I(X′; f(X))": _information(encode.T @ views),
        "I(X; f(X)) = H(f(X))": _information(np.diag(p) @ encode),
    }
    names, values = list(ordered), list(ordered.values())
    for i in (0, 1):
        trial.at_most(f"{names[i]} and {names[i + 1]}", values[i], values[i + 1])
    source = DiscreteSource.of([0, 1, 2], [0, 1, 2], together)
    noisy = [source.information(noise) for noise in (Normal(0, 1), Normal(0, 0.3), Uniform(-0.5, 0.5))]
    for value in noisy:
        trial.at_most("I(f(X′); f(X)+Z) and I(f(X′); f(X))", value, values[0])
    trial.equal("noise that keeps the values apart loses nothing", noisy[2], values[0])
    trial.below("more noise, less information", noisy[0], noisy[1], by=1e-4)


@check("data-processing", cases={f"d={dim}": dim for dim in (1, 2, 8, 64)})
def gaussian_chains(trial: Trial, dim: int) -> None:
    """Gaussian pairs: noise of growing σ takes information away, and the clean pair has most."""
    full = covariance(dim, seed=dim)
    source = GaussianSource.of(full, 0.9 * full)
    joint = np.block([[full, 0.9 * full], [0.9 * full, full]])
    clean = entropy.gaussian_information(joint, dim)
    trial.equal("clean information and −(d/2) log(1 − ρ²)", clean, -dim / 2 * math.log1p(-0.81))
    values = [source.information(Normal(0, sigma)) for sigma in (5.0, 1.0, 0.3, 0.05, 1e-3)]
    for less, more in zip(values, [*values[1:], clean], strict=True):
        trial.below("more noise, less information", less, more)
    single = [bounds.correlated_gaussian_information(dim, sigma, 0.9) for sigma in (5.0, 1.0, 0.3, 0.05)]
    for less, more in zip(single, [*single[1:], clean], strict=True):
        trial.below("closed form: more noise, less information", less, more)
