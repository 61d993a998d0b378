"""Statement 3.7: KL(P∘g⁻¹ ‖ Q∘g⁻¹) ≤ KL(P ‖ Q) for measurable g, with equality for invertible g.

Source: arXiv 2410.06993, Statement 3.7 (Polyanskiy & Wu, Corollary 2.18). Section 3.3 uses it for the probability integral
transform: a divergence to N(0, 1) is one to U[0, 1] after the normal distribution function.
"""

import functools
import math

import numpy as np
from scipy import special

from noisedim.theory import entropy
from noisedim.theory.laws import Law, Normal
from noisedim.theory.quadrature import integrate
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import STANDARDISED

_NAMES = ("uniform", "laplace", "two-clusters")
_LAWS: dict[str, Law] = {f"{name}+noise": add(STANDARDISED[name], Normal(0, 0.4)) for name in _NAMES} | {
    "shifted": Normal(0.5, 0.8),
    "two-clusters": STANDARDISED["two-clusters"],
}


@check("statement-3.7", cases=_LAWS)
def integral_transform(trial: Trial, law: Law) -> None:
    """Φ carries N(0, 1) to U[0, 1]: the divergence is the same after it (densities by change of variables)."""
    before = entropy.kl_divergence(law, Normal())

    # The lower half in u = Φ(x), the upper in v = 1 − Φ(x): near 1, u has no digits left for the tail.
    def integrand(u: np.ndarray, side: float) -> np.ndarray:
        x = side * special.ndtri(u)
        log_ratio = np.log(np.maximum(law.density(x), 1e-300)) + x * x / 2 + math.log(2 * math.pi) / 2
        return np.exp(np.minimum(log_ratio, 690)) * log_ratio

    decades = 10.0 ** -np.concatenate([np.arange(300.0, 20, -20), np.arange(20.0, 0, -1)])
    total = 0.0
    for side in (1.0, -1.0):
        places = special.ndtr(side * law.breakpoints)
        points = [*decades, 0.5, *places[(places > 1e-300) & (places < 0.5)]]
        total += integrate(functools.partial(integrand, side=side), points, tolerance=1e-10).value
    trial.equal("KL on the line and in [0, 1]", total, before)


@check("statement-3.7", cases=_LAWS)
def affine_maps(trial: Trial, law: Law) -> None:
    """Invertible: nothing is lost when both laws are shifted."""
    before = entropy.kl_divergence(law, Normal())
    trial.equal("shifted by 3", entropy.kl_divergence(law.shifted(3.0), Normal(3.0, 1.0)), before)


@check("statement-3.7", cases=_LAWS)
def folding_and_cells(trial: Trial, law: Law) -> None:
    """Not invertible: |x| loses what the sign tells, cells lose what lies inside them; finer cells lose less."""
    before = entropy.kl_divergence(law, Normal())

    def folded(x: np.ndarray) -> np.ndarray:
        p = law.density(x) + law.density(-x)
        log_q = math.log(2) - x * x / 2 - math.log(2 * math.pi) / 2
        return np.where(p > 1e-290, p * (np.log(np.maximum(p, 1e-290)) - log_q), 0.0)

    points = np.unique(np.concatenate([[0.0], np.abs(law.breakpoints)]))
    trial.at_most("KL of |x| and of x", integrate(folded, points, tolerance=1e-10).value, before)
    previous = 0.0
    for cells in (2, 4, 16, 64):
        edges = special.ndtri(np.arange(1, cells) / cells)
        below = np.concatenate([[0.0], [_mass(law, edge) for edge in edges], [1.0]])
        mass = np.diff(below)
        used = mass > 0
        coarse = float((mass[used] * np.log(mass[used] * cells)).sum())
        trial.at_most("KL over cells and over finer ones", previous, coarse)
        trial.at_most("KL over cells and of the law", coarse, before)
        previous = coarse


def _mass(law: Law, edge: float) -> float:
    inside = [point for point in law.breakpoints if point < edge]
    return integrate(law.density, [*inside, edge], tolerance=1e-11).value if inside else 0.0
