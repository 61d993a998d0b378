"""Theorem 4.1: I(f(X′); Y) ≥ E_{P⁺} T* − log E_{P⁻} e^(T*), T* the optimal critic of the standard normal embedding.

Hypotheses: Z ~ N(0, σ²I) independent of (X, X′), E f(X) = 0, Var f(X)_i = 1. Equality iff f(X) = f(X′) a.s. and
f(X) ~ N(0, I); under Lemma 3.1's densities that is weak invariance, as the paper has it (E7, withdrawn). Where E κ = ∞ the
bound is −∞: true and empty.
Source: arXiv 2410.06993, Theorem 4.1.

Only if: equality in Donsker–Varadhan is p(y | x′) = c·p(y)·e^(T*(x′, y)). Its mean over x′, divided by p(y), says that
f(X′)+Z ~ N(0, (1+σ²)I), so f(X′) ~ N(0, I). Its integral over y then says that the Gaussian smoothing of
p(y)·e^(‖y‖²/(2(1+σ²))) is constant, so that factor is, p(y | x′) is the density of x′+Z, and f(X) = x′.

The two expectations by quadrature, through densities of Y and f(X′)+Z, without the kernel that noisedim integrates by.
"""

import math

import numpy as np

from noisedim.theory import bounds, dual, entropy
from noisedim.theory.laws import Atoms, Laplace, Law, Mixture, Normal
from noisedim.theory.quadrature import integrate, integrate_plane
from noisedim.theory.sources import DiscreteSource, GaussianSource, LazySource, PlanarMixture, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.budget import BETA
from noisedim.verification.scenarios import STANDARDISED, covariance, planar_pairs


@check("theorem-4.1", cases={f"d={d},sigma={s:g}": (d, s) for d in (1, 3, 64) for s in (0.02, 0.05, 0.3, 1.0, 5.0)})
def three_forms(trial: Trial, case: tuple[int, float]) -> None:
    """Both displayed forms of T*, and the pointwise information of the standard normal pair less C."""
    dim, sigma = case
    rng = np.random.default_rng(dim)
    x = rng.standard_normal((4, dim))
    y = x[[0, 1, 2, 3, 0]] + sigma * rng.standard_normal((5, dim))
    critic = dual.gaussian_dual_critic(x, y, sigma)
    capacity = dim / 2 * math.log1p(1 / sigma**2)
    for i in range(4):
        for j in range(5):
            apart, square = float(((y[j] - x[i]) ** 2).sum()), float((y[j] ** 2).sum())
            first = square / (2 * (1 + sigma**2)) - apart / (2 * sigma**2)
            inner = float(x[i] @ y[j]) - (float((x[i] ** 2).sum()) + square / (1 + sigma**2)) / 2
            terms = (square + float((x[i] ** 2).sum())) / (2 * sigma**2)
            trial.equal("first form", critic[i, j], first, terms=terms)
            trial.equal("second form", critic[i, j], inner / sigma**2, terms=terms)
            channel = -apart / (2 * sigma**2) - dim * math.log(sigma)
            marginal = -square / (2 * (1 + sigma**2)) - dim / 2 * math.log1p(sigma**2)
            trial.equal("pointwise information less C", critic[i, j], channel - marginal - capacity, terms=terms)


def _bound(law: Law, other: Law, sigma: float, squared_distance: float) -> float:
    """E_{P⁺}T* − log E_{P⁻}e^(T*), one coordinate, by quadrature over y alone."""
    noise = Normal(0, sigma)
    noisy, noisy_other = add(law, noise), add(other, noise)
    # E_{P⁺}T* needs moments only; E Y² = E f(X)² + σ², E (Y − f(X′))² = E (f(X) − f(X′))² + σ².
    second = law.variance + law.mean**2
    positive = (second + sigma**2) / (2 * (1 + sigma**2)) - (squared_distance + sigma**2) / (2 * sigma**2)

    def integrand(y: np.ndarray) -> np.ndarray:
        # E over x of e^(−(y−x)²/(2σ²)) is √(2π)σ times the density of x + Z.
        density = noisy.density(y) * noisy_other.density(y) * math.sqrt(2 * math.pi) * sigma
        return np.where(density > 0, density * np.exp(np.minimum(y * y / (2 * (1 + sigma**2)), 600)), 0.0)

    points = np.concatenate([noisy.breakpoints, noisy_other.breakpoints])
    return positive - math.log(integrate(integrand, points, tolerance=1e-13).value)


