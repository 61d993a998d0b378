"""The uniform prior's kernel on laws of the square that are no products: log E κ and D₂, coordinate by coordinate.

Hypotheses: Z ~ U[−ε, ε]^2 independent of X, f(X) in [0, 1]^2.
Source: claim dual-uniform. D₂ by an integral over the plane; E κ by pairs of blocks, as κ is a product over coordinates.
"""

import math

import numpy as np

from noisedim.theory import dual
from noisedim.theory.laws import Uniform
from noisedim.theory.quadrature import integrate
from noisedim.theory.sources import BlockSource
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import block_pairs


def _along(first: np.ndarray, second: np.ndarray, epsilon: float) -> float:
    """E κ(a, b) of one coordinate for a and b uniform on two intervals: two nested integrals."""

    def inner(places: np.ndarray) -> np.ndarray:
        values = []
        for a in places:
            kinks = [p for p in (a - 2 * epsilon, a, a + 2 * epsilon) if second[0] < p < second[1]]

            def over_b(b: np.ndarray, a: float = float(a)) -> np.ndarray:
                return np.exp(dual.uniform_dual_kernel([[a]], b[:, None], epsilon)[0])

            values.append(integrate(over_b, [*second, *kinks]).value / (second[1] - second[0]))
        return np.array(values)

    kinks = np.add.outer(second, (-2 * epsilon, 0, 2 * epsilon)).ravel()
    inside = [p for p in kinks if first[0] < p < first[1]]
    return integrate(inner, [*first, *inside]).value / (first[1] - first[0])


@check("dual-uniform", cases=block_pairs(epsilons=(0.05, 0.25, 1.0), views=("same",)))
def dependent_coordinates(trial: Trial, case: tuple[BlockSource, float]) -> None:
    """log E κ over pairs of blocks and D₂(Y ‖ U) over the plane; KL is at most that."""
    source, epsilon = case
    noise, reference = Uniform(-epsilon, epsilon), Uniform(-epsilon, 1 + epsilon)
    means = []
    for edges in source.edges:
        parts = np.stack([edges[:-1], edges[1:]], 1)
        means.append(np.array([[_along(a, b, epsilon) for b in parts] for a in parts]))
    mean = float(np.einsum("ij,kl,ik,jl->", source.table, source.table, means[0], means[1]))
    renyi = source.noisy_renyi_2(noise, reference)
    trial.equal("log E κ and D₂(Y ‖ U)", math.log(mean), renyi)
    trial.at_most("KL and D₂", source.noisy_divergence(noise, reference), renyi)
