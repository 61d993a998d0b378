"""Kernels over all slices: Epps and Pulley's in Kummer's function, Mehler's in Humbert's, and what each order weighs.

Hypotheses: u uniform on the unit sphere.
Source: sliced kernels are known (Nadjahi et al., 2020; Hertrich, 2024); the statistic is Epps & Pulley's (1983).

Against mpmath's hypergeometric functions, and against integrals over the slices and over the frequencies themselves.
"""

import itertools
import math

import mpmath
import numpy as np

from noisedim.theory import dual, sliced_kernels
from noisedim.theory.laws import Normal
from noisedim.verification import Trial, check
from noisedim.verification.batches import law_nodes


def _slices(dim: int, count: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors and probabilities that integrate smooth functions over the sphere, for d = 1, 2 and 3."""
    if dim == 1:
        return np.array([[1.0], [-1.0]]), np.full(2, 0.5)
    if dim == 2:
        angles = math.pi * np.arange(4 * count) / (2 * count)
        return np.stack([np.cos(angles), np.sin(angles)], 1), np.full(4 * count, 1 / (4 * count))
    height, weights = np.polynomial.legendre.leggauss(count)
    longitude = math.pi * np.arange(2 * count) / count
    up, around = np.meshgrid(height, longitude, indexing="ij")
    flat = np.sqrt(1 - up**2)
    points = np.stack([flat * np.cos(around), flat * np.sin(around), up], -1).reshape(-1, 3)
    return points, np.repeat(weights / 2, 2 * count) / (2 * count)


# ------------------------------------------------------------ Epps and Pulley


@check("sliced-epps-pulley", cases={f"d={d}": d for d in (1, 2, 3, 5, 17, 128)})
def kummer(trial: Trial, dim: int) -> None:
    """The kernel at distances from 0 to a hundred, against mpmath's ₁F₁."""
    for beta in (0.5, 1.0, 3.0):
        for distance in (0.0, 1e-3, 0.4, 1.0, 3.0, 12.0, 100.0):
            a = np.zeros((1, dim))
            b = a + distance / math.sqrt(dim)
            found = float(sliced_kernels.sliced_gaussian_kernel(a, b, beta)[0, 0])
            with mpmath.workdps(30):
                s = mpmath.mpf(beta) ** 2 * mpmath.mpf(distance) ** 2 / 2
                expected = float(mpmath.hyp1f1(mpmath.mpf(1) / 2, mpmath.mpf(dim) / 2, -s))
            trial.equal(f"kernel at {distance:g}, β={beta:g}", found, expected, floor=0.0 if expected > 1e-300 else 1.0)


@check("sliced-epps-pulley", cases={f"d={d},beta={b:g}": (d, b) for d in (1, 2, 3) for b in (0.5, 1.0, 2.0)})
def statistic(trial: Trial, case: tuple[int, float]) -> None:
    """The three terms, and |φ̂ − φ|² of each slice's sample integrated over frequencies, then over slices."""
    dim, beta = case
    z = np.random.default_rng(dim).standard_normal((7, dim)) * 1.3 + 0.2
    slices, mass = _slices(dim, 48)
    t, weights = law_nodes(Normal(0, beta), nodes=40)
    projected = slices @ z.T  # (slices, 7)
    empirical = np.exp(1j * t[:, None, None] * projected[None]).mean(2)  # (frequencies, slices)
    distances = weights @ np.abs(empirical - np.exp(-(t**2) / 2)[:, None]) ** 2
    expected = float(distances @ mass)
    trial.equal(
        "over frequencies and slices, and the three terms", sliced_kernels.sliced_epps_pulley(z, beta), expected
    )
    kernel = sliced_kernels.sliced_gaussian_kernel(z, z, beta)
    apart = np.exp(-(beta**2) * (projected[:, :, None] - projected[:, None, :]) ** 2 / 2)
    trial.equal("largest error of the kernel", float(np.abs(np.tensordot(mass, apart, 1) - kernel).max()), 0.0)


@check("sliced-epps-pulley", cases={f"d={d},beta={b:g}": (d, b) for d in (1, 2, 3) for b in (0.7, 1.0)})
def at_the_prior(trial: Trial, case: tuple[int, float]) -> None:
    """E over independent draws of N(0, I) of the kernel: (1+2β²)^(−½); with one point fixed, the cross term; so MMD = 0."""
    dim, beta = case
    nodes, weights = np.polynomial.hermite_e.hermegauss(48)
    weights = weights / weights.sum()
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*[nodes] * dim, indexing="ij")], 1)
    mass = np.array([math.prod(values) for values in itertools.product(weights, repeat=dim)])
    point = np.full((1, dim), 0.6)
    cross = float(sliced_kernels.sliced_gaussian_kernel(point, grid, beta)[0] @ mass)
    square = float((point**2).sum()) * beta**2 / (2 * (1 + beta**2))
    stated = float(mpmath.hyp1f1(0.5, dim / 2, -square)) / math.sqrt(1 + beta**2)
    trial.equal("E k(z, N) and the cross term", cross, stated, tolerance=1e-8)
    # The difference of two draws of N(0, I) is √2 times one.
    far = sliced_kernels.sliced_gaussian_kernel(np.zeros((1, dim)), math.sqrt(2) * grid, beta)[0]
    trial.equal("E k(N, N′) and (1+2β²)^(−½)", float(far @ mass), 1 / math.sqrt(1 + 2 * beta**2), tolerance=1e-8)


