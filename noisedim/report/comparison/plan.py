"""How much the benchmarks of quality train, by profile of ``pytest benchmarks``, and what they store of each method."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from noisedim.runs.compare import MethodOutcome, make_seeds, records, stability
from noisedim.runs.comparison import CONTENDERS, TUNING_RULE
from noisedim.runs.protocols import FIGURE_1_CAPACITIES, appendix_c
from noisedim.runs.store import RunStore
from noisedim.training import DataConfig, TrainConfig

__all__ = ["PROFILES", "Profile", "accuracy_entry", "make_equal_time", "match_entry", "timed_config"]


@dataclass(frozen=True)
class Profile:
    """How much is trained.

    Attributes:
        base: what all methods have in common; fold 0 is held out and judges.
        seeds: number of seeds.
        capacities: capacities of Figure 1, in nats; none where the report trains Figure 1 itself.
        words: the protocol in one sentence.
        as_paper: whether it is the paper's own protocol.
    """

    base: TrainConfig
    seeds: int
    capacities: tuple[float, ...]
    words: str
    as_paper: bool = False


_DIGITS = TrainConfig(data=DataConfig(fold=0), steps=700, batch_size=128)
_MNIST = DataConfig(name="mnist", fold=0)
PROFILES = {
    "smoke": Profile(
        replace(_DIGITS, steps=30),
        2,
        (),
        "30 steps per run, which shows that everything works; the numbers mean nothing",
    ),
    "digits": Profile(_DIGITS, 5, (), "digits, d = 2, 700 steps of 128 images, five seeds"),
    "mnist-short": Profile(
        TrainConfig(data=replace(_MNIST, limit=12_000), steps=300, batch_size=256),
        3,
        (0.5, 2.0, 4.6, 7.0, 14.0),
        "shortened: the first 12,000 images of MNIST's training part, 300 steps of 256 (8 epochs), input noise 0.3 with "
        "probability ½, three seeds",
    ),
    "paper": Profile(
        appendix_c(_MNIST, images=60_000),
        5,
        FIGURE_1_CAPACITIES,
        "Appendix C: MNIST, 2,000 epochs of 1,024, input noise 0.6, Adam at 1e-3, five seeds",
        as_paper=True,
    ),
}

# Of the records, what the benchmark of accuracies stores.
_ACCURACIES = ("seed", "run", "n", "knn", "naive_bayes", "mlp", "linear", "silhouette", "label_curve")
# At equal time few seeds are enough to see who falls behind.
_MOST_TIMED_SEEDS = 3


def make_equal_time(
    comparison: Mapping[str, MethodOutcome],
    costs: Mapping[str, float],
    base: TrainConfig,
    store: RunStore,
    *,
    seeds: int,
    **options: Any,
) -> dict[str, MethodOutcome]:
    """The compared methods, each with as many steps as the closed-form dual's time at an equal number of steps allows.

    Args:
        comparison: what tuning took, by method.
        costs: seconds of a training step, by method.
        base: what all methods have in common.
        store: where runs are kept.
        seeds: of the comparison; at most three are trained again.
        options: for :func:`~noisedim.runs.sweep.make_runs`.
    """
    seconds = costs.get("dual", min(costs.values())) * base.steps

    def steps(name: str) -> int:
        return max(20, round(seconds / costs[name] / 20) * 20)

    return make_seeds(comparison, store, seeds=range(min(_MOST_TIMED_SEEDS, seeds)), steps=steps, **options)


def timed_config(method: str, outcome: MethodOutcome, base: TrainConfig) -> TrainConfig:
    """The configuration whose step is timed: what trained, or a usual one for a method that never trained."""
    return outcome.chosen if outcome.chosen is not None else replace(base, objective=CONTENDERS[method].objective)


def match_entry(
    method: str,
    outcome: MethodOutcome,
    timed: MethodOutcome,
    base: TrainConfig,
    *,
    protocol: str,
    peak_bytes: int | None,
) -> dict[str, Any]:
    """The ``extra_info`` of one method's match, as :class:`~noisedim.report.benchmarks.MethodRow` reads it.

    Args:
        method: its key.
        outcome: of the comparison.
        timed: of the comparison at equal time.
        base: what all methods have in common.
        protocol: in one sentence.
        peak_bytes: memory that training takes; None where it cannot be read.
    """
    known = CONTENDERS[method]
    complete, failed = records(outcome)
    timely, too_late = records(timed)
    return {
        "question": "match",
        "method": method,
        "words": known.words,
        "family": known.family,
        "injects_noise": known.injects_noise,
        "knob": known.knob_words,
        "tuning": outcome.tuning,
        **_chosen(outcome.chosen),
        "settings": None if outcome.chosen is None else outcome.chosen.to_dict(),
        "data": base.data.name,
        "dim": base.dim,
        "steps": base.steps,
        "batch_size": base.batch_size,
        "protocol": protocol,
        "tuning_rule": TUNING_RULE,
        "records": complete,
        "failed": failed,
        "stability": stability(outcome),
        "peak_bytes": peak_bytes,
        "equal_time": {
            "steps": timed.runs[0].config.steps if timed.runs else None,
            "records": timely,
            "failed": too_late,
        },
    }


def accuracy_entry(method: str, outcome: MethodOutcome, base: TrainConfig) -> dict[str, Any]:
    """The ``extra_info`` of one method's accuracies on held-out images."""
    complete, failed = records(outcome)
    return {
        "question": "downstream",
        "method": method,
        "words": CONTENDERS[method].words,
        "data": base.data.name,
        **_chosen(outcome.chosen),
        "records": [{name: row[name] for name in _ACCURACIES} for row in complete],
        "failed": failed,
    }


def _chosen(config: TrainConfig | None) -> dict[str, Any]:
    return {"config": None if config is None else config.digest()}