_CASES = {
    f"{name},sigma={sigma:g},keep={keep:g}": (law, sigma, keep)
    for k, (name, law) in enumerate(STANDARDISED.items())
    for j, sigma in enumerate((0.01, 0.1, 0.3, 1.0, 3.0))
    for keep in ((1.0, 0.5, 0.0)[(k + j) % 3],)
    if name != "laplace"  # below: E κ = ∞
}


@check("theorem-4.1", cases=_CASES)
def bound(trial: Trial, case: tuple[Law, float, float]) -> None:
    """The information, and the capacity, if f(X) = f(X′) ~ N(0, 1), strictly below both otherwise."""
    law, sigma, keep = case
    source = LazySource(law, keep=keep)
    value = _bound(law, law, sigma, source.squared_distance)
    information, capacity = source.information(Normal(0, sigma)), bounds.gaussian_capacity(1, sigma)
    if isinstance(law, Normal) and keep == 1:
        trial.equal("E T* − log E e^T* and I(f(X′); Y), both conditions met", value, information)
        trial.equal("E T* − log E e^T* and C", value, capacity)
    else:
        trial.below("E T* − log E e^T* and I(f(X′); Y), a condition not met", value, information, by=1e-7)
        trial.below("E T* − log E e^T* and C", value, capacity, by=1e-7)


@check("theorem-4.1", cases={f"sigma={sigma:g}": sigma for sigma in (0.05, 0.1, 0.3, 1.0, 3.0, 5.0)})
def equality(trial: Trial, sigma: float) -> None:
    """f(X) = f(X′) ~ N(0, 1): the bound is the capacity."""
    trial.equal("E T* − log E e^T* and C", _bound(Normal(), Normal(), sigma, 0.0), bounds.gaussian_capacity(1, sigma))


@check(
    "theorem-4.1", cases={f"sigma={s:g},rho={r:g}": (s, r) for s, r in ((0.3, 0.9), (1.0, 0.9), (1.0, 0.0), (3.0, 0.5))}
)
def correlated(trial: Trial, case: tuple[float, float]) -> None:
    """Jointly normal pairs: C − (1−ρ)/σ² a coordinate, below −½ log(1 − ρ²/(1+σ²)) unless ρ = 1."""
    sigma, rho = case
    value = _bound(Normal(), Normal(), sigma, 2 * (1 - rho))
    trial.equal("the bound and C − (1−ρ)/σ²", value, bounds.gaussian_capacity(1, sigma) - (1 - rho) / sigma**2)
    trial.below("the bound and I", value, bounds.correlated_gaussian_information(1, sigma, rho))


@check(
    "theorem-4.1",
    cases={f"sigma={s:g},keep={k:g}": (s, k) for s, k in ((1.0, 1.0), (1.0, 0.9), (2.0, 0.5))},
    intervals=2,
)
def samples(trial: Trial, case: tuple[float, float]) -> None:
    """From samples of ±1 coordinates: E T* and log E e^T* by empirical Bernstein.

    Negative pairs are drawn afresh, each used once. Δ = 0.02 nats on the bound, half of it and of β for each mean.
    """
    sigma, keep = case
    source, delta = LazySource(STANDARDISED["rademacher"], keep=keep), 0.02
    # E T* − log E e^T*: T* = y²/(2(1+σ²)) − (y−x)²/(2σ²) is bounded above by x²/2 = ½ (the maximum over y), and e^T* with it.
    top = math.exp(0.5)
    expected_mean = math.exp(-bounds.gaussian_capacity(1, sigma)) * _partition(sigma)
    negative = trial.bounded_design(
        delta=delta / 2 * expected_mean * 0.9, low=0.0, high=top, deviation=top / 2, beta=BETA / 2
    )
    rng = trial.rng
    x = STANDARDISED["rademacher"].sample(negative.n, rng)
    y = STANDARDISED["rademacher"].sample(negative.n, rng) + sigma * rng.standard_normal(negative.n)
    scores = y * y / (2 * (1 + sigma**2)) - (y - x) ** 2 / (2 * sigma**2)
    partition = negative.interval(np.exp(scores))
    # E T* itself: clipped far out, where the normal tails leave less than 1e-9.
    low = -40.0
    positive = trial.bounded_design(delta=delta / 2, low=low, high=0.5, deviation=3.0, beta=BETA / 2)
    clean, other = source.sample(positive.n, rng)
    noisy = clean + sigma * rng.standard_normal(clean.shape)
    own = (noisy * noisy / (2 * (1 + sigma**2)) - (noisy - other) ** 2 / (2 * sigma**2)).ravel()
    mean = positive.interval(np.maximum(own, low))
    lower, upper = mean.lower - math.log(partition.upper), mean.upper - math.log(partition.lower)
    law = STANDARDISED["rademacher"]
    n = min(negative.n, positive.n)
    trial.within(
        "sampled and integrated bound", lower, upper, _bound(law, law, sigma, source.squared_distance), delta=delta, n=n
    )
    information = source.information(Normal(0, sigma))
    trial.sampled_at_most("sampled bound and I(f(X′); Y)", lower, upper, information, delta=delta, n=n)


