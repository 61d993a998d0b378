"""Section 4, InfoNCE: E[T⁺ − log (1/K)(e^(T⁺) + Σ e^(T⁻))] ≤ min(I, log K), K−1 negatives, the positive among the K.

Hypotheses: negatives independent, from the marginal.
Source: arXiv 2410.06993, Section 4; van den Oord et al. (2018); Poole et al. (2019). Printed without the positive (E6), and
with a logarithm for each query (E21).

Exact by enumeration over finite alphabets, with the objective that training uses.
"""

import itertools
import math

import numpy as np
import torch

from noisedim.objectives import score_bounds
from noisedim.theory import bounds, entropy
from noisedim.verification import Trial, check

_TABLES = {
    "bits,kept": np.eye(2) / 2,
    "bits,noisy": np.array([[0.4, 0.1], [0.1, 0.4]]),
    "three-by-two": np.array([[0.2, 0.1], [0.3, 0.0], [0.1, 0.3]]),
    "four,kept": np.eye(4) / 4,
}


def _enumerated(table: np.ndarray, critic: np.ndarray, candidates: int) -> tuple[float, float]:
    """(with the positive, negatives only): expectations over one query, its key, and K−1 (K) independent keys."""
    keys = table.sum(0)
    proper = printed = 0.0
    for q, k in zip(*np.nonzero(table), strict=True):
        positive = torch.tensor([critic[q, k]])
        for others in itertools.product(range(len(keys)), repeat=candidates - 1):
            weight = table[q, k] * math.prod(keys[j] for j in others)
            value = score_bounds.infonce(positive, torch.tensor([[critic[q, j] for j in others]]))
            proper += weight * float(value.bound)
        for others in itertools.product(range(len(keys)), repeat=candidates):
            weight = table[q, k] * math.prod(keys[j] for j in others)
            printed += weight * (critic[q, k] - math.log(np.mean([math.exp(critic[q, j]) for j in others])))
    return proper, printed


def _information(table: np.ndarray) -> float:
    product = np.outer(table.sum(1), table.sum(0))
    used = table > 0
    return float((table[used] * np.log(table[used] / product[used])).sum())


@check("section-4-infonce", cases={f"{n},K={k}": (t, k) for n, t in _TABLES.items() for k in (2, 3, 5)})
def bound_and_ceiling(trial: Trial, case: tuple[np.ndarray, int]) -> None:
    """Below I and below log K, for the optimal critic and for others; more candidates, a better bound."""
    table, candidates = case
    information = _information(table)
    product = np.outer(table.sum(1), table.sum(0))
    pmi = np.log(np.maximum(table, 1e-12) / product)
    rng = np.random.default_rng(candidates)
    values = []
    for critic in (pmi, 0.5 * pmi, 3 * pmi, pmi + rng.standard_normal(pmi.shape)):
        value, _ = _enumerated(table, critic, candidates)
        trial.at_most("InfoNCE and I", value, information)
        trial.at_most("InfoNCE and log K", value, math.log(candidates))
        values.append(value)
    if candidates > 2:
        fewer, _ = _enumerated(table, pmi, candidates - 1)
        trial.at_most("fewer candidates and more", fewer, values[0])
    scaled, _ = _enumerated(table, pmi + 7.0, candidates)
    trial.equal("a constant added to the critic changes nothing", scaled, values[0])


@check("section-4-infonce")
def ceiling_is_reached(trial: Trial) -> None:
    """When positives stand out the value is log K, however large I is: a capacity above log K cannot be seen."""
    for candidates in (2, 16, 1024):
        scores = torch.full((4, candidates - 1), -1e4, dtype=torch.float64)
        value = score_bounds.infonce(torch.zeros(4, dtype=torch.float64), scores)
        trial.equal(f"InfoNCE at K={candidates} and log K", float(value.bound), math.log(candidates))
        trial.equal("its ceiling", value.ceiling, math.log(candidates))


