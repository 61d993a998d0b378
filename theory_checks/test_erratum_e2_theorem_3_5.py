"""E2: Theorem 3.5's bound needs 1/(2ε) whole, not 1/ε; the exact capacity of uniform noise on [0, 1]^d; E22 and contribution 1.

Hypotheses: Z ~ U[−ε, ε], f(X) in [0, 1].
Source: arXiv 2410.06993, Theorem 3.5, corrected; capacity: Oettli (1974).

What the law in closed form attains, and the largest divergence of any input's output from its output, are sums over cells in
which Y's density is constant: they meet, which proves both optimal. In d dimensions over cells of the cube, for all laws on
it. A search by Blahut–Arimoto, which knows neither law nor capacity, comes as close as its tolerance.
"""

import itertools
import math

import numpy as np

from noisedim.theory import bounds, capacity, entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.claims import hypotheses as given
from noisedim.theory.laws import Atoms, Law, Mixture, Normal, Uniform
from noisedim.theory.sources import LazySource
from noisedim.verification import Trial, check
from noisedim.verification.hypotheses import satisfies_all
from noisedim.verification.scenarios import ON_THE_UNIT_INTERVAL, STANDARDISED

# ε and a grid that holds the best law's points {2kε} ∪ {1−2kε}.
_LEVELS = {
    "eps=1/3": (1 / 3, 7),
    "eps=1/5": (0.2, 11),
    "eps=3/20": (0.15, 21),
    "eps=1/4": (0.25, 9),
    "eps=2/5": (0.4, 11),
    "eps=1/2": (0.5, 5),
    "eps=3/4": (0.75, 5),
    "eps=1/20": (0.05, 21),
}
# How far apart, in nats, the search lets what it attains and what no law exceeds end up.
_SEARCH, _BRACKET = 1e-6, 1e-5


def cell_sums(points: np.ndarray, masses: np.ndarray, epsilon: float) -> tuple[float, float]:
    """For atoms (m, d) and noise uniform on a box: their information, and the largest divergence over all inputs in the cube.

    Y's density is constant on cells, and the divergence of the output of an input x from Y's law is linear along each
    coordinate of x between kinks, where x ± ε meets an edge: its maximum is at a kink in every coordinate.
    """
    dim = points.shape[1]
    edges, kinks = [], []
    for column in points.T:
        ends = np.unique(np.concatenate([column - epsilon, column + epsilon]).round(13))
        near = np.concatenate([ends - epsilon, ends + epsilon, [0.0, 1.0]]).round(13)
        edges.append(ends)
        kinks.append(np.unique(near[(near >= 0) & (near <= 1)]))
    middles = np.array(list(itertools.product(*[(e[1:] + e[:-1]) / 2 for e in edges])))
    inside = (np.abs(middles[:, None, :] - points[None]) < epsilon).all(2)
    density = inside @ masses / (2 * epsilon) ** dim
    logs = np.log(np.where(density > 0, density, 1e-300))

    def divergences(inputs: np.ndarray) -> np.ndarray:
        """KL(box about x ‖ P_Y): sums over cells of the part that the box covers."""
        covered = np.ones((len(inputs), 1))
        for axis, ends in enumerate(edges):
            x = inputs[:, [axis]]
            along = np.clip(np.minimum(ends[1:], x + epsilon) - np.maximum(ends[:-1], x - epsilon), 0, None)
            covered = (covered[:, :, None] * along[:, None, :]).reshape(len(inputs), -1)
        return -dim * math.log(2 * epsilon) - covered @ logs / (2 * epsilon) ** dim

    everywhere = np.array(list(itertools.product(*kinks)))
    return float(masses @ divergences(points)), float(divergences(everywhere).max())


def _product_law(epsilon: float, dim: int) -> tuple[np.ndarray, np.ndarray]:
    points, masses = capacity.uniform_channel_law(epsilon)
    both = np.array(list(itertools.product(points, repeat=dim)))
    return both, np.array([math.prod(weights) for weights in itertools.product(masses, repeat=dim)])


_THIRDS = {"eps=1/3": 1 / 3, "eps=1/5": 0.2, "eps=1": 1.0}


@check("E2", role="printed", cases=_THIRDS)
def attained_for_whole_inverse(trial: Trial, epsilon: float) -> None:
    """1/ε is whole, so some law attains log(1+1/(2ε)): then no upper bound on the capacity is below it."""
    points, masses = _product_law(epsilon, 1)
    source = LazySource(Atoms(tuple(points[:, 0]), tuple(masses / masses.sum())))
    satisfies_all(trial, source, Uniform(-epsilon, epsilon), *CLAIMS["E2"].satisfies)
    _, most = cell_sums(points, masses, epsilon)
    trial.at_most(
        "the bound (6) and an upper bound on what any law on [0, 1] sends", math.log1p(1 / (2 * epsilon)), most
    )


