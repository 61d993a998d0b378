"""Pictures of an assessment. Each function takes plain arrays and returns a figure; nothing here reads files."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.document.figures import INK, PALETTE
from noisedim.normality.sample_size import PowerPoint
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.summaries.moments import correlation, squares
from noisedim.normality.summaries.whitening import DegenerateCoordinatesError, whiten
from noisedim.normality.transport import max_sliced_wasserstein
from noisedim.statistics.intervals import Interval, clopper_pearson
from noisedim.streams import numpy_stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from noisedim.assessment.result import Assessment


__all__ = [
    "assessment_figures",
    "correlation_figure",
    "directions_figure",
    "norms_figure",
    "pairs_figure",
    "power_figure",
    "quantile_bands",
    "quantile_figure",
    "spectrum_figure",
]

_BLUE, _ORANGE, *_ = PALETTE
_MOST_DOTS = 4000
_MOST_QUANTILES = 200
_BAND_DRAWS = 400
# Of more coordinates, any choice of pairs is arbitrary, and a picture of all correlations is one of their noise.
_MOST_PAIRS = 3
_MOST_CORRELATIONS = 24


def assessment_figures(assessment: "Assessment", points: np.ndarray) -> "dict[str, Figure]":
    """All pictures of ``points``, (n, d), by name, in the order of the page; whitened, where any normal law will do."""
    dim = points.shape[1]
    composite = assessment.null == "composite"
    if composite:
        with suppress(DegenerateCoordinatesError):
            points = whiten(points)
    figures = {} if dim == 1 or composite else {"spectrum": spectrum_figure(points)}
    figures |= {"directions": directions_figure(points), "norms": norms_figure(points)}
    if dim == 1:
        figures["quantiles"] = quantile_figure(points)
    if 1 < dim <= _MOST_PAIRS:
        figures["pairs"] = pairs_figure(points)
    if 1 < dim <= _MOST_CORRELATIONS:
        figures["correlations"] = correlation_figure(points)
    if assessment.power and assessment.n_star is not None:
        figures["power"] = power_figure(assessment.power, assessment.n_star)
    return figures


def _figure(width: float, height: float) -> "tuple[Figure, Axes]":
    # Without pyplot, which keeps global state and needs a window system.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", dpi=130)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _ranks(n: int) -> np.ndarray:
    """Ranks of up to 200 order statistics: all of them in the tails, fewer in the middle."""
    if n <= _MOST_QUANTILES:
        return np.arange(n)
    scores = np.linspace(-1, 1, _MOST_QUANTILES - 40)
    middle = (n - 1) * (np.sin(scores * math.pi / 2) + 1) / 2
    return np.unique(np.concatenate([np.arange(20), np.round(middle).astype(int), np.arange(n - 20, n)]))


def quantile_bands(n: int, ranks: np.ndarray, *, level: float = 0.95, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Simultaneous lower and upper bounds for the order statistics ``ranks`` of n uniform values.

    Each bound is a Beta quantile at one common tail probability, which is calibrated by simulation so that all bounds hold
    simultaneously with probability ``level``.
    """
    from scipy import stats

    law = stats.beta(ranks + 1, n - ranks)
    rng = numpy_stream(seed, "quantile bands")
    least = np.empty(_BAND_DRAWS)
    for i in range(_BAND_DRAWS):
        # Uniform order statistics are partial sums of exponentials over their total.
        sums = np.cumsum(rng.exponential(size=n + 1))
        tail = law.cdf(sums[ranks] / sums[-1])
        least[i] = np.minimum(tail, 1 - tail).min()
    tail = float(np.quantile(least, 1 - level))
    return law.ppf(tail), law.ppf(1 - tail)


def _histogram(axes: "Axes", values: np.ndarray, bins: int) -> None:
    """Histogram of values; a range too narrow, relative to its distance from 0, for bins to be seen is one bar."""
    low, high = float(values.min()), float(values.max())
    least = 0.1 * max(1.0, abs(low), abs(high))
    if high - low < least:
        low, high, bins = low - least, high + least, 1
    axes.hist(values, bins=bins, range=(low, high), density=True, color=_BLUE, alpha=0.6, histtype="stepfilled")


