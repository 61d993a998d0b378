"""The adaptive dual (new): J_ρ = E T_ρ − log E κ_ρ ≤ I for every ρ, with equality at ρ = m for standard normal views.

Hypotheses: Z ~ N(0, σ²I) independent of (X, X′); ρ chosen without the data.
Source: derived here from arXiv 2410.06993, Theorem 4.1 (ρ = 1); the semigroup property is Mehler's.
"""

import itertools
import math

import mpmath
import numpy as np
from scipy import stats

from noisedim.theory import bounds, dual, dual_adaptive
from noisedim.theory.laws import Normal
from noisedim.theory.sources import DiscreteSource, GaussianSource
from noisedim.verification import Trial, check
from noisedim.verification.batches import PairTable, law_nodes

_LEVELS = (0.05, 0.3, 1.0, 4.0)
_RHOS = (0.2, 0.7, 0.95, 1.0)


@check("dual-adaptive", cases={f"sigma={s:g},rho={r:g}": (s, r) for s in _LEVELS for r in _RHOS})
def critic(trial: Trial, case: tuple[float, float]) -> None:
    """T_ρ is the pointwise information of standard normal views; at ρ = 1 Theorem 4.1's critic plus C."""
    sigma, rho = case
    x = np.array([[-1.3], [0.0], [0.6], [2.1]])
    y = np.array([[-1.0], [0.2], [0.9], [1.7]])
    found = dual_adaptive.adaptive_critic(x, y, sigma, rho)
    given = math.sqrt(1 + sigma**2 - rho**2)
    for i, j in itertools.product(range(4), range(4)):
        log_ratio = stats.norm.logpdf(y[j, 0], rho * x[i, 0], given) - stats.norm.logpdf(
            y[j, 0], 0, math.hypot(1, sigma)
        )
        trial.equal("T_ρ and the log of the densities' ratio", found[i, j], log_ratio, terms=abs(log_ratio) + 10)
    if rho == 1:
        first = dual.gaussian_dual_critic(x, y, sigma) + bounds.gaussian_capacity(1, sigma)
        trial.equal(
            "largest difference from Theorem 4.1's",
            float(np.abs(first - found).max()),
            0.0,
            terms=float(np.abs(first).max()),
        )


@check("dual-adaptive", cases={f"sigma={s:g},rho={r:g}": (s, r) for s in _LEVELS for r in _RHOS})
def semigroup(trial: Trial, case: tuple[float, float]) -> None:
    """E_Z e^(T_ρ(b, a+Z)) by quadrature, and Mehler's kernel at r = ρ/(1+σ²) written out."""
    sigma, rho = case
    r = rho / (1 + sigma**2)
    spread = math.sqrt(1 + sigma**2 - rho**2)
    # e^T bends over the smaller of the two scales; the noise's nodes follow it.
    noise = Normal(0, sigma)
    edges = np.linspace(-14, 14, 28 * max(1, math.ceil(sigma / spread)) + 1) * sigma
    places, masses = np.polynomial.legendre.leggauss(24)
    half = (edges[1] - edges[0]) / 2
    z = (edges[:-1, None] + half * (1 + places)).ravel()
    mass = np.tile(half * masses, len(edges) - 1) * noise.density(z)
    for a, b in ((0.0, 0.0), (1.0, 1.0 + sigma), (-0.8, -0.5), (2.0, 1.9)):
        values = dual_adaptive.adaptive_critic([[b]], (a + z)[:, None], sigma, rho)[0]
        integral = math.log(mass @ np.exp(values))
        plain = (2 * r * a * b - r * r * (a * a + b * b)) / (2 * (1 - r * r)) - math.log(1 - r * r) / 2
        size = (a * a + b * b + abs(2 * a * b)) / (2 * (1 - r * r))
        trial.equal("log E_Z e^T and Mehler's kernel", integral, plain, terms=size)
        found = float(dual_adaptive.adaptive_kernel([[a]], [[b]], sigma, rho)[0, 0])
        trial.equal("the kernel as computed and Mehler's", found, plain, terms=size)


