"""The Gaussian dual in closed form (new): J = C − E‖f(X)−f(X′)‖²/(2σ²) − log E κ, its Hermite series, and the certificate.

Hypotheses: Z ~ N(0, σ²I), E‖f(X)‖² = d; for D₂, f(X) and f(X′) have one law.
Source: derived here from arXiv 2410.06993, Theorem 4.1; kernel: Mehler (1866).

Each side by its own route: the kernel by integrating the noise out of e^(T*), D₂ by quadrature of p²/q or by determinants,
the series by moments of Hermite polynomials.
"""

import itertools
import math

import numpy as np
import torch

from noisedim.objectives import dual_bound
from noisedim.priors import GaussianPrior
from noisedim.theory import bounds, dual, entropy
from noisedim.theory.laws import Atoms, Law, Normal, Uniform
from noisedim.theory.quadrature import integrate
from noisedim.theory.sources import DiscreteSource, GaussianSource, LazySource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED, covariance

_POINTS = np.array([-1.9, -0.7, 0.0, 0.4, 1.3])


@check("dual-gaussian", cases={f"sigma={sigma:g}": sigma for sigma in (0.02, 0.05, 0.3, 1.0, 5.0)})
def noise_integrated_out(trial: Trial, sigma: float) -> None:
    """κ(a, b) e^(−C) = E_Z e^(T*(a, b+Z)), by quadrature over the noise, for neighbours and for distant points."""
    capacity = math.log1p(1 / sigma**2) / 2
    others = np.array([a + sigma * t for a, t in zip(_POINTS, (0.0, 1.0, -0.5, 2.0, -3.0), strict=True)])
    kernel = dual.gaussian_dual_kernel(_POINTS[:, None], others[:, None], sigma)
    for i, a in enumerate(_POINTS):
        b = others[i]

        def integrand(z: np.ndarray, a: float = a, b: float = b) -> np.ndarray:
            y = b + z
            critic = y * y / (2 * (1 + sigma**2)) - (y - a) ** 2 / (2 * sigma**2)
            return Normal(0, sigma).density(z) * np.exp(critic)

        reach = np.linspace(-14, 14, 29) * sigma
        value = integrate(integrand, reach, tolerance=1e-13).value
        trial.equal(f"log κ and the integral at a = {a:g}", kernel[i, i], math.log(value) + capacity)


@check("dual-gaussian", cases={f"d={d},sigma={s:g}": (d, s) for d in (1, 3, 64) for s in (0.02, 0.05, 0.3, 1.0, 5.0)})
def kernel_formula(trial: Trial, case: tuple[int, float]) -> None:
    """The kernel as Mehler wrote it, and as a product over coordinates."""
    dim, sigma = case
    rng = np.random.default_rng(dim)
    a = rng.standard_normal((4, dim))
    b = a + sigma * rng.standard_normal((4, dim))
    r = 1 / (1 + sigma**2)
    found = dual.gaussian_dual_kernel(a, b, sigma)
    one = np.sum([dual.gaussian_dual_kernel(a[:, [i]], b[:, [i]], sigma) for i in range(dim)], axis=0)
    rest = 1 - r * r
    for i, j in itertools.product(range(4), repeat=2):
        inner, norms = float(a[i] @ b[j]), float((a[i] ** 2).sum() + (b[j] ** 2).sum())
        plain = (2 * r * inner - r * r * norms) / (2 * rest) - dim / 2 * math.log(rest)
        terms = (2 * abs(inner) + norms) / (2 * rest)
        trial.equal("log κ and Mehler's formula", found[i, j], plain, terms=terms)
        trial.equal("log κ and the sum over coordinates", found[i, j], one[i, j], terms=terms)


_ATOMS = {n: law for n, law in STANDARDISED.items() if isinstance(law, Atoms)} | {
    "five-points": Atoms((-1.5, -0.5, 0.2, 0.9, 2.0), (0.1, 0.3, 0.3, 0.2, 0.1)),
    "one-point": Atoms((0.7,)),
}