@check("E2", role="corrected", cases=_LEVELS)
def attained_for_whole_half_inverse(trial: Trial, case: tuple[float, int]) -> None:
    """The bound is attained iff 1/(2ε) is whole; elsewhere the upper bound over all laws stays below it."""
    epsilon, _ = case
    attained, most = cell_sums(*_product_law(epsilon, 1), epsilon)
    value = bounds.uniform_capacity(1, epsilon)
    if abs(1 / (2 * epsilon) - round(1 / (2 * epsilon))) < 1e-12:
        trial.equal("what a law attains and the bound (6)", attained, value)
    else:
        trial.below("upper bound on the capacity and the bound (6)", most, value, by=1e-4)


_CUBES = (
    {name: (epsilon, 1) for name, (epsilon, _) in _LEVELS.items()}
    | {f"d=2,eps={epsilon:.3g}": (epsilon, 2) for epsilon in (1 / 3, 0.25, 0.4, 0.15)}
    | {f"d=3,eps={epsilon:.3g}": (epsilon, 3) for epsilon in (0.4, 0.75)}
)


@check("uniform-channel", cases=_CUBES)
def optimal_law(trial: Trial, case: tuple[float, int]) -> None:
    """The closed form is what its law attains and what no law on the cube exceeds, both to 1e-10; the law adds up to 1."""
    epsilon, dim = case
    points, masses = _product_law(epsilon, dim)
    attained, most = cell_sums(points, masses, epsilon)
    value = capacity.uniform_channel_capacity(dim, epsilon)
    trial.equal("mass of the law", math.fsum(masses), 1.0, tolerance=1e-12)
    trial.equal("closed form and what the law attains", value, attained, tolerance=1e-10)
    trial.equal("closed form and the most that any law sends", value, most, tolerance=1e-10)
    if abs(1 / (2 * epsilon) - round(1 / (2 * epsilon))) < 1e-12:
        trial.equal(
            "1/(2ε) is whole: what the law attains and the bound (6)", attained, bounds.uniform_capacity(dim, epsilon)
        )
    if dim == 1:
        law = Atoms(tuple(points[:, 0]), tuple(masses / masses.sum()))
        by_quadrature = entropy.channel_information(law, Uniform(-epsilon, epsilon))
        trial.equal("the law's information by quadrature", by_quadrature, attained, tolerance=1e-10)


@check("uniform-channel", cases=_LEVELS)
def bracketed(trial: Trial, case: tuple[float, int]) -> None:
    """A search that knows neither the law nor the capacity brackets it."""
    epsilon, points = case
    found = capacity.uniform_channel_search(epsilon, points=points, tolerance=_SEARCH)
    value = capacity.uniform_channel_capacity(1, epsilon)
    trial.at_most("attained and closed form", found.lower, value, slack=1e-9)
    trial.at_most("closed form and upper bound", value, found.upper, slack=1e-9)
    trial.at_most("width of the bracket", found.upper - found.lower, _BRACKET)


@check("uniform-channel", cases={f"d={dim}": dim for dim in (1, 2, 64)})
def below_the_bound(trial: Trial, dim: int) -> None:
    """Strictly below (6) unless 1/(2ε) is whole, and above what the continuous uniform law sends; coordinates add."""
    for epsilon in (0.07, 0.3, 0.45, 3.0):
        value = capacity.uniform_channel_capacity(dim, epsilon)
        attained, _ = cell_sums(*_product_law(epsilon, 1), epsilon)
        trial.equal(f"capacity at ε={epsilon:g} and d times one coordinate's", value, dim * attained)
        trial.below("capacity and the bound (6)", value, bounds.uniform_capacity(dim, epsilon), by=1e-4)
        trial.below("continuous uniform and capacity", bounds.uniform_information(dim, epsilon), value)


_EVERY = {f"eps={epsilon:.3g}": epsilon for epsilon in (0.05, 0.25, 0.3, 0.5, 2.0)}


@check("E22", role="printed", cases=_EVERY)
def least_divergence_at_the_maximum(trial: Trial, epsilon: float) -> None:
    """At the maximum of the information KL(f(X) ‖ U[0, 1]) is least, at most what the uniform law itself has, as printed."""
    points, masses = capacity.uniform_channel_law(epsilon)
    best = LazySource(Atoms(tuple(points), tuple(masses / masses.sum())))
    satisfies_all(trial, best, Uniform(-epsilon, epsilon), *CLAIMS["E22"].satisfies)
    trial.at_most("KL(f(X) ‖ U) of the best law and of U itself", best.divergence(Uniform(0, 1)), 0.0)


@check("E22", role="corrected", cases=_EVERY)
def discrete_law_is_best(trial: Trial, epsilon: float) -> None:
    """The best law is discrete and sends more than U[0, 1], and than mixtures with it."""
    noise = Uniform(-epsilon, epsilon)
    points, masses = capacity.uniform_channel_law(epsilon)
    law = Atoms(tuple(points), tuple(masses / masses.sum()))
    most = LazySource(law).information(noise)
    trial.equal("its information and the capacity", most, capacity.uniform_channel_capacity(1, epsilon))
    trial.below("U[0, 1] sends less", LazySource(Uniform(0, 1)).information(noise), most, by=1e-4)
    for share in (0.5, 0.05):
        blend = Mixture((law, Uniform(0, 1)), (1 - share, share))
        trial.below(f"with {share:g} of U[0, 1]", LazySource(blend).information(noise), most, by=1e-6)


