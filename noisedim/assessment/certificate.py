r"""A certificate: an upper confidence bound on the divergence between an embedding's noisy law and the noisy prior.

Without assumptions, samples give no finite bound on KL(f(X) ‖ prior); with noise they do (claim dual-certificate). For
the noisy law p(·|a) of one point a and the noisy prior q, let g_a = p(·|a)/q − 1 in L²(q). Then

.. math:: KL(f(X)+Z \,\|\, q) \le D_2 = \log(1 + \|E\,g_{f(X)}\|^2), \qquad \langle g_a, g_b\rangle = \kappa(a,b) - 1,

and κ is bounded on bounded embeddings. Two bounds on E κ hold simultaneously, and the certificate takes the smaller. One is
a betting bound on the mean of κ over independent pairs, whose width falls as n^{-1/2}. The other falls as 1/n near the
prior: with m = E g and its direction u = m/‖m‖, which is fixed though unknown,

.. math:: \|m\| = \langle m, u\rangle \le \|\bar g\| + \langle m - \bar g, u\rangle,

and the last is a mean of n independent numbers, to which Bernstein's inequality applies: no uniform bound over directions is
needed. Their variance is at most the largest eigenvalue of E g⊗g, and, as κ ≥ 0, none exceeds ‖m‖ + min(√(max κ − 1),
1/‖m‖). At the prior, d = 1, σ = 1, this is 0.06 nats with 400 rows (by a bound over all directions it was 0.17), 0.0016 with
6,400: about 10/n, where ‖ḡ‖² alone is 1/n.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive, rate
from noisedim.errors import InvalidInputError
from noisedim.priors import Prior
from noisedim.priors.mapping import prior_of_rows
from noisedim.statistics.intervals import betting

__all__ = ["Certificate", "certify", "clip_norms"]

_BLOCK = 2048
# The normal prior's kernel is one matrix product; the uniform's is a pass over all pairs for each coordinate.
_MOST_ROWS = 20_000
_MOST_UNIFORM_VALUES = 200_000_000
_LEAST_ROWS = 20
# Of the error that is allowed: for the bound by pairs, and of the rest for the variance.
_PAIRS_SHARE = 0.2
_VARIANCE_SHARE = 0.3
_NOISES = (1e-6, 1e6)
# Above this, squares of κ overflow and its mean carries no information.
_MOST_LOG_KERNEL = 300.0


@dataclass(frozen=True)
class Certificate:
    """An upper bound, in nats, on KL(clip_R(f(X))+Z ‖ noisy prior): of the embedding clipped to the ball of radius R.

    It says nothing of how far out the rows were that are clipped: with any, it certifies ``clip_norms(f(X), radius)``, the
    map to deploy, and not f(X).

    Attributes:
        bound: holds with probability ``level`` for any law of the embeddings; always finite.
        estimate: D₂ estimated from all pairs, at least 0, for comparison; not a bound. NaN where the kernel overflows.
        trivial: what bounded norms alone give: the mean divergence of one point's noisy law, at the sample's mean square
            norm. It is the value to compare with, not a confidence bound.
        certified: whether ``bound`` is below ``trivial``.
        method: the smaller of the two bounds, ``pairs`` or ``concentration``; ``range`` where the kernel overflows and
            the bound is its largest possible value.
        prior, noise_level, radius, n, dim, level: what the bound holds for.
        clipped: how many of the rows were longer than ``radius``; 0 where the support is bounded.
    """

    bound: float
    estimate: float
    trivial: float
    certified: bool
    method: str
    prior: str
    noise_level: float
    radius: float | None
    n: int
    dim: int
    level: float
    clipped: int = 0

    def __str__(self) -> str:
        """The certificate in one sentence."""
        if not self.certified:
            return (
                f"not certifiable at noise {self.noise_level:g} with {self.n:,} rows: the bound of {self.bound:.3g} nats "
                f"is no better than {self.trivial:.3g} nats, which holds for every embedding with these norms"
            )
        subject, clipping = "f(X)", ""
        if self.radius is not None:
            subject = "clip_R(f(X))"
            clipping = f", R = {self.radius:.3g}, {self.clipped:,} rows clipped"
        return (
            f"KL({subject}+Z ‖ noisy prior) ≤ {self.bound:.3g} nats with probability {self.level:g} "
            f"(noise {self.noise_level:g}, n = {self.n:,}, estimate {self.estimate:.3g}{clipping})"
            + (": it certifies the clipped embedding, not how far out those rows were" if self.clipped else "")
        )


def clip_norms(z: np.ndarray, radius: float) -> np.ndarray:
    """Rows with norms above ``radius`` scaled down to it; a certificate holds for this map, so deploy it with the encoder."""
    peaks = np.maximum(np.abs(z).max(1, keepdims=True), 1e-300)
    scaled = z / peaks  # so that no square overflows
    longest = radius / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-300)
    return np.where(peaks <= longest, z, scaled * longest)


def certify(
    z: Any, noise_level: float, *, prior: Prior | str = "normal", radius: float | None = None, level: float = 0.95
) -> Certificate:
    """An upper confidence bound on the divergence of held-out embeddings from the prior, both with noise.

    Args:
        z: (n, d) embeddings of independent images that were used neither to train nor to choose the encoder, each
            computed independently of the others (no batch statistics). At most the first 20,000 rows are used, fewer for
            a uniform prior of many dimensions, a sphere or a torus.
        noise_level: of the prior's own noise: σ, or ε of the uniform prior's.
        prior: ``normal``, ``uniform`` (embeddings in [0, 1]), a prior file or a prior. Noise is that of its channel: for a
            law that N(0, I) is mapped to, it is added before the map, where divergences are the same.
        radius: the norm to which channel coordinates are clipped, fixed beforehand; by default the 99.9% quantile of
            N(0, I)'s norms. Not for priors whose channel is bounded.
        level: probability with which the bound holds.

    Returns: a :class:`Certificate`; its attribute ``certified`` tells whether the bound is better than the trivial one.

    Raises: InvalidInputError: for fewer than 20 rows, rows off the prior's support, parameters out of range.

    Source: Bernstein's inequality along one direction; Waudby-Smith & Ramdas (2024); claim dual-certificate.

    >>> z = np.random.default_rng(0).standard_normal((2000, 1))
    >>> certify(z, 1.0).certified
    True
    """
    noise_level = positive("noise_level", noise_level)
    if not _NOISES[0] <= noise_level <= _NOISES[1]:
        raise InvalidInputError(f"noise_level must lie in [{_NOISES[0]:g}, {_NOISES[1]:g}]; got {noise_level:g}")
    level = rate("level", level)
    z = embedding_matrix("z", z, minimum_rows=_LEAST_ROWS)[:_MOST_ROWS]
    own_law = prior_of_rows(prior, z.shape[1])
    law = own_law.channel_prior
    if not law.is_standard_normal:
        z = z[: max(_LEAST_ROWS, math.isqrt(_MOST_UNIFORM_VALUES // z.shape[1]))]
    rows = z = _in_channel(z, own_law, radius)
    n = len(z)
    z, radius = _clipped(z, law, radius)
    squares = (z**2).sum(1)
    log_greatest = _greatest_log_kernel(law, noise_level, radius)
    if log_greatest > _MOST_LOG_KERNEL:
        bound, estimate, method = log_greatest, math.nan, "range"
    else:
        bound, estimate, method = _bounded(z, law, noise_level, math.exp(log_greatest), 1 - level)
    trivial = law.noise_divergence(noise_level, float(squares.mean()))
    return Certificate(
        bound=bound,
        estimate=estimate,
        trivial=trivial,
        certified=bound < trivial,
        method=method,
        prior=own_law.name,
        noise_level=noise_level,
        radius=radius,
        n=n,
        dim=own_law.dim,
        level=level,
        clipped=int((rows != z).any(1).sum()),
    )


def _clipped(z: np.ndarray, law: Prior, radius: float | None) -> tuple[np.ndarray, float | None]:
    """Rows in the ball or on the bounded support that the certificate holds for, and the radius of the ball."""
    from scipy import stats

    if not law.is_standard_normal:
        return z, None
    radius = math.sqrt(float(stats.chi2.ppf(0.999, z.shape[1]))) if radius is None else positive("radius", radius)
    return clip_norms(z, radius), radius


def _in_channel(z: np.ndarray, law: Prior, radius: float | None) -> np.ndarray:
    """Rows in channel coordinates, of the support only."""
    if radius is not None and not law.channel_prior.is_standard_normal:
        raise InvalidInputError(f"the {law.name} prior's certificate takes {law.support_words} and no radius")
    if law.is_standard_normal:
        return z
    rows = torch.from_numpy(z)
    if bool(law.outside(rows).any()):
        raise InvalidInputError(f"the {law.name} prior's certificate takes {law.support_words} and no radius")
    return np.asarray(
        law.to_channel(torch.from_numpy(law.off_the_edges(z)) if law.channel_prior.is_standard_normal else rows)
    )


def _bounded(z: np.ndarray, law: Prior, noise_level: float, greatest: float, alpha: float) -> tuple[float, float, str]:
    """Bound, estimate and method, for κ ≤ ``greatest``."""
    n = len(z)
    every, squares, pairs, own = _kernel_means(torch.from_numpy(z), law, noise_level)
    by_pairs = _upper(pairs, greatest, _PAIRS_SHARE * alpha) - 1
    if by_pairs < 0:  # E κ ≥ 1: these pairs are among the few that mislead
        by_pairs = math.inf
    by_concentration = _by_concentration(every, squares, own, greatest, n, (1 - _PAIRS_SHARE) * alpha)
    bound = math.log1p(max(0.0, min(by_pairs, by_concentration)))
    off_diagonal = (every * n - float(own.mean())) / (n - 1)
    return bound, math.log(max(off_diagonal, 1.0)), "pairs" if by_pairs <= by_concentration else "concentration"


def _greatest_log_kernel(law: Prior, noise_level: float, radius: float | None) -> float:
    """Logarithm of the largest κ: κ(a, b) ≤ √(κ(a, a)·κ(b, b)), largest at the radius, or the same at every point."""
    if radius is None:
        point = law.from_normal(torch.zeros(1, law.dim, dtype=torch.float64, device="cpu"))
    else:
        point = torch.zeros(1, law.dim, dtype=torch.float64, device="cpu")
        point[0, 0] = radius
    return float(law.log_dual_kernel(point, point, noise_level))


def _kernel_means(z: torch.Tensor, law: Prior, noise_level: float) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Means of κ and of (κ−1)² over all ordered pairs and the diagonal; κ of the pairs (2i, 2i+1); and κ(z_i, z_i)."""
    total, squares, pairs, own = 0.0, 0.0, [], []
    for start in range(0, len(z), _BLOCK):
        rows = z[start : start + _BLOCK]
        kernel = law.log_dual_kernel(rows, z, noise_level).exp()
        total += float(kernel.sum())
        squares += float((kernel - 1).square().sum())
        kernel = kernel[:, start : start + len(rows)]
        own.append(kernel.diagonal().numpy().copy())
        pairs.append(kernel.diagonal(1).numpy()[::2].copy())
    return total / len(z) ** 2, squares / len(z) ** 2, np.concatenate(pairs), np.concatenate(own)


