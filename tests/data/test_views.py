"""Views: equal to torchvision's functions at equal draws, drawn by torchvision's laws, alike on every device and slice."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms import functional as reference

from noisedim.data import ViewsConfig, apply_views, draw_views
from noisedim.errors import InvalidInputError

# A correct program fails with this chance at most, over all the comparisons of laws below.
ALPHA = 1e-6
APPENDIX_C = ViewsConfig(both=True)


def pictures(n, size=32, channels=3, dtype=torch.float64):
    noise = torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(1), dtype=dtype)
    ramp = torch.linspace(0, 1, size, dtype=dtype)
    return (0.5 * noise + 0.5 * ramp[:, None] * ramp).clamp(0, 1)


def by_torchvision(image, draws, i, interpolation=InterpolationMode.BICUBIC):
    """One view by torchvision's functions on a tensor, in Appendix C's order."""
    image = reference.resized_crop(
        image,
        *(int(getattr(draws, name)[i]) for name in ("top", "left", "height", "width")),
        list(image.shape[1:]),
        interpolation,
        antialias=True,
    ).clamp(0, 1)
    if draws.jitter[i]:
        ways = (
            reference.adjust_brightness,
            reference.adjust_contrast,
            reference.adjust_saturation,
            reference.adjust_hue,
        )
        for way in draws.order[i]:
            image = ways[way](image, float(draws.factor[i, way]))
    if draws.grey[i]:
        image = reference.rgb_to_grayscale(image, num_output_channels=3)
    return reference.hflip(image) if draws.mirror[i] else image


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_equal_draws_give_torchvisions_images(interpolation):
    config = ViewsConfig(both=True, interpolation=interpolation)
    images = pictures(96)
    draws = draw_views(config, 96, (32, 32), seed=3, step=5)
    ours = apply_views(images, draws, config)
    theirs = torch.stack(
        [by_torchvision(images[i], draws, i, InterpolationMode[interpolation.upper()]) for i in range(96)]
    )
    # torchvision's weights are rounded to float32 somewhere on their way.
    torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=0)
    # Negative control: a wrong order of the jitter is seen.
    other = draws.take(slice(None))
    other.order[:] = other.order[:, ::-1]
    assert float((apply_views(images, other, config) - theirs).abs().max()) > 1e-2


def torchvision_crops(n, size):
    torch.manual_seed(0)
    image = torch.zeros(3, *size)
    transform = v2.RandomResizedCrop(32, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3))
    drawn = [transform.make_params([image]) for _ in range(n)]
    return {name: np.array([draw[name] for draw in drawn]) for name in ("top", "left", "height", "width")}


@pytest.mark.slow
@pytest.mark.parametrize("size", [(32, 32), (24, 40)])
def test_crops_follow_torchvisions_law(size):
    n = 20_000
    with torch.random.fork_rng():
        theirs = torchvision_crops(n, size)
    ours = draw_views(APPENDIX_C, n, size, seed=0, step=0)
    for name, values in theirs.items():
        own = getattr(ours, name)
        cells = np.arange(max(size) + 2)
        table = np.stack([np.histogram(own, cells)[0], np.histogram(values, cells)[0]])
        table = table[:, table.sum(0) >= 10]
        assert stats.chi2_contingency(table).pvalue > ALPHA, name
    areas = [draw["height"] * draw["width"] / math.prod(size) for draw in (vars(ours), theirs)]
    ratios = [draw["width"] / draw["height"] for draw in (vars(ours), theirs)]
    for own, values in (areas, ratios):
        assert stats.ks_2samp(own, values).pvalue > ALPHA
    # The power of it: another least area is seen at this n.
    other = draw_views(ViewsConfig(both=True, crop_scale=(0.12, 1.0)), n, size, seed=0, step=0)
    assert stats.ks_2samp(other.height * other.width / math.prod(size), areas[1]).pvalue < ALPHA


def test_colours_and_mirrors_follow_their_laws():
    n = 20_000
    draws = draw_views(APPENDIX_C, n, (32, 32), seed=1, step=0)
    for name, chance in (("jitter", 0.5), ("grey", 0.2), ("mirror", 0.5)):
        assert stats.binomtest(int(getattr(draws, name).sum()), n, chance).pvalue > ALPHA, name
    for way, (least, largest) in enumerate(((0.6, 1.4), (0.6, 1.4), (0.8, 1.2), (-0.1, 0.1))):
        assert stats.kstest(draws.factor[:, way], stats.uniform(least, largest - least).cdf).pvalue > ALPHA
    counts = np.unique(draws.order @ [64, 16, 4, 1], return_counts=True)[1]
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > ALPHA
    independent = np.corrcoef([draws.jitter, draws.grey, draws.mirror, draws.top, draws.factor[:, 0]])
    assert np.abs(independent - np.eye(5)).max() < 6 / math.sqrt(n)


@pytest.mark.slow
def test_pixels_have_torchvisions_means_and_variances():
    # The whole pipeline on one picture, 1,200 views each: per channel, means and variances of the mean and the spread.
    n, image = 1200, pictures(1)
    pipeline = v2.Compose(
        [
            v2.RandomResizedCrop(32, scale=(0.08, 1.0), interpolation=InterpolationMode.BICUBIC, antialias=True),
            v2.RandomApply([v2.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.8, 1.2), (-0.1, 0.1))]),
            v2.RandomGrayscale(0.2),
            v2.RandomHorizontalFlip(0.5),
        ]
    )
    with torch.random.fork_rng():
        torch.manual_seed(2)
        theirs = torch.stack([pipeline(image[0].float()) for _ in range(n)]).double()
    ours = apply_views(
        image.expand(n, -1, -1, -1), draw_views(APPENDIX_C, n, (32, 32), seed=2, step=0), APPENDIX_C
    ).double()
    for figure in (lambda x: x.mean((2, 3)), lambda x: x.std((2, 3)), lambda x: x.mean(1)[:, ::8, ::8].flatten(1)):
        own, values = figure(ours), figure(theirs)
        for column in range(own.shape[1]):
            pair = own[:, column].numpy(), values[:, column].numpy()
            assert stats.ttest_ind(*pair, equal_var=False).pvalue > ALPHA / 20
            assert stats.levene(*pair).pvalue > ALPHA / 20


@given(st.integers(0, 10_000), st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_a_part_of_a_batch_is_that_part(seed, step):
    images = pictures(12, size=8, dtype=torch.float32)
    draws = draw_views(APPENDIX_C, 12, (8, 8), seed=seed, step=step)
    whole = apply_views(images, draws, APPENDIX_C)
    parts = [apply_views(images[own], draws.take(own), APPENDIX_C) for own in (slice(0, 5), slice(5, 12))]
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-6, rtol=0)
    assert float(whole.min()) >= 0
    assert float(whole.max()) <= 1


def test_draws_are_of_seed_and_step_alone():
    first, again = (draw_views(APPENDIX_C, 9, (8, 8), seed=4, step=7) for _ in range(2))
    assert all(np.array_equal(getattr(first, name), getattr(again, name)) for name in vars(first))
    for other in ({"seed": 5, "step": 7}, {"seed": 4, "step": 8}):
        assert not np.array_equal(first.factor, draw_views(APPENDIX_C, 9, (8, 8), **other).factor)


def test_nothing_asked_is_the_image_itself_and_grey_images_have_no_colours():
    still = ViewsConfig(
        both=True, crop_scale=(1, 1), crop_ratio=(1, 1), jitter_probability=0, grey_probability=0, mirror_probability=0
    )
    images = pictures(4)
    torch.testing.assert_close(apply_views(images, draw_views(still, 4, (32, 32), seed=0, step=0), still), images)
    grey = pictures(40, size=8, channels=1)
    draws = draw_views(APPENDIX_C, 40, (8, 8), seed=0, step=0)
    # A grey image in three channels has no hue or saturation to change either.
    coloured = apply_views(grey.expand(-1, 3, -1, -1).contiguous(), draws, APPENDIX_C)
    torch.testing.assert_close(apply_views(grey, draws, APPENDIX_C), coloured[:, :1], atol=1e-3, rtol=0)


def test_bad_input():
    with pytest.raises(
        InvalidInputError, match=r"views.crop_scale must be two numbers.* from above 0 to 1; got \(0, 1\)"
    ):
        ViewsConfig(crop_scale=(0, 1))
    with pytest.raises(InvalidInputError, match=r"views.hue must be two numbers.* to 0.5; got \(-0.6, 0.1\)"):
        ViewsConfig(hue=(-0.6, 0.1))
    with pytest.raises(InvalidInputError, match="views.grey_probability must be a number in"):
        ViewsConfig(grey_probability=1.5)
    draws = draw_views(APPENDIX_C, 3, (8, 8), seed=0, step=0)
    with pytest.raises(InvalidInputError, match=r"1 or 3 channels; got \(3, 2, 8, 8\)"):
        apply_views(torch.zeros(3, 2, 8, 8), draws, APPENDIX_C)
    with pytest.raises(InvalidInputError, match="draws must be of 4 views, one per image; got 3"):
        apply_views(torch.zeros(4, 3, 8, 8), draws, APPENDIX_C)