@check("E22", role="corrected", cases={f"eps={epsilon:g}": epsilon for epsilon in (0.1, 0.25, 0.3)})
def with_densities(trial: Trial, epsilon: float) -> None:
    """Ever narrower blocks about the best law's points: more information, towards the capacity, and more divergence from U."""
    noise, most = Uniform(-epsilon, epsilon), capacity.uniform_channel_capacity(1, epsilon)
    points, masses = capacity.uniform_channel_law(epsilon)
    informations, divergences = [], []
    for width in (1e-1, 1e-2, 1e-3):
        blocks = tuple(Uniform(x * (1 - width), x * (1 - width) + width) for x in points)
        source = LazySource(Mixture(blocks, tuple(masses / masses.sum())))
        satisfies_all(trial, source, noise, given.UNIT_CUBE, given.DENSITIES)
        informations.append(entropy.channel_information(source.law, noise))
        divergences.append(source.divergence(Uniform(0, 1)))
    for less, more in itertools.pairwise(informations):
        trial.below("narrower blocks send more", less, more, by=1e-4)
    trial.below("they stay below the capacity", informations[-1], most, by=1e-6)
    trial.at_most("what is left at width 0.001", most - informations[-1], 0.02)
    for less, more in itertools.pairwise(divergences):
        trial.below("and are further from U: by about log 10", less + 1.5, more)


@check("E22", role="corrected")
def near_the_gaussian_maximum(trial: Trial) -> None:
    """5 Gauss–Hermite atoms at σ = 1: C − I = 1.3e-5 and KL(f(X) ‖ N(0, 1)) = ∞; more atoms, less of the first."""
    short = []
    for count in (3, 5, 7):
        places, weights = np.polynomial.hermite_e.hermegauss(count)
        law = Atoms(tuple(places), tuple(weights / weights.sum()))
        source, noise = LazySource(law), Normal(0, 1)
        trial.equal("E f(X)² = 1", law.variance, 1.0)
        short.append(math.log(2) / 2 - source.information(noise))
        noisy = source.noisy_divergence(noise, Normal(0, math.sqrt(2)))
        trial.equal("C − I and KL(Y ‖ N(0, 2))", short[-1], noisy)
        trial.equal("KL(f(X) ‖ N(0, 1))", source.divergence(Normal()), math.inf)
    trial.equal("C − I of 5 atoms and 1.3e-5", short[1], 1.3e-5, tolerance=5e-2, floor=0.0)
    trial.below("more atoms fall less short", short[2], short[1], by=1e-6)


@check("contribution-1", cases={f"{n},sigma={s:g}": (STANDARDISED[n], s) for n in STANDARDISED for s in (0.3, 1.0)})
def one_for_one_gaussian(trial: Trial, case: tuple[Law, float]) -> None:
    """f(X) = f(X′): I + KL(Y ‖ N(0, 1+σ²)) is C for every law, so more of the one is less of the other."""
    law, sigma = case
    source, noise = LazySource(law), Normal(0, sigma)
    total = source.information(noise) + source.noisy_divergence(noise, Normal(0, math.hypot(1, sigma)))
    trial.equal("I + KL(Y ‖ N(0, 1+σ²)) and C", total, bounds.gaussian_capacity(1, sigma))
    if isinstance(law, Normal):
        trial.equal("KL(f(X) ‖ N(0, 1)) at the maximum", source.divergence(Normal()), 0.0)


@check(
    "contribution-1",
    cases={f"{n},eps={e:.3g}": (ON_THE_UNIT_INTERVAL[n], e) for n in ON_THE_UNIT_INTERVAL for e in (0.3,)},
)
def one_for_one_uniform(trial: Trial, case: tuple[Law, float]) -> None:
    """f(X) = f(X′): I + KL(Y ‖ U[−ε, 1+ε]) is log(1+1/(2ε)) for every law."""
    law, epsilon = case
    source, noise = LazySource(law), Uniform(-epsilon, epsilon)
    total = source.information(noise) + source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon))
    trial.equal("I + KL(Y ‖ U) and the bound (6)", total, bounds.uniform_capacity(1, epsilon))


_KNOWN = {
    "noiseless,3": (np.eye(3), math.log(3)),
    "useless": (np.full((4, 2), 0.5), 0.0),
    "binary-symmetric,0.1": (
        np.array([[0.9, 0.1], [0.1, 0.9]]),
        math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1),
    ),
    "erasure,0.25": (np.array([[0.75, 0.25, 0], [0, 0.25, 0.75]]), 0.75 * math.log(2)),
    "z-channel,0.5": (np.array([[1.0, 0.0], [0.5, 0.5]]), math.log(1.25)),
}


@check("uniform-channel", cases=_KNOWN)
def textbook_channels(trial: Trial, case: tuple[np.ndarray, float]) -> None:
    """The search itself, on channels whose capacity is in every textbook."""
    channel, expected = case
    found = capacity.blahut_arimoto(channel, tolerance=1e-12)
    trial.equal("capacity, from below", found.lower, expected)
    trial.equal("capacity, from above", found.upper, expected)