@check("dual-gaussian", cases={f"{n},sigma={s:g}": (law, s) for n, law in _ATOMS.items() for s in (0.1, 0.3, 1.0, 5.0)})
def divergence_of_atoms(trial: Trial, case: tuple[Law, float]) -> None:
    """log E κ over independent pairs of atoms, a finite sum, and D₂ of their noisy law by quadrature."""
    law, sigma = case
    points, weights = (np.array(values) for values in zip(*law.atoms, strict=True))
    mean = float(weights @ np.exp(dual.gaussian_dual_kernel(points[:, None], points[:, None], sigma)) @ weights)
    divergence = entropy.renyi_2_divergence(add(law, Normal(0, sigma)), Normal(0, math.hypot(1, sigma)))
    trial.equal("log E κ and D₂", math.log(mean), divergence)
    trial.at_most("0 and D₂", 0.0, divergence)


def _mean_kernel(law: Law, sigma: float) -> float:
    """E κ(X₁, X₂) for a law with a density: two nested integrals."""

    def inner(a: np.ndarray) -> np.ndarray:
        values = []
        for point in a:
            near = [
                p for p in point + sigma * np.linspace(-12, 12, 13) if law.breakpoints.min() < p < law.breakpoints.max()
            ]

            def over_b(b: np.ndarray, point: float = point) -> np.ndarray:
                return law.density(b) * np.exp(dual.gaussian_dual_kernel([[point]], b[:, None], sigma)[0])

            values.append(integrate(over_b, [*law.breakpoints, *near], tolerance=1e-12).value)
        return np.array(values)

    return integrate(lambda a: law.density(a) * inner(a), law.breakpoints, tolerance=1e-11).value


_DENSITIES: dict[str, tuple[Law, float]] = {
    f"{name},sigma={sigma:g}": (STANDARDISED[name], sigma)
    for name, sigma in (
        ("normal", 0.3),
        ("normal", 1.0),
        ("uniform", 0.3),
        ("uniform", 1.0),
        ("two-clusters", 0.5),
        ("two-clusters", 5.0),
    )
} | {"narrow-uniform,sigma=0.3": (Uniform(-0.5, 0.5), 0.3)}


@check("dual-gaussian", cases=_DENSITIES)
def divergence_of_densities(trial: Trial, case: tuple[Law, float]) -> None:
    """log E κ by nested integrals over the clean law, and D₂ by one integral over the noisy one; both 0 at the prior."""
    law, sigma = case
    divergence = entropy.renyi_2_divergence(add(law, Normal(0, sigma)), Normal(0, math.hypot(1, sigma)))
    mean = _mean_kernel(law, sigma)
    trial.equal("log E κ and D₂", math.log(mean), divergence)
    if law == Normal():
        trial.equal("E κ at the prior", mean, 1.0)
    else:
        trial.below("0 and D₂ elsewhere", 0.0, divergence, by=1e-8)


@check("dual-gaussian", cases={f"d={d},sigma={s:g}": (d, s) for d, s in ((2, 0.5), (8, 2.0), (64, 5.0))})
def full_covariance(trial: Trial, case: tuple[int, float]) -> None:
    """Normal laws with full covariance: D₂ by determinants, and by quadrature along the axes."""
    dim, sigma = case
    spread = covariance(dim, seed=dim) * 0.9
    source = GaussianSource.of(spread)
    divergence = source.noisy_renyi_2(Normal(0, sigma), Normal(0, math.hypot(1, sigma)))
    axes = np.linalg.eigvalsh(spread)
    noise, reference = Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    along = math.fsum(entropy.renyi_2_divergence(add(Normal(0, math.sqrt(v)), noise), reference) for v in axes)
    trial.equal("D₂ by determinants and along the axes", divergence, along)
    kl = source.noisy_divergence(noise, reference)
    trial.at_most("KL and D₂", kl, divergence)


def _defined(law: Law, sigma: float, keep: float) -> float:
    """J as Theorem 4.1 defines it, E T* − log E e^T*, one coordinate: moments, and a quadrature over y."""
    noisy = add(law, Normal(0, sigma))

    def integrand(y: np.ndarray) -> np.ndarray:
        return noisy.density(y) ** 2 * math.sqrt(2 * math.pi) * sigma * np.exp(y * y / (2 * (1 + sigma**2)))

    partition = integrate(integrand, noisy.breakpoints, tolerance=1e-13).value
    distance = LazySource(law, keep=keep).squared_distance
    second = law.variance + law.mean**2
    positive = (second + sigma**2) / (2 * (1 + sigma**2)) - (distance + sigma**2) / (2 * sigma**2)
    return positive - math.log(partition)