@check("E6", cases={"bits,noisy,K=2": ("bits,noisy", 2), "bits,noisy,K=5": ("bits,noisy", 5)})
def negatives_only_as_a_bound(trial: Trial, case: tuple[str, int]) -> None:
    """Taken for a bound the estimate fails: in expectation it exceeds I, by enumeration, at the optimal critic."""
    table = _TABLES[case[0]]
    pmi = np.log(table / np.outer(table.sum(1), table.sum(0)))
    _, printed = _enumerated(table, pmi, case[1])
    trial.below("I and the estimate", _information(table), printed, by=1e-3)


def _least_printed_value(dim: int, sigma: float, negatives: int) -> float:
    """What the printed estimate is worth in expectation, at least: f(X) = f(X′) ~ N(0, I), d = 2, critic T*.

    E T⁺ = 0, and −log (1/K) Σ e^(T⁻_j) ≥ min_j ‖y−x_j‖²/(2σ²) − ‖y‖²/(2(1+σ²)). In the plane the normal density is at
    most 1/(2π), so P(‖y−x‖² ≤ t) ≤ t/2 and E min_j ‖y−x_j‖² ≥ ∫₀² (1−t/2)^K dt = 2/(K+1).
    """
    if dim != 2:
        raise ValueError("the argument is for the plane")
    return 1 / (sigma**2 * (negatives + 1)) - dim / 2


@check("E6", cases={"capacity=14,K=1024": (14.0, 1024), "capacity=10,K=255": (10.0, 255)})
def thousands_of_nats(trial: Trial, case: tuple[float, int]) -> None:
    """At the capacities of Figure 1 the estimate exceeds I ≤ C and log K: its expectation, bounded from below by argument."""
    capacity, negatives = case
    least = _least_printed_value(2, bounds.sigma_for_capacity(2, capacity), negatives)
    trial.details["at least, nats"] = least
    trial.below("the capacity and the estimate, at least", capacity, least, by=1.0)
    trial.below("log K and the estimate, at least", math.log(negatives), least, by=1.0)


@check("E6", cases={f"d={d},sigma={s:g}": (d, s) for d, s in ((1, 0.3), (2, 1.0), (8, 5.0))})
def one_negative_in_closed_form(trial: Trial, case: tuple[int, float]) -> None:
    """With one negative the value at T* is E T⁺ − E T⁻ = d/σ²: Jeffreys' divergence of joint law and product, above C."""
    dim, sigma = case
    eye, zero = np.eye(dim), np.zeros(2 * dim)
    joint = np.block([[eye, eye], [eye, (1 + sigma**2) * eye]])
    product = np.diag(np.diag(joint))
    there, back = (entropy.gaussian_kl_divergence(zero, a, zero, b) for a, b in ((joint, product), (product, joint)))
    trial.equal("Jeffreys' divergence and d/σ²", there + back, dim / sigma**2, terms=back)
    trial.equal("its first half and C", there, bounds.gaussian_capacity(dim, sigma))
    trial.below("C and Jeffreys' divergence", bounds.gaussian_capacity(dim, sigma), there + back, by=1e-4)


@check("E6", cases={f"{n},K={k}": (t, k) for n, t in _TABLES.items() if (t > 0).all() for k in (2, 5)})
def positive_included(trial: Trial, case: tuple[np.ndarray, int]) -> None:
    """With the positive among the candidates: at most I and log K; without it, above I at the optimal critic."""
    table, candidates = case
    pmi = np.log(table / np.outer(table.sum(1), table.sum(0)))
    proper, printed = _enumerated(table, pmi, candidates)
    trial.at_most("InfoNCE and I", proper, _information(table))
    trial.at_most("InfoNCE and log K", proper, math.log(candidates))
    trial.below("I and the printed estimate", _information(table), printed, by=1e-3)


