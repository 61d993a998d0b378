"""Collapse: seen where it is, not seen where it is not, recorded in every run and told once."""

import pytest
import torch

from noisedim.data import load_images
from noisedim.normality.summaries.spectrum import effective_rank
from noisedim.training import TrainConfig, train
from noisedim.training.collapse import collapse_warning, least_effective_rank, spread_and_rank
from noisedim.training.loop import METRIC_NAMES
from noisedim.training.progress import training_progress

# Levels and batches are small here for speed; what a batch can see of the capacity is no matter.
pytestmark = pytest.mark.filterwarnings("ignore:the channel's capacity of")


def normal(n=200, d=64, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_figures_at_both_ends():
    spread, rank = spread_and_rank(normal(4000, 8))
    assert spread == pytest.approx(1, abs=0.01)
    assert rank == pytest.approx(8, abs=0.1)
    line = normal(200, 1) * torch.ones(64)
    assert spread_and_rank(line)[1] == pytest.approx(1, abs=1e-6)
    assert spread_and_rank(torch.ones(200, 64))[0] == pytest.approx(0, abs=1e-12)
    far = normal() + 100
    assert spread_and_rank(far)[0] < 0.05
    z = normal(300, 20) * torch.linspace(0.1, 3, 20)
    assert spread_and_rank(z)[1] == pytest.approx(effective_rank(z.numpy()), rel=1e-9)
    # More coordinates than rows, and a scale that would underflow when squared.
    wide = normal(30, 64)
    assert spread_and_rank(wide * 1e-170)[1] == pytest.approx(effective_rank(wide.numpy()), rel=1e-9)


def test_warnings():
    assert collapse_warning(*spread_and_rank(normal()), 200, 64) is None
    assert "all images point in one direction (spread 0.0" in collapse_warning(
        *spread_and_rank(normal() + 100), 200, 64
    )
    line = normal(200, 1) * torch.ones(64)
    assert "effective rank 1.00 of at most 64, below 2.26" in collapse_warning(*spread_and_rank(line), 200, 64)
    assert least_effective_rank(512, 2) == pytest.approx(1.02)
    assert least_effective_rank(100, 2048) == pytest.approx(1 + 0.02 * 98)


def test_recorded_in_every_run_and_told_once(capsys):
    images = load_images("digits").images
    config = TrainConfig(steps=30, batch_size=64)
    result = train(config, images, device="cpu", log_every=5)
    ranks = result.metrics[:, METRIC_NAMES.index("effective_rank")]
    assert ((ranks >= 1) & (ranks <= 2 + 1e-9)).all()
    warnings = []
    flat = torch.ones_like(images) * 0.5  # all images equal, but for the noise of augmentation
    config = TrainConfig(steps=30, batch_size=64, augmentation_probability=0.05, dim=8)
    with training_progress(config) as show:

        def both(progress):
            warnings.append(progress.warning)
            show(progress)

        train(config, flat + 1e-9 * images, device="cpu", log_every=1, on_progress=both)
    assert warnings[0] is None  # too early to tell
    if any(warnings):
        assert capsys.readouterr().err.count("warning: step") == 1