def _partition(sigma: float) -> float:
    """E κ for independent ±1: the mean of Mehler's kernel over equal and opposite signs."""
    r = 1 / (1 + sigma**2)
    scale = 1 / math.sqrt(1 - r * r)
    return scale * (math.exp((r - r * r) / (1 - r * r)) + math.exp((-r - r * r) / (1 - r * r))) / 2


_DISTANCES: dict[str, Source] = {
    "normal,keep=0.7": LazySource(Normal(), dim=3, keep=0.7),
    "skewed-atoms,keep=0.5": LazySource(STANDARDISED["skewed-atoms"], keep=0.5),
    "three-by-two": DiscreteSource.of([0, 1, 2], [0, 1], [[0.2, 0.1], [0.3, 0.0], [0.1, 0.3]], dim=2),
    "gaussian,full": GaussianSource.of(
        covariance(4, seed=4), 0.5 * covariance(4, seed=4), covariance(4, seed=4) + 0.3 * np.eye(4)
    ),
}


@check("theorem-4.1", cases=_DISTANCES)
def distances(trial: Trial, source: Source) -> None:
    """E‖f(X) − f(X′)‖², the alignment of the dual, from second moments: E‖a‖² + E‖b‖² − 2E⟨a, b⟩."""
    if isinstance(source, GaussianSource):
        moments = np.trace(source.covariance) + np.trace(source.other) - 2 * np.trace(source.cross)
    elif isinstance(source, DiscreteSource):
        a, b = np.array([0.0, 1.0, 2.0]), np.array(source.others)
        one = a**2 @ source.joint.sum(1) + b**2 @ source.joint.sum(0) - 2 * a @ source.joint @ b
        moments = source.dim * one
    else:
        assert isinstance(source, LazySource)
        second = source.law.variance + source.law.mean**2
        together = source.keep * second + (1 - source.keep) * source.law.mean**2
        moments = source.dim * (2 * second - 2 * together)
    trial.equal("E‖f(X) − f(X′)‖² and the moments", source.squared_distance, moments)


# E κ = ∞: tails of f(X) that no noise level outweighs. N(0, v) does not have the theorem's variance; it shows where v matters.
_INFINITE: dict[str, tuple[Law, float]] = {f"laplace,sigma={s:g}": (Laplace(), s) for s in (0.1, 1.0, 5.0)} | {
    f"normal,v={v:g},sigma={s:g}": (Normal(0, math.sqrt(v)), s) for v, s in ((2.25, 0.5), (3.5, 1.0), (12.0, 3.0))
}


def _log_integrand(law: Law, sigma: float, y: float) -> float:
    """log p_Y(y)² e^(y²/(2(1+σ²))): what E_{P⁻} e^(T*) integrates for f(X), f(X′) of one law, but for a constant."""
    if isinstance(law, Normal):
        variance = law.variance + sigma**2
        log_p = -(y**2) / (2 * variance) - math.log(2 * math.pi * variance) / 2
    else:
        # From the convolution itself: the tail of a Laplace law with noise is e^(−|y|/b), times E e^(Z/b).
        log_p = float(np.log(add(law, Normal(0, sigma)).density(np.array([y]))[0]))
    return 2 * log_p + y**2 / (2 * (1 + sigma**2))


