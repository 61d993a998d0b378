"""Section 3.1: at a given covariance of f(X), h(f(X)+Z) is largest precisely when f(X)+Z is normal.

Hypotheses: Z independent of X, finite second moments, Cov f(X) given.
Source: arXiv 2410.06993, Section 3.1, before Theorem 3.4 (there for any Z of finite variance: E9).
"""

import math

from noisedim.theory import entropy
from noisedim.theory.laws import Law, Normal, Uniform
from noisedim.theory.sources import PlanarMixture
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED, planar_pairs

_CASES = {f"{name},sigma={sigma:g}": (law, sigma) for name, law in STANDARDISED.items() for sigma in (0.1, 1.0, 3.0)}


@check("section-3.1-entropy", cases=_CASES)
def gaussian_noise(trial: Trial, case: tuple[Law, float]) -> None:
    """h(Y) = h(N) − KL(Y ‖ N): the normal law of f(X) has the maximum, every other law less."""
    law, sigma = case
    noisy, normal = add(law, Normal(0, sigma)), Normal(0, math.hypot(1, sigma))
    h, most = entropy.differential_entropy(noisy), entropy.gaussian_entropy([[1 + sigma**2]])
    gap = entropy.kl_divergence(noisy, normal)
    trial.equal("h(Y) and h(N) − KL(Y ‖ N)", h, most - gap)
    if isinstance(law, Normal):
        trial.equal("h(Y) of a normal f(X) and the maximum", h, most)
    else:
        trial.below("h(Y) of another law and the maximum", h, most, by=1e-7)


@check("section-3.1-entropy", cases=planar_pairs(sigmas=(0.1, 1.0), views=("same",)))
def in_the_plane(trial: Trial, case: tuple[PlanarMixture, float]) -> None:
    """The same for laws that are no products, against the normal law of their own covariance."""
    source, sigma = case
    mean, covariance = source.moments
    normal = PlanarMixture.of([1.0], [mean], [covariance])
    most = normal.noisy_entropy(Normal(0, sigma))
    spread = covariance.copy()
    spread[[0, 1], [0, 1]] += sigma**2
    trial.equal("h of the normal law, integrated and by its determinant", most, entropy.gaussian_entropy(spread))
    trial.below("h(Y) and the maximum", source.noisy_entropy(Normal(0, sigma)), most)


@check("section-3.1-entropy", cases={f"eps={e:g}": e for e in (0.5, 1.0, 2.0)})
def other_noise(trial: Trial, epsilon: float) -> None:
    """With uniform Z no law of f(X) makes the sum normal: the normal law's entropy is not reached, by N(0, 1) neither."""
    noise = Uniform(-epsilon, epsilon)
    most = entropy.gaussian_entropy([[1 + noise.variance]])
    for name, law in STANDARDISED.items():
        noisy = add(law, noise)
        gap = entropy.kl_divergence(noisy, Normal(0, math.sqrt(1 + noise.variance)))
        trial.equal(f"h(Y) and h(N) − KL, {name}", entropy.differential_entropy(noisy), most - gap)
        trial.below(f"h(Y) and the normal law's, {name}", entropy.differential_entropy(noisy), most, by=1e-7)
