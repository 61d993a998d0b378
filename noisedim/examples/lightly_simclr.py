"""SimCLR from lightly's tutorial, with noise: one line differs from the tutorial.

Run (needs lightly): python -m noisedim.examples.lightly_simclr --sigma 0.3
"""

from collections.abc import Callable

import torch
import tyro
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.transforms import SimCLRTransform
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset

from noisedim import GaussianPrior, NoisyChannel, track
from noisedim.examples.plain_loop import neighbour_accuracy

__all__ = ["Digits", "SimCLR", "main"]


class SimCLR(nn.Module):
    """A small backbone and lightly's projection head; unless ``sigma`` is None, noise behind the head."""

    def __init__(self, sigma: float | None) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2048, 4),
        )
        self.projection_head: nn.Module = SimCLRProjectionHead(4, 128, 32)
        if sigma is not None:
            noise = NoisyChannel(GaussianPrior(32), sigma=sigma, own_units=True)
            self.projection_head = nn.Sequential(self.projection_head, noise)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Projections (n, 32) of images (n, 3, 8, 8), with noise in training."""
        return self.projection_head(self.backbone(x))


class Digits(Dataset[list[torch.Tensor]]):
    """Handwritten digits as pictures; each item is two views of one digit by lightly's transform."""

    def __init__(self) -> None:
        images, self.labels = load_digits(return_X_y=True)
        self.pixels = (images * 15.9375).astype("uint8").reshape(-1, 8, 8)
        plain = {"mean": [0.0] * 3, "std": [1.0] * 3}
        self.transform = SimCLRTransform(input_size=8, min_scale=0.5, gaussian_blur=0.0, hf_prob=0.0, normalize=plain)

    def __len__(self) -> int:
        """Number of digits."""
        return len(self.pixels)

    def __getitem__(self, index: int) -> list[torch.Tensor]:
        """Two views of one digit, each (3, 8, 8)."""
        return self.transform(Image.fromarray(self.pixels[index]).convert("RGB"))


def main(
    *,
    sigma: float | None = 0.3,
    steps: int = 60,
    seed: int = 0,
    track_every: int = 0,
    log: tyro.conf.Suppress[Callable[[dict[str, float]], object]] = print,
) -> float:
    """Train without labels; returns the accuracy of five nearest neighbours in the features.

    Args:
        sigma: noise in units of the projection's standard deviation; None for lightly's SimCLR without noise.
        steps: optimiser steps, each on 128 images.
        seed: seed of weights, batches, views and noise.
        track_every: steps between two looks at how far the features are from N(0, I); 0 for none.
        log: where the numbers of a look go, e.g. ``wandb.log``.
    """
    torch.manual_seed(seed)
    data = Digits()
    loader = DataLoader(data, batch_size=128, shuffle=True, drop_last=True)
    model = SimCLR(sigma)
    criterion = NTXentLoss(temperature=0.2)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    images = torch.from_numpy(data.pixels).float().div(255)[:, None].expand(-1, 3, -1, -1)
    done = 0
    while done < steps:
        for x0, x1 in loader:
            loss = criterion(model(x0), model(x1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
            if track_every and done % track_every == 0:
                with torch.no_grad():
                    look = track(model.backbone.eval()(images))
                model.backbone.train()
                log({"step": done, **look.to_dict("track/")})
            if done >= steps:
                break
    with torch.no_grad():
        return neighbour_accuracy(model.backbone.eval()(images), torch.from_numpy(data.labels))


if __name__ == "__main__":
    print(f"accuracy of five nearest neighbours: {tyro.cli(main):.1%}")