@check(
    "dual-adaptive",
    cases={
        f"m={m:g},sigma={s:g},rho={r:g}": (m, s, r)
        for m in (0.3, 0.8, 1.0)
        for s in (0.3, 1.0)
        for r in (0.4, 0.8, 1.0)
    },
)
def normal_views(trial: Trial, case: tuple[float, float, float]) -> None:
    """J_ρ in closed form; E T_ρ by Gauss–Hermite over the pair; E e^T = 1 by quadrature; at most I, equal at ρ = m."""
    m, sigma, rho = case
    closed = dual_adaptive.adaptive_gaussian_dual(3, sigma, rho, m)
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    weights = weights / weights.sum()
    first, second = np.meshgrid(nodes, nodes, indexing="ij")
    mass = np.outer(weights, weights).ravel()
    # (f(X), f(X′)) of correlation m, and Y = f(X) + Z: a quadratic's mean, which the rule integrates exactly.
    given = math.sqrt(max(0.0, 1 - m * m) + sigma**2)
    x, y = first.ravel(), m * first.ravel() + given * second.ravel()
    spread = 1 + sigma**2 - rho**2
    values = y**2 / (2 * (1 + sigma**2)) - (y - rho * x) ** 2 / (2 * spread) + math.log((1 + sigma**2) / spread) / 2
    trial.equal("J_ρ and 3·E T_ρ", closed, 3 * float(mass @ values))
    information = GaussianSource.correlated(3, m).information(Normal(0, sigma))
    trial.at_most("J_ρ and I", closed, information)
    trial.equal("J_m and I", dual_adaptive.adaptive_gaussian_dual(3, sigma, m, m), information)
    if abs(rho - m) > 1e-9:
        trial.below("J_ρ and I, ρ ≠ m", closed, information)
    if rho == 1:
        trial.equal("Theorem 4.1's value", closed, bounds.gaussian_capacity(3, sigma) - 3 * (1 - m) / sigma**2)
    points, masses = law_nodes(Normal(), nodes=30)
    kernel = np.exp(dual_adaptive.adaptive_kernel(points[:, None], points[:, None], sigma, rho))
    trial.equal("E κ_ρ at the prior", float(masses @ kernel @ masses), 1.0)


@check("dual-adaptive", cases={f"m={m:g},sigma={s:g}": (m, s) for m in (0.1, 0.6, 0.95) for s in (0.05, 0.5, 2.0)})
def maximum(trial: Trial, case: tuple[float, float]) -> None:
    """dJ_ρ/dρ by mpmath, and the stated form, whose only root in (−1, 1) is m."""
    m, sigma = case
    with mpmath.workdps(40):
        a = 1 / (1 + mpmath.mpf(sigma) ** 2)

        def value(rho: mpmath.mpf) -> mpmath.mpf:
            return -mpmath.log(1 - a * rho**2) / 2 + a * rho * (m - rho) / (1 - a * rho**2)

        for rho in (-0.5, 0.0, 0.3, m, 0.9):
            slope = mpmath.diff(value, mpmath.mpf(rho))
            stated = a * (m - mpmath.mpf(rho)) * (1 + a * mpmath.mpf(rho) ** 2) / (1 - a * mpmath.mpf(rho) ** 2) ** 2
            trial.equal("dJ_ρ/dρ by mpmath and as stated", float(slope), float(stated))
            found = dual_adaptive.adaptive_gaussian_dual(1, sigma, rho, m)
            trial.equal("J_ρ and mpmath's", found, float(value(mpmath.mpf(rho))), terms=1 / sigma**2)


