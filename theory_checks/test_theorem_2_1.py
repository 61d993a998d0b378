"""Theorem 2.1: h(X) = h(N(m, Σ)) − KL(X ‖ N(m, Σ)), h(N(m, Σ)) = ½ log((2πe)^d det Σ).

Hypotheses: a density, finite mean and covariance, Σ positive definite.
Source: arXiv 2410.06993, Theorem 2.1 (Cover & Thomas, Theorem 8.6.5).

Both sides by quadrature in one dimension and for linear images of independent coordinates; the Gaussian's entropy against
a product of one-dimensional integrals, never against another log-determinant.
"""

import math

import numpy as np
from scipy import special

from noisedim.theory import entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Laplace, Law, Mixture, Normal, StudentT, Uniform, expectation
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED, STANDARDISED_TAILS, covariance

_WITH_DENSITY = {name: law for name, law in {**STANDARDISED, **STANDARDISED_TAILS}.items() if not law.atoms} | {
    "off-centre-laplace": Laplace(3.0, 2.0),
    "narrow-uniform": Uniform(5.0, 5.01),
    "uneven-clusters": Mixture((Normal(-2, 0.1), Normal(1, 1)), (0.3, 0.7)),
    "triangle": add(Uniform(0, 1), Uniform(0, 1)),
    "smoothed-laplace": add(Laplace(), Normal(0, 0.3)),
    "normal-and-uniform-noise": add(Normal(0, 1), Uniform(-1, 1)),
    "laplace-and-uniform-noise": add(Laplace(), Uniform(-0.5, 0.5)),
    "t5-and-uniform-noise": add(StudentT(5), Uniform(-1, 1)),
}


@check("theorem-2.1", cases=_WITH_DENSITY)
def identity(trial: Trial, law: Law) -> None:
    """Entropy of a law and its divergence from the normal law of the same moments."""
    normal = Normal(law.mean, math.sqrt(law.variance))
    ceiling = entropy.gaussian_entropy([[law.variance]])
    divergence = entropy.kl_divergence(law, normal)
    trial.equal("h(X) and h(N) − KL", entropy.differential_entropy(law), ceiling - divergence)
    if law != normal:
        trial.below("h(X) and h(N), another law", entropy.differential_entropy(law), ceiling)


@check("theorem-2.1", cases=_WITH_DENSITY | {n: law for n, law in STANDARDISED.items() if law.atoms})
def moments(trial: Trial, law: Law) -> None:
    """Mean and variance as the laws state them, and integrated."""
    # The variance of a t law with 3 degrees lies so far out that an integral reaches it to 1e-7 only.
    tolerance = 1e-6 if law == STANDARDISED_TAILS["t3"] else 1e-9
    mean = expectation(lambda x: x, law)
    trial.equal("mean", law.mean, mean, tolerance=tolerance)
    trial.equal("variance", law.variance, expectation(lambda x: (x - mean) ** 2, law), tolerance=tolerance, floor=0.0)
    mass = expectation(lambda x: 1.0, law)
    trial.equal("mass", mass, 1.0, tolerance=tolerance)


def _student_entropy(law: StudentT) -> float:
    nu = law.degrees
    height = math.log(nu) / 2 + special.betaln(nu / 2, 0.5)
    scale = math.sqrt(law.variance * (nu - 2) / nu)
    return (nu + 1) / 2 * (special.digamma((nu + 1) / 2) - special.digamma(nu / 2)) + height + math.log(scale)


_CLOSED_FORMS = {
    "normal": (Normal(1.0, 0.7), math.log(0.7 * math.sqrt(2 * math.pi * math.e))),
    "uniform": (Uniform(-0.5, 2.5), math.log(3.0)),
    "laplace": (Laplace(0.0, 2.0), 1 + math.log(4.0)),
    "t5": (StudentT(5), _student_entropy(StudentT(5))),
    "t3": (StudentT(3), _student_entropy(StudentT(3))),
    "triangle": (add(Uniform(0, 1), Uniform(0, 1)), 0.5),
    "trapezium": (add(Uniform(0, 3), Uniform(0, 1)), math.log(3) + 1 / 6),
}


@check("theorem-2.1", cases=_CLOSED_FORMS)
def textbook_entropies(trial: Trial, case: tuple[Law, float]) -> None:
    """Entropy by quadrature against closed forms found in textbooks."""
    law, expected = case
    trial.equal("h(X) by quadrature and in closed form", entropy.differential_entropy(law), expected)


