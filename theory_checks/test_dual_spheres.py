"""Duals of other channels: J = E KL(p_f ‖ m) − E KL(p_f ‖ p_f′) − log E κ ≤ I, KL(P_Y ‖ m) = E KL(p_f ‖ m) − I; spheres, tori.

Hypotheses: Y depends on (X, X′) through f(X) only.
Source: Donsker & Varadhan (1983), the compensation formula, Mardia & Jupp (2000); put together here.

Finite channels by sums from the definitions; circles and spheres by quadrature of the densities, constants by mpmath.
"""

import math

import mpmath
import numpy as np

from noisedim.theory.spheres import dual_spheres, sphere_means
from noisedim.verification import Trial, check
from noisedim.verification.batches import PairTable

# ------------------------------------------------------------ any channel


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    return float((p * np.log(p / q)).sum())


@check("dual-channels", cases={f"channel-{seed}": seed for seed in range(8)})
def finite_channels(trial: Trial, seed: int) -> None:
    """Random channels of 4 inputs and 5 outputs, any m: the bound from its definition, the formula, and the identity."""
    rng = np.random.default_rng(seed)
    channel, m = rng.dirichlet(np.ones(5), size=4) + 1e-3, rng.dirichlet(3 * np.ones(5))
    channel /= channel.sum(1, keepdims=True)
    joint = 0.7 * np.diag(rng.dirichlet(np.ones(4))) + 0.3 * rng.dirichlet(np.ones(16)).reshape(4, 4)
    first, second = joint.sum(1), joint.sum(0)
    outputs = joint.T @ channel  # of (f(X′), Y)
    output = first @ channel
    critic = np.log(channel / m)
    defined = float((outputs * critic).sum()) - math.log(second @ np.exp(critic) @ output)
    kernel = (channel / m) @ channel.T
    information = float((outputs * np.log(outputs / np.outer(second, output))).sum())
    to_m = np.array([_kl(row, m) for row in channel])
    between = np.array([[_kl(p, q) for q in channel] for p in channel])
    formula = float(first @ to_m) - float((joint * between).sum()) - math.log(first @ kernel @ second)
    trial.equal("J as Donsker and Varadhan have it, and the formula", defined, formula)
    trial.at_most("J and I(f(X′); Y)", formula, information)
    direct = float(first @ np.array([_kl(row, output) for row in channel]))
    trial.equal("KL(P_Y ‖ m) and E KL(p_f ‖ m) − I(f(X); Y)", _kl(output, m), float(first @ to_m) - direct)
    trial.at_most("I(f(X′); Y) and I(f(X); Y)", information, direct)


# ------------------------------------------------------------ constants


@check(
    "dual-spheres",
    cases={f"d={d}": d for d in (1, 2, 3, 7, 31, 100, 101, 511)},
)
def normaliser(trial: Trial, dim: int) -> None:
    """log M, A and C against mpmath's Bessel functions, from hardly any concentration to a million."""
    with mpmath.workdps(40):
        order = mpmath.mpf(dim - 1) / 2
        for t in (1e-4, 0.1, 1.0, 7.0, 60.0, 900.0, 1e6):
            bessel = mpmath.besseli(order, t)
            log_mean = mpmath.log(bessel) + mpmath.loggamma(order + 1) - order * mpmath.log(mpmath.mpf(t) / 2)
            resultant = mpmath.besseli(order + 1, t) / bessel
            trial.equal(f"log M({t:g})", sphere_means.log_sphere_mean(t, dim), float(log_mean), tolerance=1e-12)
            trial.equal(f"A({t:g})", sphere_means.mean_resultant(t, dim), float(resultant), tolerance=1e-12, floor=0.0)
            capacity = float(t * resultant - log_mean)
            trial.equal(f"C at k={t:g}", dual_spheres.sphere_capacity(dim, t), capacity, terms=1e-3 * t)