@check("theorem-4.1", cases=_INFINITE)
def infinite_partition(trial: Trial, case: tuple[Law, float]) -> None:
    """E κ = ∞, so the bound is −∞ and holds of itself: the integrand of E e^(T*) does not fall in the tail."""
    law, sigma = case
    places = np.linspace(4.0, 8.0, 7) * (5 if isinstance(law, Normal) else 1 + sigma**2)
    heights = [_log_integrand(law, sigma, float(y)) for y in places]
    for low, high, a, b in zip(places, places[1:], heights, heights[1:], strict=False):
        trial.at_most(f"log of the integrand at y = {low:.3g} and {high:.3g}", a, b)
    information = LazySource(law).information(Normal(0, sigma))
    by_entropies = entropy.channel_information(law, Normal(0, sigma))
    trial.equal("I(f(X); Y), finite: by divergences and by entropies", information, by_entropies)
    trial.details["the bound of Theorem 4.1"] = "-inf: E κ = ∞"
    if isinstance(law, Normal):
        level = [[1 + sigma**2]]
        renyi = entropy.gaussian_renyi_2_divergence([0.0], [[law.variance + sigma**2]], [0.0], level)
        trial.equal("D₂(Y ‖ N(0, 1+σ²)) for v ≥ 2+σ²", renyi, math.inf)
        inside = entropy.gaussian_renyi_2_divergence([0.0], [[1.9 + 1.9 * sigma**2]], [0.0], level)
        trial.equal("D₂ of a narrower law, variances as 1.9 to 1", inside, -math.log(1.9 * 0.1) / 2)


def _planar_bound(source: PlanarMixture, sigma: float, other: PlanarMixture) -> float:
    """E_{P⁺}T* − log E_{P⁻}e^(T*) in the plane, through the densities of Y and of f(X′)+Z; ``other``: the law of f(X′)."""
    variance = sigma**2
    mean, covariance = source.moments
    second = float(np.trace(covariance) + mean @ mean)
    positive = (second + 2 * variance) / (2 * (1 + variance))
    positive -= (source.squared_distance + 2 * variance) / (2 * variance)

    def integrand(y: np.ndarray) -> np.ndarray:
        logs = source.log_density(y, variance) + other.log_density(y, variance)
        return 2 * math.pi * variance * np.exp(logs + (y * y).sum(1) / (2 * (1 + variance)))

    edges = np.linspace(-32, 32, 25)  # the widest component leaves e^(−0.04‖y‖²) at σ = 3
    return positive - math.log(integrate_plane(integrand, edges, edges, tolerance=1e-12).value)


@check("theorem-4.1", cases=planar_pairs(sigmas=(0.01, 1.0)) | planar_pairs(sigmas=(3.0,), views=("label",)))
def in_the_plane(trial: Trial, case: tuple[PlanarMixture, float]) -> None:
    """Laws in the plane that are no products, f(X′) = f(X) or the mean of its component: strictly below I and C."""
    source, sigma = case
    other = source
    if source.views == "label":
        # f(X′) sits on the components' means: a law without density, here as narrow normal ones.
        narrow = np.tile(1e-12 * np.eye(2), (len(source.weights), 1, 1))
        other = PlanarMixture.of(source.weights, source.means, narrow)
    value = _planar_bound(source, sigma, other)
    trial.below("E T* − log E e^T* and I(f(X′); Y)", value, source.information(Normal(0, sigma)), by=1e-7)
    trial.below("E T* − log E e^T* and C", value, bounds.gaussian_capacity(2, sigma), by=1e-7)


@check("theorem-4.1", cases={f"d=2,sigma={sigma:g}": sigma for sigma in (0.05, 0.3, 1.0)})
def equality_in_the_plane(trial: Trial, sigma: float) -> None:
    """f(X) = f(X′) ~ N(0, I) in the plane: the bound is I and C; a correlation of 0.3 is enough to lose it."""
    normal = PlanarMixture.of([1.0], [[0, 0]], [np.eye(2)])
    value = _planar_bound(normal, sigma, normal)
    trial.equal("E T* − log E e^T* and C", value, bounds.gaussian_capacity(2, sigma))
    trial.equal("E T* − log E e^T* and I(f(X′); Y)", value, normal.information(Normal(0, sigma)))
    turned = PlanarMixture.of([1.0], [[0, 0]], [[[1, 0.3], [0.3, 1]]])
    trial.below("with correlation", _planar_bound(turned, sigma, turned), bounds.gaussian_capacity(2, sigma), by=1e-4)


@check("dual-certificate", cases=planar_pairs(sigmas=(0.01, 0.3, 3.0), views=("same",)))
def order_in_the_plane(trial: Trial, case: tuple[PlanarMixture, float]) -> None:
    """KL ≤ D₂ ≤ C − J and KL ≤ C − I ≤ C − J for laws that are no products, f(X) and f(X′) of one law."""
    source, sigma = case
    noise, reference = Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    capacity = bounds.gaussian_capacity(2, sigma)
    kl, renyi = source.noisy_divergence(noise, reference), source.noisy_renyi_2(noise, reference)
    left = capacity - _planar_bound(source, sigma, source)
    trial.at_most("KL and D₂", kl, renyi)
    trial.at_most("D₂ and C − J", renyi, left)
    trial.equal("f(X) = f(X′): D₂ and C − J", renyi, left)
    trial.at_most("C − I and C − J", capacity - source.information(noise), left)


