"""``noisedim export``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

__all__ = ["Export"]


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write a trained backbone's weights as plain safetensors, under torchvision's or timm's names, and print how to load it.

    Example: noisedim export RUN/checkpoint.safetensors --output resnet18.safetensors
    """

    checkpoint: tyro.conf.Positional[Path]
    """checkpoint.safetensors of a run."""
    output: Path
    """.safetensors file to write."""
    part: Literal["auto", "backbone", "encoder"] = "auto"
    """The backbone without its projection head (auto, too), or the whole encoder under names of its own."""

    def run(self) -> int:
        """Write the weights and say how to load them."""
        from noisedim.training.export import export_weights, how_to_load

        config, weights = export_weights(self.checkpoint, self.output, self.part)
        numbers = sum(tensor.numel() for tensor in weights.values())
        # A comment, so that all that is printed can be pasted.
        print(f"# {len(weights)} tensors, {numbers:,} numbers, in {self.output}")
        if self.part != "encoder":
            # The first weights of every backbone are those of a convolution or patch embedding, (features, channels, h, w).
            channels = next(tensor.shape[1] for tensor in weights.values() if tensor.ndim == 4)
            print(how_to_load(config, self.output, channels))
        return 0
