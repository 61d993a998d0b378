"""Protocols of training, each stated once: the paper's for MNIST (Appendix C), and that of the long studies."""

from dataclasses import replace

from noisedim.data import AugmentationConfig
from noisedim.training import DataConfig, ObjectiveConfig, OptimiserConfig, TrainConfig

__all__ = [
    "AFFINE",
    "APPENDIX_C_OBJECTIVE",
    "FIGURE_1_CAPACITIES",
    "SMALL",
    "appendix_c",
    "small_images",
    "with_convnet",
]

_EPOCHS = 2000
_BATCH_SIZE = 1024
# The perceptron critic of Table 2, with 15 negatives per sample.
APPENDIX_C_OBJECTIVE = ObjectiveConfig(name="infonce", negatives=15)
# Capacities at which Figure 1 trains, in nats.
FIGURE_1_CAPACITIES = (0.5, *(float(capacity) for capacity in range(1, 15)))


SMALL = 12
"""Pixels on a side of the long studies' images."""
# Of the images of Table 2's ConvNet.
_CONVNET = 24
AFFINE = AugmentationConfig(rotation=15, shift=1, log_scale=0.15, shear=0.15)
"""Views of such images."""


def appendix_c(data: DataConfig, *, images: int) -> TrainConfig:
    """Appendix C's run on ``data``, with the closed-form dual: 2,000 epochs of 1,024 images, input noise, Adam at 1e-3.

    The paper's own objective is :data:`APPENDIX_C_OBJECTIVE`.

    Args:
        data: which images.
        images: number of images in an epoch. With fewer than 2,048, a batch holds half of them.

    Source: arXiv 2410.06993, Appendix C.
    """
    batch = min(_BATCH_SIZE, images // 2)
    return TrainConfig(
        data=data,
        augmentation=AugmentationConfig(noise=0.6),
        augmentation_probability=1.0,
        objective=ObjectiveConfig(name="dual"),
        optimiser=OptimiserConfig(learning_rate=1e-3, cosine=False),
        batch_size=batch,
        steps=_EPOCHS * (images // batch),
    )


def small_images(data: DataConfig, *, steps: int = 1000, dim: int = 8) -> TrainConfig:
    """What the long studies share: images of 12×12, affine views, a perceptron, 256 images a step, 5e-3 with cosine.

    Args:
        data: which images, with their size.
        steps: of the run.
        dim: of the embedding.
    """
    return TrainConfig(
        data=data,
        augmentation=AFFINE,
        augmentation_probability=1.0,
        dim=dim,
        encoder="mlp",
        optimiser=OptimiserConfig(learning_rate=5e-3),
        steps=steps,
        batch_size=256,
    )


def with_convnet(config: TrainConfig) -> TrainConfig:
    """The same run with the ConvNet of the paper's Table 2 on images of 24×24, whose views are shifted as far in proportion."""
    views = replace(config.augmentation, shift=config.augmentation.shift * _CONVNET / SMALL)
    return replace(config, encoder="convnet", data=replace(config.data, size=_CONVNET), augmentation=views)
