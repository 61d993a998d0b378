"""Section 4, InfoNCE: E[T⁺ − log (1/K)(e^(T⁺) + Σ e^(T⁻))] ≤ min(I, log K), K−1 negatives, the positive among the K.

Hypotheses: negatives independent, from the marginal.
Source: arXiv 2410.06993, Section 4; van den Oord et al. (2018); Poole et al. (2019). Printed without the positive (E6).

Exact by enumeration over finite alphabets, with the objective that training uses.
"""

import itertools
import math

import numpy as np
import torch

from noisedim.objectives import score_bounds
from noisedim.theory import bounds
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


@check("E6", role="printed", cases={"bits,noisy,K=2": ("bits,noisy", 2), "bits,noisy,K=5": ("bits,noisy", 5)})
def negatives_only_as_a_bound(trial: Trial, case: tuple[str, int]) -> None:
    """The printed estimate bounds I from below in expectation: by enumeration, at the optimal critic."""
    table = _TABLES[case[0]]
    pmi = np.log(table / np.outer(table.sum(1), table.sum(0)))
    _, printed = _enumerated(table, pmi, case[1])
    trial.at_most("printed estimate and I", printed, _information(table))


def _least_printed_value(dim: int, sigma: float, negatives: int) -> float:
    """What the printed estimate is worth in expectation, at least: f(X) = f(X′) ~ N(0, I), d = 2, critic T*.

    E T⁺ = 0, and −log (1/K) Σ e^(T⁻_j) ≥ min_j ‖y−x_j‖²/(2σ²) − ‖y‖²/(2(1+σ²)). In the plane the normal density is at
    most 1/(2π), so P(‖y−x‖² ≤ t) ≤ t/2 and E min_j ‖y−x_j‖² ≥ ∫₀² (1−t/2)^K dt = 2/(K+1).
    """
    if dim != 2:
        raise ValueError("the argument is for the plane")
    return 1 / (sigma**2 * (negatives + 1)) - dim / 2


@check("E6", role="printed", cases={"capacity=14,K=1024": (14.0, 1024), "capacity=10,K=255": (10.0, 255)})
def thousands_of_nats(trial: Trial, case: tuple[float, int]) -> None:
    """The printed estimate stays below I ≤ C and below log K: its expectation, bounded from below by argument."""
    capacity, negatives = case
    least = _least_printed_value(2, bounds.sigma_for_capacity(2, capacity), negatives)
    trial.details["at least, nats"] = least
    trial.at_most("printed estimate, at least, and the capacity", least, capacity)


@check("E6", role="corrected")
def one_negative_in_closed_form(trial: Trial) -> None:
    """With one negative the printed value is E T⁺ − E T⁻ = d/σ² at T* (Jeffreys' divergence): above C at every σ."""
    for dim, sigma in ((1, 0.3), (2, 1.0), (8, 5.0)):
        # E T⁻ = E‖Y‖²/(2(1+σ²)) − E‖Y−X‖²/(2σ²) for independent X, Y = d/2 − d(2+σ²)/(2σ²).
        printed = -(dim / 2 - dim * (2 + sigma**2) / (2 * sigma**2))
        trial.equal("printed value and d/σ²", printed, dim / sigma**2)
        trial.below("C and the printed value", bounds.gaussian_capacity(dim, sigma), printed, by=1e-4)


@check(
    "E6", role="corrected", cases={f"{n},K={k}": (t, k) for n, t in _TABLES.items() if (t > 0).all() for k in (2, 5)}
)
def positive_included(trial: Trial, case: tuple[np.ndarray, int]) -> None:
    """With the positive among the candidates: at most I and log K; without it, above I at the optimal critic."""
    table, candidates = case
    pmi = np.log(table / np.outer(table.sum(1), table.sum(0)))
    proper, printed = _enumerated(table, pmi, candidates)
    trial.at_most("InfoNCE and I", proper, _information(table))
    trial.at_most("InfoNCE and log K", proper, math.log(candidates))
    trial.below("I and the printed estimate", _information(table), printed, by=1e-3)


@check("E6", role="corrected", intervals=1)
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
