"""The leaky dual (new): J_η ≤ I(f(X′); f(X)+Z) for uniform noise and every leakage η in (0, 1], the best η, and its limits.

Hypotheses: Z ~ U[−ε, ε]^d independent of (X, X′), f(X) and f(X′) in [0, 1]^d.
Source: derived here; Donsker & Varadhan (1983). The dual form that arXiv 2410.06993 leaves to future work.
"""

import itertools
import math

import numpy as np

from noisedim.theory import dual, dual_uniform, entropy
from noisedim.theory.laws import Uniform
from noisedim.theory.sources import DiscreteSource, LazySource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.batches import PairTable, law_nodes
from noisedim.verification.scenarios import ON_THE_UNIT_INTERVAL, lattice

_LEVELS = (0.05, 0.25, 1 / 3, 0.5, 2.0)
_LEAKAGES = (1e-6, 0.01, 0.3, 0.9, 1.0)


@check("dual-leaky", cases={f"eps={e:.3g},eta={h:g}": (e, h) for e in _LEVELS for h in _LEAKAGES})
def noise_integrated_out(trial: Trial, case: tuple[float, float]) -> None:
    """Kernel and positives of points in the plane: the step critic, integrated over the noise coordinate by coordinate."""
    epsilon, eta = case
    rng = np.random.default_rng(2)
    z = rng.random((4, 2))
    z_prime = np.clip(z + epsilon * rng.uniform(-2.5, 2.5, (4, 2)), 0, 1)
    inside = math.log(eta + (1 - eta) * (1 + 2 * epsilon) / (2 * epsilon))
    kernel = dual_uniform.leaky_kernel(z, z_prime, epsilon, eta)
    positives = dual_uniform.leaky_positives(z, z_prime, epsilon, eta)
    for i, j in itertools.product(range(4), range(4)):
        mean = log_mean = 0.0
        for k in range(2):
            # y is uniform on z ± ε; the critic is one constant within z′ ± ε and another outside.
            low, high = max(z[i, k], z_prime[j, k]) - epsilon, min(z[i, k], z_prime[j, k]) + epsilon
            share = max(0.0, high - low) / (2 * epsilon)
            mean += share * inside + (1 - share) * math.log(eta)
            log_mean += math.log(share * math.exp(inside) + (1 - share) * eta)
        trial.equal("log E_Z e^T and the kernel", log_mean, kernel[i, j], terms=abs(math.log(eta)))
        if i == j:
            trial.equal("E_Z T and the positive", mean, positives[i], terms=abs(math.log(eta)))
    if eta == 1:
        trial.equal("all vanish without a critic", float(np.abs(kernel).max() + np.abs(positives).max()), 0.0)


def _tables(epsilon: float) -> dict[str, PairTable]:
    found = {}
    for name, law in ON_THE_UNIT_INTERVAL.items():
        if law.atoms and abs(sum(weight for _, weight in law.atoms) - 1) < 1e-9:
            for keep in (1.0, 0.7):
                found[f"{name},keep={keep:g}"] = PairTable.lazy(*law_nodes(law), keep)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        raw = PairTable.random(seed, size=3)
        points = rng.random((3, 1))
        others = np.clip(points + 2 * epsilon * rng.uniform(-0.7, 0.7, (3, 1)), 0, 1)
        found[f"table-{seed}"] = PairTable(points, others, raw.joint)
    return found


def _positive(table: PairTable, epsilon: float, eta: float) -> float:
    return table.mean_positive(lambda z, other: dual_uniform.leaky_positives(z, other, epsilon, eta))


def _bound(table: PairTable, epsilon: float, eta: float) -> float:
    return _positive(table, epsilon, eta) - table.log_mean_kernel(
        dual_uniform.leaky_kernel(table.points, table.others, epsilon, eta)
    )


@check("dual-leaky", cases={f"{name},eps={e:.3g}": (name, e) for e in (0.05, 0.25, 0.5) for name in _tables(e)})
def bound(trial: Trial, case: tuple[str, float]) -> None:
    """J_η ≤ I at every η, and of batches of B: E J_{η,B} ≤ min(I, log B)."""
    name, epsilon = case
    table = _tables(epsilon)[name]
    source = DiscreteSource.of(table.points[:, 0], table.others[:, 0], table.joint)
    information = source.information(Uniform(-epsilon, epsilon))
    for eta in _LEAKAGES:
        trial.at_most(f"J_η and I, η={eta:g}", _bound(table, epsilon, eta), information)
        kernel = dual_uniform.leaky_kernel(table.points, table.others, epsilon, eta)
        positive = _positive(table, epsilon, eta)
        trial.at_most("J_η and its rows", _bound(table, epsilon, eta), positive - table.limit_row_term(kernel))
        for batch in (2, 16):
            value = positive - table.row_term(kernel, batch)
            trial.at_most(f"rows and the ceiling, B={batch}", value, min(information, math.log(batch)))


