"""The checks of the duals can fail: each formula made wrong on purpose must be refuted by a named check.

Wrong by 2%, by a factor d, with σ for σ², by a sign, or in the form that is no bound.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from noisedim.verification import Trial, check
from noisedim.verification.mutation import Mutant, killer, scaled, with_argument

_TWO_PERCENT = scaled(1.02)
_NEGATED = scaled(-1.0)
_HALVED = scaled(0.5)
_THEORY = "noisedim.theory."


def _plus(by: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The result plus ``by(arguments)``: a term too many or too few."""
    return lambda original: lambda *arguments: original(*arguments) + by(*arguments)


def _without_own(original: Callable[..., Any]) -> Callable[..., Any]:
    """Rows without j = i: the form that is no bound."""

    def mutated(positives: Any, log_kernel: Any) -> float:
        logs = np.array(log_kernel, dtype=np.float64)
        np.fill_diagonal(logs, -np.inf)
        return float(original(positives, logs) - math.log(len(logs) / (len(logs) - 1)))

    return mutated


def _with_own(original: Callable[..., Any]) -> Callable[..., Any]:
    """Pairs with i = j counted: biased, as its views belong together."""
    return lambda positives, log_kernel: float(np.mean(positives) - np.exp(np.asarray(log_kernel)).mean() + 1)


