"""``noisedim generate``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from noisedim.cli.options import Device
from noisedim.errors import InvalidInputError

if TYPE_CHECKING:
    import torch

    from noisedim.generation.train import GeneratorModel
    from noisedim.priors import Prior

__all__ = ["Generate"]


@dataclass(frozen=True, kw_only=True)
class Generate:
    """Generate images with a trained conditional GAN: from the prior, from images, or over a grid of the prior's plane.

    Examples: noisedim generate RUN/checkpoint.safetensors -n 64 --output grid.png, or
    noisedim generate RUN/checkpoint.safetensors --condition images.npy --output images.npz.
    """

    checkpoint: tyro.conf.Positional[Path]
    """checkpoint.safetensors of a generator's run."""
    output: Path
    """.png file for a picture of all images, or .npz for the arrays images (n, *shape) in [0, 1] and conditions."""
    n: Annotated[int | None, tyro.conf.arg(aliases=("-n",))] = None
    """How many images: 64 from the prior; for a grid the square of its side, default 256; for a file of images how
    many of them, default all."""
    condition: str = "prior"
    """prior: conditions are draws of it. grid: equally probable cells of its plane (d = 2), one latent for all. Or an
    .npy or .npz file of images, uint8 or float in [0, 1]: their embeddings."""
    seed: int = 0
    """Of conditions and latents."""
    device: Device = "auto"
    """Where to compute: auto, cpu, cuda, cuda:N or mps."""

    def run(self) -> int:
        """Draw the images and write them."""
        import numpy as np

        from noisedim.checks import positive_integer, random_seed
        from noisedim.files import write_atomically
        from noisedim.generation.grids import write_image_grid
        from noisedim.generation.train import load_generator
        from noisedim.streams import stream

        if self.output.suffix not in (".png", ".npz"):
            raise InvalidInputError(f"--output must be a .png or .npz file; got {self.output}")
        if self.n is not None:
            positive_integer("n", self.n)
        random_seed("seed", self.seed)
        model, config = load_generator(self.checkpoint, device=self.device)
        draws = stream(self.seed, "generate")
        conditions = self._conditions(model, config.encoder.build_prior(), draws)
        images = model.generate(conditions, generator=draws, one_latent=self.condition == "grid").numpy()
        if self.output.suffix == ".npz":
            arrays = {"images": images, "conditions": conditions.numpy()}
            write_atomically(self.output, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]
        else:
            write_image_grid(self.output, images)
        print(f"{len(images)} images, conditions from {self.condition}, in {self.output}")
        return 0

    def _conditions(self, model: "GeneratorModel", prior: "Prior", draws: "torch.Generator") -> "torch.Tensor":
        from math import isqrt

        from noisedim.data import load_images
        from noisedim.generation.grids import quantile_grid

        if self.condition == "prior":
            return prior.sample(64 if self.n is None else self.n, generator=draws)
        if self.condition == "grid":
            count = 256 if self.n is None else self.n
            if isqrt(count) ** 2 != count:
                raise InvalidInputError(f"a grid needs a square number of images, such as 64 or 256; got n={count}")
            return quantile_grid(prior, isqrt(count))
        if not self.condition.endswith((".npy", ".npz")):
            raise InvalidInputError(
                f"--condition must be prior, grid, or an .npy or .npz file of images; got {self.condition!r}"
            )
        images = load_images(self.condition).images
        if self.n is not None and self.n > len(images):
            raise InvalidInputError(f"n must not exceed the {len(images)} images of {self.condition}; got {self.n}")
        return model.conditions(images[: self.n])
