"""``noisedim embed``."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from noisedim.cli.options import Device
from noisedim.errors import InvalidInputError

__all__ = ["Embed"]


@dataclass(frozen=True, kw_only=True)
class Embed:
    """Embed images with a trained encoder.

    Example: noisedim embed RUN/checkpoint.safetensors images.npy --output z.npy
    """

    checkpoint: tyro.conf.Positional[Path]
    """checkpoint.safetensors of a run."""
    images: tyro.conf.Positional[Path]
    """.npy or .npz file of images: uint8, or float in [0, 1], in the shape that the encoder was trained on."""
    output: Path
    """.npy file to write, (n, d) float32."""
    device: Device = "auto"
    """Where to compute."""

    def run(self) -> int:
        import numpy as np

        from noisedim.data import load_images
        from noisedim.files import write_atomically
        from noisedim.training import embed
        from noisedim.training.loop import load_model

        if self.output.suffix != ".npy":
            raise InvalidInputError(f"--output must be an .npy file; got {self.output}")
        model, _ = load_model(self.checkpoint, device=self.device)
        if self.images.suffix not in (".npy", ".npz"):
            raise InvalidInputError(f"images must be an .npy or .npz file; got {self.images}")
        z = embed(model, load_images(str(self.images)).images).numpy()
        write_atomically(self.output, lambda file: np.save(file, z))
        print(f"{len(z)} embeddings of dimension {z.shape[1]} in {self.output}")
        return 0
