"""Recipes: what a pre-training run is by default, as the paper's Appendix C says, every number of it to be overridden."""

import warnings
from dataclasses import replace

import torch

from noisedim.checks import one_of, positive, positive_integer
from noisedim.data.batches import check_batch
from noisedim.data.pixels import unit_pixels
from noisedim.data.views import ViewsConfig
from noisedim.objectives import METHODS, Method
from noisedim.objectives.method import Recipe
from noisedim.training.config import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig
from noisedim.training.optimizers import OptimiserConfig

__all__ = [
    "EPOCHS",
    "METHOD_NAMES",
    "WARMUP_EPOCHS",
    "current_name",
    "normalised_as_cifar",
    "pretraining",
    "with_epochs",
    "with_own_pixels",
]

EPOCHS = 800
# Appendix C names no warm-up; ten epochs are those of the SimCLR and VICReg papers.
WARMUP_EPOCHS = 10
# Heads [2048, 256] and [2048, 2048, 2048] as Appendix C says, normalised as in their authors' CIFAR configurations: not
# in SimCLR's. Methods that the paper does not train have the head of the one they are nearest to.
_RECIPES: dict[str, tuple[Method, Recipe]] = {
    method.recipe.name or name: (method, method.recipe) for name, method in METHODS.items() if method.recipe is not None
}
METHOD_NAMES: tuple[str, ...] = tuple(_RECIPES)
# For one release: what these were called before.
_RENAMED = {"barlow": "barlow-twins"}

# Appendix C's Normalize, for CIFAR-10; used for all of CIFAR, so that runs on them compare.
_PIXEL_MEAN = (0.4914, 0.4822, 0.4465)
_PIXEL_DEVIATION = (0.247, 0.2435, 0.2616)
_GREY_SETS = ("digits", "shapes", "mnist", "fashion-mnist")


def current_name(method: str) -> str:
    """What a pre-training method is called now, with a DeprecationWarning where ``method`` is its name of before."""
    if method not in _RENAMED:
        return method
    warnings.warn(f"method {method!r} is now called {_RENAMED[method]!r}", DeprecationWarning, stacklevel=3)
    return _RENAMED[method]


def pretraining(
    method: str, data: DataConfig, *, sigma: float = 0.0, steps: int = 1000, warmup: int = 0, seed: int = 0
) -> TrainConfig:
    """The run of ``method`` with noise ``sigma`` on ``data``, all else as Appendix C has it.

    ResNet-18 for small images, both views augmented, batches of 256, LARS with clipping (base rate 0.3 for 256 images,
    momentum 0.9, trust coefficient 0.02, decay 1e-4, none for biases and normalisations), warm-up and cosine.

    Where the paper is silent: both views pass the network as one batch, so its batch statistics are of both; the cosine
    runs from the first step on, under the warm-up; hidden layers of the heads as said beside them.

    Args:
        method: one of :data:`METHOD_NAMES`.
        data: which images.
        sigma: noise in units of the embedding's standard deviation, the same from the first step to the last; 0 is the
            method without noise.
        steps, warmup: optimiser steps; see :func:`with_epochs`.
        seed: of the run.

    Raises: InvalidInputError: for an unknown method, or a negative ``sigma``.

    Source: arXiv 2410.06993, Table 1 and Appendix C.
    """
    known, recipe = _RECIPES[one_of("method", current_name(method), METHOD_NAMES)]
    if sigma != 0:
        positive("sigma", sigma)
    objective = ObjectiveConfig(name=known.name, **recipe.options)
    if known.injects_noise:
        objective = replace(objective, noisy=sigma > 0)
    elif sigma > 0:
        objective = replace(objective, noise_on="one")
    return TrainConfig(
        data=data,
        views=ViewsConfig(both=True),
        dim=recipe.dim,
        noise=NoiseConfig(sigma=sigma, start=sigma, anneal=0.0) if sigma > 0 else NoiseConfig(anneal=0.0),
        objective=objective,
        encoder="resnet18",
        head=recipe.head,
        head_normalisation=recipe.head_normalisation,
        pixel_mean=() if data.name in _GREY_SETS else _PIXEL_MEAN,
        pixel_deviation=() if data.name in _GREY_SETS else _PIXEL_DEVIATION,
        optimiser=OptimiserConfig(
            name="lars",
            learning_rate=0.3,
            reference_batch=256,
            warmup=warmup,
            weight_decay=1e-4,
            momentum=0.9,
            trust=0.02,
            trust_clip=True,
            clip_norm=None,
        ),
        steps=steps,
        batch_size=256,
        seed=seed,
    )


def normalised_as_cifar(config: TrainConfig) -> bool:
    """Whether pixels are normalised by CIFAR-10's moments although the images are others."""
    return config.pixel_mean == _PIXEL_MEAN and not config.data.name.startswith("cifar")


def with_own_pixels(config: TrainConfig, images: torch.Tensor) -> TrainConfig:
    """The run with its training images' own mean and standard deviation for the normalisation of pixels.

    Args:
        config: the run.
        images: that train, (n, c, h, w), uint8 or float in [0, 1]; a channel of one value only keeps deviation 1.
    """
    total = squares = torch.zeros(images.shape[1], dtype=torch.float64, device=images.device)
    pixels = 0
    # In parts, so that pictures in bytes are not held in float64 all at once.
    for part in images.split(1000):
        channels = unit_pixels(part).double().transpose(0, 1).flatten(1)
        total, squares = total + channels.sum(1), squares + channels.square().sum(1)
        pixels += channels.shape[1]
    mean = total / pixels
    deviation = (squares / pixels - mean.square()).clamp(min=0).sqrt()
    # Four digits, as others state them, so that rounding in sums does not make another run of it.
    return replace(
        config,
        pixel_mean=tuple(round(value, 4) for value in mean.tolist()),
        pixel_deviation=tuple(round(value, 4) or 1.0 for value in deviation.tolist()),
    )


def with_epochs(config: TrainConfig, images: int, *, epochs: float, warmup_epochs: float | None = None) -> TrainConfig:
    """The run for ``epochs`` passes over ``images`` training images; what does not fill a batch is left out of a pass.

    Args:
        config: the run.
        images: that train.
        epochs: passes.
        warmup_epochs: of them with a rising learning rate; :data:`WARMUP_EPOCHS`, or a tenth of a short run, if omitted.

    Raises: InvalidInputError: for fewer images than a batch has.
    """
    positive("epochs", epochs)
    check_batch(config.batch_size, positive_integer("images", images))
    a_pass = images // config.batch_size
    warmup = min(WARMUP_EPOCHS, epochs / 10) if warmup_epochs is None else warmup_epochs
    optimiser = replace(config.optimiser, warmup=round(warmup * a_pass))
    return replace(config, steps=max(1, round(epochs * a_pass)), optimiser=optimiser)