def quantile_figure(z: np.ndarray, *, directions: int = 8, seed: int = 0) -> "Figure":
    """Detrended Q–Q plot of random projections against N(0, 1), with a simultaneous 95% band."""
    from scipy.special import ndtri

    n, dim = z.shape
    unit = random_directions(dim, min(directions, max(1, 4 * (dim - 1))), numpy_stream(seed, "projections drawn"))
    ranks = _ranks(n)
    expected = ndtri((ranks + 0.5) / n)
    lower, upper = quantile_bands(n, ranks)
    figure, axes = _figure(5.6, 3.8)
    axes.fill_between(expected, ndtri(lower) - expected, ndtri(upper) - expected, color="#bbbbbb", alpha=0.5, lw=0)
    axes.axhline(0, color=INK, lw=0.8)
    for direction in unit:
        axes.plot(expected, np.sort(z @ direction)[ranks] - expected, color=_BLUE, lw=1, alpha=0.7)
    axes.set(xlabel="quantile of N(0, 1)", ylabel="quantile of the projection minus that of N(0, 1)")
    axes.set_title(f"{len(unit)} random projections, with a 95% band for each", fontsize=10)
    return figure


def spectrum_figure(z: np.ndarray) -> "Figure":
    """Eigenvalues of the covariance, largest first, against those of normal rows (Marchenko & Pastur's law).

    The band is where the prior's eigenvalues end, with room for their fluctuation; eigenvalues outside are marked.
    """
    eigenvalues = _eigenvalues(z)
    n, dim = z.shape
    lower, upper = _spectrum_band(n, dim)
    ranks = np.arange(1, len(eigenvalues) + 1)
    figure, axes = _figure(7.4, 3.8)
    axes.axhspan(lower, upper, color="#bbbbbb", alpha=0.35, lw=0, label="where the prior's eigenvalues lie")
    axes.plot(ranks, _marchenko_pastur(n, dim, len(ranks)), color=INK, lw=1, label="the prior's")
    outside = (eigenvalues < lower) | (eigenvalues > upper)
    size = 5 if dim <= 64 else 2.5
    axes.plot(ranks[~outside], eigenvalues[~outside], "o", ms=size, color=_BLUE, label="these rows'")
    if outside.any():
        least, most = eigenvalues[outside].min(), eigenvalues[outside].max()
        where = f"at {most:.3g}" if outside.sum() == 1 else f"from {least:.3g} to {most:.3g}"
        words = f"outside: {outside.sum()} of {len(ranks)}, {where}"
        axes.plot(ranks[outside], eigenvalues[outside], "D", ms=max(size, 5), color=_ORANGE, label=words)
    positive = eigenvalues[eigenvalues > 0]
    if len(positive) and positive.max() > 8 * max(positive.min(), 1e-12):
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(positive.min() / 2, positive.max() * 1e-12))
    axes.legend(frameon=False, fontsize=8)
    axes.set(xlabel="rank of the eigenvalue", ylabel="eigenvalue of the covariance")
    return figure


def _eigenvalues(z: np.ndarray) -> np.ndarray:
    """Nonzero eigenvalues of the covariance, largest first."""
    n, dim = z.shape
    if n > dim:
        return np.linalg.eigvalsh(correlation(z).covariance)[::-1]
    centred = z - z.mean(0)
    return np.linalg.eigvalsh(centred @ centred.T / n)[::-1][: n - 1]


