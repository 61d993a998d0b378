"""Theorem 3.5: I(f(X′); Y) ≤ d log(1+1/(2ε)), its condition for equality (corrected), and its KL bound.

Hypotheses: Z ~ U[−ε, ε]^d independent of (X, X′), f(X) in [0, 1]^d.
Source: arXiv 2410.06993, Theorem 3.5, eq. (6). Equality iff I(Y; f(X) | f(X′)) = 0, 1/(2ε) whole, f(X) ~ U(A^d); printed
with misprints (E2, E13) and without a hypothesis (E3); with densities throughout it is vacuous (E12).
"""

import itertools
import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Atoms, Uniform
from noisedim.theory.sources import LazySource, Source
from noisedim.verification import Trial, check
from noisedim.verification.hypotheses import satisfies_all
from noisedim.verification.sampling import sampled_information
from noisedim.verification.scenarios import ON_THE_UNIT_INTERVAL, block_pairs, lattice, unit_pairs

_LEVELS = {f"d={dim},eps={eps:.3g}": (dim, eps) for dim in (1, 2, 8, 64) for eps in (0.05, 1 / 3, 0.5, 2.0)}


@check("theorem-3.5", cases=_LEVELS)
def bound_in_plain_arithmetic(trial: Trial, case: tuple[int, float]) -> None:
    """The bound as h(U[−ε, 1+ε]) − h(U[−ε, ε]) by quadrature, in plain arithmetic, and back to ε."""
    dim, epsilon = case
    value = bounds.uniform_capacity(dim, epsilon)
    outer = entropy.differential_entropy(Uniform(-epsilon, 1 + epsilon))
    trial.equal("bound and d(h − h)", value, dim * (outer - entropy.differential_entropy(Uniform(-epsilon, epsilon))))
    trial.equal("bound in plain arithmetic", value, dim * math.log((1 + 2 * epsilon) / (2 * epsilon)), floor=0.0)
    trial.equal("ε back from it", bounds.epsilon_for_capacity(dim, value), epsilon, floor=0.0)
    plain = 1 / (2 * (math.exp(1.5 / dim) - 1))
    trial.equal("ε by its formula", bounds.epsilon_for_capacity(dim, 1.5), plain, floor=0.0)


