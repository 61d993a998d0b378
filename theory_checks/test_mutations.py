"""The checks can fail: every formula of noisedim.theory made wrong on purpose, and every mutant must be refuted.

Wrong by 2%, by a factor d, with σ for σ², by a sign, in its printed form, or with a law replaced by a counter-model. A mutant
counts as killed only if a named check comes out *refuted*; one that breaks instead does not count.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.laws import Law, Normal, Uniform
from noisedim.verification import Trial, check
from noisedim.verification.mutation import Mutant, killer, scaled, with_argument

_TWO_PERCENT = scaled(1.02)
_NEGATED = scaled(-1.0)
_HALVED = scaled(0.5)
_DOUBLED = scaled(2.0)


def _squared(value: Any) -> Any:
    return value * value


def _one(value: Any) -> int:
    return 1


def _shifted(by: Callable[..., float]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The result plus ``by(arguments)``: a term too many or too few."""
    return lambda original: lambda *arguments: original(*arguments) + by(*arguments)


def _instead(other: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda original: other


def _swapped(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda first, second, *rest, **keywords: original(second, first, *rest, **keywords)


def _swapped_pairs(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, c, d: original(c, d, a, b)


def _of_result(**changes: Callable[[Any], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Attributes of a result made wrong."""

    def change(original: Callable[..., Any]) -> Callable[..., Any]:
        def mutated(*arguments: Any, **keywords: Any) -> Any:
            found = original(*arguments, **keywords)
            return dataclasses.replace(found, **{k: f(getattr(found, k)) for k, f in changes.items()})

        return mutated

    return change


def _printed_remark_3_6(dim: Any, epsilon: Any) -> Any:
    return bounds.uniform_capacity(dim, epsilon) - (math.log1p(2 * epsilon) - epsilon)


def _printed_autoencoder(entropy: Any, mean_squared_error: Any, dim: Any) -> Any:
    return entropy - dim / 2 * math.log(2 * math.pi * math.e) - math.log(mean_squared_error) / 2


_BOUNDS = "noisedim.theory.bounds."
_FORMULAS: dict[str, tuple[tuple[str, ...], dict[str, Callable[[Any], Any]]]] = {
    _BOUNDS + "gaussian_capacity": (
        ("theorem-3.4/capacity",),
        {
            "2%": _TWO_PERCENT,
            "d² for d": with_argument("dim", _squared),
            "d for d/2": _DOUBLED,
            "σ² for σ": with_argument("sigma", _squared),
            "sign": _NEGATED,
            "without the 1": _instead(lambda dim, sigma: -dim * math.log(sigma)),
        },
    ),
    _BOUNDS + "uniform_capacity": (
        ("theorem-3.5/bound_in_plain_arithmetic",),
        {
            "2%": _TWO_PERCENT,
            "without d": with_argument("dim", _one),
            "1/ε for 1/(2ε)": with_argument("epsilon", lambda e: e / 2),
            "without the 1": _instead(lambda dim, epsilon: -dim * math.log(2 * epsilon)),
        },
    ),
    _BOUNDS + "sigma_for_capacity": (
        ("theorem-3.4/capacity",),
        {
            "2%": _TWO_PERCENT,
            "C/d for 2C/d": with_argument("capacity", lambda c: c / 2),
            "without d": with_argument("dim", _one),
            "σ² for σ": lambda original: lambda dim, capacity: original(dim, capacity) ** 2,
        },
    ),
    _BOUNDS + "epsilon_for_capacity": (
        ("theorem-3.5/bound_in_plain_arithmetic",),
        {
            "2%": _TWO_PERCENT,
            "without the 2": _DOUBLED,
            "2C/d for C/d": with_argument("capacity", lambda c: 2 * c),
            "without d": with_argument("dim", _one),
        },
    ),
    _BOUNDS + "uniform_information": (
        ("remark-3.6/closed_form",),
        {
            "2%": _TWO_PERCENT,
            "as printed (E4)": _instead(_printed_remark_3_6),
            "without d": with_argument("dim", _one),
            "ε for 2ε": with_argument("epsilon", lambda e: e / 2),
            "its second branch everywhere": _instead(lambda dim, epsilon: dim / (4 * epsilon)),
            "its first branch everywhere": _instead(lambda dim, epsilon: dim * (epsilon - math.log(2 * epsilon))),
        },
    ),
    _BOUNDS + "correlated_gaussian_information": (
        ("theorem-3.4/correlated_pairs",),
        {
            "2%": _TWO_PERCENT,
            "without d": with_argument("dim", _one),
            "σ² for σ": with_argument("sigma", _squared),
            "ρ² for ρ": with_argument("correlation", _squared),
            "sign": _NEGATED,
        },
    ),
    _BOUNDS + "gaussian_noisy_kl_upper_bound": (
        ("lemma-b.1/gaussian",),
        {
            "2%": _TWO_PERCENT,
            "sign of I": with_argument("information", lambda i: -i),
            "σ² for σ": with_argument("sigma", _squared),
            "without d": with_argument("dim", _one),
        },
    ),
    _BOUNDS + "uniform_noisy_kl_upper_bound": (
        ("lemma-b.4/bound_and_slack",),
        {
            "2%": _TWO_PERCENT,
            "sign of I": with_argument("information", lambda i: -i),
            "2ε for ε": with_argument("epsilon", lambda e: 2 * e),
            "without d": with_argument("dim", _one),
        },
    ),
    _BOUNDS + "gaussian_kl_upper_bound": (
        ("theorem-3.4/kl_bound_gaussian", "corollary-b.3/bound_and_slack"),
        {
            "2%": _TWO_PERCENT,
            "log σ² for log σ": with_argument("sigma", _squared),
            "sign of d log σ": with_argument("sigma", lambda s: 1 / s),
            "without d": with_argument("dim", _one),
            "informations swapped": _swapped,
        },
    ),
    _BOUNDS + "uniform_kl_upper_bound": (
        ("corollary-b.6/bound_and_slack",),
        {
            "2%": _TWO_PERCENT,
            "log ε for log 2ε": with_argument("epsilon", lambda e: e / 2),
            "without d": with_argument("dim", _one),
            "informations swapped": _swapped,
        },
    ),
    _BOUNDS + "reconstruction_information_lower_bound": (
        ("section-4-autoencoder/linear_encoders", "E5/corrected_form"),
        {
            "2%": _TWO_PERCENT,
            "as printed (E5)": _instead(_printed_autoencoder),
            "error not divided by d": _shifted(lambda h, error, dim: -dim / 2 * math.log(dim)),
            "without e": _shifted(lambda h, error, dim: dim / 2),
        },
    ),
    "noisedim.theory.dual.gaussian_dual_critic": (
        ("theorem-4.1/three_forms",),
        {
            "2%": _TWO_PERCENT,
            "σ² for σ": with_argument("sigma", _squared),
            "sign": _NEGATED,
            "‖y‖²/2 for ‖y‖²/(2(1+σ²))": lambda original: (
                lambda x, y, sigma: original(x, y, sigma) + (y * y).sum(1)[None] * (1 - 1 / (1 + sigma**2)) / 2
            ),
            "x and y exchanged": lambda original: lambda x, y, sigma: original(y, x, sigma).T,
        },
    ),
    "noisedim.theory.dual.gaussian_dual_kernel": (
        ("dual-gaussian/noise_integrated_out", "dual-gaussian/kernel_formula"),
        {
            "2%": _TWO_PERCENT,
            "r = 1/(1+σ) for 1/(1+σ²)": with_argument("sigma", math.sqrt),
            "σ² for σ": with_argument("sigma", _squared),
            "determinant for its root": lambda original: (
                lambda a, b, sigma: original(a, b, sigma) - np.shape(a)[1] / 2 * math.log(1 - (1 + sigma**2) ** -2)
            ),
            "sign of b": with_argument("b", lambda b: -np.asarray(b)),
        },
    ),
    "noisedim.theory.dual.uniform_dual_kernel": (
        ("dual-uniform/overlap_of_boxes",),
        {
            "2%": _TWO_PERCENT,
            "ε for 2ε": with_argument("epsilon", lambda e: e / 2),
            "without the big box": lambda original: (
                lambda a, b, epsilon: original(a, b, epsilon) - np.shape(a)[1] * math.log1p(2 * epsilon)
            ),
        },
    ),
    "noisedim.theory.capacity.uniform_channel_capacity": (
        ("uniform-channel/optimal_law",),
        {
            "2%": _TWO_PERCENT,
            "as printed, the bound (6)": _instead(lambda dim, epsilon: dim * math.log1p(1 / (2 * epsilon))),
            "without d": with_argument("dim", _one),
            "rounded down": _instead(lambda dim, epsilon: dim * math.log1p(math.floor(1 / (2 * epsilon)))),
        },
    ),
    "noisedim.theory.capacity.blahut_arimoto": (
        ("uniform-channel/textbook_channels",),
        {"lower, 2%": _of_result(lower=lambda v: 1.02 * v), "upper, 2%": _of_result(upper=lambda v: 0.98 * v)},
    ),
    "noisedim.theory.capacity.uniform_channel_search": (
        ("uniform-channel/bracketed",),
        {"lower, 2%": _of_result(lower=lambda v: 1.02 * v), "upper, 2%": _of_result(upper=lambda v: 0.98 * v)},
    ),
    "noisedim.theory.quadrature.integrate": (
        ("theorem-2.1/textbook_entropies",),
        {"2%": _of_result(value=lambda v: 1.02 * v), "1e-8": _of_result(value=lambda v: v + 1e-8)},
    ),
    "noisedim.theory.laws.expectation": (("theorem-2.1/moments",), {"2%": _TWO_PERCENT}),
    "noisedim.theory.entropy.differential_entropy": (
        ("theorem-2.1/textbook_entropies",),
        {"2%": _TWO_PERCENT, "sign": _NEGATED, "in bits": scaled(1 / math.log(2))},
    ),
    "noisedim.theory.entropy.kl_divergence": (
        ("theorem-2.1/identity", "theorem-2.1/gaussian_divergences"),
        {"2%": _TWO_PERCENT, "halved": _HALVED, "D₂ for KL": lambda original: entropy.renyi_2_divergence},
    ),
    "noisedim.theory.entropy.renyi_2_divergence": (
        ("theorem-2.1/gaussian_divergences", "dual-gaussian/divergence_of_atoms"),
        {"2%": _TWO_PERCENT, "KL for D₂": lambda original: entropy.kl_divergence, "halved": _HALVED},
    ),
    "noisedim.theory.entropy.channel_information": (
        ("theorem-3.4/capacity", "E7/what_densities_are_for"),
        {"2%": _TWO_PERCENT, "I(Z; Y) for I(X; Y)": lambda original: entropy.noise_information},
    ),
    "noisedim.theory.entropy.noise_information": (
        ("lemma-b.2/noise_information_of_the_prior",),
        {"2%": _TWO_PERCENT, "I(X; Y) for I(Z; Y)": lambda original: entropy.channel_information},
    ),
    "noisedim.theory.entropy.gaussian_entropy": (
        ("theorem-2.1/full_covariance",),
        {
            "2%": _TWO_PERCENT,
            "without e": _shifted(lambda covariance: -len(covariance) / 2),
            "without ½": _DOUBLED,
            "variances for the determinant": _instead(
                lambda covariance: sum(math.log(2 * math.pi * math.e * v) / 2 for v in np.diag(covariance))
            ),
        },
    ),
    "noisedim.theory.entropy.gaussian_kl_divergence": (
        ("theorem-2.1/gaussian_divergences",),
        {"2%": _TWO_PERCENT, "without ½": _DOUBLED, "reversed": _swapped_pairs},
    ),
    "noisedim.theory.entropy.gaussian_renyi_2_divergence": (
        ("theorem-2.1/gaussian_divergences",),
        {"2%": _TWO_PERCENT, "halved": _HALVED},
    ),
    "noisedim.theory.entropy.gaussian_information": (
        ("data-processing/gaussian_chains", "theorem-3.4/capacity"),
        {"2%": _TWO_PERCENT, "without ½": _DOUBLED},
    ),
    "noisedim.theory.sums.add": (
        ("theorem-3.4/capacity", "theorem-2.1/textbook_entropies"),
        {
            "noise left out": lambda original: lambda law, noise: law,
            "noise twice": lambda original: lambda law, noise: original(original(law, noise), noise),
        },
    ),
}

_LAWS = "noisedim.theory.laws."
_SOURCES = "noisedim.theory.sources."
_METHODS: dict[str, tuple[tuple[str, ...], dict[str, Callable[[Any], Any]]]] = {
    _LAWS + "Normal.density": (("theorem-2.1/textbook_entropies",), {"2%": _TWO_PERCENT}),
    _LAWS + "Uniform.density": (("theorem-2.1/textbook_entropies",), {"2%": _TWO_PERCENT}),
    _LAWS + "Laplace.density": (("theorem-2.1/textbook_entropies",), {"2%": _TWO_PERCENT}),
    _LAWS + "StudentT.density": (("theorem-2.1/textbook_entropies",), {"2%": _TWO_PERCENT}),
    _LAWS + "Uniform.cdf": (("theorem-2.1/textbook_entropies",), {"2%": _TWO_PERCENT}),
    _LAWS + "Normal.cdf": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    _LAWS + "Normal.survival": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    _LAWS + "Laplace.cdf": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    _LAWS + "StudentT.cdf": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    _LAWS + "StudentT.survival": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    _LAWS + "Normal.shifted": (
        ("lemma-2.4/identity",),
        {"the other way": lambda f: lambda self, by: f(self, -by)},
    ),
    _LAWS + "Normal.variance": (("theorem-2.1/identity",), {"σ for σ²": lambda f: lambda self: self.deviation}),
    _LAWS + "Uniform.variance": (("theorem-2.1/identity",), {"w²/3 for w²/12": scaled(4.0)}),
    _LAWS + "Laplace.variance": (("theorem-2.1/identity",), {"b² for 2b²": _HALVED}),
    _LAWS + "StudentT.variance": (
        ("theorem-2.1/identity",),
        {"without ν/(ν−2)": lambda f: lambda self: self._unit**2},
    ),
    _LAWS + "Mixture.variance": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    _LAWS + "Mixture.mean": (("theorem-2.1/moments",), {"2%": _TWO_PERCENT}),
    _LAWS + "Atoms.variance": (("theorem-2.1/moments",), {"2%": _TWO_PERCENT}),
    _LAWS + "Mixture._blend": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    "noisedim.theory.sums._LaplacePlusNormal.density": (("theorem-2.1/identity",), {"2%": _TWO_PERCENT}),
    "noisedim.theory.sums._StudentPlusNormal.density": (("lemma-b.2/heavy_tails",), {"2%": _TWO_PERCENT}),
    "noisedim.theory.sums._PlusUniform.density": (("theorem-2.1/textbook_entropies",), {"2%": _TWO_PERCENT}),
    _SOURCES + "LazySource.information": (
        ("lemma-3.1/gaussian_noise",),
        {"2%": _TWO_PERCENT, "without d": lambda f: lambda self, noise: f(self, noise) / self.dim},
    ),
    _SOURCES + "LazySource.residual_information": (
        ("lemma-3.1/gaussian_noise",),
        {"2%": _TWO_PERCENT, "left out": scaled(0.0)},
    ),
    _SOURCES + "LazySource.squared_distance": (
        ("theorem-4.1/distances",),
        {"2%": _TWO_PERCENT, "without the 2": _HALVED},
    ),
    _SOURCES + "LazySource.pointwise_information": (("lemma-3.1/pointwise",), {"2%": _TWO_PERCENT, "sign": _NEGATED}),
    _SOURCES + "DiscreteSource.information": (("remark-2.5/attained",), {"2%": _TWO_PERCENT}),
    _SOURCES + "DiscreteSource.residual_information": (("lemma-3.3/equivalence",), {"2%": _TWO_PERCENT}),
    _SOURCES + "DiscreteSource.squared_distance": (("theorem-4.1/distances",), {"2%": _TWO_PERCENT}),
    _SOURCES + "DiscreteSource.pointwise_information": (("remark-2.5/attained",), {"2%": _TWO_PERCENT}),
    _SOURCES + "DiscreteSource.weakly_invariant": (
        ("lemma-3.3/equivalence",),
        {"always": _instead(lambda self: True), "never": _instead(lambda self: False)},
    ),
    _SOURCES + "LazySource.weakly_invariant": (
        ("lemma-3.3/hypothesis", "theorem-3.4/other_laws"),
        {"always": _instead(lambda self: True), "never": _instead(lambda self: False)},
    ),
    _SOURCES + "GaussianSource.weakly_invariant": (
        ("lemma-3.3/hypothesis",),
        {"always": _instead(lambda self: True), "never": _instead(lambda self: False)},
    ),
    _SOURCES + "LazySource.keeps": (("lemma-3.3/hypothesis",), {"without d": lambda f: lambda self: self.keep}),
    _SOURCES + "DiscreteSource.keeps": (
        ("lemma-3.3/hypothesis",),
        {"without d": lambda f: lambda self: self.keeps_at_least},
    ),
    _SOURCES + "GaussianSource.keeps": (("lemma-3.3/hypothesis",), {"always": _instead(lambda self: 1.0)}),
    _SOURCES + "GaussianSource.information": (("lemma-3.1/gaussian",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.residual_information": (
        ("lemma-3.1/gaussian",),
        {"2%": _TWO_PERCENT, "without ½": _DOUBLED},
    ),
    _SOURCES + "GaussianSource.noise_information": (("lemma-b.2/full_covariance",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.divergence": (("lemma-b.2/full_covariance",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.noisy_divergence": (("lemma-b.1/gaussian",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.noisy_renyi_2": (("dual-gaussian/full_covariance",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.noisy_entropy": (("lemma-3.1/gaussian",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.entropy": (("lemma-3.1/pointwise",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.squared_distance": (("theorem-4.1/distances",), {"2%": _TWO_PERCENT}),
    _SOURCES + "GaussianSource.pointwise_information": (("lemma-3.1/pointwise",), {"2%": _TWO_PERCENT}),
    _SOURCES + "products._ProductSource.entropy": (("lemma-b.2/product_laws",), {"2%": _TWO_PERCENT}),
    _SOURCES + "products._ProductSource.noisy_entropy": (("lemma-3.1/gaussian_noise",), {"2%": _TWO_PERCENT}),
    _SOURCES + "products._ProductSource.divergence": (("lemma-b.2/product_laws",), {"2%": _TWO_PERCENT}),
    _SOURCES + "products._ProductSource.noisy_divergence": (("lemma-b.4/bound_and_slack",), {"2%": _TWO_PERCENT}),
    _SOURCES + "products._ProductSource.noisy_renyi_2": (("dual-uniform/continuous_uniform",), {"2%": _TWO_PERCENT}),
    _SOURCES + "Source.noise_entropy": (("lemma-3.1/gaussian",), {"2%": _TWO_PERCENT}),
    _SOURCES + "products._ProductSource.noise_information": (
        ("lemma-b.5/noise_adds_uncertainty",),
        {"2%": _TWO_PERCENT, "h(Z) for h(Y)": lambda f: lambda self, noise: self.noise_entropy(noise) - self.entropy()},
    ),
    _SOURCES + "PlanarMixture.information": (("lemma-3.1/dependent_coordinates",), {"2%": _TWO_PERCENT}),
    _SOURCES + "PlanarMixture.noise_information": (("lemma-b.2/dependent_coordinates",), {"2%": _TWO_PERCENT}),
    _SOURCES + "PlanarMixture.residual_information": (("lemma-b.1/dependent_coordinates",), {"2%": _TWO_PERCENT}),
    _SOURCES + "PlanarMixture.noisy_renyi_2": (("dual-certificate/order_in_the_plane",), {"2%": _TWO_PERCENT}),
    _SOURCES + "BlockSource.information": (("lemma-b.4/dependent_coordinates",), {"2%": _TWO_PERCENT}),
    _SOURCES + "BlockSource.noise_information": (("lemma-b.5/dependent_coordinates",), {"2%": _TWO_PERCENT}),
    _SOURCES + "BlockSource.residual_information": (("lemma-b.4/dependent_coordinates",), {"2%": _TWO_PERCENT}),
    "noisedim.theory.capacity.uniform_channel_law": (
        ("uniform-channel/optimal_law",),
        {
            "even weights": lambda f: (
                lambda epsilon: (f(epsilon)[0], np.full(len(f(epsilon)[0]), 1 / len(f(epsilon)[0])))
            )
        },
    ),
    "noisedim.theory.quadrature.integrate_plane": (
        ("lemma-b.1/dependent_coordinates",),
        {"2%": _of_result(value=lambda v: 1.02 * v)},
    ),
}


def _rademacher(self: Law, n: int, generator: np.random.Generator) -> np.ndarray:
    return generator.choice([-1.0, 1.0], n)


def _same_variance(self: Any, noise: Law, n: int, generator: np.random.Generator) -> np.ndarray:
    """The other kind of noise, of the same variance."""
    half = math.sqrt(3 * noise.variance)
    other: Law = Uniform(-half, half) if isinstance(noise, Normal) else Normal(0, math.sqrt(noise.variance))
    return other.sample(n * self.dim, generator).reshape(n, self.dim)


def _correlated(original: Callable[..., Any]) -> Callable[..., Any]:
    """Coordinates that are not independent, each with the right law: isotropic no more."""

    def sample(self: Any, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        first, second = original(self, n, generator)
        return np.repeat(first[:, :1], self.dim, 1), second

    return sample


def _wider(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, noise, n, generator: 1.05 * original(self, noise, n, generator)


_COUNTER_MODELS: dict[str, Mutant] = {
    "Rademacher for Gaussian": Mutant(_LAWS + "Normal.sample", _instead(_rademacher), ("theorem-3.4/other_samples",)),
    "normal for Laplace": Mutant(
        _LAWS + "Laplace.sample",
        _instead(lambda self, n, generator: generator.standard_normal(n)),
        ("theorem-3.4/other_samples",),
    ),
    "uniform for atoms": Mutant(
        _LAWS + "Atoms.sample",
        _instead(lambda self, n, generator: generator.uniform(min(self.points), max(self.points), n)),
        ("theorem-4.1/samples",),
    ),
    "squared for uniform": Mutant(
        _LAWS + "Uniform.sample",
        _instead(lambda self, n, generator: self.low + self.width * generator.random(n) ** 2),
        ("dual-gaussian/samples",),
    ),
    "correlated for isotropic": Mutant(
        _SOURCES + "GaussianSource.sample", _correlated, ("theorem-3.4/gaussian_samples",)
    ),
    "views never changed": Mutant(
        _SOURCES + "LazySource.sample",
        lambda original: lambda self, n, generator: (original(self, n, generator)[0],) * 2,
        ("remark-3.6/samples", "theorem-4.1/samples"),
    ),
    "wrong noise of the right variance": Mutant(
        _SOURCES + "Source.sample_noise", _instead(_same_variance), ("theorem-3.4/other_samples",)
    ),
    "σ off by 5%": Mutant(_SOURCES + "Source.sample_noise", _wider, ("theorem-3.4/other_samples",)),
    "independent views": Mutant(
        _SOURCES + "GaussianSource.sample",
        lambda original: lambda self, n, generator: (original(self, n, generator)[0], original(self, n, generator)[1]),
        ("theorem-3.4/gaussian_samples",),
    ),
}


def _mutants() -> dict[str, Mutant]:
    found = {}
    for target, (checks, changes) in {**_FORMULAS, **_METHODS}.items():
        short = target.removeprefix("noisedim.theory.")
        for words, change in changes.items():
            found[f"{short}: {words}"] = Mutant(target, change, checks)
    return found | {f"counter-model: {words}": mutant for words, mutant in _COUNTER_MODELS.items()}


@check("mutations", cases=_mutants(), role="mutant")
def killed(trial: Trial, mutant: Mutant) -> None:
    """At least one of the named checks is refuted while the mutant is in place."""
    found = killer(mutant)
    trial.details["killed by"] = found
    trial.holds(f"refuted by one of {', '.join(mutant.checks)}", found is not None)