@check(
    "dual-leaky",
    cases={
        f"{n},eps={e:.3g},keep={k:g}": (n, e, k)
        for n, e, k in (("uniform", 0.25, 0.5), ("uniform", 0.5, 1.0), ("two-blocks", 0.5, 0.9))
    },
)
def densities(trial: Trial, case: tuple[str, float, float]) -> None:
    """J_η ≤ I for laws with densities: E of the kernel by its piecewise polynomial, I by quadrature."""
    name, epsilon, keep = case
    law = ON_THE_UNIT_INTERVAL[name]
    information = LazySource(law, keep=keep).information(Uniform(-epsilon, epsilon))
    # A fine midpoint grid: its error of about 1e-6 is the slack.
    points = (np.arange(2000) + 0.5) / 2000
    weights = law.density(points)
    weights = weights / weights.sum()
    overlap = np.maximum(0, 1 - np.abs(points[:, None] - points[None, :]) / (2 * epsilon))
    apart = float(weights @ overlap @ weights)
    for eta in (0.01, 0.1, 0.5):
        scale = (1 - eta) * (1 + 1 / (2 * epsilon))
        share = keep + (1 - keep) * apart
        value = share * math.log(eta + scale) + (1 - share) * math.log(eta) - math.log(eta + scale * apart)
        trial.at_most(f"J_η and I, η={eta:g}", value, information, slack=1e-5)


@check(
    "dual-leaky", cases={f"{name},eps={e:.3g}": (name, e) for name in ("three-atoms", "uneven-atoms") for e in _LEVELS}
)
def equal_views(trial: Trial, case: tuple[str, float]) -> None:
    """f(X) = f(X′): J_η as η → 0 is C − D₂, D₂ by quadrature; the search finds at least that."""
    name, epsilon = case
    law = ON_THE_UNIT_INTERVAL[name]
    table = PairTable.lazy(*law_nodes(law), 1.0)
    divergence = entropy.renyi_2_divergence(add(law, Uniform(-epsilon, epsilon)), Uniform(-epsilon, 1 + epsilon))
    limit = math.log1p(1 / (2 * epsilon)) - divergence
    trial.equal("J at η = 1e-13 and C − D₂", _bound(table, epsilon, 1e-13), limit, tolerance=1e-8)
    if name == "three-atoms":
        value, _ = dual_uniform.largest_leaky_dual(table.points, table.points, epsilon)
        trial.at_most("C − D₂ and the largest J_η", limit, value, slack=1e-8)
        source = DiscreteSource.of(table.points[:, 0], table.others[:, 0], table.joint)
        trial.at_most("the largest J_η and I", value, source.information(Uniform(-epsilon, epsilon)))


@check("dual-leaky", cases={f"eps={e:.3g},q={q:g}": (e, q) for e in _LEVELS for q in (0.0, 0.3, 0.6, 0.95, 1.0)})
def best_of_the_positives(trial: Trial, case: tuple[float, float]) -> None:
    """The maximiser of E T_η and its value, against all η of a fine grid and a binary divergence."""
    epsilon, overlap = case
    eta = np.geomspace(1e-9, 1.0, 400_001)
    inside = np.log(eta + (1 - eta) * (1 + 2 * epsilon) / (2 * epsilon))
    values = overlap * inside + (1 - overlap) * np.log(eta)
    best, value = dual_uniform.best_leakage(overlap, epsilon), dual_uniform.leaky_alignment(1, overlap, epsilon)
    trial.equal("E T_η at its largest", value, float(values.max()), tolerance=1e-7)
    found = float(eta[values.argmax()])
    trial.at_most("|η found − η of the grid|", abs(best - found), 1e-4)
    chance = 2 * epsilon / (1 + 2 * epsilon)
    if chance < overlap < 1:
        kl = overlap * math.log(overlap / chance) + (1 - overlap) * math.log((1 - overlap) / (1 - chance))
        trial.equal("d·kl(q̄ ‖ 2ε/(1+2ε))", dual_uniform.leaky_alignment(3, overlap, epsilon), 3 * kl)


