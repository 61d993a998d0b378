"""Lemma B.4: KL(Y ‖ U[−ε, 1+ε]^d) = d log(1+1/(2ε)) − I(f(X′); Y) − I(Y; f(X) | f(X′)).

Hypotheses: Z ~ U[−ε, ε]^d independent of (X, X′), f(X) in [0, 1]^d. Equality without the last term iff it vanishes, for any
law of f(X) and any ε; the paper also asks for U(A) and a whole 1/ε (E1), and its proof goes one way (E24).
Source: arXiv 2410.06993, Lemma B.4.
"""

import math

import numpy as np
from scipy import optimize

from noisedim.theory import bounds, entropy
from noisedim.theory.laws import Atoms, Law, Uniform
from noisedim.theory.sources import LazySource, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import block_pairs, lattice, unit_pairs


@check("lemma-b.4", cases=unit_pairs(epsilons=(0.01, 1 / 3, 2.0)))
def bound_and_slack(trial: Trial, case: tuple[Source, float]) -> None:
    """The bound, and its slack, for laws on [0, 1] with X′ = X always, half of the time, and never."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    upper = bounds.uniform_noisy_kl_upper_bound(source.information(noise), source.dim, epsilon)
    divergence = source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon))
    trial.at_most("KL(Y ‖ U) and the bound", divergence, upper)
    trial.equal("bound and KL + I(Y; f(X) | f(X′))", upper, divergence + source.residual_information(noise))


@check("lemma-b.4", cases=block_pairs())
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws on the square that are no products; for f(X) = f(X′) the information is a double integral, to about 1e-6."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    upper = bounds.uniform_noisy_kl_upper_bound(source.information(noise), 2, epsilon)
    divergence = source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon))
    tolerance = 1e-5 if source.weakly_invariant else 1e-9
    trial.at_most("KL(Y ‖ U) and the bound", divergence, upper, slack=tolerance)
    both = divergence + source.residual_information(noise)
    trial.equal("bound and KL + I(Y; f(X) | f(X′))", upper, both, tolerance=tolerance)


@check("lemma-b.4", cases={f"d={d},eps=1/{n}": (d, 1 / n) for d in (1, 2, 16) for n in (2, 4, 20)})
def lattice_fills_the_box(trial: Trial, case: tuple[int, float]) -> None:
    """U(A^d) plus noise is exactly uniform on [−ε, 1+ε]^d: the convolution of the paper's proof."""
    dim, epsilon = case
    law: Law = lattice(epsilon)
    source, noise = LazySource(law, dim=dim), Uniform(-epsilon, epsilon)
    trial.equal("KL(Y ‖ U)", source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon)), 0.0)
    trial.equal("the bound", bounds.uniform_noisy_kl_upper_bound(source.information(noise), dim, epsilon), 0.0)


_STEPS = {"eps=1/2": 0.5, "eps=1/4": 0.25, "eps=1/20": 0.05, "eps=1/3": 1 / 3, "eps=0.3": 0.3, "eps=0.7": 0.7}


@check("E24", role="corrected", cases=_STEPS)
def staircase(trial: Trial, epsilon: float) -> None:
    """Y uniform forces F(x+2ε) = F(x) + 2ε/(1+2ε): the staircase ends at 1 in x = 1, and is U(A), iff 1/(2ε) is whole."""
    step = 2 * epsilon / (1 + 2 * epsilon)
    # F on [0, 1] from F = 0 below 0, and the left limit at 1; atoms where F jumps.
    count = math.floor(1 / (2 * epsilon) + 1e-9)
    reached = step * (count + 1)
    whole = abs(1 / (2 * epsilon) - count) < 1e-9
    if not whole:
        trial.below("F(1), which must be 1", min(reached, 2 - reached), 1.0, by=1e-3)
        return
    trial.equal("F(1), which must be 1", reached, 1.0)
    law = Atoms(tuple(2 * epsilon * k for k in range(count + 1)), (1 / (count + 1),) * (count + 1))
    total = add(law, Uniform(-epsilon, epsilon))
    trial.equal("KL(Y ‖ U) of the staircase", entropy.kl_divergence(total, Uniform(-epsilon, 1 + epsilon)), 0.0)


@check(
    "E24", role="corrected", cases={name: e for name, e in _STEPS.items() if name in ("eps=1/2", "eps=1/4", "eps=0.3")}
)
def by_least_squares(trial: Trial, epsilon: float) -> None:
    """The same without the argument: over all laws on a fine grid, how nearly uniform Y can be, and by which law."""
    grid = np.linspace(0, 1, 61)
    edges = np.linspace(-epsilon, 1 + epsilon, 400)
    cover = np.clip(np.minimum(edges[1:, None], grid + epsilon) - np.maximum(edges[:-1, None], grid - epsilon), 0, None)
    cells = cover / (2 * epsilon)
    target = np.diff(edges) / (1 + 2 * epsilon)
    weights, residual = optimize.nnls(cells, target)
    if epsilon == 0.3:
        trial.below("0 and the distance from uniform of the best law on the grid", 0.0, float(residual), by=1e-3)
        return
    trial.equal("the distance from uniform of the best law on the grid", float(residual), 0.0)
    expected = np.zeros(61)
    expected[np.round(60 * np.arange(0, 1 + epsilon, 2 * epsilon)).astype(int)] = 2 * epsilon / (1 + 2 * epsilon)
    trial.equal(
        "largest difference of that law from U(A)", float(np.abs(weights - expected).max()), 0.0, tolerance=1e-8
    )
