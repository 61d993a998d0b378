"""``noisedim embed``."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from noisedim.cli.options import Device

__all__ = ["Embed"]


@dataclass(frozen=True, kw_only=True)
class Embed:
    """Embed images with a trained encoder.

    Examples: noisedim embed RUN/checkpoint.safetensors images.npy --output z.npy, or images.npz with labels to
    z.parquet, which noisedim assess z.parquet --labels z.parquet reads.
    """

    checkpoint: tyro.conf.Positional[Path]
    """checkpoint.safetensors of a run."""
    images: tyro.conf.Positional[Path]
    """Images in the shape that the encoder was trained on: an .npy or .npz file (uint8, or float in [0, 1]), folder:PATH
    or an archive of pictures (a row each, by split, class and name), or another name that noisedim train takes."""
    output: Path
    """File to write, (n, d) float32: .npy; .npz with arrays z and labels, .csv or .parquet with columns z0, z1, … and
    label, where the images' file has labels."""
    features: bool = False
    """The backbone's features, before the projection head, instead of the embedding."""
    device: Device = "auto"
    """Where to compute: auto, cpu, cuda, cuda:N or mps."""

    def run(self) -> int:
        """Embed the images and write the rows."""
        from noisedim.assessment.storage.write import check_writable, write_embeddings
        from noisedim.data import load_images
        from noisedim.training import embed
        from noisedim.training.loop import load_model

        check_writable(self.output)
        model, _ = load_model(self.checkpoint, device=self.device)
        images = load_images(str(self.images), split="all")
        z = embed(model, images.images, features=self.features).numpy()
        write_embeddings(self.output, z, None if images.labels is None else images.labels.numpy())
        print(f"{len(z)} {'features' if self.features else 'embeddings'} of dimension {z.shape[1]} in {self.output}")
        return 0