@check(
    "dual-gaussian",
    cases={
        f"{n},sigma={s:g},keep={k:g}": (STANDARDISED[n], s, k)
        for n in ("rademacher", "skewed-atoms")
        for s in (0.3, 1.0, 5.0)
        for k in (1.0, 0.5)
    },
)
def objective(trial: Trial, case: tuple[Law, float, float]) -> None:
    """J as Theorem 4.1 defines it, and as alignment plus kernel."""
    law, sigma, keep = case
    source = LazySource(law, keep=keep)
    points, weights = (np.array(values) for values in zip(*law.atoms, strict=True))
    mean = float(weights @ np.exp(dual.gaussian_dual_kernel(points[:, None], points[:, None], sigma)) @ weights)
    closed = bounds.gaussian_capacity(1, sigma) - source.squared_distance / (2 * sigma**2) - math.log(mean)
    defined = _defined(law, sigma, keep)
    terms = max(1.0, 1 / sigma**2)
    trial.equal("E T* − log E e^T* and C − alignment − log E κ", defined, closed, terms=terms)
    trial.at_most("J and I(f(X′); Y)", closed, source.information(Normal(0, sigma)))


@check("dual-gaussian", cases={f"sigma={sigma:g}": sigma for sigma in (0.3, 1.0)})
def estimator(trial: Trial, sigma: float) -> None:
    """What training uses: the loss by Mehler's formula over pairs of different images; the bound over rows, with j = i."""
    rng = np.random.default_rng(7)
    z = rng.standard_normal((6, 2))
    z_prime = z + 0.1 * rng.standard_normal((6, 2))
    value = dual_bound(torch.from_numpy(z), torch.from_numpy(z_prime), GaussianPrior(2), sigma, pairs="cross")
    r = 1 / (1 + sigma**2)
    kernel = np.array(
        [
            [math.exp((2 * r * (a @ b) - r * r * (a @ a + b @ b)) / (2 * (1 - r * r))) / (1 - r * r) for b in z_prime]
            for a in z
        ]
    )
    capacity, alignment = math.log1p(1 / sigma**2), float(((z - z_prime) ** 2).sum(1).mean()) / (2 * sigma**2)
    off = kernel[~np.eye(6, dtype=bool)].mean()
    trial.equal("the loss and −(C − alignment − log E κ)", float(value.loss), alignment + math.log(off) - capacity)
    # E‖f(X)‖² is not d on these six points; T* then adds (E‖f‖² − d)/(2(1+σ²)).
    excess = (float((z**2).sum(1).mean()) - 2) / (2 * (1 + sigma**2))
    rows = capacity + excess - alignment - float(np.log(kernel.mean(1)).mean())
    trial.equal("the reported bound and J_B", float(value.bound), rows)
    trial.at_most("the reported bound and log 6", float(value.bound), math.log(6))


@check("dual-gaussian", cases={f"uniform,sigma={s:g}": s for s in (1.0, 2.0)}, intervals=1)
def samples(trial: Trial, sigma: float) -> None:
    """E κ from independent pairs of samples, a bounded mean, against D₂ by quadrature (Δ = 0.02 nats)."""
    law, delta = STANDARDISED["uniform"], 0.02
    r = 1 / (1 + sigma**2)
    # κ on [−√3, √3]² is largest where both are √3.
    top = math.exp(3 * r / (1 + r)) / math.sqrt(1 - r * r)
    # E κ is at least 1, so an error of 0.019 in it is one of less than 0.02 in its log.
    design = trial.bounded_design(delta=0.95 * delta, low=0.0, high=top, deviation=top / 2)
    a, b = law.sample(design.n, trial.rng), law.sample(design.n, trial.rng)
    logs = (2 * r * a * b - r * r * (a * a + b * b)) / (2 * (1 - r * r)) - math.log(1 - r * r) / 2
    interval = design.interval(np.exp(logs))
    expected = entropy.renyi_2_divergence(add(law, Normal(0, sigma)), Normal(0, math.hypot(1, sigma)))
    ends = math.log(interval.lower), math.log(interval.upper)
    trial.within("log of the sampled E κ and D₂", *ends, expected, delta=delta, n=design.n)


# ------------------------------------------------------------ the Hermite series


def _hermite(order: int, x: np.ndarray) -> np.ndarray:
    """Orthonormal Hermite polynomials of orders 0 to ``order`` at x, (order+1, n), by their recursion."""
    values = [np.ones_like(x), x]
    for n in range(1, order):
        values.append((x * values[n] - math.sqrt(n) * values[n - 1]) / math.sqrt(n + 1))
    return np.array(values[: order + 1])