@check("E6", intervals=1)
def sampled_value(trial: Trial) -> None:
    """The corrected estimate at a capacity of 14 nats, K = 64, from samples: it never exceeds log 64 (Δ = 0.02 nats)."""
    candidates, delta = 64, 0.02
    sigma = bounds.sigma_for_capacity(2, 14.0)
    # Each value lies in (−∞, log K]; one bounded below at −1 is at least as large, so the claim is the harder one.
    design = trial.bounded_design(delta=delta, low=-1.0, high=math.log(candidates), deviation=0.05)
    x = trial.rng.standard_normal((design.n, 2))
    y = x + sigma * trial.rng.standard_normal((design.n, 2))
    values = []
    for rows in np.array_split(np.arange(design.n), max(1, design.n // 4096)):
        keys = trial.rng.standard_normal((len(rows), candidates - 1, 2))
        apart = ((y[rows, None, :] - keys) ** 2).sum(2) / (2 * sigma**2)
        own = ((y[rows] - x[rows]) ** 2).sum(1) / (2 * sigma**2)
        # ‖y‖²/(2(1+σ²)) is common to all candidates of a query and cancels.
        most = np.maximum(-own, (-apart).max(1))
        total = np.exp(-own - most) + np.exp(-apart - most[:, None]).sum(1)
        values.append(-own - most - np.log(total) + math.log(candidates))
    interval = design.interval(np.maximum(np.concatenate(values), -1.0))
    trial.sampled_at_most(
        "InfoNCE and log K", interval.lower, interval.upper, math.log(candidates), delta=delta, n=design.n
    )
    trial.sampled_at_most("InfoNCE and C = 14", interval.lower, interval.upper, 14.0, delta=delta, n=design.n)


def _of_each_query(table: np.ndarray, critic: np.ndarray) -> tuple[float, float]:
    """What the estimate tends to as K grows, E T − E_q log E_k e^T, and the displayed value, E T − log E e^T."""
    queries, keys = table.sum(1), table.sum(0)
    mean = float((table * critic).sum())
    partition = np.exp(critic) @ keys
    return mean - float(queries @ np.log(partition)), mean - math.log(float(queries @ partition))


@check("E21", cases={f"K={k}": k for k in (1, 4, 32)})
def logarithm_of_each_query(trial: Trial, negatives: int) -> None:
    """T(q, k) = ±1 by the query alone: the estimate is 0 for every sample, the displayed loss is log cosh 1."""
    critic = np.array([[1.0, 1.0], [-1.0, -1.0]])
    table = np.full((2, 2), 0.25)
    rng = np.random.default_rng(negatives)
    for _ in range(3):
        q, others = rng.integers(2), rng.integers(2, size=negatives)
        positive, rest = torch.tensor([critic[q, 0]]), torch.from_numpy(critic[q, others])[None]
        estimate = float(positive[0] - torch.logsumexp(rest[0], 0)) + math.log(negatives)
        trial.equal("−log(e^T⁺ / mean e^T⁻)", -estimate, 0.0)
    each, displayed = _of_each_query(table, critic)
    trial.equal("its limit", each, 0.0)
    trial.equal("the displayed loss and log cosh 1", -displayed, math.log(math.cosh(1)))


@check("E21", cases={name: table for name, table in _TABLES.items() if (table > 0).all()} | {"3x4": None})
def still_a_bound(trial: Trial, table: np.ndarray | None) -> None:
    """The limit is at least the displayed value, by Jensen's inequality, and at most I; both are I at the optimal critic."""
    rng = np.random.default_rng(0)
    if table is None:
        table = rng.dirichlet(np.ones(12)).reshape(3, 4)
    information = _information(table)
    pmi = np.log(table / np.outer(table.sum(1), table.sum(0)))
    for critic in (0.5 * pmi, pmi + rng.standard_normal(pmi.shape), pmi + rng.standard_normal((len(pmi), 1))):
        each, displayed = _of_each_query(table, critic)
        trial.at_most("displayed value and the estimate's limit", displayed, each)
        trial.at_most("the estimate's limit and I", each, information)
    each, displayed = _of_each_query(table, pmi)
    trial.equal("the limit at T = PMI, and I", each, information)
    trial.equal("the displayed value at T = PMI, and I", displayed, information)
    each, displayed = _of_each_query(table, pmi + np.arange(len(pmi))[:, None])
    trial.equal("the limit at T = PMI + c(q), and I", each, information)
    trial.below("the displayed value at T = PMI + c(q), and I", displayed, information, by=1e-2)
