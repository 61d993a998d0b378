"""VICReg in a plain PyTorch loop, with noise: one line of the model changes.

Run: python -m noisedim.examples.plain_loop --sigma 0.3
"""

from collections.abc import Callable

import torch
import tyro
from sklearn.datasets import load_digits
from torch import nn

from noisedim import GaussianPrior, NoisyChannel, track
from noisedim.objectives import vicreg

__all__ = ["build", "main", "views"]


def build(sigma: float | None) -> tuple[nn.Module, nn.Module]:
    """Backbone and projector; unless ``sigma`` is None, noise behind the projector."""
    backbone = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 4))
    projector: nn.Module = nn.Sequential(nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
    if sigma is not None:
        projector = nn.Sequential(projector, NoisyChannel(GaussianPrior(32), sigma=sigma, own_units=True))
    return backbone, projector


def views(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Two noisy copies: the augmentation of this example."""
    return x + 0.2 * torch.randn_like(x), x + 0.2 * torch.randn_like(x)


def main(
    *,
    sigma: float | None = 0.3,
    steps: int = 300,
    seed: int = 0,
    track_every: int = 0,
    log: tyro.conf.Suppress[Callable[[dict[str, float]], object]] = print,
) -> float:
    """Train on handwritten digits without labels; returns the accuracy of five nearest neighbours in the features.

    Args:
        sigma: noise in units of the projection's standard deviation; None for VICReg without noise.
        steps: optimiser steps, each on 256 images.
        seed: seed of weights, batches, views and noise.
        track_every: steps between two looks at how far the features are from N(0, I); 0 for none.
        log: where the numbers of a look go, e.g. ``wandb.log``.
    """
    torch.manual_seed(seed)
    pixels, labels = load_digits(return_X_y=True)
    x = torch.tensor(pixels, dtype=torch.float32) / 16
    backbone, projector = build(sigma)
    model = nn.Sequential(backbone, projector)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(1, steps + 1):
        batch = x[torch.randperm(len(x))[:256]]
        first, second = model(torch.cat(views(batch))).chunk(2)
        loss = vicreg(first, second)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if track_every and step % track_every == 0:
            with torch.no_grad():
                look = track(backbone.eval()(x))
            backbone.train()
            log({"step": step, **look.to_dict("track/")})
    return neighbour_accuracy(backbone.eval()(x).detach(), torch.tensor(labels))


def neighbour_accuracy(features: torch.Tensor, labels: torch.Tensor, *, neighbours: int = 5) -> float:
    """Share of rows whose label is the most frequent one among their nearest other rows."""
    distances = torch.cdist(features, features).fill_diagonal_(float("inf"))
    nearest = labels[distances.topk(neighbours, largest=False).indices]
    return float((nearest.mode(1).values == labels).float().mean())


if __name__ == "__main__":
    print(f"accuracy of five nearest neighbours: {tyro.cli(main):.1%}")
