"""The dual on spheres with a fitted critic (new): J ≤ I for every k′, the best k′, and how many rows a batch needs.

Hypotheses: Y depends on (X, X′) through f(X) only; f(X), f(X′) on the sphere.
Source: Donsker & Varadhan (1983), Mardia & Jupp (2000); put together here.

By quadrature of the densities on the circle and on S²; constants by mpmath.
"""

import math

import mpmath
import numpy as np

from noisedim.theory.spheres import dual_spheres, sphere_means
from noisedim.theory.spheres.dual_spheres_fitted import (
    concentration_for_resultant,
    fitted_sphere_kernel,
    fitted_sphere_positives,
    sphere_least_batch,
)
from noisedim.verification import Trial, check
from noisedim.verification.batches import PairTable


def _rule(dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of the circle or of S², and probabilities, exact to rounding for smooth densities."""
    if dim == 1:
        angles = 2 * math.pi * np.arange(400) / 400
        return np.stack([np.cos(angles), np.sin(angles)], 1), np.full(400, 1 / 400)
    height, weights = np.polynomial.legendre.leggauss(60)
    up, around = np.meshgrid(height, math.pi * np.arange(120) / 60, indexing="ij")
    flat = np.sqrt(1 - up**2)
    points = np.stack([flat * np.cos(around), flat * np.sin(around), up], -1).reshape(-1, 3)
    return points, np.repeat(weights / 2, 120) / 120


def _unit(values: np.ndarray) -> np.ndarray:
    unit: np.ndarray = values / np.linalg.norm(values, axis=1, keepdims=True)
    return unit


@check(
    "dual-spheres-fitted",
    cases={
        f"d={d},k={k:g},critic={own:g}": (d, k, own)
        for d in (1, 2)
        for k, own in ((0.5, 0.2), (3.0, 3.0), (20.0, 4.0), (8.0, 15.0))
    },
)
def densities(trial: Trial, case: tuple[int, float, float]) -> None:
    """Positives, κ and J of a random law of 4 pairs, from densities on a rule; J ≤ I, E J_B ≤ min(I, log B)."""
    dim, k, own = case
    nodes, mass = _rule(dim)
    rng = np.random.default_rng(dim)
    points = rng.standard_normal((4, dim + 1))
    table = PairTable(
        _unit(points),
        _unit(points + 0.5 * rng.standard_normal((4, dim + 1))),
        0.8 * np.diag(rng.dirichlet(np.ones(4))) + 0.2 * rng.dirichlet(np.ones(16)).reshape(4, 4),
    )
    # The noise of each f(X), and e^T of each f(X′): both normalised by the rule itself.
    noise = np.exp(k * (table.points @ nodes.T - 1))
    critic = np.exp(own * (table.others @ nodes.T - 1))
    noise, critic = noise / (noise @ mass)[:, None], critic / (critic @ mass)[:, None]
    kernel = fitted_sphere_kernel(table.points, table.others, k, own)
    plain = np.log((noise * mass) @ critic.T)
    positives = fitted_sphere_positives(table.points, table.others, k, own)
    for i in range(4):
        trial.equal("E_Z T of a pair", positives[i], float((noise[i] * mass) @ np.log(critic[i])), terms=own)
        for j in range(4):
            trial.equal("log κ of a pair", kernel[i, j], plain[i, j], terms=k + own)
    output = table.first_law @ noise
    given = (table.joint.T @ noise) / table.second_law[:, None]
    information = float(table.second_law @ ((given * np.log(given / output)) @ mass))
    positive = table.mean_positive(lambda z, other: fitted_sphere_positives(z, other, k, own))
    value = positive - table.log_mean_kernel(kernel)
    defined = float((table.joint * ((noise * mass) @ np.log(critic).T)).sum()) - math.log(
        float(table.second_law @ ((critic * mass) @ output))
    )
    trial.equal("J and its definition", value, defined, terms=k + own)
    trial.at_most("J and I(f(X′); Y)", value, information)
    for batch in (2, 64):
        rows = positive - table.row_term(kernel, batch)
        trial.at_most(f"E J_B and min(I, log B), B={batch}", rows, min(information, math.log(batch)))
    if k == own:
        same = dual_spheres.sphere_kernel(table.points, table.others, k) - kernel
        trial.equal("the channel's own critic", float(np.abs(same).max()), 0.0, terms=2 * k)
    antipodes = fitted_sphere_kernel(table.points, -table.points, k, own).diagonal()
    bare = sphere_means.log_sphere_mean([k, own, abs(k - own)], dim)
    trial.equal("log κ of antipodes", antipodes[0], float(bare[2] - bare[0] - bare[1]), terms=k + own)


@check("dual-spheres-fitted", cases={f"d={d},k={k:g}": (d, k) for d in (1, 2, 5, 40) for k in (0.5, 6.0, 300.0)})
def best_critic(trial: Trial, case: tuple[int, float]) -> None:
    """A(k′) = A(k)·ρ by mpmath's Bessel functions, and the largest E T over a grid of k′: it is C(k′)."""
    dim, k = case
    with mpmath.workdps(30):
        order = mpmath.mpf(dim - 1) / 2
        ratio = mpmath.besseli(order + 1, k) / mpmath.besseli(order, k)
    for rho in (0.3, 0.9):
        best = concentration_for_resultant(float(ratio) * rho, dim)
        with mpmath.workdps(30):
            reached = mpmath.besseli(order + 1, best) / mpmath.besseli(order, best)
        trial.equal(f"A(k′) and A(k)·{rho:g}", float(reached), float(ratio) * rho)
        first, second = np.zeros((1, dim + 1)), np.zeros((1, dim + 1))
        first[0, 0] = 1
        second[0, :2] = rho, math.sqrt(1 - rho * rho)
        found = fitted_sphere_positives(first, second, k, best)[0]
        trial.equal("E T there and C(k′)", found, dual_spheres.sphere_capacity(dim, best), terms=best)
        for factor in (0.5, 0.8, 1.25, 2.0):
            other = fitted_sphere_positives(first, second, k, factor * best)[0]
            trial.below(f"E T at {factor:g}·k′ and at k′", other, found)


@check(
    "dual-spheres-fitted",
    cases={f"d={d},k={k:g},spheres={m}": (d, k, m) for d, m in ((1, 3), (2, 2), (7, 1)) for k in (0.5, 1e4)},
)
def rows(trial: Trial, case: tuple[int, float, int]) -> None:
    """E κ² of independent uniform points by mpmath's quadrature over the angle, and its limit for little noise."""
    dim, k, spheres = case
    with mpmath.workdps(20):
        order = mpmath.mpf(dim - 1) / 2

        def scaled(t: mpmath.mpf) -> mpmath.mpf:  # M(t)·e^(−2k), up to what cancels
            if t < mpmath.mpf("1e-8"):
                return mpmath.exp(-2 * k)
            return mpmath.gamma(order + 1) * (t / 2) ** -order * mpmath.besseli(order, t) * mpmath.exp(-2 * k)

        own = scaled(mpmath.mpf(k)) * mpmath.exp(k)
        area = mpmath.beta(mpmath.mpf(dim) / 2, mpmath.mpf(1) / 2)
        edges = [e for e in (0, 1 / math.sqrt(k), 3 / math.sqrt(k), 9 / math.sqrt(k)) if e < math.pi] + [
            min(math.pi, 20 / math.sqrt(k))
        ]
        square = mpmath.quad(
            lambda t: (scaled(2 * k * mpmath.cos(t / 2)) / own**2) ** 2 * mpmath.sin(t) ** (dim - 1) / area, edges
        )
        expected = float(mpmath.sqrt(2 * square**spheres))
    found = sphere_least_batch(dim, k, spheres=spheres)
    trial.equal("√(2 E κ²)", found, expected)
    if k == 1e4:
        capacity = dual_spheres.sphere_capacity(dim, k)
        limit = math.sqrt(2 * math.exp(spheres * (capacity + dim / 2 - dim * math.log(2))))
        trial.equal("its limit", found, limit, tolerance=1e-3 * dim)
