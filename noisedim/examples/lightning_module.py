"""Deep InfoMax with the closed-form dual as a LightningModule; a callback anneals its noise and assesses embeddings.

Run (needs lightning): python -m noisedim.examples.lightning_module --sigma 0.3
"""

import lightning
import torch
import tyro
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from noisedim import AdaptiveDual, Assessment, GaussianPrior, NoisyChannel
from noisedim.integrations.lightning import NoisyChannelCallback

__all__ = ["Model", "main", "trainer_for"]


class Model(lightning.LightningModule):
    """An encoder to two dimensions, a channel and an objective."""

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 2))
        self.channel = NoisyChannel(GaussianPrior(2), sigma=sigma)
        self.objective = AdaptiveDual()

    def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> torch.Tensor:
        """Loss of one batch of images and a noisy copy of them."""
        (x,) = batch
        both = torch.cat([x, x + 0.2 * torch.randn_like(x)])
        z, z_prime = self.channel.normalise(self.encoder(both)).chunk(2)
        loss, bound, _ = self.objective(z, z_prime, self.channel)
        self.log_dict({"loss": loss, "information": bound})
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam on the encoder's weights."""
        return torch.optim.Adam(self.encoder.parameters(), lr=2e-3)


def trainer_for(epochs: int, callback: lightning.Callback, **options: object) -> lightning.Trainer:
    """A trainer that writes no files; a real trainer needs none of these options."""
    quiet = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False, **options}
    return lightning.Trainer(max_epochs=epochs, callbacks=[callback], log_every_n_steps=1, **quiet)


def main(*, sigma: float = 0.3, epochs: int = 90, seed: int = 0) -> list[tuple[int, Assessment]]:
    """Train on handwritten digits without labels; returns three assessments of held-out images, with their epochs.

    Args:
        sigma: final noise level; it starts at 1.
        epochs: passes over 1,500 images.
        seed: seed of weights, batches, views and noise.
    """
    torch.manual_seed(seed)
    pixels, _ = load_digits(return_X_y=True)
    x = (torch.tensor(pixels, dtype=torch.float32) / 16)[torch.randperm(len(pixels))]
    trained, left_out = x[:1500], x[1500:]
    callback = NoisyChannelCallback(embed=lambda module: module.channel(module.encoder(left_out)), every=epochs // 3)
    loader = DataLoader(TensorDataset(trained), batch_size=250, shuffle=True)
    trainer_for(epochs, callback, enable_progress_bar=False).fit(Model(sigma), loader)
    return callback.history


if __name__ == "__main__":
    for epoch, found in tyro.cli(main):
        w2 = found.effects["sliced_w2"]
        size = f"{w2.estimate:.3f} [{w2.lower:.3f}, {w2.upper:.3f}]"
        print(f"epoch {epoch}: p = {found.p_value:.2g} against N(0, I), sliced W2 {size}")
