"""How well does each method match the prior? Quality on held-out images by seed; the time is a training step's."""

from dataclasses import replace
from typing import Any

import pytest

from noisedim.data import load_images
from noisedim.runs.compare import MethodOutcome, records, stability
from noisedim.runs.comparison import CONTENDERS, TUNING_RULE
from noisedim.training.loop import Trainer


def described(method: str, outcome: MethodOutcome) -> dict[str, Any]:
    known = CONTENDERS[method]
    return {
        "question": "match",
        "method": method,
        "words": known.words,
        "family": known.family,
        "injects_noise": known.injects_noise,
        "knob": known.knob_words,
        "tuning": outcome.tuning,
        "config": None if outcome.chosen is None else outcome.chosen.digest(),
        "settings": None if outcome.chosen is None else outcome.chosen.to_dict(),
    }


@pytest.mark.benchmark(group="quality")
def test_match(benchmark, one_thread, profile, base, dataset, method, comparison, equal_time, peak_bytes):
    outcome = comparison[method]
    complete, failed = records(outcome)
    timely, too_late = records(equal_time[method])
    benchmark.extra_info |= {
        **described(method, outcome),
        "data": dataset,
        "dim": base.dim,
        "steps": base.steps,
        "batch_size": base.batch_size,
        "protocol": profile.words,
        "tuning_rule": TUNING_RULE,
        "records": complete,
        "failed": failed,
        "stability": stability(outcome),
        "peak_bytes": peak_bytes.get(method),
        "equal_time": {
            "steps": equal_time[method].runs[0].config.steps if equal_time[method].runs else None,
            "records": timely,
            "failed": too_late,
        },
    }
    assert complete or failed
    # What trained is timed; a method that never trained has its usual configuration timed instead.
    config = outcome.chosen if outcome.chosen is not None else replace(base, objective=CONTENDERS[method].objective)
    trainer = Trainer(config, load_images(dataset, limit=base.data.limit).images, device="cpu")
    trainer.step()
    benchmark.pedantic(trainer.step, rounds=20, warmup_rounds=2)
    benchmark.extra_info["samples_per_second"] = (
        config.batch_size / benchmark.stats.stats.median if benchmark.stats else None
    )