@check(
    "dual-adaptive",
    cases={
        f"v={v:g},w={w:g},m={m:g}": (v, w, m)
        for v, w, m in ((1, 1, 0.5), (1.4, 0.9, 0.8), (0.3, 0.4, 0.2), (0.1, 0.1, -0.05), (2, 2, 1.9))
    },
)
def best_of_moments(trial: Trial, case: tuple[float, float, float]) -> None:
    """The maximiser of E T_ρ from second moments, against all ρ of a fine grid."""
    v, w, m = case
    for sigma in (0.1, 1.0):
        rho = np.linspace(-1, 1, 200_001)
        a = 1 / (1 + sigma**2)
        # E T_ρ = E log of the ratio of the two normal densities, moments only.
        given = 1 / a - rho**2
        values = (
            -np.log(given * a) / 2 + (v + sigma**2) * a / 2 - (v + sigma**2 - 2 * rho * m + rho**2 * w) / (2 * given)
        )
        best = dual_adaptive.best_correlation(v, w, m, sigma)
        trial.at_most("|ρ found − ρ of the grid|", abs(abs(best) - abs(float(rho[values.argmax()]))), 1e-5)
        if (v, w) == (1, 1):
            trial.equal("ρ and m at unit moments", best, m)


_SAME_LAW = {
    f"{name},keep={keep:g}": PairTable.lazy(np.array(points), np.array(weights), keep)
    for name, points, weights in (
        ("rademacher", [-1.0, 1.0], [0.5, 0.5]),
        ("skewed-atoms", [-0.5, 2.0], [0.8, 0.2]),
        ("three-atoms", [-math.sqrt(1.5), 0.0, math.sqrt(1.5)], [1 / 3, 1 / 3, 1 / 3]),
    )
    for keep in (0.5, 0.9, 1.0)
}


@check("dual-adaptive", cases=_SAME_LAW)
def one_law(trial: Trial, table: PairTable) -> None:
    """f(X) and f(X′) of one law: J_ρ ≤ I at every ρ, its maximiser at most m, and its maximum at least J₁ (Theorem 4.1's)."""
    m = table.mean_positive(lambda z, other: (z * other).sum(1))
    source = DiscreteSource.of(table.points[:, 0], table.others[:, 0], table.joint)
    grid = np.linspace(0.01, 1.0, 100)
    for sigma in (0.1, 0.4, 1.0, 3.0):
        information = source.information(Normal(0, sigma))
        values = [_bound(table, sigma, float(rho)) for rho in grid]
        trial.at_most("largest J_ρ and I", max(values), information)
        trial.at_most("maximiser and m", float(grid[int(np.argmax(values))]), m, slack=0.0101)
        trial.at_most("J₁ and the largest", values[-1], max(values))


def _bound(table: PairTable, sigma: float, rho: float) -> float:
    positive = table.mean_positive(lambda z, other: dual_adaptive.gaussian_positives(z, other, sigma, rho))
    return positive - table.log_mean_kernel(dual_adaptive.adaptive_kernel(table.points, table.others, sigma, rho))


@check("dual-adaptive", cases={f"table-{seed}": seed for seed in range(12)})
def any_law(trial: Trial, seed: int) -> None:
    """Random joint laws, f(X) and f(X′) of different ones: J_ρ ≤ I at every ρ and σ."""
    table = PairTable.random(40 + seed, size=2 + seed % 3, spread=0.7)
    source = DiscreteSource.of(table.points[:, 0], table.others[:, 0], table.joint)
    for sigma in (0.1, 0.5, 2.0):
        information = source.information(Normal(0, sigma))
        for rho in (0.1, 0.5, 0.9, 1.0):
            trial.at_most(f"J_ρ and I, σ={sigma:g}, ρ={rho:g}", _bound(table, sigma, rho), information)


@check("dual-adaptive")
def small_noise_does_not_collapse(trial: Trial) -> None:
    """Views of correlation 0.9 at σ = 0.03: Theorem 4.1's bound is below −100 nats, the adaptive one positive."""
    trial.below("J₁ and −100", dual_adaptive.adaptive_gaussian_dual(1, 0.03, 1.0, 0.9), -100.0)
    trial.below("half a nat and J_0.9", 0.5, dual_adaptive.adaptive_gaussian_dual(1, 0.03, 0.9, 0.9))
