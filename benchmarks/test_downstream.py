"""What does the match cost downstream? Accuracy on held-out images by seed; the time is that of embedding them."""

import pytest

from noisedim.data import load_images
from noisedim.runs.compare import records
from noisedim.runs.comparison import CONTENDERS
from noisedim.training import embed
from noisedim.training.model import build_model

SCORES = ("seed", "run", "n", "knn", "naive_bayes", "mlp", "linear", "silhouette", "label_curve")


@pytest.mark.benchmark(group="downstream")
def test_accuracy(benchmark, one_thread, base, dataset, method, comparison):
    outcome = comparison[method]
    complete, failed = records(outcome)
    benchmark.extra_info |= {
        "question": "downstream",
        "method": method,
        "words": CONTENDERS[method].words,
        "data": dataset,
        "config": None if outcome.chosen is None else outcome.chosen.digest(),
        "records": [{name: row[name] for name in SCORES} for row in complete],
        "failed": failed,
    }
    assert complete or failed
    images = load_images(dataset, limit=base.data.limit or 2000).images
    model = build_model(outcome.chosen or base, tuple(images.shape[1:])).eval()
    benchmark.extra_info["images"] = len(images)
    benchmark.pedantic(embed, args=(model, images), rounds=5, warmup_rounds=1)
