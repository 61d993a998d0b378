"""Second views: exact maps against torch's own, random ones against their laws."""

import math

import pytest
import torch
from scipy import stats
from torch.nn import functional

from noisedim.data import AugmentationConfig, augment
from noisedim.data.augmentation import affine_matrices
from noisedim.errors import InvalidInputError


def resampled(images, **parameters):
    n, _, height, width = images.shape
    zero, one = torch.zeros(n), torch.ones(n)
    given = {"angle": zero, "zoom_x": one, "zoom_y": one, "shear": zero, "shift_x": zero, "shift_y": zero, **parameters}
    matrix = affine_matrices(*given.values(), (height, width))
    return functional.grid_sample(
        images, functional.affine_grid(matrix, list(images.shape), align_corners=False), align_corners=False
    )


def pictures(height=6, width=6):
    return torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(0))


def test_quarter_turn_is_rot90():
    x = pictures()
    turned = resampled(x, angle=torch.full((2,), math.pi / 2))
    candidates = [torch.rot90(x, k, (2, 3)) for k in (1, 3)]
    assert any(torch.allclose(turned, candidate, atol=1e-5) for candidate in candidates)
    assert not torch.allclose(turned, x, atol=1e-2)


def test_whole_pixel_shift_moves_content_right_and_down_and_fills_with_zero():
    x = pictures(5, 7)
    moved = resampled(x, shift_x=torch.full((2,), 2.0), shift_y=torch.full((2,), 1.0))
    torch.testing.assert_close(moved[:, :, 1:, 2:], x[:, :, :-1, :-2], atol=1e-5, rtol=0)
    assert float(moved[:, :, 0].abs().max()) < 1e-5
    assert float(moved[:, :, :, :2].abs().max()) < 1e-5


def test_zoom_enlarges_content():
    x = torch.zeros(1, 1, 9, 9)
    x[..., 3:6, 3:6] = 1
    larger = resampled(x, zoom_x=torch.tensor([2.0]), zoom_y=torch.tensor([1.0]))
    assert float(larger.sum()) == pytest.approx(2 * float(x.sum()), rel=0.05)


def test_rotation_keeps_angles_in_an_oblong_picture():
    # A quarter turn of a 3×3 square inside a 9×5 picture must stay that square.
    x = torch.zeros(1, 1, 9, 5)
    x[..., 3:6, 1:4] = 1
    torch.testing.assert_close(resampled(x, angle=torch.tensor([math.pi / 2])), x, atol=1e-4, rtol=0)


def test_nothing_asked_nothing_done():
    x = pictures()
    assert augment(x, AugmentationConfig(), None) is x


def test_noise_follows_its_law_and_leaves_pixels_in_place():
    x = torch.zeros(200, 1, 5, 5)
    noisy = augment(x, AugmentationConfig(noise=0.25), torch.Generator().manual_seed(1))
    # A correct program fails once in a million seeds.
    assert stats.kstest(noisy.flatten().numpy(), stats.norm(0, 0.25).cdf).pvalue > 1e-6
    rows = augment(torch.zeros(50, 7), AugmentationConfig(noise=1.0), torch.Generator().manual_seed(1))
    assert rows.shape == (50, 7)


@pytest.mark.parametrize(
    "options",
    [
        {"rotation": 20},
        {"shift": 1.5},
        {"log_scale": 0.3},
        {"shear": 0.3},
        {"elastic": 0.5},
        {"rotation": 5, "noise": 0.1},
    ],
)
def test_random_views_differ_by_image_and_repeat_by_generator(options):
    x = pictures(8, 8)[:1].expand(4, -1, -1, -1).contiguous()
    config = AugmentationConfig(**options)
    first, again, other = (augment(x, config, torch.Generator().manual_seed(s)) for s in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.allclose(first[0], first[1], atol=1e-3)
    assert first.shape == x.shape
    assert torch.isfinite(first).all()


def test_shift_is_uniform_within_its_range():
    # A bright column at 20 of 41 moves by u ~ U(−3, 3): the centre of mass tells u.
    x = torch.zeros(2000, 1, 1, 41)
    x[..., 20] = 1
    moved = augment(x, AugmentationConfig(shift=3.0), torch.Generator().manual_seed(5))
    row = moved.sum((1, 2))
    seen = row.sum(1) > 1e-3  # a vertical shift takes the single row out of the picture at times
    shift = ((row[seen] * torch.arange(41.0)).sum(1) / row[seen].sum(1) - 20).numpy()
    assert stats.kstest(shift, stats.uniform(-3, 6).cdf).pvalue > 1e-6


def test_bad_input():
    with pytest.raises(InvalidInputError, match=r"augmentation.noise must be a finite number >= 0; got -1"):
        AugmentationConfig(noise=-1)
    with pytest.raises(InvalidInputError, match=r"floating-point images; got dtype torch\.uint8"):
        augment(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), AugmentationConfig(noise=0.1), None)
    with pytest.raises(InvalidInputError, match="only noise applies to rows of features"):
        augment(torch.zeros(2, 4), AugmentationConfig(rotation=5), None)