def _moment(law: Law, order: int, points: np.ndarray) -> float:
    """E h_n(X) by quadrature between these points."""
    return integrate(lambda x: law.density(x) * _hermite(max(order, 1), x)[order], points, tolerance=1e-12).value


def _orders(sigma: float) -> int:
    # r^n times at most n^(1/2)·e^(x²/2) of the tail is below 1e-12 from here on.
    return 12 + math.ceil(math.log(1e-15) / -math.log1p(sigma**2))


@check("dual-hermite", cases={f"{n},sigma={s:g}": (law, s) for n, law in _ATOMS.items() for s in (0.6, 1.0, 3.0)})
def moments_of_atoms(trial: Trial, case: tuple[Law, float]) -> None:
    """D₂ = log(1 + Σ r^n (E h_n)²) for atoms: moments as finite sums, D₂ by quadrature."""
    law, sigma = case
    r = 1 / (1 + sigma**2)
    points, weights = (np.array(values) for values in zip(*law.atoms, strict=True))
    moments = _hermite(_orders(sigma), points) @ weights
    series = float((r ** np.arange(len(moments)) * moments**2).sum())
    divergence = entropy.renyi_2_divergence(add(law, Normal(0, sigma)), Normal(0, math.hypot(1, sigma)))
    trial.equal("log of the series and D₂", math.log(series), divergence)
    trial.equal("its first term", moments[0], 1.0)
    kernel = np.exp(dual.gaussian_dual_kernel(points[:, None], points[:, None], sigma))
    trial.equal("E κ and the series", float(weights @ kernel @ weights), series)


@check(
    "dual-hermite",
    cases={f"{n},sigma={s:g}": (STANDARDISED[n], s) for n in ("uniform", "two-clusters", "normal") for s in (1.0, 3.0)},
)
def moments_of_densities(trial: Trial, case: tuple[Law, float]) -> None:
    """The same for laws with a density: moments by quadrature. All vanish at the prior."""
    law, sigma = case
    r = 1 / (1 + sigma**2)
    orders = _orders(sigma)
    ends = law.breakpoints
    points = np.unique(np.concatenate([ends, np.linspace(ends.min(), ends.max(), 65)]))
    moments = np.array([_moment(law, n, points) for n in range(orders)])
    series = float((r ** np.arange(orders) * moments**2).sum())
    divergence = entropy.renyi_2_divergence(add(law, Normal(0, sigma)), Normal(0, math.hypot(1, sigma)))
    trial.equal("log of the series and D₂", math.log(series), divergence)
    if law == Normal():
        trial.equal("largest moment of order 1 and more", float(np.abs(moments[1:]).max()), 0.0)


@check("dual-hermite", cases={f"sigma={sigma:g}": sigma for sigma in (0.7, 1.0, 3.0)})
def two_dimensions(trial: Trial, sigma: float) -> None:
    """Five points of the plane that are no product: E κ, and the double series over multi-indices."""
    points = np.array([[-1.0, 0.3], [0.5, 0.5], [1.2, -0.8], [0.0, 1.5], [-0.4, -1.1]])
    weights = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    kernel = np.exp(dual.gaussian_dual_kernel(points, points, sigma))
    r, orders = 1 / (1 + sigma**2), _orders(sigma)
    one, two = _hermite(orders, points[:, 0]), _hermite(orders, points[:, 1])
    moments = np.einsum("nk,mk,k->nm", one, two, weights)
    series = float((r ** np.add.outer(np.arange(orders + 1), np.arange(orders + 1)) * moments**2).sum())
    trial.equal("E κ and the double series", float(weights @ kernel @ weights), series)


@check("dual-hermite")
def noise_weighs_the_orders(trial: Trial) -> None:
    """A law that matches N(0, 1) in its first two moments and not in the fourth: D₂ falls as r⁴ with the noise."""
    law = STANDARDISED["rademacher"]
    fourth = float(_hermite(4, np.array([1.0]))[4, 0]) ** 2
    for sigma in (5.0, 20.0):
        r = 1 / (1 + sigma**2)
        divergence = entropy.renyi_2_divergence(
            add(law, Normal(0, sigma)), Normal(0, math.hypot(1, sigma)), tolerance=1e-15
        )
        trial.at_most(
            f"|D₂ / (r⁴ E h₄²) − 1| at σ={sigma:g}", abs(divergence / (r**4 * fourth) - 1), 2 * r if sigma == 5 else 0.2
        )


