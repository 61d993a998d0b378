"""How well does each method match the prior? Quality on held-out images by seed; the time is a training step's."""

import pytest

from noisedim.data import load_images
from noisedim.report.comparison.plan import match_entry, timed_config
from noisedim.training.loop import Trainer


@pytest.mark.benchmark(group="quality")
def test_match(benchmark, one_thread, profile, base, dataset, method, comparison, equal_time, peaks):
    outcome = comparison[method]
    benchmark.extra_info |= match_entry(
        method, outcome, equal_time[method], base, protocol=profile.words, peak_bytes=peaks.get(method)
    )
    assert benchmark.extra_info["records"] or benchmark.extra_info["failed"]
    config = timed_config(method, outcome, base)
    trainer = Trainer(config, load_images(dataset, limit=base.data.limit).images, device="cpu")
    trainer.step()
    benchmark.pedantic(trainer.step, rounds=20, warmup_rounds=2)
    benchmark.extra_info["samples_per_second"] = (
        config.batch_size / benchmark.stats.stats.median if benchmark.stats else None
    )