def _upper(values: np.ndarray, greatest: float, alpha: float) -> float:
    """One-sided upper bound: each of the two gamblers of :func:`betting` has error (1 − level)/2."""
    return betting(values, 0.0, greatest, level=1 - 2 * alpha).upper


def _by_concentration(every: float, squares: float, own: np.ndarray, greatest: float, n: int, alpha: float) -> float:
    """Upper bound on ‖m‖² from ‖ḡ‖² and the largest likely mean of n independent ⟨m − g, u⟩."""
    each = _VARIANCE_SHARE * alpha / 2
    # The variance along one direction is at most E‖g‖², and at most the norm h of E g⊗g. Of the latter, the sample's misses
    # at most √(2x·max‖g‖²·h/n): ⟨g, E g⊗g g⟩/h is not negative, and E of its square is at most max‖g‖² times its mean h.
    most = greatest - 1
    whole = max(0.0, _upper(own, greatest, each) - 1)
    half = math.sqrt(2 * math.log(1 / each) * most / n) / 2
    variance = min(whole, (half + math.sqrt(half**2 + math.sqrt(squares))) ** 2)
    x = math.log(1 / ((1 - _VARIANCE_SHARE) * alpha))
    fixed = math.sqrt(max(0.0, every - 1)) + math.sqrt(2 * x * variance / n)
    step = x / (3 * n)
    if step >= 1:
        return math.inf
    # s ≤ fixed + step·(s + b) with b = √most, and with b = 1/s: the smaller of the largest s that either allows.
    by_range = (fixed + step * math.sqrt(most)) / (1 - step)
    by_sign = (fixed + math.sqrt(fixed**2 + 4 * step * (1 - step))) / (2 * (1 - step))
    return min(by_range, by_sign) ** 2
