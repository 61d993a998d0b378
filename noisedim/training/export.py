"""Weights for others: an encoder's or its backbone's, as plain safetensors under the names of the library it comes from."""

from pathlib import Path
from typing import BinaryIO, Literal

import torch

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.files import write_atomically
from noisedim.nets import RESNET_NAMES
from noisedim.training.config import TrainConfig
from noisedim.training.loop import load_model
from noisedim.training.model import EmbeddingModel

__all__ = ["Part", "export_weights", "how_to_load", "weights_of"]

Part = Literal["auto", "backbone", "encoder"]


def weights_of(model: EmbeddingModel, part: Part = "auto") -> dict[str, torch.Tensor]:
    """The ``state_dict`` of the backbone, or of the whole encoder, on the CPU.

    Args:
        model: a trained model.
        part: ``backbone``, named as its library names it (torchvision's ResNet without ``fc``); ``encoder``, by our own
            names; ``auto``: the backbone.

    Raises: InvalidInputError: for the backbone of an encoder that has none: no other library has a name for it.
    """
    one_of("part", part, ("auto", "backbone", "encoder"))
    if part != "encoder" and not model.has_backbone:
        raise InvalidInputError(
            "this encoder is no backbone that torchvision or timm could load: it has no projection head to leave out; "
            "part='encoder' (--part encoder) writes it under noisedim's own names"
        )
    module = model.encoder if part == "encoder" else model.encoder.get_submodule("backbone")
    return {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}


def how_to_load(config: TrainConfig, path: Path, channels: int) -> str:
    """Python that loads an exported backbone, and says what its images are to be normalised by; it runs as it is.

    Args:
        config: of the run.
        path: the file of the weights.
        channels: of an image.
    """
    library, _, name = config.encoder.partition(":")
    resnet = config.encoder in RESNET_NAMES and config.width == 64
    module = "torchvision" if resnet else library if library in ("torchvision", "timm") else "noisedim.nets"
    lines = [*(["import torch"] if resnet else []), f"import {module}", "from safetensors.torch import load_file", ""]
    if resnet:
        lines += [
            f"model = torchvision.models.{config.encoder}()",
            "# The form for small images: a 3×3 stem without stride, no pooling after it.",
            f"model.conv1 = torch.nn.Conv2d({channels}, 64, 3, padding=1, bias=False)",
            "model.maxpool = model.fc = torch.nn.Identity()",
        ]
    elif library == "torchvision":
        lines += [f"model = torchvision.models.get_model({name!r})", "# Its classifier is left as it is."]
    elif library == "timm":
        lines += [f"model = timm.create_model({name!r}, num_classes=0, in_chans={channels})"]
    else:
        lines += [f"model = noisedim.nets.make_backbone({config.encoder!r}, {channels}, width={config.width})[0]"]
    strict = ", strict=False" if library == "torchvision" else ""
    lines += [f"model.load_state_dict(load_file({str(path)!r}){strict})"]
    if config.pixel_mean:
        lines += [f"# Pixels in [0, 1], less {config.pixel_mean}, over {config.pixel_deviation}."]
    return "\n".join(lines)


def export_weights(checkpoint: Path, output: Path, part: Part = "auto") -> tuple[TrainConfig, dict[str, torch.Tensor]]:
    """Write the weights of a checkpoint's model to a plain safetensors file, atomically; its header says what they are.

    Args:
        checkpoint: of a run.
        output: .safetensors file.
        part: see :func:`weights_of`.

    Returns: the run's configuration, and what was written.

    Raises: CheckpointError: for a damaged or other checkpoint; InvalidInputError: for a file of another kind;
        StorageError: if it can't be written.
    """
    from safetensors.torch import save

    if output.suffix != ".safetensors":
        raise InvalidInputError(f"--output must be a .safetensors file; got {output}")
    model, config = load_model(checkpoint)
    weights = weights_of(model, part)
    header = {
        "format": "pt",
        "architecture": config.encoder,
        "width": str(config.width),
        "pixel_mean": str(list(config.pixel_mean)),
        "pixel_deviation": str(list(config.pixel_deviation)),
        "input_shape": str(list(model.shape)),
        "run": config.digest(),
    }
    content = save(weights, header)

    def write(file: BinaryIO) -> None:
        file.write(content)

    write_atomically(output, write)
    return config, weights