@check("theorem-3.5", cases=unit_pairs())
def bound(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws on [0, 1], atoms among them: strictly below unless the condition holds."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    information, value = source.information(noise), bounds.uniform_capacity(source.dim, epsilon)
    whole = abs(1 / (2 * epsilon) - round(1 / (2 * epsilon))) < 1e-12
    law = getattr(source, "law", None)
    best = whole and isinstance(law, Atoms) and law.atoms == lattice(epsilon).atoms
    if best and source.residual_information(noise) == 0:
        trial.equal("I(f(X′); Y) and the bound, condition met", information, value)
    else:
        trial.below("I(f(X′); Y) and the bound, condition not met", information, value, by=1e-4)


@check("theorem-3.5", cases=block_pairs(epsilons=(0.25,)))
def dependent_coordinates(trial: Trial, case: tuple[Source, float]) -> None:
    """Laws on the square that are no products: strictly below; and the KL bound, its I(Z; Y) a double integral to 1e-6."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    information, value = source.information(noise), bounds.uniform_capacity(2, epsilon)
    trial.below("I(f(X′); Y) and the bound, condition not met", information, value, by=1e-2)
    upper = bounds.uniform_kl_upper_bound(source.noise_information(noise), information, 2, epsilon)
    trial.at_most("KL(f(X) ‖ U) and its bound", source.divergence(Uniform(0, 1)), upper, slack=1e-5)


@check("theorem-3.5", cases={f"d={d},eps=1/{n}": (d, 1 / n) for d in (1, 2, 16) for n in (2, 4, 6, 20)})
def attained(trial: Trial, case: tuple[int, float]) -> None:
    """U(A^d), 1/(2ε) whole, f(X) = f(X′): equality; with X′ ≠ X half of the time, strictly below."""
    dim, epsilon = case
    noise, value = Uniform(-epsilon, epsilon), bounds.uniform_capacity(dim, epsilon)
    trial.equal("I(f(X′); Y) and the bound", LazySource(lattice(epsilon), dim=dim).information(noise), value)
    trial.below("with X′ ≠ X", LazySource(lattice(epsilon), dim=dim, keep=0.5).information(noise), value, by=0.1)
    points = list(lattice(epsilon).atoms)
    nudged = Atoms(
        tuple(x for x, _ in points), tuple(w + 1e-3 * (-1) ** (k < 1) * (k < 2) for k, (_, w) in enumerate(points))
    )
    trial.below("with uneven weights", LazySource(nudged, dim=dim).information(noise), value, by=1e-7)


_WITH_DENSITY = {n: c for n, c in unit_pairs(epsilons=(0.01, 1 / 3, 2.0)).items() if math.isfinite(c[0].entropy())}


@check("theorem-3.5", cases=_WITH_DENSITY)
def kl_bound(trial: Trial, case: tuple[Source, float]) -> None:
    """KL(f(X) ‖ U[0, 1]^d) ≤ I(Z; Y) − I(f(X′); Y) − d log 2ε; the slack is I(Y; f(X) | f(X′))."""
    source, epsilon = case
    noise, dim = Uniform(-epsilon, epsilon), source.dim
    information, about_noise = source.information(noise), source.noise_information(noise)
    upper = bounds.uniform_kl_upper_bound(about_noise, information, dim, epsilon)
    divergence, terms = source.divergence(Uniform(0, 1)), dim * abs(math.log(2 * epsilon))
    trial.at_most("KL(f(X) ‖ U) and its bound", divergence, upper)
    lost = source.residual_information(noise)
    trial.equal("bound − KL and I(Y; f(X) | f(X′))", upper - divergence, lost, terms=terms)


_SAMPLED = {
    f"{name},eps={epsilon:.3g},keep={keep:g}": (LazySource(law, keep=keep), epsilon)
    for name, law, epsilon, keep in (
        ("uniform", ON_THE_UNIT_INTERVAL["uniform"], 0.25, 0.9),
        ("uniform", ON_THE_UNIT_INTERVAL["uniform"], 1 / 3, 0.5),
        ("two-blocks", ON_THE_UNIT_INTERVAL["two-blocks"], 0.1, 0.9),
        ("uneven-atoms", ON_THE_UNIT_INTERVAL["uneven-atoms"], 0.25, 0.9),
        ("lattice", lattice(0.05), 0.05, 0.9),
    )
}


@check("theorem-3.5", cases=_SAMPLED, intervals=1)
def samples(trial: Trial, case: tuple[LazySource, float]) -> None:
    """I from samples, against its definition by quadrature and against the bound (Δ = 0.02 nats)."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    found = sampled_information(trial, source, noise)
    ends = found.lower, found.upper
    trial.within("sampled and integrated information", *ends, source.information(noise), delta=0.02, n=found.n)
    trial.sampled_at_most(
        "sampled information and the bound", *ends, bounds.uniform_capacity(1, epsilon), delta=0.02, n=found.n
    )


def box_information(points: np.ndarray, epsilon: float) -> float:
    """I(f(X); Y) for f(X) uniform on points (k, d) and noise uniform on a box: Y's density is constant on cells."""
    edges = [np.unique(np.concatenate([column - epsilon, column + epsilon])) for column in points.T]
    middles = np.array(list(itertools.product(*[(e[1:] + e[:-1]) / 2 for e in edges])))
    volumes = np.array([math.prod(widths) for widths in itertools.product(*[np.diff(e) for e in edges])])
    inside = (np.abs(middles[:, None, :] - points[None]) < epsilon).all(2)
    density = inside.mean(1) / (2 * epsilon) ** points.shape[1]
    used = density > 0
    entropy_of_sum = -float((volumes[used] * density[used] * np.log(density[used])).sum())
    return entropy_of_sum - points.shape[1] * math.log(2 * epsilon)


@check("E13", role="printed", cases={"d=2,eps=1/4": (2, 0.25), "d=3,eps=1/2": (3, 0.5)})
def as_many_points_as_on_the_line(trial: Trial, case: tuple[int, float]) -> None:
    """A uniform law on 1/(2ε)+1 points of [0, 1]^d attains d log(1+1/(2ε)), as printed; the best such: far apart."""
    dim, epsilon = case
    count = round(1 / (2 * epsilon)) + 1
    diagonal = np.linspace(0, 1, count)[:, None] * np.ones(dim)
    satisfies_all(trial, LazySource(lattice(epsilon), dim=dim), Uniform(-epsilon, epsilon), *CLAIMS["E13"].satisfies)
    trial.equal("I of U(A) and the bound", box_information(diagonal, epsilon), bounds.uniform_capacity(dim, epsilon))


@check("E13", role="corrected", cases={"d=2,eps=1/4": (2, 0.25), "d=3,eps=1/2": (3, 0.5)})
def all_lattice_points(trial: Trial, case: tuple[int, float]) -> None:
    """U(A^d), (1/(2ε)+1)^d points, attains it; no law on 1/(2ε)+1 points sends more than the log of their number."""
    dim, epsilon = case
    line = np.linspace(0, 1, round(1 / (2 * epsilon)) + 1)
    everywhere = np.array(list(itertools.product(line, repeat=dim)))
    trial.equal(
        "I of U(A^d) and the bound", box_information(everywhere, epsilon), bounds.uniform_capacity(dim, epsilon)
    )
    few = box_information(line[:, None] * np.ones(dim), epsilon)
    trial.equal("I of the diagonal and the log of its number", few, math.log(len(line)))
    trial.below("which is below the bound", few, bounds.uniform_capacity(dim, epsilon), by=0.5)