# ------------------------------------------------------------ Mehler


@check("sliced-mehler", cases={f"d={d},r={r:g}": (d, r) for d in (1, 2, 3) for r in (0.2, 0.6, 0.95)})
def over_slices(trial: Trial, case: tuple[int, float]) -> None:
    """The kernel on the line averaged over a rule of slices; and against N(0, 1) on each slice its mean is 1."""
    dim, r = case
    rng = np.random.default_rng(dim)
    a = rng.standard_normal((4, dim))
    b = np.concatenate([rng.standard_normal((2, dim)), a[:1], -a[1:2]])
    slices, mass = _slices(dim, 100)
    first, second = slices @ a.T, slices @ b.T
    # r = 1/(1+σ²)
    sigma = math.sqrt(1 / r - 1)
    found = sliced_kernels.sliced_mehler_kernel(a, b, r)
    for i, j in itertools.product(range(4), range(4)):
        logs = (
            np.array(
                [
                    float(dual.gaussian_dual_kernel([[x]], [[y]], sigma)[0, 0])
                    for x, y in zip(first[:, i], second[:, j], strict=True)
                ]
            )
            if dim == 1
            else _log_mehler(first[:, i], second[:, j], r)
        )
        trial.equal("mean over slices and the closed form", math.log(mass @ np.exp(logs)), found[i, j])
    if dim > 1:
        return
    nodes, weights = law_nodes(Normal(), nodes=80)
    means = np.exp(sliced_kernels.sliced_mehler_kernel(a, nodes[:, None], r)) @ weights
    trial.equal("largest |mean against N(0, 1) − 1|", float(np.abs(means - 1).max()), 0.0)


def _log_mehler(x: np.ndarray, y: np.ndarray, r: float) -> np.ndarray:
    return (2 * r * x * y - r * r * (x * x + y * y)) / (2 * (1 - r * r)) - math.log(1 - r * r) / 2


