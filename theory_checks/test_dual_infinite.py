"""Where the dual is −∞ (new): normal laws from a variance of 2 + σ² on, every law with heavier tails; the rows stay finite.

Hypotheses: Z ~ N(0, σ²I).
Source: derived here; a Gaussian integral.
"""

import math

import numpy as np

from noisedim.theory import bounds, dual, dual_adaptive, entropy
from noisedim.theory.laws import Laplace, Law, Normal, StudentT
from noisedim.theory.quadrature import integrate
from noisedim.theory.sources import LazySource
from noisedim.verification import Trial, check
from noisedim.verification.batches import PairTable, law_nodes
from noisedim.verification.scenarios import covariance


@check(
    "dual-infinite",
    cases={
        f"v={v:g},sigma={s:g}": (v, s)
        for v, s in ((0.2, 0.3), (1.0, 0.3), (1.5, 0.3), (2.0, 1.0), (2.9, 1.0), (5.0, 2.0))
    },
)
def normal_variance(trial: Trial, case: tuple[float, float]) -> None:
    """log E κ of N(0, v) in closed form, and D₂ of the noisy law by quadrature; infinite from v = 2 + σ² on."""
    variance, sigma = case
    value = dual_adaptive.gaussian_log_mean_kernel([[variance]], sigma)
    # ∫ p²/q, a Gaussian integral of the inverse variance 2/(v+σ²) − 1/(1+σ²): over as many of its deviations as matter.
    width = 1 / math.sqrt(2 / (variance + sigma**2) - 1 / (1 + sigma**2))
    noisy, reference = Normal(0, math.sqrt(variance + sigma**2)), Normal(0, math.hypot(1, sigma))
    ratio = integrate(
        lambda y: np.exp(2 * _log_density(noisy, y) - _log_density(reference, y)), np.linspace(-12, 12, 25) * width
    ).value
    trial.equal("log E κ and D₂ by quadrature", value, math.log(ratio))
    edge = 2 + sigma**2
    trial.equal("at 2 + σ² and beyond", dual_adaptive.gaussian_log_mean_kernel([[edge + 1e-9]], sigma), math.inf)
    trial.holds("finite just below", dual_adaptive.gaussian_log_mean_kernel([[edge - 1e-9]], sigma) < math.inf)


def _log_density(law: Normal, y: np.ndarray) -> np.ndarray:
    return -((y / law.deviation) ** 2) / 2 - math.log(law.deviation) - math.log(2 * math.pi) / 2


@check(
    "dual-infinite",
    cases={f"d={d},sigma={s:g},rho={r:g}": (d, s, r) for d, s, r in ((2, 0.5, 1.0), (8, 2.0, 1.0), (8, 1.0, 0.6))},
)
def full_covariance(trial: Trial, case: tuple[int, float, float]) -> None:
    """−½ log det(I − r²(Σ−I)²), D₂ by determinants at the level that r stands for."""
    dim, sigma, rho = case
    spread = 0.7 * covariance(dim, seed=dim)
    level = math.sqrt((1 + sigma**2) / rho - 1)
    noisy, reference = spread + level**2 * np.eye(dim), (1 + level**2) * np.eye(dim)
    zero = np.zeros(dim)
    expected = entropy.gaussian_renyi_2_divergence(zero, noisy, zero, reference)
    trial.equal("log E κ and D₂", dual_adaptive.gaussian_log_mean_kernel(spread, sigma, rho), expected)


_HEAVY: dict[str, tuple[Law, float]] = {
    "laplace,sigma=0.5": (Laplace(), 0.5),
    "laplace,sigma=3": (Laplace(), 3.0),
    "t5,sigma=1": (StudentT(5), 1.0),
    "normal,v=2+σ²,sigma=1": (Normal(0, math.sqrt(3.0)), 1.0),
    "normal,v=4,sigma=1": (Normal(0, 2.0), 1.0),
}


@check("dual-infinite", cases=_HEAVY)
def rows_stay_finite(trial: Trial, case: tuple[Law, float]) -> None:
    """E κ over an interval grows without end as the interval does; J_row is at least the stated bound and at most I."""
    law, sigma = case
    r = 1 / (1 + sigma**2)
    truncated = []
    for reach in (20.0, 80.0, 320.0):
        # κ is largest about the diagonal: there E κ, the other point within ±1, is at least this integral over the square.
        a = np.arange(-reach, reach, 0.5) + 0.25
        logs = np.log(np.maximum(law.density(a), 1e-300))
        kernel = dual.gaussian_dual_kernel(a[:, None], a[:, None], sigma)
        terms = logs[:, None] + logs[None, :] + kernel + 2 * math.log(0.5)
        truncated.append(float(np.logaddexp.reduce(terms.ravel())))
    trial.holds("log E κ over [−L, L] grows with L", truncated[0] < truncated[1] < truncated[2])
    if not isinstance(law, Normal):
        trial.below("a thousand nats and log E κ over [−320, 320]", 1000.0, truncated[2])
    else:
        growth = truncated[2] - truncated[1]
        trial.below("a hundredth of a nat and its growth from 80 to 320", 0.01, growth)
    points, weights = law_nodes(law, nodes=24)
    inside = np.abs(points) < 40
    table = PairTable.lazy(points[inside], weights[inside] / weights[inside].sum(), 1.0)
    positive = table.mean_positive(lambda z, other: dual_adaptive.gaussian_positives(z, other, sigma))
    rows = positive - table.limit_row_term(dual.gaussian_dual_kernel(table.points, table.others, sigma))
    second = float(table.first_law @ (table.points**2).sum(1))
    least = (
        bounds.gaussian_capacity(1, sigma) + math.log1p(-r * r) / 2 - second / 2 + (second - 1) / (2 * (1 + sigma**2))
    )
    trial.at_most("the stated bound and J_row", least, rows)
    # Of Student's t the information takes minutes to integrate; the capacity, at variance 1, must do.
    heavy = isinstance(law, StudentT)
    most = bounds.gaussian_capacity(1, sigma) if heavy else LazySource(law).information(Normal(0, sigma))
    trial.at_most("J_row and I", rows, most)
