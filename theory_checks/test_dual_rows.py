"""The row-wise dual (new): J_B ≤ log B in every batch, E J_B ≤ E InfoNCE_B ≤ min(I, log B), J ≤ J_row ≤ I; and J_lin.

Hypotheses: Z ~ N(0, σ²I) independent of (X, X′), pairs independent.
Source: derived here from InfoNCE by Jensen's inequality over the noise.

Expectations over batches are exact (a one-dimensional integral that stands for all batches); the information is by
quadrature of its definition, which knows nothing of kernels.
"""

import itertools
import math

import numpy as np
from scipy import special

from noisedim.theory import bounds, dual, dual_adaptive, dual_batch
from noisedim.theory.laws import Normal
from noisedim.theory.sources import DiscreteSource, LazySource
from noisedim.verification import Trial, check
from noisedim.verification.batches import PairTable, law_nodes
from noisedim.verification.scenarios import STANDARDISED


def _noise(sigma: float) -> tuple[np.ndarray, np.ndarray]:
    nodes, mass = law_nodes(Normal(0, sigma), nodes=24)
    return nodes, mass


def _kernel(table: PairTable, sigma: float, rho: float) -> np.ndarray:
    return dual_adaptive.adaptive_kernel(table.points, table.others, sigma, rho)


def _positive(table: PairTable, sigma: float, rho: float) -> float:
    return table.mean_positive(lambda z, other: dual_adaptive.gaussian_positives(z, other, sigma, rho))


# ------------------------------------------------------------ the closed form


@check(
    "dual-rows",
    cases={f"sigma={s:g},rho={r:g}": (s, r) for s in (0.03, 0.1, 1.0, 5.0) for r in (1.0, 0.7)},
)
def closed_form(trial: Trial, case: tuple[float, float]) -> None:
    """Positives and kernel of a batch, by integrating the critic over the noise, coordinate by coordinate."""
    sigma, rho = case
    rng = np.random.default_rng(3)
    z = rng.standard_normal((5, 2))
    z_prime = rho * z + sigma * rng.standard_normal((5, 2))
    noise, mass = _noise(sigma)
    critics = np.zeros((5, 5, 2, len(noise)))
    for i, j, k in itertools.product(range(5), range(5), range(2)):
        y = z[i, k] + noise
        # The log of the conditional normal density of y given x, over its marginal one.
        spread = 1 + sigma**2 - rho**2
        critics[i, j, k] = (
            -((y - rho * z_prime[j, k]) ** 2) / (2 * spread)
            - math.log(spread) / 2
            + y**2 / (2 * (1 + sigma**2))
            + math.log(1 + sigma**2) / 2
        )
    positives = np.array([(critics[i, i] @ mass).sum() for i in range(5)])
    logs = special.logsumexp(critics, axis=3, b=mass).sum(2)
    found = dual_adaptive.gaussian_positives(z, z_prime, sigma, rho)
    kernel = dual_adaptive.adaptive_kernel(z, z_prime, sigma, rho)
    size = float(np.abs(critics).max())
    for i in range(5):
        trial.equal("E_Z T of a pair and its closed form", positives[i], found[i], terms=size)
        trial.equal("log E_Z e^T of a pair and its closed form", logs[i, i], kernel[i, i], terms=size)
    bound = positives.mean() - special.logsumexp(logs, axis=1, b=1 / 5).mean()
    trial.equal("J_B from its definition and as computed", bound, dual_batch.row_bound(found, kernel), terms=size)
    if sigma >= 1:  # with less noise what far pairs have in common lies beyond its nodes
        plug_in = positives.mean() - special.logsumexp(logs[~np.eye(5, dtype=bool)], b=1 / 20)
        trial.equal("the plug-in as computed", dual_batch.pairs_estimate(found, kernel), plug_in, terms=size)
    if rho == 1:
        plain = (
            bounds.gaussian_capacity(2, sigma)
            + ((z**2).sum(1).mean() - 2) / (2 * (1 + sigma**2))
            - ((z - z_prime) ** 2).sum(1).mean() / (2 * sigma**2)
            - np.log(np.exp(dual.gaussian_dual_kernel(z, z_prime, sigma)).mean(1)).mean()
        )
        trial.equal("J_B as the claim states it", plain, bound, terms=size)


