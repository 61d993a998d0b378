"""Section 4, covariance-based methods: what VICReg and Barlow Twins say of entropies, as far as these are claims.

Hypotheses: f(X′) has a density, X″ is another view of X, independent of X′ given X.
Source: arXiv 2410.06993, Section 4. Printed with I(f(X′); X′) on the left of VICReg's bound: true, and empty (E15).

Normal views in closed form with full covariances; clusters by quadrature, where the entropy that the covariance stands for
is not the entropy.
"""

import math

import numpy as np
from scipy import special

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


@check("section-4-covariance", cases={f"scale={c:g}": c for c in (0.2, 3.0)})
def weight_of_the_entropy(trial: Trial, scale: float) -> None:
    """Clusters: with weight 1 the objective does not depend on the scale of f, with another it moves by its logarithm."""
    values = {}
    for factor in (1.0, scale):
        spread = Normal(0, 0.4 * factor)
        inner = entropy.differential_entropy(spread)  # f(X′) given X
        outer = entropy.differential_entropy(add(Atoms((-factor, factor)), spread))
        values[factor] = {weight: inner - weight * outer for weight in (1.0, 0.5)}
        cluster = DiscreteSource.of([-factor, factor], [-factor, factor], [[0.5, 0], [0, 0.5]])
        trial.equal("h(f(X′) | X) − h(f(X′)) and −I(f(X′); X)", inner - outer, -cluster.information(spread))
    trial.equal("weight 1, scaled and not", values[scale][1.0], values[1.0][1.0])
    drift = values[scale][0.5] - values[1.0][0.5]
    trial.equal("weight ½: how far the objective moves, and ½ log of the scale", drift, math.log(scale) / 2)


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
    surrogate = gaussian - entropy.differential_entropy(spread)
    trial.below("I and the covariance's stand-in for it", cluster.information(spread), surrogate)
    excess = entropy.kl_divergence(add(Atoms((-centre, centre)), spread), Normal())
    trial.below("0 and the divergence from the normal law", 0.0, excess)
    trial.equal("the excess is the divergence from the normal law", surrogate - cluster.information(spread), excess)


@check("E15", cases={f"cells of {width:g}": width for width in (0.5, 0.05, 0.005)})
def empty_left_side(trial: Trial, width: float) -> None:
    """f the identity, normal views: the printed order holds, and its left side, quantised to cells, grows without end."""
    pair = np.array([[1.36, 1.0], [1.0, 1.36]])
    useful = entropy.gaussian_information(pair, 1)
    # h + E log q at the conditional law, by quadrature: N(x″/1.36, 1.36 − 1/1.36).
    right = entropy.differential_entropy(Normal(0, math.sqrt(1.36)))
    right -= entropy.differential_entropy(Normal(0, math.sqrt(1.36 - 1 / 1.36)))
    trial.equal("I(f(X′); X″) and the right side at the best q", useful, right)
    edges = np.arange(-12, 12 + width / 2, width)
    mass = np.diff(special.ndtr(edges / math.sqrt(1.36)))
    mass = mass[mass > 0]
    told = -float((mass * np.log(mass)).sum())
    trial.below("I(f(X′); X″) and I(f(X′); X′) quantised", useful, told, by=0.1)
    limit = entropy.differential_entropy(Normal(0, math.sqrt(1.36))) - math.log(width)
    trial.equal("I(f(X′); X′) quantised and h(f(X′)) − log width", told, limit, tolerance=width**2)