@check("sliced-mehler", cases={f"d={d}": d for d in (2, 3, 4, 9, 40)})
def humbert(trial: Trial, dim: int) -> None:
    """Humbert's double series by mpmath, from the eigenvalues of the exponent's matrix."""
    rng = np.random.default_rng(dim)
    r = 0.6
    a, b = 0.8 * rng.standard_normal((2, 2, dim))
    found = sliced_kernels.sliced_mehler_kernel(a, b, r)
    with mpmath.workdps(40):
        half, whole = mpmath.mpf(1) / 2, mpmath.mpf(dim) / 2
        terms = range(50)
        halves = [mpmath.rf(half, m) / mpmath.factorial(m) for m in terms]
        wholes = [mpmath.rf(whole, m) for m in range(100)]
    for i, j in ((0, 0), (0, 1)):
        form = r * (np.outer(a[i], b[j]) + np.outer(b[j], a[i])) - r * r * (np.outer(a[i], a[i]) + np.outer(b[j], b[j]))
        values = np.linalg.eigvalsh(form / (2 * (1 - r * r)))
        with mpmath.workdps(40):
            low, high = ([mpmath.mpf(float(value)) ** m for m in terms] for value in (values[0], values[-1]))
            total = mpmath.fsum(halves[m] * halves[n] * high[m] * low[n] / wholes[m + n] for m in terms for n in terms)
            expected = float(mpmath.log(total) - mpmath.log(1 - mpmath.mpf(r) ** 2) / 2)
        trial.equal("log of the kernel and of Humbert's series", found[i, j], expected)


@check("sliced-mehler", cases={f"d={d},r={r:g}": (d, r) for d in (2, 3) for r in (0.3, 0.7)})
def mean_at_the_prior(trial: Trial, case: tuple[int, float]) -> None:
    """E over N(0, I) is 1 at every point: the statistic is the mean over pairs, less 1."""
    dim, r = case
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*[nodes] * dim, indexing="ij")], 1)
    mass = np.array([math.prod(values) for values in itertools.product(weights, repeat=dim)])
    some = mass > 1e-25
    points = np.random.default_rng(1).standard_normal((2, dim))
    means = np.exp(sliced_kernels.sliced_mehler_kernel(points, grid[some], r)) @ mass[some]
    for mean in means:
        trial.equal("E κ against N(0, I)", float(mean), 1.0, tolerance=1e-8)


# ------------------------------------------------------------ what slices weigh


