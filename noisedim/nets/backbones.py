"""Backbones by name: ResNets for 32×32 images, and any model of torchvision or timm; each returns flat features."""

import difflib
from typing import Any, final

import torch
from torch import nn

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError

__all__ = ["RESNET_NAMES", "ResNet", "check_backbone", "is_backbone", "make_backbone"]

_STAGES = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}
RESNET_NAMES = tuple(_STAGES)
_LIBRARIES = ("torchvision", "timm")


class _Block(nn.Module):
    """Two 3×3 convolutions and a shortcut; parameters have the names that torchvision gives them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + shortcut)


@final
class ResNet(nn.Module):
    """ResNet of basic blocks for small images: a 3×3 stem without stride or pooling; (n, c, h, w) to (n, 8·width).

    With ``width=64``, weights are interchangeable with those of torchvision's ResNet with its stem replaced by this one:
    names, shapes and outputs agree.

    Args:
        stages: number of blocks in each of the four stages.
        channels: channels of an image.
        width: channels of the first stage, doubled at each of the next three; 64 is standard.

    Source: He et al., arXiv 1512.03385; the 32×32 form: Chen et al., arXiv 2002.05709, Appendix B.9.
    """

    def __init__(self, stages: tuple[int, int, int, int], channels: int = 3, *, width: int = 64) -> None:
        super().__init__()
        self.width = positive_integer("width", width)
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, blocks in enumerate(stages):
            outputs = width * 2**stage
            layers = [
                _Block(inputs if i == 0 else outputs, outputs, 2 if i == 0 and stage else 1) for i in range(blocks)
            ]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*layers))
            inputs = outputs
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features (n, 8·width) of images (n, c, h, w)."""
        x = torch.relu(self.bn1(self.conv1(x)))
        for stage in range(4):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        return x.mean((2, 3))


def is_backbone(name: str) -> bool:
    """Whether ``name`` is that of a ResNet of this module or has the form ``torchvision:MODEL`` or ``timm:MODEL``."""
    return name in _STAGES or name.partition(":")[0] in _LIBRARIES


def check_backbone(name: str) -> None:
    """Refuse the name of an unknown backbone; the message suggests similar names.

    Raises: InvalidInputError: for an unknown model, or a library that is not installed.
    """
    library, colon, model = name.partition(":")
    if name in _STAGES:
        return
    known = _known(library) if colon and library in _LIBRARIES else None
    if known is None:
        raise InvalidInputError(
            f"a backbone is one of {', '.join(RESNET_NAMES)}, torchvision:MODEL or timm:MODEL; got {name!r}"
        )
    if model not in known:
        near = difflib.get_close_matches(model, known, n=4, cutoff=0.5)
        hint = f"; similar names: {', '.join(near)}" if near else ""
        raise InvalidInputError(f"{library} has no model {model!r}{hint}")


def _timm() -> Any:
    try:
        import timm
    except ImportError:
        raise InvalidInputError(
            "timm:MODEL backbones need timm, which is not installed: pip install 'noisedim[ssl]'"
        ) from None
    return timm


def _known(library: str) -> list[str]:
    if library == "timm":
        # Names of weights have a tag after a dot; a model without weights has the plain name.
        return sorted(_timm().list_models())
    from torchvision import models

    return models.list_models(module=models)


def make_backbone(name: str, channels: int, *, width: int = 64, size: int | None = None) -> tuple[nn.Module, int]:
    """A backbone with random weights, and its number of features per row.

    Args:
        name: ``resnet18`` or ``resnet34`` (for small images), ``torchvision:MODEL`` or ``timm:MODEL``, without its
            classifier.
        channels: channels of an image; torchvision's models take 3.
        width: channels of a ResNet's first stage; only for ``resnet18`` and ``resnet34``.
        size: side of the images, for models that are built for one size.

    Raises: InvalidInputError: for an unknown name, or a width or number of channels that the model does not accept.
    """
    check_backbone(name)
    if name in _STAGES:
        return ResNet(_STAGES[name], channels, width=width), 8 * width
    if width != 64:
        raise InvalidInputError(f"width is for {', '.join(RESNET_NAMES)}; got width={width} with {name!r}")
    library, _, model = name.partition(":")
    return _from_timm(model, channels, size) if library == "timm" else _from_torchvision(model, channels)


def _from_timm(model: str, channels: int, size: int | None) -> tuple[nn.Module, int]:
    timm = _timm()
    options: dict[str, Any] = {"pretrained": False, "num_classes": 0, "in_chans": channels}
    try:
        # Transformers are built for one size of images; convolutional networks take any size and lack the option.
        network = timm.create_model(model, **options, **({} if size is None else {"img_size": size}))
    except TypeError:
        network = timm.create_model(model, **options)
    return network, int(network.num_features)


def _from_torchvision(model: str, channels: int) -> tuple[nn.Module, int]:
    from torchvision import models

    if channels != 3:
        raise InvalidInputError(f"torchvision's models take images of 3 channels; got {channels}")
    network = models.get_model(model, weights=None)
    # In all of torchvision's models the classifier is the last linear layer, under one of these names.
    for path in ("fc", "classifier", "head", "heads.head"):
        features = _without_classifier(network, path)
        if features is not None:
            return network, features
    raise InvalidInputError(f"torchvision:{model} has no classifier at a known place; choose another model")


def _without_classifier(network: nn.Module, path: str) -> int | None:
    parent_path, _, last = path.rpartition(".")
    try:
        parent = network.get_submodule(parent_path)
    except AttributeError:
        return None
    head = getattr(parent, last, None)
    if isinstance(head, nn.Linear):
        setattr(parent, last, nn.Identity())
        return head.in_features
    if isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Linear):
        # The layers before the last one are part of the features.
        features = head[-1].in_features
        head[-1] = nn.Identity()
        return features
    return None
