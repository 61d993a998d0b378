"""Section 4, covariance-based methods: what VICReg and Barlow Twins say of entropies, as far as these are claims.

Hypotheses: f(X′) has a density, X″ is another view of X, independent of X′ given X.
Source: arXiv 2410.06993, Section 4. Printed with I(f(X′); X′) on the left of VICReg's bound (E15).

Normal views in closed form with full covariances; clusters by quadrature, where the entropy that the covariance stands for
is not the entropy.
"""

import math

import numpy as np

from noisedim.theory import entropy
from noisedim.theory.laws import Atoms, Normal
from noisedim.theory.sources import DiscreteSource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import covariance


def _views(dim: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of a view of X ~ N(0, Σ), and of a pair of views."""
    signal = covariance(dim, seed=dim)
    view = signal + noise**2 * np.eye(dim)
    return view, np.block([[view, signal], [signal, view]])


_CASES = {f"d={d},noise={s:g}": (d, s) for d, s in ((1, 0.6), (2, 0.3), (8, 1.0), (64, 0.6))}


@check("section-4-covariance", cases=_CASES)
def second_view(trial: Trial, case: tuple[int, float]) -> None:
    """I(f(X′); X″) ≥ h(f(X′)) + E log q(f(X′) | X″): equality for the conditional law, less for any other q."""
    dim, noise = case
    view, pair = _views(dim, noise)
    information = entropy.gaussian_information(pair, dim)
    signal = pair[:dim, dim:]
    given = view - signal @ np.linalg.solve(view, signal)
    h = entropy.gaussian_entropy(view)
    best = h - entropy.gaussian_entropy((given + given.T) / 2)
    trial.equal("h + E log q at the conditional law, and I", best, information)
    for words, spread in (("twice as wide", 2.0 * given), ("isotropic", np.trace(given) / dim * np.eye(dim))):
        spread = (spread + spread.T) / 2
        loss = entropy.gaussian_kl_divergence(np.zeros(dim), (given + given.T) / 2, np.zeros(dim), spread)
        # E log q = −cross-entropy of the conditional law and q.
        cross = (
            dim / 2 * math.log(2 * math.pi)
            + np.linalg.slogdet(spread)[1] / 2
            + np.trace(np.linalg.solve(spread, given)) / 2
        )
        trial.equal(f"what q {words} loses, and its divergence", information - (h - cross), loss)
        trial.at_most(f"h + E log q for q {words}, and I", h - cross, information)


@check("section-4-covariance", cases=_CASES)
def barlow_twins(trial: Trial, case: tuple[int, float]) -> None:
    """h(f(X′) | X) − h(f(X′)) = −I(f(X′); X); with another weight than 1 the objective depends on the scale of f."""
    dim, noise = case
    view, _ = _views(dim, noise)
    signal = view - noise**2 * np.eye(dim)
    joint = np.block([[view, signal], [signal, signal]])
    inner = entropy.gaussian_entropy(noise**2 * np.eye(dim))
    information = entropy.gaussian_information(joint, dim)
    trial.equal("h(f(X′) | X) − h(f(X′)) and −I(f(X′); X)", inner - entropy.gaussian_entropy(view), -information)
    scale = 3.0
    scaled_inner, scaled = (
        entropy.gaussian_entropy(scale**2 * noise**2 * np.eye(dim)),
        entropy.gaussian_entropy(scale**2 * view),
    )
    trial.equal("scaled by 3, weight 1", scaled_inner - scaled, -information)
    drift = (scaled_inner - 0.5 * scaled) - (inner - 0.5 * entropy.gaussian_entropy(view))
    trial.equal("scaled by 3, weight ½: the objective moves by ½·d·log 3", drift, dim / 2 * math.log(scale))


@check("section-4-covariance", cases={f"centre={c:g}": c for c in (0.5, 0.9, 0.99)})
def entropy_of_the_covariance(trial: Trial, centre: float) -> None:
    """Two clusters with unit variance: ½ log 2πe stands for an entropy that is less, and what results exceeds I ≤ log 2.

    X is the cluster; f(X′) and f(X″) are drawn in it. q is the exact conditional law, so nothing else is lost.
    """
    spread = Normal(0, math.sqrt(1 - centre**2))
    cluster = DiscreteSource.of([-centre, centre], [-centre, centre], [[0.5, 0], [0, 0.5]])
    h = entropy.differential_entropy(add(Atoms((-centre, centre)), spread))
    trial.equal(
        "I(f(X′); X) and h(f(X′)) − h(f(X′) | X)", cluster.information(spread), h - entropy.differential_entropy(spread)
    )
    trial.at_most("I and log 2", cluster.information(spread), math.log(2))
    gaussian = entropy.gaussian_entropy([[1.0]])
    trial.below("h(f(X′)) and the entropy of its covariance", h, gaussian)
    surrogate = gaussian - entropy.differential_entropy(spread)
    trial.below("I and the covariance's stand-in for it", cluster.information(spread), surrogate)
    trial.equal(
        "the excess is the divergence from the normal law", surrogate - cluster.information(spread), gaussian - h
    )


@check("E15", role="printed")
def finite_left_side(trial: Trial) -> None:
    """The left side of VICReg's bound, I(f(X′); X′) for a deterministic encoder, is a finite quantity to be maximised."""
    h = entropy.differential_entropy(Normal(0, math.sqrt(1.36)))
    # Given X′, f(X′) is an atom.
    trial.below("I(f(X′); X′) and infinity", h - entropy.differential_entropy(Atoms((0.3,))), math.inf)


@check("E15", role="corrected", cases={f"bins={bins}": bins for bins in (8, 64, 512)})
def infinite_left_side(trial: Trial, bins: int) -> None:
    """I(f(X′); X′) of ever finer quantised views exceeds the right side's ceiling I(f(X′); X″), as log of the bins."""
    right = entropy.gaussian_information([[1.36, 1.0], [1.0, 1.36]], 1)
    # X′ told to one of equally likely cells, f the cell: I = H = log of their number, without limit.
    joint = np.eye(bins) / bins
    told = float(-(joint[joint > 0] * np.log(joint[joint > 0])).sum())
    trial.equal("I of the quantised view", told, math.log(bins))
    trial.below("I(f(X′); X″) and I(f(X′); X′) quantised", right, told)