_FORMULAS: dict[str, tuple[tuple[str, ...], dict[str, Callable[[Any], Any]]]] = {
    "dual_batch.row_bound": (
        ("dual-rows/closed_form",),
        {
            "2%": _TWO_PERCENT,
            "without log B": _plus(lambda positives, kernel: -math.log(len(positives))),
            "without j = i": _without_own,
        },
    ),
    "dual_batch.linear_bound": (
        ("dual-linear/unbiased",),
        {"2%": _TWO_PERCENT, "without the 1": _plus(lambda positives, kernel: -1.0), "with i = j": _with_own},
    ),
    "dual_batch.pairs_estimate": (("dual-rows/closed_form",), {"2%": _TWO_PERCENT, "sign": _NEGATED}),
    "dual_batch.log_mean_bias": (
        ("dual-batch-bias/two_atoms",),
        {
            "2%": _TWO_PERCENT,
            "ζ₁ for 2ζ₁": with_argument("first", lambda z: z / 2),
            "without ζ₂": with_argument("second", lambda z: 0.0),
            "μ for μ²": with_argument("mean", math.sqrt),
        },
    ),
    "dual_batch.prior_bias": (
        ("dual-batch-bias/at_the_prior",),
        {
            "2%": _TWO_PERCENT,
            "without d": with_argument("dim", lambda d: 1),
            "σ² for σ": with_argument("sigma", lambda s: s * s),
            "2B for B": with_argument("batch", lambda b: 2 * b),
        },
    ),
    "dual_batch.least_batch": (
        ("dual-batch-bias/rule",),
        {"2%": _TWO_PERCENT, "without the 2": scaled(math.sqrt(0.5)), "squared": lambda f: lambda d, s: f(d, s) ** 2},
    ),
    "dual_batch.visible_capacity": (
        ("dual-batch-bias/rule",),
        {
            "2%": _TWO_PERCENT,
            "log B": lambda f: lambda dim, batch: math.log(batch),
            "the rule of thumb": lambda f: lambda d, b: math.log(b) + (d - 1) / 2 * math.log(2),
        },
    ),
    "dual_adaptive.adaptive_sigma": (
        ("dual-adaptive/semigroup",),
        {
            "2%": _TWO_PERCENT,
            "ρ² for ρ": with_argument("correlation", lambda r: r * r),
            "σ unchanged": lambda f: lambda sigma, correlation: sigma,
        },
    ),
    "dual_adaptive.adaptive_critic": (
        ("dual-adaptive/critic",),
        {
            "2%": _TWO_PERCENT,
            "ρ² for ρ": with_argument("correlation", lambda r: r * r),
            "σ² for σ": with_argument("sigma", lambda s: s * s),
            "without its constant": _plus(lambda x, y, s, r: -math.log((1 + s * s) / (1 + s * s - r * r)) / 2),
        },
    ),
    "dual_adaptive.adaptive_kernel": (
        ("dual-adaptive/semigroup",),
        {
            "2%": _TWO_PERCENT,
            "r = ρc for ρc²": lambda f: (
                lambda a, b, sigma, correlation: f(a, b, sigma, min(1.0, correlation * math.sqrt(1 + sigma**2)))
            ),
        },
    ),
    "dual_adaptive.gaussian_positives": (
        ("dual-rows/closed_form",),
        {
            "2%": _TWO_PERCENT,
            "σ² for σ": lambda f: lambda z, other, sigma, *rest: f(z, other, sigma**2, *rest),
            "without the second moment": lambda f: (
                lambda z, other, s, *rest: f(z, other, s, *rest) - ((z * z).sum(1) - z.shape[1]) / (2 * (1 + s * s))
            ),
            "views exchanged": lambda f: lambda z, other, *rest: f(other, z, *rest),
        },
    ),
    "dual_adaptive.tilted_row_bound": (
        ("dual-rows/tilted",),
        {
            "2%": _TWO_PERCENT,
            "λ² for λ": lambda f: lambda z, other, sigma, rho, tilt: f(z, other, sigma, rho, tilt**2),
            "views exchanged": lambda f: lambda z, other, *rest: f(other, z, *rest),
        },
    ),
    "dual_adaptive.tightest_row_bound": (
        ("dual-rows/tilted",),
        {
            "2% more": lambda f: lambda *a: (1.02 * f(*a)[0], f(*a)[1]),
            "another tilt": lambda f: lambda *a: (f(*a)[0], 0.99),
        },
    ),
    "dual_adaptive.adaptive_gaussian_dual": (
        ("dual-adaptive/normal_views",),
        {
            "2%": _TWO_PERCENT,
            "without d": with_argument("dim", lambda d: 1),
            "correlations exchanged": lambda f: lambda d, s, rho, m: f(d, s, m, rho),
        },
    ),
    "dual_adaptive.gaussian_log_mean_kernel": (
        ("dual-infinite/normal_variance", "dual-infinite/full_covariance"),
        {
            "2%": _TWO_PERCENT,
            "halved": _HALVED,
            "variances for the determinant": lambda f: lambda c, *rest: f(np.diag(np.diag(c)), *rest),
        },
    ),
    "dual_adaptive.best_correlation": (
        ("dual-adaptive/best_of_moments",),
        {"2%": _TWO_PERCENT, "m": lambda f: lambda v, w, m, s: m},
    ),
    "dual_uniform.leaky_kernel": (
        ("dual-leaky/noise_integrated_out",),
        {
            "2%": _TWO_PERCENT,
            "ε for 2ε": with_argument("epsilon", lambda e: e / 2),
            "1−η for η": with_argument("leakage", lambda h: max(1e-9, 1 - h)),
        },
    ),
    "dual_uniform.leaky_positives": (
        ("dual-leaky/noise_integrated_out",),
        {
            "2%": _TWO_PERCENT,
            "ε for 2ε": with_argument("epsilon", lambda e: e / 2),
            "views equal": lambda f: lambda z, other, *rest: f(z, z, *rest),
        },
    ),
    "dual_uniform.best_leakage": (
        ("dual-leaky/best_of_the_positives",),
        {"2%": _TWO_PERCENT, "without 1+2ε": lambda f: lambda overlap, epsilon: 1 - overlap},
    ),
    "dual_uniform.leaky_alignment": (
        ("dual-leaky/best_of_the_positives",),
        {"2%": _TWO_PERCENT, "without d": with_argument("dim", lambda d: 1)},
    ),
    "dual_uniform.largest_leaky_dual": (
        ("dual-leaky/equal_views",),
        {"2% less": lambda f: lambda *a: (0.98 * f(*a)[0], 0.1)},
    ),
    "dual_uniform.row_leakage": (
        ("dual-leaky/of_a_batch",),
        {"2%": _TWO_PERCENT, "views equal": lambda f: lambda z, other, epsilon: f(z, z, epsilon)},
    ),
    "dual_uniform.uniform_least_batch": (
        ("dual-leaky/rows_of_a_batch",),
        {"2%": _TWO_PERCENT, "without d": with_argument("dim", lambda d: 1), "without the 2": scaled(math.sqrt(0.5))},
    ),
    "dual_uniform.leaky_row_bound": (
        ("dual-leaky/of_a_batch",),
        {
            "2%": _TWO_PERCENT,
            "ε for 2ε": with_argument("epsilon", lambda e: e / 2),
            "half of the rows": lambda f: lambda z, other, epsilon: f(z[:8], other[:8], epsilon),
        },
    ),
    "spheres.sphere_means.log_sphere_mean": (
        ("dual-spheres/normaliser",),
        {"2%": _TWO_PERCENT, "dimension of the space": with_argument("dim", lambda d: d + 1)},
    ),
    "spheres.sphere_means.mean_resultant": (
        ("dual-spheres/normaliser",),
        {"2%": _TWO_PERCENT, "dimension of the space": with_argument("dim", lambda d: d + 1)},
    ),
    "spheres.sphere_means.log_mean": (("dual-spheres/densities",), {"2%": _TWO_PERCENT}),
    "spheres.dual_spheres.sphere_capacity": (
        ("dual-spheres/capacity_by_quadrature",),
        {"2%": _TWO_PERCENT, "dimension of the space": with_argument("dim", lambda d: d + 1)},
    ),
    "spheres.dual_spheres.torus_capacity": (
        ("dual-spheres/capacity_by_quadrature",),
        {"without d": with_argument("dim", lambda d: 1)},
    ),
    "spheres.dual_spheres.concentration_for_sphere_capacity": (
        ("dual-spheres/capacity_by_quadrature",),
        {"2%": _TWO_PERCENT},
    ),
    "spheres.dual_spheres.concentration_for_torus_capacity": (
        ("dual-spheres/capacity_by_quadrature",),
        {"2%": _TWO_PERCENT, "without d": with_argument("dim", lambda d: 1)},
    ),
    "spheres.dual_spheres.sphere_kernel": (
        ("dual-spheres/densities",),
        {
            "2%": _TWO_PERCENT,
            "antipodes": with_argument("b", lambda b: -b),
            "2k for k": with_argument("concentration", lambda k: 2 * k),
        },
    ),
    "spheres.dual_spheres.sphere_positives": (
        ("dual-spheres/densities",),
        {"2%": _TWO_PERCENT, "views equal": lambda f: lambda z, other, k: f(z, z, k)},
    ),
    "spheres.dual_spheres.torus_kernel": (
        ("dual-spheres/torus",),
        {"2%": _TWO_PERCENT, "whole angles for half": lambda f: lambda a, b, k: f(2 * a, 2 * b, k)},
    ),
    "spheres.dual_spheres.torus_positives": (
        ("dual-spheres/torus",),
        {"2%": _TWO_PERCENT, "views equal": lambda f: lambda z, other, k: f(z, z, k)},
    ),
    "spheres.dual_spheres_fitted.concentration_for_resultant": (
        ("dual-spheres-fitted/best_critic",),
        {"2%": _TWO_PERCENT, "dimension of the space": with_argument("dim", lambda d: d + 1)},
    ),
    "spheres.dual_spheres_fitted.fitted_sphere_kernel": (
        ("dual-spheres-fitted/densities",),
        {
            "2%": _TWO_PERCENT,
            "concentrations equal": lambda f: lambda a, b, k, own: f(a, b, k, k),
            "antipodes": with_argument("b", lambda b: -b),
        },
    ),
    "spheres.dual_spheres_fitted.fitted_sphere_positives": (
        ("dual-spheres-fitted/densities",),
        {
            "2%": _TWO_PERCENT,
            "concentrations equal": lambda f: lambda z, other, k, own: f(z, other, k, k),
            "views equal": lambda f: lambda z, other, *rest: f(z, z, *rest),
        },
    ),
    "spheres.dual_spheres_fitted.sphere_least_batch": (
        ("dual-spheres-fitted/rows",),
        {
            "2%": _TWO_PERCENT,
            "without the 2": scaled(math.sqrt(0.5)),
            "one sphere for two": lambda f: lambda dim, k, spheres=1: f(dim, k),
        },
    ),
    "sliced_kernels.sliced_gaussian_kernel": (
        ("sliced-epps-pulley/kummer",),
        {
            "2%": _TWO_PERCENT,
            "β² for β": with_argument("beta", lambda b: b * b),
            "the space's Gaussian": lambda f: (
                lambda a, b, beta: np.exp(-(beta**2) * ((a[:, None] - b[None]) ** 2).sum(2) / 2)
            ),
        },
    ),
    "sliced_kernels.sliced_epps_pulley": (
        ("sliced-epps-pulley/statistic",),
        {
            "2%": _TWO_PERCENT,
            "without the prior's own term": _plus(lambda z, beta: -1 / math.sqrt(1 + 2 * beta**2)),
            "β² for β": with_argument("beta", lambda b: b * b),
        },
    ),
    "sliced_kernels.sliced_mehler_kernel": (
        ("sliced-mehler/over_slices", "sliced-mehler/humbert"),
        {
            "2%": _TWO_PERCENT,
            "r² for r": with_argument("correlation", lambda r: r * r),
            "sign of b": with_argument("b", lambda b: -b),
        },
    ),
    "sliced_kernels.slice_weights": (
        ("sliced-moments/weights",),
        {
            "2%": lambda f: lambda *a: {k: 1.02 * v for k, v in f(*a).items()},
            "d+1 for d": with_argument("dim", lambda d: d + 1),
            "the traceless weight for all": lambda f: lambda d, n: dict.fromkeys(f(d, n), f(d, n)[n]),
        },
    ),
    "sliced_kernels.epps_pulley_weight": (
        ("sliced-moments/on_the_line",),
        {
            "2%": _TWO_PERCENT,
            "β² for β": with_argument("beta", lambda b: b * b),
            "n+1 for n": with_argument("order", lambda n: n + 1),
        },
    ),
}


def _mutants() -> dict[str, Mutant]:
    return {
        f"{target}: {words}": Mutant(_THEORY + target, change, checks)
        for target, (checks, changes) in _FORMULAS.items()
        for words, change in changes.items()
    }


@check("mutations", cases=_mutants(), role="mutant")
def killed_duals(trial: Trial, mutant: Mutant) -> None:
    """At least one of the named checks is refuted while the mutant is in place."""
    found = killer(mutant)
    trial.details["killed by"] = found
    trial.holds(f"refuted by one of {', '.join(mutant.checks)}", found is not None)