@check("dual-leaky", cases={f"eps={e:g},keep={k:g}": (e, k) for e in (0.05, 0.25, 0.5) for k in (0.5, 0.9)})
def attained(trial: Trial, case: tuple[float, float]) -> None:
    """The law that attains Theorem 3.5's bound, coordinates kept with probability k: J_η = I at η = 1−k, which is the best."""
    epsilon, keep = case
    law = lattice(epsilon)
    table = PairTable.lazy(*law_nodes(law), keep)
    information = LazySource(law, keep=keep).information(Uniform(-epsilon, epsilon))
    trial.equal("J_η at η = 1−k and I", _bound(table, epsilon, 1 - keep), information)
    overlap = table.mean_positive(lambda z, other: np.maximum(0, 1 - np.abs(z - other)[:, 0] / (2 * epsilon)))
    trial.equal("the best η", dual_uniform.best_leakage(overlap, epsilon), 1 - keep)
    trial.equal("its value", dual_uniform.leaky_alignment(1, overlap, epsilon), information)
    for eta in ((1 - keep) / 2, 1.5 * (1 - keep)):
        trial.below("J elsewhere and I", _bound(table, epsilon, eta), information)


@check("dual-leaky", cases={f"eps={e:.3g}": e for e in _LEVELS})
def kernel_without_leakage(trial: Trial, epsilon: float) -> None:
    """As η → 0 the kernel is the uniform prior's own."""
    points = np.linspace(0, 1, 9)[:, None]
    plain = np.exp(dual.uniform_dual_kernel(points, points, epsilon))
    leaky = np.exp(dual_uniform.leaky_kernel(points, points, epsilon, 1e-15))
    trial.equal("largest difference", float(np.abs(leaky - plain).max()), 0.0, terms=float(plain.max()))


@check("dual-leaky", cases={f"d={d},eps={e:.3g}": (d, e) for d in (1, 3) for e in (0.01, *_LEVELS)})
def rows_of_a_batch(trial: Trial, case: tuple[int, float]) -> None:
    """√(2 E κ²)/E κ of two independent draws of U[0, 1]^d: the kernel itself, by quadrature of the law of |U − U′|."""
    dim, epsilon = case
    places, weights = np.polynomial.legendre.leggauss(8)
    top = min(1.0, 2 * epsilon)
    apart = (places + 1) * top / 2
    kernel = np.exp(dual.uniform_dual_kernel(np.zeros((1, 1)), apart[:, None], epsilon)[0])
    density = weights * top / 2 * 2 * (1 - apart)
    mean, square = float(density @ kernel), float(density @ kernel**2)
    found = dual_uniform.uniform_least_batch(dim, epsilon)
    trial.equal("rows and √(2 E κ²)/E κ", found, math.sqrt(2 * (square / mean**2) ** dim))


def _rows(z: np.ndarray, z_prime: np.ndarray, epsilon: float, eta: float) -> float:
    """J_η of a batch, row by row, from the overlaps of the noise boxes."""
    low = np.maximum(z[:, None], z_prime[None]) - epsilon
    shares = np.maximum(np.minimum(z[:, None], z_prime[None]) + epsilon - low, 0) / (2 * epsilon)
    inside = eta + (1 - eta) * (1 + 2 * epsilon) / (2 * epsilon)
    own = shares[np.arange(len(z)), np.arange(len(z))]
    positives = (own * math.log(inside) + (1 - own) * math.log(eta)).sum(1)
    kernel = (shares * inside + (1 - shares) * eta).prod(2)
    return float(positives.mean() - np.log(kernel.mean(1)).mean())


@check("dual-leaky", cases={f"eps={e:g},apart={a:g}": (e, a) for e in (0.05, 0.25, 1.0) for a in (0.0, 0.3, 1.5)})
def of_a_batch(trial: Trial, case: tuple[float, float]) -> None:
    """What is reported of a batch: each half's J_η at the leakage that is best for the other half; at most log(n/2)."""
    epsilon, apart = case
    rng = np.random.default_rng(4)
    z = rng.random((15, 2))
    z_prime = np.clip(z + apart * epsilon * rng.standard_normal((15, 2)), 0, 1)
    halves = (z[:7], z_prime[:7]), (z[7:], z_prime[7:])
    leakages = [10 ** (-3 + k / 8) for k in range(25)]
    expected = 0.0
    for own, other in (halves, halves[::-1]):
        best = max(leakages, key=lambda eta: _rows(*other, epsilon, eta))
        trial.equal("the leakage of the other half", dual_uniform.row_leakage(*other, epsilon), best)
        expected += _rows(*own, epsilon, best) / 2
    found = dual_uniform.leaky_row_bound(z, z_prime, epsilon)
    trial.equal("the reported bound and its definition", found, expected)
    trial.at_most("the reported bound and log(n/2)", found, math.log(7.5))