def _spectrum_band(n: int, dim: int) -> tuple[float, float]:
    """Between which values all eigenvalues of normal rows lie with probability of about 0.99: the edges and 3 scales.

    Source: Johnstone (2001), Annals of Statistics 29, 295–327, for the scale of the fluctuation.
    """
    large, small = math.sqrt(max(n, dim) - 0.5), math.sqrt(min(n, dim) - 0.5)
    up = (large + small) * (1 / large + 1 / small) ** (1 / 3)
    highest = ((large + small) ** 2 + 3 * up) / n
    gap = max(large - small, 1e-3)
    centre, down = gap**2, gap * (1 / small - 1 / large) ** (1 / 3)
    return centre * math.exp(-4 * down / centre) / n, highest


def _marchenko_pastur(n: int, dim: int, count: int) -> np.ndarray:
    """Expected eigenvalues of normal rows, largest first: quantiles of Marchenko and Pastur's law of the nonzero ones.

    Source: Marchenko & Pastur (1967), Mathematics of the USSR – Sbornik 1, 457–483.
    """
    ratio = math.sqrt(dim / n)
    # λ between its edges as centre + half width · cos θ: the density's square roots become sin² θ.
    angle = (np.arange(20_000) + 0.5) * math.pi / 20_000
    value = 1 + ratio**2 + 2 * ratio * np.cos(angle)
    mass = np.cumsum(np.sin(angle) ** 2 / value)
    return np.interp((np.arange(count) + 0.5) / count, mass / mass[-1], value)


def directions_figure(z: np.ndarray, *, seed: int = 0) -> "Figure":
    """Histograms of one half of the rows along the worst directions that were found on the other half."""
    from matplotlib.figure import Figure

    found = max_sliced_wasserstein(z, seed=seed)
    rest = np.ones(len(z), dtype=bool)
    rest[found.measured] = False
    views = [(f"worst found: W₂ = {found.distance.estimate:.3g}", found.direction)]
    if z.shape[1] > 1:
        axes_found = np.linalg.eigh(correlation(z[rest]).covariance)[1]
        views += [("smallest variance", axes_found[:, 0]), ("largest variance", axes_found[:, -1])]
    figure = Figure(figsize=(3.0 * len(views) if len(views) > 1 else 5.6, 3.2), layout="constrained", dpi=130)
    for axes, (what, direction) in zip(figure.subplots(1, len(views), squeeze=False)[0], views, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7)
        _direction(axes, (z @ direction)[found.measured], f"{what}\n{_weights(direction)}")
    figure.supxlabel("projection of rows on which the direction was not found", fontsize=9)
    return figure


def _direction(axes: "Axes", values: np.ndarray, title: str) -> None:
    low, high = np.quantile(values, [0.002, 0.998])
    # A law far from the prior is drawn where it is; one near it, together with the whole of the prior.
    grid = np.linspace(min(-4.0, low), max(4.0, high), 400)
    _histogram(axes, values.clip(grid[0], grid[-1]), 48)
    axes.plot(grid, np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi), color=_ORANGE, lw=1.8, label="N(0, 1)")
    with np.errstate(over="ignore"):
        spread = float(values.std())
    axes.set_title(f"{title}\nmean {values.mean():.2g}, sd {spread:.3g}", fontsize=9)
    axes.legend(frameon=False, fontsize=7)


def _weights(direction: np.ndarray) -> str:
    largest = np.argsort(-np.abs(direction))[:3]
    words = " ".join(f"{direction[i]:+.2f}·z{i}" for i in largest)
    return words + (" …" if len(direction) > 3 else "")


def norms_figure(z: np.ndarray) -> "Figure":
    """Detrended Q–Q plot of ‖z‖² against χ² with d degrees of freedom, with a simultaneous 95% band."""
    from scipy import stats

    n, dim = z.shape
    ranks = _ranks(n)
    law = stats.chi2(dim)
    expected = law.ppf((ranks + 0.5) / n)
    lower, upper = quantile_bands(n, ranks)
    figure, axes = _figure(5.6, 3.8)
    axes.fill_between(expected, law.ppf(lower) - expected, law.ppf(upper) - expected, color="#bbbbbb", alpha=0.5, lw=0)
    axes.axhline(0, color=INK, lw=0.8)
    axes.plot(expected, np.sort(squares(z).rows)[ranks] - expected, color=_BLUE, lw=1.4)
    axes.set(xlabel=f"quantile of χ² with {dim} degrees of freedom", ylabel="quantile of ‖z‖² minus that of χ²")
    axes.set_title("squared norms, with a 95% band", fontsize=10)
    return figure


