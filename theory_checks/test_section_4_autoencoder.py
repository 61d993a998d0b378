"""Section 4, autoencoders: I(X; Y) ≥ h(X) − (d/2) log(2πe·E‖X − X̂(Y)‖²/d).

Hypotheses: X has a density in d dimensions; X̂ any function of Y.
Source: arXiv 2410.06993, Section 4 (Cover & Thomas, Theorem 8.6.6, for d = 1); printed with ½ log E‖·‖², wrong for d > 1 (E5).
"""

import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Law, Normal
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED, covariance


@check(
    "section-4-autoencoder", cases={f"d={d},sigma={s:g}": (d, s) for d, s in ((1, 0.3), (2, 1.0), (8, 0.3), (64, 1.0))}
)
def linear_encoders(trial: Trial, case: tuple[int, float]) -> None:
    """X ~ N(0, Σ), Y = X + noise, X̂ the best linear reconstruction: a bound, with equality for isotropic errors."""
    dim, sigma = case
    for words, spread in (("full covariance", covariance(dim, seed=dim)), ("isotropic", 2.0 * np.eye(dim))):
        noisy = spread + sigma**2 * np.eye(dim)
        error = spread - spread @ np.linalg.solve(noisy, spread)
        information = entropy.gaussian_information(np.block([[spread, spread], [spread, noisy]]), dim)
        lower = bounds.reconstruction_information_lower_bound(entropy.gaussian_entropy(spread), np.trace(error), dim)
        trial.at_most(f"bound and I(X; Y), {words}", lower, information)
        if words == "isotropic" or dim == 1:
            trial.equal("equality for isotropic errors", lower, information)
        worse = bounds.reconstruction_information_lower_bound(entropy.gaussian_entropy(spread), np.trace(spread), dim)
        trial.below("a worse reconstruction bounds less", worse, lower, by=1e-3)


@check("section-4-autoencoder", cases={n: law for n, law in STANDARDISED.items() if not law.atoms})
def other_laws(trial: Trial, law: Law) -> None:
    """Independent coordinates of another law, X̂ the best linear function of Y = X + N(0, σ²): still a bound."""
    dim = 3
    for sigma in (0.3, 1.0):
        information = dim * entropy.channel_information(law, Normal(0, sigma))
        error = dim * law.variance * sigma**2 / (law.variance + sigma**2)
        lower = bounds.reconstruction_information_lower_bound(dim * entropy.differential_entropy(law), error, dim)
        trial.at_most("bound and I(X; Y)", lower, information)
        # h(X) less the entropy of the normal law with the error's mean variance, by quadrature.
        normal = entropy.differential_entropy(Normal(0, math.sqrt(error / dim)))
        trial.equal("bound and d(h(X) − h(N))", lower, dim * (entropy.differential_entropy(law) - normal))


# X ~ N(0, v·I), Y independent of X, X̂ = 0: h(X), E‖X‖² and I = 0 are all known.
_INDEPENDENT = {"d=2,v=100": (2, 100.0), "d=3,v=10": (3, 10.0), "d=64,v=2": (64, 2.0)}


@check("E5", role="printed", cases=_INDEPENDENT)
def scalar_form_in_d_dimensions(trial: Trial, case: tuple[int, float]) -> None:
    """I ≥ h(X) − (d/2) log 2πe − ½ log E‖X − X̂‖², as printed, where I = 0."""
    dim, variance = case
    h = entropy.gaussian_entropy(variance * np.eye(dim))
    trial.satisfies(CLAIMS["E5"].satisfies[0], math.isfinite(h))
    trial.satisfies(CLAIMS["E5"].satisfies[1], math.isfinite(h) and math.isfinite(dim * variance))
    printed = h - dim / 2 * math.log(2 * math.pi * math.e) - math.log(dim * variance) / 2
    trial.at_most("printed bound and I = 0", printed, 0.0)


@check("E5", role="corrected", cases=_INDEPENDENT)
def corrected_form(trial: Trial, case: tuple[int, float]) -> None:
    """(d/2) log(E‖X − X̂‖²/d) in its place: the bound is 0, as it must be for the best constant reconstruction."""
    dim, variance = case
    h = entropy.gaussian_entropy(variance * np.eye(dim))
    trial.equal("bound and I = 0", bounds.reconstruction_information_lower_bound(h, dim * variance, dim), 0.0)


@check("E5", role="corrected", cases={f"c={c:g}": c for c in (0.1, 10.0)})
def scaled_data(trial: Trial, factor: float) -> None:
    """X → cX leaves I as it is, and the corrected bound; the printed one moves by (d−1) log c."""
    dim, sigma = 3, 1.0
    spread = covariance(dim, seed=dim)
    values, printed, informations = [], [], []
    for c in (1.0, factor):
        signal = c * c * spread
        noisy = spread + sigma**2 * np.eye(dim)  # Y = X + noise: the encoder undoes the scale
        error = float(np.trace(signal - c * c * spread @ np.linalg.solve(noisy, spread)))
        h = entropy.gaussian_entropy(signal)
        values.append(bounds.reconstruction_information_lower_bound(h, error, dim))
        printed.append(h - dim / 2 * math.log(2 * math.pi * math.e) - math.log(error) / 2)
        kept = entropy.gaussian_entropy(noisy) - entropy.gaussian_entropy(sigma**2 * np.eye(dim))
        joint = np.block([[signal, c * spread], [c * spread, noisy]])
        found = entropy.gaussian_information((joint + joint.T) / 2, dim)
        trial.equal(f"I at c = {c:g}, and h(Y) − h(Y | X)", found, kept)
        informations.append(found)
    trial.equal("I, scaled and not", informations[1], informations[0])
    trial.equal("the corrected bound, scaled and not", values[1], values[0])
    trial.equal("the printed bound moves by (d−1) log c", printed[1] - printed[0], (dim - 1) * math.log(factor))