@check("dual-spheres", cases={f"d={d},k={k:g}": (d, k) for d in (1, 2, 3, 6) for k in (0.3, 3.0, 40.0)})
def capacity_by_quadrature(trial: Trial, case: tuple[int, float]) -> None:
    """The density of ⟨x, Y⟩ by quadrature: M, A, and KL(p_x ‖ uniform) = C."""
    dim, k = case
    # u = cos θ has the density ∝ sin^(d−1) θ on [0, π]: smooth, and concentrated about the pole by e^(k·u).
    places, weights = np.polynomial.legendre.leggauss(400)
    theta = (places + 1) * math.pi / 2
    base = weights * np.sin(theta) ** (dim - 1)
    base /= base.sum()
    tilted = base * np.exp(k * (np.cos(theta) - 1))
    mean = float(tilted.sum())
    log_mean = math.log(mean) + k
    resultant = float((tilted * np.cos(theta)).sum()) / mean
    trial.equal("log M", sphere_means.log_sphere_mean(k, dim), log_mean)
    trial.equal("A", sphere_means.mean_resultant(k, dim), resultant)
    ratio = k * np.cos(theta) - log_mean
    trial.equal("C and KL(p_x ‖ uniform)", dual_spheres.sphere_capacity(dim, k), float((tilted * ratio).sum()) / mean)
    again = dual_spheres.concentration_for_sphere_capacity(dim, dual_spheres.sphere_capacity(dim, k))
    trial.equal("k again from its capacity", again, k, tolerance=1e-8)
    if dim == 1:
        again = dual_spheres.concentration_for_torus_capacity(4, dual_spheres.torus_capacity(4, k))
        trial.equal("k again from the torus' capacity", again, k, tolerance=1e-8)
        trial.equal(
            "the torus' is d circles'", dual_spheres.torus_capacity(3, k), 3 * float((tilted * ratio).sum()) / mean
        )


# ------------------------------------------------------------ circles and spheres, by quadrature of the densities


def _circle(count: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Points of the circle with equal probabilities: the trapezoidal rule, exact to rounding for smooth densities."""
    angles = 2 * math.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], 1), np.full(count, 1 / count)


def _sphere(count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Points of S² and probabilities: Gauss–Legendre in height times the trapezoidal rule in longitude."""
    height, weights = np.polynomial.legendre.leggauss(count)
    longitude = math.pi * np.arange(2 * count) / count
    up, around = np.meshgrid(height, longitude, indexing="ij")
    flat = np.sqrt(1 - up**2)
    points = np.stack([flat * np.cos(around), flat * np.sin(around), up], -1).reshape(-1, 3)
    return points, np.repeat(weights / 2, 2 * count) / (2 * count)


def _pairs(dim: int, seed: int) -> PairTable:
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((4, dim + 1))
    others = points + 0.3 * rng.standard_normal((4, dim + 1))
    unit = [values / np.linalg.norm(values, axis=1, keepdims=True) for values in (points, others)]
    joint = 0.8 * np.diag(rng.dirichlet(np.ones(4))) + 0.2 * rng.dirichlet(np.ones(16)).reshape(4, 4)
    return PairTable(unit[0], unit[1], joint)


@check(
    "dual-spheres",
    cases={f"d={d},k={k:g},law-{s}": (d, k, s) for d in (1, 2) for k in (0.5, 3.0, 25.0) for s in range(3)},
)
def densities(trial: Trial, case: tuple[int, float, int]) -> None:
    """κ, J and KL(P_Y ‖ uniform) of random laws of 4 pairs, from densities on a rule; J ≤ I, E J_B ≤ min(I, log B)."""
    dim, k, seed = case
    nodes, mass = _circle() if dim == 1 else _sphere()
    table = _pairs(dim, seed)
    # Densities with respect to the uniform law, normalised by the rule itself.
    first, second = (np.exp(k * (values @ nodes.T - 1)) for values in (table.points, table.others))
    first, second = first / (first @ mass)[:, None], second / (second @ mass)[:, None]
    kernel = dual_spheres.sphere_kernel(table.points, table.others, k)
    trial.equal("largest error of κ", float(np.abs(np.exp(kernel) / ((first * mass) @ second.T) - 1).max()), 0.0)
    divergences = (first * np.log(first)) @ mass
    capacity = dual_spheres.sphere_capacity(dim, k)
    trial.equal("largest error of KL(p_x ‖ uniform) = C", float(np.abs(divergences - capacity).max()), 0.0)
    positives = dual_spheres.sphere_positives(table.points, table.others, k)
    trial.equal("E T of the first pair", positives[0], float((first[0] * np.log(second[0])) @ mass))
    output = table.first_law @ first
    given = (table.joint.T @ first) / table.second_law[:, None]  # of Y given f(X′)
    information = float(table.second_law @ ((given * np.log(given / output)) @ mass))
    sent = float(table.first_law @ ((first * np.log(first / output)) @ mass))
    trial.equal("KL(P_Y ‖ uniform) and C − I(f(X); Y)", float((output * np.log(output)) @ mass), capacity - sent)
    trial.equal(
        "log E κ of independent f(X) and D₂", math.log(_second_moment(table, k)), math.log(float(output**2 @ mass))
    )
    positive = table.mean_positive(lambda z, other: dual_spheres.sphere_positives(z, other, k))
    value = positive - table.log_mean_kernel(kernel)
    defined = float((table.joint * ((first * mass) @ np.log(second).T)).sum()) - math.log(
        float(table.second_law @ ((second * mass) @ output))
    )
    trial.equal("J and its definition", value, defined)
    trial.at_most("J and I(f(X′); Y)", value, information)
    trial.at_most("I(f(X); Y) and C", sent, capacity)
    for batch in (2, 8, 256):
        rows = positive - table.row_term(kernel, batch)
        trial.at_most(f"E J_B and min(I, log B), B={batch}", rows, min(information, math.log(batch)))


def _second_moment(table: PairTable, k: float) -> float:
    kernel = np.exp(dual_spheres.sphere_kernel(table.points, table.points, k))
    return float(table.first_law @ kernel @ table.first_law)


@check("dual-spheres", cases={f"d={d},k={k:g}": (d, k) for d in (3, 8, 40) for k in (1.0, 20.0)})
def kernel_in_higher_dimensions(trial: Trial, case: tuple[int, float]) -> None:
    """κ with von Mises and Fisher's constants as textbooks print them: |S|·c(k)²/c(k‖a+b‖), by mpmath."""
    dim, k = case
    rng = np.random.default_rng(dim)
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in rng.standard_normal((2, 3, dim + 1)))
    b[0] = -a[0]
    found = dual_spheres.sphere_kernel(a, b, k)
    with mpmath.workdps(30):
        half = mpmath.mpf(dim + 1) / 2
        area = 2 * mpmath.pi**half / mpmath.gamma(half)

        def constant(t: float) -> mpmath.mpf:
            return mpmath.mpf(t) ** (half - 1) / ((2 * mpmath.pi) ** half * mpmath.besseli(half - 1, t))

        for i in range(3):
            for j in range(3):
                t = max(k * float(np.linalg.norm(a[i] + b[j])), 1e-9)
                expected = float(mpmath.log(area * constant(k) ** 2 / constant(t)))
                trial.equal("log κ and its printed form", found[i, j], expected, terms=2 * k)