def pairs_figure(z: np.ndarray, *, seed: int = 0) -> "Figure":
    """Scatter plots of all pairs of coordinates, for two or three of them."""
    from matplotlib.figure import Figure

    n, size = z.shape
    rows = numpy_stream(seed, "rows drawn").permutation(n)[:_MOST_DOTS]
    figure = Figure(figsize=(1.5 * size + 1.5,) * 2, layout="constrained", dpi=130)
    grid = figure.subplots(size, size, squeeze=False)
    normal = np.linspace(-4, 4, 200)
    for i in range(size):
        for j in range(size):
            axes = grid[i][j]
            axes.tick_params(labelsize=7)
            if i == j:
                _histogram(axes, z[rows, i].clip(-6, 6), 40)
                axes.plot(normal, np.exp(-(normal**2) / 2) / math.sqrt(2 * math.pi), color=_ORANGE, lw=1.2)
            else:
                axes.plot(z[rows, j], z[rows, i], ".", color=_BLUE, ms=1.2, alpha=0.5, rasterized=True)
                for radius in (1.0, 2.0, 3.0):
                    angle = np.linspace(0, 2 * math.pi, 100)
                    axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=_ORANGE, lw=0.6)
            if i == size - 1:
                axes.set_xlabel(f"z{j}", fontsize=8)
            if j == 0:
                axes.set_ylabel(f"z{i}", fontsize=8)
    return figure


def correlation_figure(z: np.ndarray) -> "Figure":
    """The correlation matrix, on a colour scale on which chance correlations at this n are pale."""
    n, dim = z.shape
    shown = correlation(z).matrix
    shown = shown - np.diag(np.diag(shown))
    scale = max(float(np.abs(shown).max()), 5 / math.sqrt(n))
    figure, axes = _figure(4.6, 3.8)
    axes.grid(visible=False)
    image = axes.imshow(shown, cmap="RdBu_r", vmin=-scale, vmax=scale, interpolation="nearest")
    figure.colorbar(image, ax=axes, label="correlation")
    axes.set_title(f"correlations; expected by chance: ±{2 / math.sqrt(n):.2g}", fontsize=10)
    axes.set(xlabel="coordinate", ylabel="coordinate")
    if dim <= 12:
        axes.set_xticks(range(dim))
        axes.set_yticks(range(dim))
    return figure


def power_figure(power: Sequence[PowerPoint], n_star: Interval) -> "Figure":
    """Share of subsamples rejected, by subsample size, with n*."""
    figure, axes = _figure(5.6, 3.8)
    sizes = [point.n for point in power]
    found = [clopper_pearson(point.rejected, point.trials) for point in power]
    estimates = np.array([interval.estimate for interval in found])
    errors: Any = [
        estimates - [interval.lower for interval in found],
        np.array([interval.upper for interval in found]) - estimates,
    ]
    if math.isfinite(n_star.upper):
        axes.axvspan(max(n_star.lower, 1), n_star.upper, color="#bbbbbb", alpha=0.4, lw=0)
    axes.axvline(n_star.estimate, color=_ORANGE, lw=1.5)
    axes.axhline(0.5, color=INK, lw=0.8, ls=":")
    axes.errorbar(sizes, estimates, yerr=errors, fmt="o-", color=_BLUE, capsize=3, lw=1)
    axes.set(xscale="log", ylim=(-0.05, 1.05), xlabel="rows in a subsample", ylabel="share of subsamples rejected")
    axes.set_title(f"n* ≈ {n_star.estimate:,.0f}", fontsize=10)
    return figure
