"""The uniform prior's kernel (new): log E κ = D₂(Y ‖ U[−ε, 1+ε]^d), κ(a, b) = Π (1+2ε) max(0, 2ε−|a−b|)/(2ε)².

Hypotheses: Z ~ U[−ε, ε]^d, f(X) in [0, 1]^d.
Source: derived here; the dual form that arXiv 2410.06993 leaves to future work.
"""

import itertools
import math

import numpy as np

from noisedim.theory import dual, entropy
from noisedim.theory.laws import Atoms, Law, Uniform
from noisedim.theory.sources import LazySource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import ON_THE_UNIT_INTERVAL, lattice

_LEVELS = (0.05, 0.25, 1 / 3, 0.5, 2.0)


@check("dual-uniform", cases={f"d={d},eps={e:.3g}": (d, e) for d in (1, 2, 16) for e in _LEVELS})
def overlap_of_boxes(trial: Trial, case: tuple[int, float]) -> None:
    """κ is the overlap of two noise boxes over the product of their volumes, times the volume of the big box."""
    dim, epsilon = case
    rng = np.random.default_rng(dim)
    a = rng.random((4, dim))
    b = np.clip(a + epsilon * rng.uniform(-0.5, 0.5, (4, dim)), 0, 1)
    kernel = dual.uniform_dual_kernel(a, b, epsilon)
    for i, j in itertools.product(range(4), repeat=2):
        low, high = np.maximum(a[i], b[j]) - epsilon, np.minimum(a[i], b[j]) + epsilon
        sides = np.maximum(high - low, 0)
        if (sides == 0).any():
            trial.equal("log κ of boxes apart", kernel[i, j], -math.inf)
            continue
        plain = float(np.log(sides).sum()) - 2 * dim * math.log(2 * epsilon) + dim * math.log(1 + 2 * epsilon)
        trial.equal("log κ and the overlap", kernel[i, j], plain, terms=dim * abs(math.log(2 * epsilon)))


_ATOMS: dict[str, tuple[Law, float]] = {
    f"{name},eps={e:.3g}": (law, e)
    for name, law in ON_THE_UNIT_INTERVAL.items()
    if isinstance(law, Atoms)
    for e in _LEVELS
} | {f"lattice,eps={e:g}": (lattice(e), e) for e in (0.05, 0.25, 0.5)}


@check("dual-uniform", cases=_ATOMS)
def divergence_of_atoms(trial: Trial, case: tuple[Law, float]) -> None:
    """log E κ over independent pairs of atoms, and D₂ by quadrature; both 0 for the lattice, which attains (6)."""
    law, epsilon = case
    points, weights = (np.array(values) for values in zip(*law.atoms, strict=True))
    mean = float(weights @ np.exp(dual.uniform_dual_kernel(points[:, None], points[:, None], epsilon)) @ weights)
    divergence = entropy.renyi_2_divergence(add(law, Uniform(-epsilon, epsilon)), Uniform(-epsilon, 1 + epsilon))
    trial.equal("log E κ and D₂", math.log(mean), divergence)
    kl = entropy.kl_divergence(add(law, Uniform(-epsilon, epsilon)), Uniform(-epsilon, 1 + epsilon))
    trial.at_most("KL and D₂", kl, divergence)


@check("dual-uniform", cases={f"eps={e:.3g}": e for e in _LEVELS})
def continuous_uniform(trial: Trial, epsilon: float) -> None:
    """f(X) ~ U[0, 1]: E κ = (1+2ε)/(2ε)² ∫ 2(1−t)(2ε−t)₊ dt, done by hand, and D₂ by quadrature, in 1 and 3 dimensions."""
    width = 2 * epsilon
    top = min(1.0, width)
    overlap = 2 * (width * top - (1 + width) * top**2 / 2 + top**3 / 3)
    expected = math.log((1 + width) / width**2 * overlap)
    for dim in (1, 3):
        source = LazySource(Uniform(0, 1), dim=dim)
        divergence = source.noisy_renyi_2(Uniform(-epsilon, epsilon), Uniform(-epsilon, 1 + epsilon))
        trial.equal(f"log E κ by hand and D₂, d={dim}", dim * expected, divergence)
    # The kernel itself, averaged over a fine midpoint grid: exact up to the square of the spacing.
    grid = (np.arange(400)[:, None] + 0.5) / 400
    mean = float(np.exp(dual.uniform_dual_kernel(grid, grid, epsilon)).mean())
    trial.at_most("|E κ on a grid / E κ − 1|", abs(mean / math.exp(expected) - 1), 1e-3)


@check("dual-uniform", cases={f"uniform,eps={e:g}": e for e in (0.25, 0.5)}, intervals=1)
def samples(trial: Trial, epsilon: float) -> None:
    """E κ from independent pairs of samples, against D₂ by quadrature (Δ = 0.02 nats)."""
    delta, top = 0.02, (1 + 2 * epsilon) / (2 * epsilon)
    # E κ is at least 1, so an error of 0.019 in it is one of less than 0.02 in its log.
    design = trial.bounded_design(delta=0.95 * delta, low=0.0, high=top, deviation=top / 2)
    a, b = trial.rng.random(design.n), trial.rng.random(design.n)
    interval = design.interval(top * np.maximum(0, 1 - np.abs(a - b) / (2 * epsilon)))
    expected = entropy.renyi_2_divergence(
        add(Uniform(0, 1), Uniform(-epsilon, epsilon)), Uniform(-epsilon, 1 + epsilon)
    )
    ends = math.log(interval.lower), math.log(interval.upper)
    trial.within("log of the sampled E κ and D₂", *ends, expected, delta=delta, n=design.n)
