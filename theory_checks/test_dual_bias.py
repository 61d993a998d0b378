"""What a batch can see (new): E log Ū − log E κ = −[2(B−2)ζ₁ + ζ₂]/(B(B−1)(E κ)²) + o(1/B), and what it is at the prior.

Hypotheses: κ has four moments, and is bounded away from 0.
Source: Hoeffding (1948) for the variance of a U-statistic; the rest is derived here.

Exact for laws of two atoms, where Ū is a function of one binomial count; at the prior the moments are integrals.
"""

import math

import numpy as np
from scipy import stats

from noisedim.theory import bounds, dual, dual_batch
from noisedim.theory.laws import Normal
from noisedim.verification import Trial, check
from noisedim.verification.batches import law_nodes

_TWO = {
    "even": (np.array([[-1.0], [1.0]]), np.array([0.5, 0.5])),
    "uneven": (np.array([[-0.5], [2.0]]), np.array([0.8, 0.2])),
    "close": (np.array([[0.4], [1.1]]), np.array([0.3, 0.7])),
}


def _exact(kernel: np.ndarray, weights: np.ndarray, batch: int) -> float:
    """E log Ū by the binomial law of how many of B points are the second."""
    count = np.arange(batch + 1.0)
    rest = batch - count
    pairs = rest * (rest - 1) * kernel[0, 0] + 2 * rest * count * kernel[0, 1] + count * (count - 1) * kernel[1, 1]
    return float(stats.binom.pmf(count, batch, weights[1]) @ np.log(pairs / (batch * (batch - 1))))


@check("dual-batch-bias", cases={f"{name},sigma={s:g}": (name, s) for name in _TWO for s in (0.5, 1.0, 2.0)})
def two_atoms(trial: Trial, case: tuple[str, float]) -> None:
    """The bias, exactly: what the formula leaves falls as B⁻², a power below it (ζ₁ > 0) or level with it (ζ₁ = 0)."""
    name, sigma = case
    points, weights = _TWO[name]
    kernel = np.exp(dual.gaussian_dual_kernel(points, points, sigma))
    mean = float(weights @ kernel @ weights)
    given = kernel @ weights
    first = float(weights @ given**2) - mean**2
    second = float(weights @ kernel**2 @ weights) - mean**2
    trial.at_most("ζ₁ and ζ₂/2", first, second / 2)
    left = {}
    for batch in (200, 400, 800, 1600):
        bias = _exact(kernel, weights, batch) - math.log(mean)
        predicted = dual_batch.log_mean_bias(mean, max(first, 0.0), second, batch)
        left[batch] = abs(bias - predicted) * batch**2
        trial.below("the bias and 0", bias, 0.0, by=1e-9)
        if first > 1e-9:
            trial.at_most(f"|bias / formula − 1| at B={batch}", abs(bias / predicted - 1), 40 / batch)
    # Times B² the remainder is bounded: it does not grow from 400 to 1,600 rows.
    trial.at_most("B²·remainder at 1,600 and at 400 rows", left[1600], 1.1 * left[400] + 1e-6)
    if first > 1e-9:
        trial.below(
            "without the factor 2 of ζ₁ the remainder grows", 1.1 * left[400], 1600**2 * first / (1600 * mean**2)
        )


@check("dual-batch-bias", cases={f"d={d},sigma={s:g}": (d, s) for d in (1, 2, 8) for s in (0.3, 1.0, 3.0)})
def at_the_prior(trial: Trial, case: tuple[int, float]) -> None:
    """At N(0, I): E[κ | X] = 1 at every point and E κ² = (1−r²)^(−d), by quadrature; so ζ₁ = 0 and the bias follows."""
    dim, sigma = case
    points, weights = law_nodes(Normal(), nodes=80)
    near = np.abs(points) < 4
    given = np.exp(dual.gaussian_dual_kernel(points[near][:, None], points[:, None], sigma)) @ weights
    trial.at_most("largest |E[κ | x] − 1| for |x| < 4", float(np.abs(given - 1).max()), 1e-9)
    # E κ² on the line, along both diagonals, where the integrand is wide and narrow.
    r = 1 / (1 + sigma**2)
    steps = np.linspace(-12, 12, 241)
    stretch = math.sqrt((1 + r) / (1 - r))
    wide, narrow = np.meshgrid(steps * stretch, steps / stretch, indexing="ij")
    a, b = (wide + narrow) / math.sqrt(2), (wide - narrow) / math.sqrt(2)
    logs = (2 * r * a * b - r * r * (a * a + b * b)) / (1 - r * r) - math.log(1 - r * r) - (a * a + b * b) / 2
    square = float(np.exp(logs).sum()) * 0.01 / (2 * math.pi)
    trial.equal("E κ² on the line by quadrature and its closed form", square, 1 / (1 - r * r))
    batch = 64
    expected = -(square**dim - 1) / (batch * (batch - 1))
    trial.equal("bias at the prior and its integral", dual_batch.prior_bias(dim, sigma, batch), expected, floor=0.0)
    trial.equal(
        "bias at the prior as the general formula has it",
        dual_batch.log_mean_bias(1.0, 0.0, square**dim - 1, batch),
        expected,
        floor=0.0,
    )


@check("dual-batch-bias", cases={f"d={d},B={b}": (d, b) for d in (1, 2, 8, 64) for b in (16, 256, 4096)})
def rule(trial: Trial, case: tuple[int, int]) -> None:
    """At the visible capacity a batch of B is the least one and the bias is half a nat; above it, more rows are needed."""
    dim, batch = case
    capacity = dual_batch.visible_capacity(dim, batch)
    sigma = bounds.sigma_for_capacity(dim, capacity)
    trial.equal("least batch at the visible capacity", dual_batch.least_batch(dim, sigma), batch)
    half = -(batch**2 / 2 - 1) / (batch * (batch - 1))
    trial.equal("bias there", dual_batch.prior_bias(dim, sigma, batch), half)
    rule_of_thumb = math.log(batch) + dim / 2 * math.log(2) - math.log(2) / 2
    trial.at_most("visible capacity and its limit", capacity, rule_of_thumb)
    r = 1 / (1 + sigma**2)
    trial.equal("what is between them", rule_of_thumb - capacity, dim / 2 * math.log(2 / (1 + r)))
    finer = bounds.sigma_for_capacity(dim, capacity + 0.1)
    trial.below("B and the least batch a tenth of a nat further", batch, dual_batch.least_batch(dim, finer))