@check("theorem-2.1", cases={f"d={dim}": dim for dim in (1, 2, 8, 64)})
def full_covariance(trial: Trial, dim: int) -> None:
    """h(N(m, Σ)) for a full Σ: independent coordinates in the frame of its eigenvectors, integrated one by one."""
    spread = covariance(dim, seed=dim, unit_diagonal=False)
    axes = np.linalg.eigvalsh(spread)
    integrated = math.fsum(entropy.differential_entropy(Normal(0, math.sqrt(axis))) for axis in axes)
    trial.equal("log-determinant and the sum over axes", entropy.gaussian_entropy(spread), integrated)
    diagonal = math.fsum(math.log(2 * math.pi * math.e * value) / 2 for value in np.diag(spread))
    trial.at_most("h(N(m, Σ)) and the sum of its marginals' entropies", entropy.gaussian_entropy(spread), diagonal)


@check("theorem-2.1", cases={f"d={dim}": dim for dim in (2, 8, 64)})
def linear_images(trial: Trial, dim: int) -> None:
    """X = A·S + b with independent Laplace coordinates S: a joint law with full covariance that is not normal."""
    rng = np.random.default_rng(dim)
    mix = rng.standard_normal((dim, dim)) / math.sqrt(dim) + np.eye(dim)
    sign, log_det = np.linalg.slogdet(mix)
    trial.holds("A is invertible", sign != 0)
    law = Laplace()
    left = dim * entropy.differential_entropy(law) + log_det
    lost = dim * entropy.kl_divergence(law, Normal(0, 1))  # unchanged by an invertible map
    spread = mix @ mix.T
    trial.equal("h(AS+b) and h(N(m, Σ)) − KL", left, entropy.gaussian_entropy((spread + spread.T) / 2) - lost)


@check("theorem-2.1", cases={f"d={dim}": dim for dim in (1, 2, 8, 64)})
def gaussian_divergences(trial: Trial, dim: int) -> None:
    """KL and D₂ between normal laws, both ways: matrices against integrals along common axes."""
    rng = np.random.default_rng(dim)
    frame = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    first, second = rng.uniform(0.5, 1.2, dim), rng.uniform(0.8, 2.0, dim)
    shift = rng.uniform(-0.5, 0.5, dim)
    pairs = [(Normal(m, math.sqrt(a)), Normal(0, math.sqrt(b))) for m, a, b in zip(shift, first, second, strict=True)]
    one, two = ((frame * axis) @ frame.T for axis in (first, second))
    one, two = (one + one.T) / 2, (two + two.T) / 2
    mean = frame @ shift
    zero = np.zeros(dim)
    kl = math.fsum(entropy.kl_divergence(p, q) for p, q in pairs)
    renyi = math.fsum(entropy.renyi_2_divergence(p, q) for p, q in pairs)
    trial.equal("KL", entropy.gaussian_kl_divergence(mean, one, zero, two), kl)
    trial.equal("D₂", entropy.gaussian_renyi_2_divergence(mean, one, zero, two), renyi)
    trial.at_most("KL and D₂", kl, renyi)


@check("E17", role="printed")
def sign_in_the_proof(trial: Trial) -> None:
    """∫ p log φ = const + ½ E X²/σ², as the proof prints it."""
    law = Normal(0, 1)
    trial.satisfies(CLAIMS["E17"].satisfies[0], not law.atoms)
    trial.satisfies(CLAIMS["E17"].satisfies[1], math.isfinite(law.mean) and math.isfinite(law.variance))
    cross = -entropy.differential_entropy(law)
    trial.equal("∫ p log φ and const + ½ E X²", cross, -math.log(2 * math.pi) / 2 + law.variance / 2)


@check("E17", role="corrected", cases={name: STANDARDISED[name] for name in ("normal", "uniform", "laplace")})
def sign_corrected(trial: Trial, law: Law) -> None:
    """∫ p log φ = const − ½ E X²/σ²."""
    cross = expectation(lambda x: -x * x / 2 - math.log(2 * math.pi) / 2, law)
    through = -entropy.differential_entropy(law) - entropy.kl_divergence(law, Normal(0, 1))
    trial.equal("∫ p log φ and −h − KL", cross, through)
    trial.equal("∫ p log φ and const − ½ E X²", cross, -math.log(2 * math.pi) / 2 - law.variance / 2)