@check("dual-spheres", cases={f"k={k:g}": k for k in (0.4, 5.0, 60.0)})
def torus(trial: Trial, k: float) -> None:
    """Three angles: κ by the trapezoidal rule in each, whole turns change nothing, E T from the densities."""
    rng = np.random.default_rng(9)
    a, b = rng.uniform(-4, 4, (3, 3)), rng.uniform(-4, 4, (3, 3))
    b[1] = a[1] + math.pi
    grid = 2 * math.pi * np.arange(1024) / 1024
    kernel, positives = dual_spheres.torus_kernel(a, b, k), dual_spheres.torus_positives(a, b, k)
    for i in range(3):
        total = mean = 0.0
        for own, other in zip(a[i], b[i], strict=True):
            first, second = (np.exp(k * (np.cos(grid - angle) - 1)) for angle in (own, other))
            first, second = first / first.mean(), second / second.mean()
            total += math.log((first * second).mean())
            mean += float((first * np.log(second)).mean())
        trial.equal("log κ of a pair and quadrature", kernel[i, i], total, terms=6 * k)
        trial.equal("E T of a pair and quadrature", positives[i], mean, terms=6 * k)
    turned = dual_spheres.torus_kernel(a + 2 * math.pi, b, k)
    trial.equal("after a whole turn", float(np.abs(turned - kernel).max()), 0.0, terms=6 * k)
    first, second = (np.stack([np.cos(v[:, 0]), np.sin(v[:, 0])], 1) for v in (a, b))
    circle = dual_spheres.sphere_kernel(first, second, k) - dual_spheres.torus_kernel(a[:, :1], b[:, :1], k)
    trial.equal("one angle is the circle", float(np.abs(circle).max()), 0.0, terms=2 * k)