# ------------------------------------------------------------ the certificate


_CERTIFIED = {
    f"{name},sigma={sigma:g},keep={keep:g}": (STANDARDISED[name], sigma, keep)
    for k, name in enumerate(
        ("normal", "uniform", "two-clusters", "rademacher", "skewed-atoms", "atom-and-uniform", "mostly-atoms")
    )
    for j, sigma in enumerate((0.3, 1.0, 3.0))
    for keep in ((1.0, 0.5, 0.9)[(k + j) % 3],)
}


@check("dual-certificate", cases=_CERTIFIED)
def ladder(trial: Trial, case: tuple[Law, float, float]) -> None:
    """KL ≤ D₂ ≤ C − J, J from its definition; the last gap is the alignment, and C − I lies below C − J."""
    law, sigma, keep = case
    source, noise, reference = LazySource(law, dim=2, keep=keep), Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    kl, renyi = source.noisy_divergence(noise, reference), source.noisy_renyi_2(noise, reference)
    certificate = bounds.gaussian_capacity(2, sigma) - 2 * _defined(law, sigma, keep)
    trial.at_most("KL and D₂", kl, renyi)
    trial.at_most("D₂ and C − J", renyi, certificate)
    alignment = source.squared_distance / (2 * sigma**2)
    trial.equal("C − J and D₂ + E‖f(X) − f(X′)‖²/(2σ²)", certificate, renyi + alignment, terms=1 / sigma**2)
    information = source.information(noise)
    trial.at_most("C − I and C − J", bounds.gaussian_noisy_kl_upper_bound(information, 2, sigma), certificate)
    if isinstance(law, Normal) and keep == 1:
        trial.equal("all vanish at the prior", certificate, 0.0)
    else:
        trial.below("0 and C − J elsewhere", 0.0, certificate, by=1e-6)
    if not isinstance(law, Normal):
        trial.below("KL and D₂, strictly", kl, renyi, by=1e-9)


@check("dual-certificate", cases={f"d={d},sigma={s:g}": (d, s) for d, s in ((2, 0.3), (8, 1.0), (64, 5.0))})
def gaussian_ladder(trial: Trial, case: tuple[int, float]) -> None:
    """0 < KL ≤ D₂ for normal laws with full covariance, by determinants."""
    dim, sigma = case
    source = GaussianSource.of(0.95 * covariance(dim, seed=dim))
    noise, reference = Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    kl, renyi = source.noisy_divergence(noise, reference), source.noisy_renyi_2(noise, reference)
    trial.at_most("KL and D₂", kl, renyi)
    trial.below("0 and KL", 0.0, kl)


@check("dual-certificate", cases={f"sigma={s:g}": s for s in (0.3, 0.5, 1.0)})
def differing_laws(trial: Trial, sigma: float) -> None:
    """f(X) = ±1 and f(X′) = ±t: KL ≤ C − I ≤ C − J at every t; at σ = ½, t = 0.8, C − J is below D₂."""
    noise, reference = Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    points = np.array([[-1.0], [1.0]])
    law = Atoms((-1.0, 1.0))
    renyi = entropy.renyi_2_divergence(add(law, noise), reference)
    kl = entropy.kl_divergence(add(law, noise), reference)
    for t in (0.5, 0.8, 0.9, 1.0):
        source = DiscreteSource.of([-1.0, 1.0], [-t, t], np.eye(2) / 2)
        kernel = np.exp(dual.gaussian_dual_kernel(points, t * points, sigma))
        certificate = (1 - t) ** 2 / (2 * sigma**2) + math.log(kernel.mean())
        information = source.information(noise)
        trial.at_most("KL and C − I", kl, bounds.gaussian_noisy_kl_upper_bound(information, 1, sigma))
        trial.at_most("C − I and C − J", bounds.gaussian_noisy_kl_upper_bound(information, 1, sigma), certificate)
        if (sigma, t) == (0.5, 0.8):
            trial.below("C − J and D₂, of differing laws", certificate, renyi, by=0.02)
        if t == 1:
            trial.at_most("D₂ and C − J, of one law", renyi, certificate)
