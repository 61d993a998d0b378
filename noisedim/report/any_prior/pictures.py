"""From an embedding and a prior to the picture of both in the plane."""

import numpy as np
import torch

from noisedim.document.content import Picture, draw
from noisedim.priors import Prior
from noisedim.report.any_prior.figures import Contours, beside_draws_figure
from noisedim.report.any_prior.plan import target_prior
from noisedim.streams import stream

__all__ = ["prior_picture"]

_SHARES = (0.99, 0.9, 0.5)
_DRAWS = 20_000
_ANGLES = np.linspace(0, 2 * np.pi, 200)
_EDGES = {
    "disc": np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], 1),
    "sphere": np.array([[-180, -1], [180, -1], [180, 1], [-180, 1], [-180, -1.0]]),
}

Limits = tuple[tuple[float, float], tuple[float, float]]


def _contours(prior: Prior, draws: np.ndarray, limits: Limits) -> Contours:
    """Highest-density regions: their levels are quantiles of the density over draws."""
    density = prior.log_prob(torch.from_numpy(draws)).exp().numpy()
    levels = tuple(float(np.quantile(density, 1 - share)) for share in _SHARES)
    x, y = (np.linspace(low, high, 160) for low, high in limits)
    points = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    grid = prior.log_prob(torch.from_numpy(points)).exp().numpy().reshape(len(y), len(x))
    return Contours(x, y, grid, levels, _SHARES)


def _on_the_page(prior: Prior, z: np.ndarray) -> np.ndarray:
    """Rows in the plane: as they are, or of a sphere their longitude and height, which keep areas."""
    if prior.ambient_dim == 2:
        return z
    return np.stack([np.degrees(np.arctan2(z[:, 2], z[:, 1])), z[:, 0]], 1)


def _limits(name: str, page: np.ndarray, drawn: np.ndarray) -> Limits:
    """Of both axes: what holds nearly all rows, the draws and the support's edge."""
    both = np.concatenate([page, drawn[: len(page)], *([_EDGES[name]] * 5 if name in _EDGES else [])])
    low, high = np.quantile(both, 0.002, axis=0), np.quantile(both, 0.998, axis=0)
    margin = 0.06 * (high - low)
    first, second = ((float(a - m), float(b + m)) for a, b, m in zip(low, high, margin, strict=True))
    return first, second


def prior_picture(name: str, latents: np.ndarray, labels: np.ndarray | None) -> Picture:
    """An embedding mapped to a prior, next to as many draws of that prior.

    Args:
        name: of the prior, one of :data:`~noisedim.report.any_prior.plan.SHOWN_TARGETS`.
        latents: on the side of N(0, I), (n, 2), float64.
        labels: integers, (n,), or None.
    """
    prior = target_prior(name)
    z = prior.from_normal(torch.from_numpy(latents)).numpy()
    draws = prior.sample(_DRAWS, generator=stream(0, "pictures of priors"), dtype=torch.float64).numpy()
    page, drawn = _on_the_page(prior, z), _on_the_page(prior, draws)
    limits, edge = _limits(name, page, drawn), _EDGES.get(name)
    names = ("coordinate 1", "coordinate 2")
    what = "Dashed: the prior's regions of highest density that hold 50%, 90% and 99%."
    if edge is not None:
        what = "Dashed: the edge of the support."
    if prior.ambient_dim > 2:
        names = ("longitude (degrees)", "height (first coordinate)")
        what = "Longitude and height keep areas: uniform on the sphere is uniform here."
    figure = beside_draws_figure(
        page,
        labels,
        drawn[: len(page)],
        _contours(prior, draws, limits) if edge is None else None,
        limits=limits,
        names=names,
        title=prior.law,
        edge=edge,
    )
    return draw(
        f"any-prior-{name}",
        figure,
        alt=f"Scatter plot of an embedding mapped to {prior.law}, next to as many draws of it",
        caption=f"{prior.law}: the embedding of N(0, I) after the map, and as many draws. {what}",
    )
