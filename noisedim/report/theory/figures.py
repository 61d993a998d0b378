"""Figures of the theorems, computed from closed forms and one-dimensional integrals in about a second."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from noisedim.document.figures import INK, MARKERS, PALETTE, new_figure
from noisedim.theory import bounds, capacity, entropy
from noisedim.theory.laws import Atoms, Laplace, Law, Mixture, Normal, Uniform
from noisedim.theory.sources import LazySource
from noisedim.theory.sums import add

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["gaussian_bound_figure", "ladder_figure", "uniform_bound_figure"]

_CLUSTERS = Mixture((Normal(-0.9, math.sqrt(0.19)), Normal(0.9, math.sqrt(0.19))))


def _plain_levels(axes: "Axes", levels: Sequence[float]) -> None:
    """Noise levels on a logarithmic axis as plain numbers."""
    axes.set_xticks(levels, [f"{level:g}" for level in levels])
    axes.minorticks_off()


def _information(source: LazySource, sigma: float) -> float:
    """``source.information(Normal(0, sigma))`` for a smooth law, by one sum over the plane: exact to what a line shows."""
    noise = Normal(0, sigma)
    noisy = add(source.law, noise)
    low, high = noisy.breakpoints.min(), noisy.breakpoints.max()
    x, y = np.linspace(low, high, 300), np.linspace(low, high, int((high - low) / sigma * 4) + 200)
    other, seen = (part.ravel() for part in np.meshgrid(x, y))
    told = source.pointwise_information(other[:, None], seen[:, None], noise)
    joint = source.law.density(other) * noisy.density(seen) * np.exp(told)
    return float((joint * told).sum() * (x[1] - x[0]) * (y[1] - y[0]))


def gaussian_bound_figure() -> "Figure":
    """Theorem 3.4: what laws with mean 0 and variance 1 send through Gaussian noise, against the capacity."""
    laws: dict[str, Law] = {
        "N(0, 1): tight": Normal(),
        "uniform": Uniform(-math.sqrt(3), math.sqrt(3)),
        "Laplace": Laplace(),
        "two clusters": _CLUSTERS,
        "±1": Atoms((-1.0, 1.0)),
    }
    sigmas = np.geomspace(0.05, 5, 13)
    limits = np.array([bounds.gaussian_capacity(1, sigma) for sigma in sigmas])
    figure = new_figure(6.4, 6.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    above.plot(sigmas, limits, color=INK, lw=2.4, ls="--", label="capacity, the bound (5)")
    series = {name: [entropy.channel_information(law, Normal(0, s)) for s in sigmas] for name, law in laws.items()}
    half = LazySource(Normal(), keep=0.5)
    series["N(0, 1), X′ ≠ X half of the time"] = [_information(half, float(s)) for s in sigmas]
    for number, (name, values) in enumerate(series.items()):
        style = {"color": PALETTE[number], "marker": MARKERS[number], "ms": 4, "lw": 1.2}
        above.plot(sigmas, values, label=name, **style)
        # Rounding may put the tight one above by 1e-16: a logarithmic axis needs a floor.
        below.plot(sigmas, np.maximum(limits - values, 1e-12), **style)
    above.set(ylabel="I(f(X′); Y), nats, d = 1")
    below.set(xscale="log", yscale="log", ylim=(1e-7, 5), xlabel="noise σ", ylabel="capacity − I, nats")
    _plain_levels(below, (0.05, 0.1, 0.2, 0.5, 1, 2, 5))
    above.set_title("The Gaussian bound and where it is tight", loc="left")
    below.annotate("N(0, 1): 0 at every σ", (0.02, 0.06), xycoords="axes fraction", color=PALETTE[0])
    above.legend(fontsize=8)
    return figure


def ladder_figure() -> "Figure":
    """The certificate: KL ≤ D₂ ≤ C − J, and C − I between, for two clusters with views that change."""
    sigmas = np.geomspace(0.25, 5, 8)
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    keep = 0.98
    source = LazySource(_CLUSTERS, keep=keep)
    kl, renyi, certificate, gap = [], [], [], []
    for sigma in sigmas:
        noise, reference = Normal(0, float(sigma)), Normal(0, math.hypot(1, sigma))
        noisy = add(_CLUSTERS, noise)
        kl.append(entropy.kl_divergence(noisy, reference))
        renyi.append(entropy.renyi_2_divergence(noisy, reference))
        certificate.append(renyi[-1] + source.squared_distance / (2 * sigma**2))
        gap.append(bounds.gaussian_capacity(1, sigma) - _information(source, float(sigma)))
    named = {"C − J, from the objective": certificate, "C − I": gap, "D₂": renyi, "KL(Y ‖ N(0, 1+σ²))": kl}
    for number, (name, values) in enumerate(named.items()):
        axes.plot(sigmas, values, color=PALETTE[number], marker=MARKERS[number], ms=4, lw=1.3, label=name)
    axes.fill_between(sigmas, kl, certificate, color="#888888", alpha=0.12, lw=0)
    axes.set(xscale="log", yscale="log", xlabel="noise σ", ylabel="nats, d = 1")
    _plain_levels(axes, (0.25, 0.5, 1, 2, 5))
    axes.set_title(f"What the objective certifies (two clusters, X′ = X in {keep:.0%})", loc="left")
    axes.legend(fontsize=8)
    return figure


def uniform_bound_figure() -> "Figure":
    """Theorem 3.5: bound, exact capacity, lattices and the continuous uniform."""
    ratio = np.linspace(0.25, 5.25, 201)
    epsilon = 1 / (2 * ratio)
    figure = new_figure(6.4, 4.4)
    above = figure.subplots()
    above.plot(ratio, bounds.uniform_capacity(1, epsilon), color=INK, ls="--", lw=1.6, label="bound (6)")
    above.plot(ratio, capacity.uniform_channel_capacity(1, epsilon), color=PALETTE[0], lw=1.6, label="exact capacity")
    continuous = bounds.uniform_information(1, epsilon)
    above.plot(ratio, continuous, color=PALETTE[1], lw=1.4, ls="-.", label="continuous uniform")
    whole = np.arange(1, 6)
    attained = [
        entropy.channel_information(Atoms(tuple(np.linspace(0, 1, n + 1))), Uniform(-1 / (2 * n), 1 / (2 * n)))
        for n in whole
    ]
    above.plot(whole, attained, ls="", marker="o", ms=7, color=PALETTE[2], label="lattice: tight, 1/(2ε) whole")
    above.plot([1.5], [bounds.uniform_capacity(1, 1 / 3)], ls="", marker="x", ms=9, mew=2, color=PALETTE[3])
    above.annotate(
        "ε = ⅓: 1/ε is whole,\nthe bound is not attained", (1.55, 0.9), (2.1, 0.45), arrowprops={"arrowstyle": "-"}
    )
    above.set(xlabel="1/(2ε)", ylabel="nats, d = 1")
    above.set_title("The uniform bound and where it is tight", loc="left")
    above.legend(fontsize=8)
    return figure
