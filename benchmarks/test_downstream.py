"""What does the match cost downstream? Accuracy on held-out images by seed; the time is that of embedding them."""

import pytest

from noisedim.data import load_images
from noisedim.report.comparison.plan import accuracy_entry
from noisedim.training import embed
from noisedim.training.model import build_model


@pytest.mark.benchmark(group="downstream")
def test_accuracy(benchmark, one_thread, base, dataset, method, comparison):
    outcome = comparison[method]
    benchmark.extra_info |= accuracy_entry(method, outcome, base)
    assert benchmark.extra_info["records"] or benchmark.extra_info["failed"]
    images = load_images(dataset, limit=base.data.limit or 2000).images
    model = build_model(outcome.chosen or base, tuple(images.shape[1:])).eval()
    benchmark.extra_info["images"] = len(images)
    benchmark.pedantic(embed, args=(model, images), rounds=5, warmup_rounds=1)