# ------------------------------------------------------------ bounds in expectation


_TABLES = {f"table-{seed}": PairTable.random(seed, size=2 + seed % 3) for seed in range(24)} | {
    name: PairTable.lazy(*law_nodes(law), keep)
    for name, law, keep in (
        ("rademacher", STANDARDISED["rademacher"], 1.0),
        ("rademacher,kept-half", STANDARDISED["rademacher"], 0.5),
        ("skewed-atoms", STANDARDISED["skewed-atoms"], 0.9),
        ("three-atoms", STANDARDISED["mostly-atoms"], 1.0),
    )
}
_SIGMAS, _BATCHES, _RHOS = (0.1, 0.3, 1.0, 3.0), (2, 16, 1024), (1.0, 0.8)


@check(
    "dual-rows",
    cases={
        f"{name},sigma={_SIGMAS[k % 4]:g},rho={_RHOS[k // 4 % 2]:g}": (name, _SIGMAS[k % 4], _RHOS[k // 4 % 2])
        for k, name in enumerate(_TABLES)
    },
)
def chain(trial: Trial, case: tuple[str, float, float]) -> None:
    """E J_B ≤ E InfoNCE_B ≤ min(I, log B) at three batch sizes, and J ≤ J_row ≤ I: 28 laws of finitely many pairs."""
    name, sigma, rho = case
    table = _TABLES[name]
    noise, mass = _noise(sigma)
    source = DiscreteSource.of(table.points[:, 0], table.others[:, 0], table.joint)
    information = source.information(Normal(0, sigma))
    kernel, positive = _kernel(table, sigma, rho), _positive(table, sigma, rho)
    for batch in _BATCHES:
        rows = positive - table.row_term(kernel, batch)
        sampled = table.infonce(
            lambda x, y: dual_adaptive.adaptive_critic(x, y, sigma, rho), noise[:, None], mass, batch
        )
        trial.at_most(f"E J_B and E InfoNCE_B, B={batch}", rows, sampled)
        trial.at_most(f"E InfoNCE_B and I, B={batch}", sampled, information)
        trial.at_most(f"E InfoNCE_B and log B, B={batch}", sampled, math.log(batch))
    whole = positive - table.log_mean_kernel(kernel)
    limit = positive - table.limit_row_term(kernel)
    trial.at_most("J and J_row", whole, limit)
    trial.at_most("J_row and I", limit, information)
    trial.at_most("E J_lin and J", positive - math.expm1(table.log_mean_kernel(kernel)), whole)
    far = positive - table.row_term(kernel, 10**7)
    trial.equal("E J_B at B = 10⁷ and J_row", far, limit, tolerance=1e-4)


@check(
    "dual-rows",
    cases={
        f"{name},sigma={sigma:g},keep={keep:g}": (name, sigma, keep)
        for name, sigma, keep in (
            ("normal", 0.3, 1.0),
            ("normal", 1.0, 0.5),
            ("uniform", 0.3, 0.9),
            ("uniform", 1.0, 1.0),
            ("two-clusters", 0.3, 1.0),
            ("laplace", 1.0, 1.0),
            ("atom-and-uniform", 0.5, 0.9),
        )
    },
)
def densities(trial: Trial, case: tuple[str, float, float]) -> None:
    """E J_B ≤ min(I, log B) and J_row ≤ I for laws with densities, by quadrature; of Laplace's, J itself is −∞."""
    name, sigma, keep = case
    law = STANDARDISED[name]
    points, weights = law_nodes(law, nodes=16 if name == "normal" else 8)
    inside = np.abs(points) < 12  # what is left out weighs less than 1e-7
    table = PairTable.lazy(points[inside], weights[inside] / weights[inside].sum(), keep)
    information = LazySource(law, keep=keep).information(Normal(0, sigma))
    kernel, positive = _kernel(table, sigma, 1.0), _positive(table, sigma, 1.0)
    for batch in (2, 16, 256):
        value = positive - table.row_term(kernel, batch)
        trial.at_most(f"E J_B and I, B={batch}", value, information)
        trial.at_most(f"E J_B and log B, B={batch}", value, math.log(batch))
    limit = positive - table.limit_row_term(kernel)
    trial.at_most("J_row and I", limit, information)
    if name == "normal" and keep == 1:
        trial.equal("J_row and the capacity at the prior", limit, bounds.gaussian_capacity(1, sigma))


@check("dual-rows", cases={f"d={d},sigma={s:g}": (d, s) for d, s in ((2, 0.3), (3, 0.5), (5, 1.0), (16, 2.0))})
def several_dimensions(trial: Trial, case: tuple[int, float]) -> None:
    """Random points of the space: E J_B ≤ log B and ≤ I(f(X′); f(X)), which no noise exceeds."""
    dim, sigma = case
    for seed in range(3):
        table = PairTable.random(100 + seed, size=4, dim=dim, spread=0.2)
        kernel, positive = _kernel(table, sigma, 1.0), _positive(table, sigma, 1.0)
        limit = positive - table.limit_row_term(kernel)
        trial.at_most("J and J_row", positive - table.log_mean_kernel(kernel), limit)
        trial.at_most("J_row and I(f(X′); f(X))", limit, table.information)
        for batch in (2, 8, 512):
            value = positive - table.row_term(kernel, batch)
            trial.at_most(f"E J_B and the smaller ceiling, B={batch}", value, min(table.information, math.log(batch)))


@check("dual-rows", intervals=1, cases={"sigma=0.3,B=8": (0.3, 8), "sigma=1,B=4": (1.0, 4)})
def sampled_infonce(trial: Trial, case: tuple[float, int]) -> None:
    """InfoNCE of drawn batches, with drawn noise, less J_B of the same batches: its mean is at least 0 (Δ = 0.02 nats)."""
    sigma, batch = case
    delta, low, reach = 0.02, -12.0, math.sqrt(3)
    # A row of InfoNCE is log B at most and −‖ε‖²/2 at least, ε the noise over σ and f(X) = f(X′): below −12 it is cut, which
    # adds at most E(ε²/2 − 12)₊ to its mean. A row's −J_B is at least −log B and, on [−√3, √3], at most the second number.
    bias = (
        float(np.maximum(np.square(np.linspace(4, 12, 4001)) / 2 + low, 0) @ _density(np.linspace(4, 12, 4001))) * 0.004
    )
    worst = -float(_row_value(np.array([[reach]]), np.full((1, batch), 0.0), sigma).min())
    high = math.log(batch) + max(worst, 0.0) + 3.0
    design = trial.bounded_design(delta=delta - bias, low=low - math.log(batch), high=high, deviation=2.0)
    x = trial.rng.uniform(-reach, reach, (design.n, 1))
    y = x + sigma * trial.rng.standard_normal((design.n, 1))
    others = np.concatenate([x, trial.rng.uniform(-reach, reach, (design.n, batch - 1))], axis=1)
    scores = -((y - others) ** 2) / (2 * sigma**2)
    infonce = scores[:, 0] - np.log(np.exp(scores - scores.max(1)[:, None]).mean(1)) - scores.max(1)
    gap = np.maximum(infonce, low) - _row_value(x, others, sigma)
    interval = design.interval(np.clip(gap, design.low, design.high))
    trial.sampled_at_least(
        "mean of InfoNCE − J_B over batches", interval.lower, interval.upper + bias, 0.0, delta=delta, n=design.n
    )
    trial.holds("no gap was beyond the stated range", bool(gap.max() <= design.high))


def _density(x: np.ndarray) -> np.ndarray:
    return 2 * Normal(0, 1).density(x)


def _row_value(x: np.ndarray, others: np.ndarray, sigma: float) -> np.ndarray:
    """t_i − log[(1/B) Σ_j κ_ij] of one row each, f(X) = f(X′) on the line: written out, not by noisedim."""
    r = 1 / (1 + sigma**2)
    logs = (2 * r * x * others - r * r * (x * x + others * others)) / (2 * (1 - r * r)) - math.log(1 - r * r) / 2
    top = logs.max(1)
    term = top + np.log(np.exp(logs - top[:, None]).mean(1))
    return math.log1p(1 / sigma**2) / 2 + (x[:, 0] ** 2 - 1) / (2 * (1 + sigma**2)) - term


# ------------------------------------------------------------ in every batch


def _value(z: np.ndarray, z_prime: np.ndarray, sigma: float, of_batch: str = "row_bound") -> float:
    positives = dual_adaptive.gaussian_positives(z, z_prime, sigma)
    return float(getattr(dual_batch, of_batch)(positives, dual.gaussian_dual_kernel(z, z_prime, sigma)))


@check("dual-rows")
def in_every_batch(trial: Trial) -> None:
    """Batches made to break it: far points, one point, doubled points, no relation, little noise, much noise."""
    rng = np.random.default_rng(11)
    normal = rng.standard_normal((64, 2))
    batches = {
        "the prior": (normal, normal),
        "unrelated views": (normal, rng.standard_normal((64, 2))),
        "two points": (np.sign(normal), np.sign(normal)),
        "one point": (np.ones((64, 2)), np.ones((64, 2))),
        "a thousand times too wide": (1e3 * normal, 1e3 * normal),
        "each point twice": (np.repeat(normal[:32], 2, 0), np.repeat(normal[:32], 2, 0)),
        "views apart by the noise": (normal, normal + 0.01 * rng.standard_normal((64, 2))),
    }
    for name, (z, z_prime) in batches.items():
        for sigma in (1e-3, 0.01, 0.1, 1.0, 10.0):
            trial.at_most(f"J_B of {name} and log 64, σ={sigma:g}", _value(z, z_prime, sigma), math.log(64))
    trial.equal("J_B of one row", _value(normal[:1], normal[:1], 1e-3), math.log(2) - 1, tolerance=1e-5)


@check(
    "dual-rows",
    cases={
        f"sigma={s:g},rho={r:g},tilt={t:g}": (s, r, t)
        for s in (0.1, 0.5, 2.0)
        for r in (1.0, 0.8)
        for t in (0.0, 0.4, 0.9)
    },
)
def tilted(trial: Trial, case: tuple[float, float, float]) -> None:
    """A batch on the line: the tilted bound by integrating over the noise, and it, at most E_Z InfoNCE of that batch."""
    sigma, rho, tilt = case
    rng = np.random.default_rng(8)
    z = rng.standard_normal((6, 1))
    z_prime = rho * z + 0.2 * sigma * rng.standard_normal((6, 1))
    edges = np.linspace(-60, 60, 241) * sigma  # a tilt brings far points in, where the noise hardly goes
    places, masses = np.polynomial.legendre.leggauss(12)
    half = (edges[1] - edges[0]) / 2
    noise = (edges[:-1, None] + half * (1 + places)).ravel()
    steps = np.tile(half * masses, 240)
    mass = steps * Normal(0, sigma).density(noise)
    log_density = -((noise / sigma) ** 2) / 2 - math.log(sigma * math.sqrt(2 * math.pi))
    bound = sampled = 0.0
    for i in range(6):
        scores = dual_adaptive.adaptive_critic(z_prime, z[i] + noise[:, None], sigma, rho)  # (6, noise)
        own = scores[i]
        sampled += float(mass @ (own - special.logsumexp(scores, axis=0, b=1 / 6))) / 6
        inner = special.logsumexp(scores - tilt * own + log_density, axis=1, b=steps)
        bound += ((1 - tilt) * float(mass @ own) - float(special.logsumexp(inner, b=1 / 6))) / 6
    found = dual_adaptive.tilted_row_bound(z, z_prime, sigma, rho, tilt)
    trial.equal("the tilted bound from its definition and as computed", bound, found, terms=1 / sigma**2)
    trial.at_most("it and E_Z InfoNCE of the batch", found, sampled)
    trial.at_most("E_Z InfoNCE and log 6", sampled, math.log(6))
    if tilt == 0:
        rows = dual_batch.row_bound(
            dual_adaptive.gaussian_positives(z, z_prime, sigma, rho),
            dual_adaptive.adaptive_kernel(z, z_prime, sigma, rho),
        )
        trial.equal("without a tilt, J_B", found, rows)
        best, where = dual_adaptive.tightest_row_bound(z, z_prime, sigma, rho)
        trial.at_most("J_B and the tightest", found, best)
        trial.at_most("the tightest and E_Z InfoNCE of the batch", best, sampled)
        trial.equal("the tightest at its tilt", best, dual_adaptive.tilted_row_bound(z, z_prime, sigma, rho, where))


@check("dual-rows")
def plug_in_is_no_bound(trial: Trial) -> None:
    """The estimate over i ≠ j at the prior, d = 2, C = 14, B = 64: hundreds of nats, and two points ±1 at σ = .05 alike."""
    rng = np.random.default_rng(5)
    sigma = bounds.sigma_for_capacity(2, 14.0)
    values = []
    for _ in range(200):
        z = rng.standard_normal((64, 2))
        values.append(_value(z, z, sigma, "pairs_estimate"))
        trial.at_most("J_B of the same batch and log 64", _value(z, z, sigma), math.log(64))
    trial.below("the capacity and the plug-in's mean over 200 batches", 14.0, float(np.mean(values)), by=200.0)
    two = np.array([[-1.0], [1.0]])
    trial.below(
        "log 2 and the plug-in's value of two points", math.log(2), _value(two, two, 0.05, "pairs_estimate"), by=300.0
    )


# ------------------------------------------------------------ the linear dual


@check(
    "dual-linear",
    cases={
        f"{n},B={b},sigma={s:g}": (n, b, s)
        for n, s in (("table-0", 0.5), ("table-3", 1.0), ("table-7", 2.0))
        for b in (2, 3)
    },
)
def unbiased(trial: Trial, case: tuple[str, int, float]) -> None:
    """The mean over all batches of B pairs, by enumeration: E t − E κ + 1 exactly; the plug-in's mean is not J."""
    name, batch, sigma = case
    table = _TABLES[name]
    cells = list(zip(*np.nonzero(table.joint), strict=True))
    linear = plug_in = 0.0
    for chosen in itertools.product(cells, repeat=batch):
        weight = math.prod(float(table.joint[cell]) for cell in chosen)
        z = np.array([table.points[i] for i, _ in chosen])
        z_prime = np.array([table.others[j] for _, j in chosen])
        linear += weight * _value(z, z_prime, sigma, "linear_bound")
        plug_in += weight * _value(z, z_prime, sigma, "pairs_estimate")
    kernel = dual.gaussian_dual_kernel(table.points, table.others, sigma)
    mean = float(table.first_law @ np.exp(kernel) @ table.second_law)
    positive = _positive(table, sigma, 1.0)
    trial.equal("mean of J_lin over all batches and its population value", linear, positive - mean + 1)
    trial.below("J and the plug-in's mean", positive - math.log(mean), plug_in, by=1e-6)
    source = DiscreteSource.of(table.points[:, 0], table.others[:, 0], table.joint)
    trial.at_most("J_lin and I", positive - mean + 1, source.information(Normal(0, sigma)))


@check("dual-linear")
def unbiased_gradient(trial: Trial) -> None:
    """The derivative along a change of scale: the mean over all batches of two pairs, and of the population value."""
    table, sigma, step = _TABLES["table-1"], 0.8, 1e-5
    cells = list(zip(*np.nonzero(table.joint), strict=True))

    def population(scale: float) -> float:
        kernel = dual.gaussian_dual_kernel(scale * table.points, scale * table.others, sigma)
        positive = table.mean_positive(lambda z, o: dual_adaptive.gaussian_positives(scale * z, scale * o, sigma))
        return positive - float(table.first_law @ np.exp(kernel) @ table.second_law) + 1

    slopes = {"linear_bound": 0.0, "pairs_estimate": 0.0}
    for first, second in itertools.product(cells, repeat=2):
        weight = float(table.joint[first] * table.joint[second])
        z = np.array([table.points[i] for i, _ in (first, second)])
        z_prime = np.array([table.others[j] for _, j in (first, second)])
        for name in slopes:
            ends = [_value(s * z, s * z_prime, sigma, name) for s in (1 + step, 1 - step)]
            slopes[name] += weight * (ends[0] - ends[1]) / (2 * step)
    expected = (population(1 + step) - population(1 - step)) / (2 * step)
    trial.equal("mean slope of J_lin and the slope of its mean", slopes["linear_bound"], expected, tolerance=1e-8)
    trial.holds("the plug-in's mean slope is another", abs(slopes["pairs_estimate"] - expected) > 1e-3)
