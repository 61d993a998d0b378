"""Augmented views of Appendix C, compared with torchvision (image by image) and kornia (a batch at once), one thread.

kornia is what others use on a device. The error of its crops is measured as well as its time: at equal crops its pixels
differ from torchvision's, which the recipe names, and ours do not.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from noisedim.data.views import ViewDraws, ViewsConfig, apply_views, draw_views

BATCH, SIZE = 256, 32
CONFIG = ViewsConfig(both=True)


def pictures() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.nn.functional.avg_pool2d(torch.rand(BATCH, 3, 2 * SIZE, 2 * SIZE, generator=generator), 2)


def ours(images: torch.Tensor) -> Callable[[], Any]:
    steps = iter(range(10**9))
    return lambda: apply_views(images, draw_views(CONFIG, BATCH, (SIZE, SIZE), seed=0, step=next(steps)), CONFIG)


def by_torchvision(images: torch.Tensor) -> Callable[[], Any]:
    from torchvision.transforms import InterpolationMode, v2

    pipeline = v2.Compose(
        [
            v2.RandomResizedCrop(
                SIZE,
                scale=CONFIG.crop_scale,
                ratio=CONFIG.crop_ratio,
                interpolation=InterpolationMode.BICUBIC,
                antialias=True,
            ),
            v2.RandomApply([v2.ColorJitter(CONFIG.brightness, CONFIG.contrast, CONFIG.saturation, CONFIG.hue)]),
            v2.RandomGrayscale(CONFIG.grey_probability),
            v2.RandomHorizontalFlip(CONFIG.mirror_probability),
        ]
    )
    return lambda: torch.stack([pipeline(image) for image in images])


def kornia_crop() -> Any:
    # Of kornia's ways to crop, the nearest to torchvision's.
    from kornia.augmentation import RandomResizedCrop

    return RandomResizedCrop(
        (SIZE, SIZE),
        scale=CONFIG.crop_scale,
        ratio=CONFIG.crop_ratio,
        resample="bicubic",
        align_corners=False,
        cropping_mode="slice",
        p=1.0,
    )


def by_kornia(images: torch.Tensor) -> Callable[[], Any]:
    from kornia.augmentation import AugmentationSequential, ColorJitter, RandomGrayscale, RandomHorizontalFlip

    pipeline = AugmentationSequential(
        kornia_crop(),
        ColorJitter(CONFIG.brightness, CONFIG.contrast, CONFIG.saturation, CONFIG.hue, p=CONFIG.jitter_probability),
        RandomGrayscale(p=CONFIG.grey_probability),
        RandomHorizontalFlip(p=CONFIG.mirror_probability),
        data_keys=["input"],
    )
    return lambda: pipeline(images)


def crop_errors(images: torch.Tensor) -> dict[str, float]:
    """Largest difference of a pixel from torchvision's at equal crops, for pixels in [0, 1]."""
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    crop = kornia_crop()
    drawn = crop.forward_parameters(images.shape)
    theirs = crop(images, params=drawn)
    left, top = drawn["src"][:, 0].round().long().unbind(1)
    width, height = (drawn["src"][:, 2] - drawn["src"][:, 0]).round().long().add(1).unbind(1)
    reference = torch.stack(
        [
            functional.resized_crop(
                image, *(int(side[i]) for side in (top, left, height, width)), [SIZE, SIZE], InterpolationMode.BICUBIC
            )
            for i, image in enumerate(images)
        ]
    ).clamp(0, 1)
    nothing = torch.zeros(BATCH, dtype=torch.bool).numpy()
    own = apply_views(
        images,
        ViewDraws(
            *(side.numpy() for side in (top, left, height, width)),
            nothing,
            torch.arange(4).expand(BATCH, 4).numpy(),
            torch.ones(BATCH, 4).numpy(),
            nothing,
            nothing,
        ),
        CONFIG,
    )
    return {
        "kornia_crop_error": float((theirs.clamp(0, 1) - reference).abs().max()),
        "crop_error": float((own - reference).abs().max()),
    }


@pytest.mark.parametrize("peer", ["torchvision", "kornia"])
@pytest.mark.benchmark(group="views")
def test_views(benchmark, paired, one_thread, peer):
    images = pictures()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        name = "torchvision, image by image" if peer == "torchvision" else "kornia, a batch at once"
        make = by_torchvision if peer == "torchvision" else by_kornia
        subject = "augmentation by the recipe of Appendix C"
        paired(ours(images), make(images), subject=subject, peer_name=name, rounds=10)
        benchmark.extra_info |= {"batch": BATCH, "size": SIZE}
        if peer == "kornia":
            benchmark.extra_info |= crop_errors(images)