def _polynomial(dim: int, order: int, free: int) -> dict[tuple[int, ...], float]:
    """|x|^(n−k) Re (x₁ + i x₂)^k by powers: a polynomial whose symmetric tensor has one part only."""
    harmonic: dict[tuple[int, ...], float] = {}
    for j in range(0, free + 1, 2):
        harmonic[(free - j, j, *([0] * (dim - 2)))] = math.comb(free, j) * (-1) ** (j // 2)
    for _ in range((order - free) // 2):
        raised: dict[tuple[int, ...], float] = {}
        for powers, value in harmonic.items():
            for i in range(dim):
                key = tuple(p + 2 * (k == i) for k, p in enumerate(powers))
                raised[key] = raised.get(key, 0.0) + value
        harmonic = raised
    return harmonic


def _square_norm(polynomial: dict[tuple[int, ...], float], order: int) -> float:
    """‖S‖² of the tensor with ⟨S, x⊗…⊗x⟩ = p(x): Σ a_α² α!/n!."""
    factorials = (math.prod(math.factorial(p) for p in powers) for powers in polynomial)
    return sum(v**2 * f for v, f in zip(polynomial.values(), factorials, strict=True)) / math.factorial(order)


@check("sliced-moments", cases={f"d={d},n={n}": (d, n) for d in (2, 3) for n in (1, 2, 3, 4, 5, 8)})
def weights(trial: Trial, case: tuple[int, int]) -> None:
    """E_u p(u)² over a rule of slices, over ‖S‖², for a tensor of each part; the traceless one as the claim has it."""
    dim, order = case
    slices, mass = _slices(dim, 32)
    found = sliced_kernels.slice_weights(dim, order)
    for free, weight in found.items():
        polynomial = _polynomial(dim, order, free)
        values = sum(v * np.prod(slices ** np.array(powers), axis=1) for powers, v in polynomial.items())
        expected = float(mass @ np.asarray(values) ** 2) / _square_norm(polynomial, order)
        trial.equal(f"weight of the part with {free} free indices", weight, expected, floor=0.0)
    product = math.prod(dim + 2 * k for k in range(order))
    trial.equal("n!/(d(d+2)…(d+2n−2))", found[order], math.factorial(order) / product, floor=0.0)


@check("sliced-moments", cases={f"n={n},beta={b:g}": (n, b) for n in (1, 2, 3, 4, 7) for b in (0.5, 1.0, 2.0)})
def on_the_line(trial: Trial, case: tuple[int, float]) -> None:
    """A law whose only moment that departs is of order n: its distance by integrating |φ̂ − φ|², and Mehler's rⁿ."""
    order, beta = case
    nodes, mass = law_nodes(Normal(), nodes=60)
    coefficients = np.zeros(order + 1)
    coefficients[order] = 1 / math.sqrt(math.factorial(order))
    departure = mass * np.polynomial.hermite_e.hermeval(nodes, coefficients)  # of E h_n = 1
    t, weights = law_nodes(Normal(0, beta), nodes=40)
    distance = float(weights @ np.abs(np.exp(1j * t[:, None] * nodes) @ departure) ** 2)
    trial.equal(
        "Epps and Pulley's distance and w_n", sliced_kernels.epps_pulley_weight(order, beta), distance, floor=0.1
    )
    s = beta**2 / (1 + 2 * beta**2)
    double = math.prod(range(1, 2 * order, 2)) / math.factorial(order)
    trial.equal(
        "w_n as the claim has it",
        sliced_kernels.epps_pulley_weight(order, beta),
        double * s**order / math.sqrt(1 + 2 * beta**2),
        floor=0.0,
    )
    for r in (0.3, 0.7):
        kernel = np.exp(_log_mehler(nodes[:, None], nodes[None, :], r))
        trial.equal("Mehler's and rⁿ", float(departure @ kernel @ departure), r**order)


@check("sliced-moments", cases={f"n={n},k={k}": (n, k) for n in (2, 3, 4) for k in range(n, -1, -2)})
def in_the_plane(trial: Trial, case: tuple[int, int]) -> None:
    """A law of the plane with one part of order n: its sliced distances by the kernels, w_n·c_{n,k} and rⁿ·c_{n,k}."""
    order, free = case
    polynomial = _polynomial(2, order, free)
    nodes, mass = np.polynomial.hermite_e.hermegauss(26)
    mass = mass / mass.sum()
    grid = np.stack([axis.ravel() for axis in np.meshgrid(nodes, nodes, indexing="ij")], 1)
    weight = np.outer(mass, mass).ravel()
    # E h_α is √(α!/n!) times the coefficient of x^α: the density's departure from the normal one is Σ (E h_α) h_α.
    departure = np.zeros(len(grid))
    for powers, value in polynomial.items():
        moment = value * math.sqrt(math.prod(math.factorial(p) for p in powers) / math.factorial(order))
        departure += moment * np.prod([_hermite(p, grid[:, i]) for i, p in enumerate(powers)], axis=0)
    signed = weight * departure
    part = sliced_kernels.slice_weights(2, order)[free] * _square_norm(polynomial, order)
    some = weight > 1e-22
    gaussian = sliced_kernels.sliced_gaussian_kernel(grid[some], grid[some], 1.0)
    found = float(signed[some] @ gaussian @ signed[some])
    trial.equal(
        "Epps and Pulley's, sliced, and w_n·c·‖S‖²",
        found,
        sliced_kernels.epps_pulley_weight(order) * part,
        tolerance=1e-8,
    )
    r = 0.4
    mehler = np.exp(sliced_kernels.sliced_mehler_kernel(grid[some], grid[some], r))
    trial.equal(
        "Mehler's, sliced, and rⁿ·c·‖S‖²", float(signed[some] @ mehler @ signed[some]), r**order * part, tolerance=1e-8
    )


def _hermite(order: int, x: np.ndarray) -> np.ndarray:
    coefficients = np.zeros(order + 1)
    coefficients[order] = 1 / math.sqrt(math.factorial(order))
    return np.asarray(np.polynomial.hermite_e.hermeval(x, coefficients))