@check("dual-certificate", cases=planar_pairs(sigmas=(1.0,), views=("label",)))
def without_one_law(trial: Trial, case: tuple[PlanarMixture, float]) -> None:
    """KL ≤ C − I ≤ C − J needs no hypothesis on the laws of f(X) and f(X′); D₂ ≤ C − J is not stated for differing ones."""
    source, sigma = case
    noise, reference = Normal(0, sigma), Normal(0, math.hypot(1, sigma))
    capacity = bounds.gaussian_capacity(2, sigma)
    other = PlanarMixture.of(source.weights, source.means, np.tile(1e-12 * np.eye(2), (len(source.weights), 1, 1)))
    left, through = capacity - _planar_bound(source, sigma, other), capacity - source.information(noise)
    trial.at_most("KL and C − I", source.noisy_divergence(noise, reference), through)
    trial.at_most("C − I and C − J", through, left)


@check("dual-certificate", cases={f"shrunk to {s:g}": s for s in (0.95, 0.9, 0.8)})
def shrunken_copies(trial: Trial, shrink: float) -> None:
    """D₂ ≤ C − J fails where f(X′) is a shrunken copy of f(X) (skewed atoms, σ = 1); KL ≤ C − I ≤ C − J still holds."""
    sigma, law = 1.0, STANDARDISED["skewed-atoms"]
    points, weights = zip(*law.atoms, strict=True)
    others = tuple(shrink * point for point in points)
    source = DiscreteSource.of(points, others, np.diag(weights))
    noise, reference, capacity = Normal(0, sigma), Normal(0, math.sqrt(2)), bounds.gaussian_capacity(1, sigma)
    left = capacity - _bound(law, Atoms(others, weights), sigma, source.squared_distance)
    trial.below("C − J and D₂, f(X) and f(X′) of two laws", left, source.noisy_renyi_2(noise, reference), by=1e-3)
    through = capacity - source.information(noise)
    trial.at_most("KL and C − I", source.noisy_divergence(noise, reference), through)
    trial.at_most("C − I and C − J", through, left)


@check("dual-gaussian", cases={f"sigma={sigma:g}": sigma for sigma in (0.1, 1.0, 3.0)})
def at_the_prior(trial: Trial, sigma: float) -> None:
    """f(X) = f(X′) ~ N(0, 1): E κ(a, f) = 1 for every a, so that J = C, which is I by its definition."""
    for a in (-1.0, 0.0, 2.0):

        def integrand(b: np.ndarray, a: float = a) -> np.ndarray:
            return Normal().density(b) * np.exp(dual.gaussian_dual_kernel([[a]], b[:, None], sigma)[0])

        edges = np.unique(np.concatenate([np.linspace(-12, 12, 25), a + sigma * np.linspace(-12, 12, 25)]))
        trial.equal(f"E κ({a:g}, f(X))", integrate(integrand, edges).value, 1.0)
    information = LazySource(Normal()).information(Normal(0, sigma))
    trial.equal("J = C and I", bounds.gaussian_capacity(1, sigma), information)


# E7: f(X) ~ N(0, 1); X′ = X or, with probability ½, an injective image of X in a null set that is dense near X + 1: say the
# point of {k/10^9} + a rational multiple of √2 that encodes X. f(X′) tells X, so f is weakly invariant and I = I(f(X); Y).
_FAR = Mixture((Normal(0, 1), Normal(1, 1)))


@check("E7", cases={"sigma=0.3": 0.3, "sigma=1": 1.0, "sigma=3": 3.0})
def what_densities_are_for(trial: Trial, sigma: float) -> None:
    """With f(X) = f(X′), equality; without a density of f(X′) weak invariance is not enough: short by ½/(2σ²), I = C."""
    capacity = bounds.gaussian_capacity(1, sigma)
    trial.equal("with densities, equality", _bound(Normal(), Normal(), sigma, 0.0), capacity)
    trial.equal("shortfall without and ½/(2σ²)", capacity - _bound(Normal(), _FAR, sigma, 0.5), 0.25 / sigma**2)
    information = entropy.channel_information(Normal(), Normal(0, sigma))
    trial.equal("I(f(X); Y), all of which f(X′) tells", information, capacity)
