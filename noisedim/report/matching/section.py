"""What a match needs, in tables: one factor at a time around the primary setting, and noise crossed with batch."""

from collections.abc import Sequence

import numpy as np

from noisedim.document.content import Block, Pictures, Section, Statement, Table, Text, Verdict
from noisedim.report.matching.figures import matching_picture
from noisedim.report.matching.plan import IMAGES, OBJECTIVES, STEPS, STUDY
from noisedim.report.matching.verdicts import ALPHA, PRIMARY, matching_verdict, root, squared_distance, where
from noisedim.report.study import Sources, untested
from noisedim.runs.studies.long_study import Label, StudyRecord, read_study
from noisedim.runs.studies.trained_scores import ASSESSED_ROWS
from noisedim.statistics.equivalence import CrossedMean
from noisedim.theory.dual_batch import visible_capacity
from noisedim.training import TrainConfig

__all__ = ["matching_section"]

_TITLE = "What a match needs: images, steps, noise, batch"
_REJECTS = "battery rejects, of seeds, at n"
_WORDS = {"images": "training images", "steps": "steps", "objective": "objective"}


def matching_section(sources: Sources) -> Section:
    """What the file of ``noisedim study matching`` holds."""
    path = sources.results / STUDY.file_name("mnist")
    if not path.is_file():
        return untested(_TITLE, STUDY.command("mnist"), {})
    file = read_study(path)
    records = file.records
    verdict, statement = _answer(records)
    text = Text(
        "One factor at a time is changed from the primary setting, but noise and batch are crossed; views are affine. Sliced "
        f"W₂ is debiased, on test images, with an interval over seeds and images. Made by `{file.command}`."
    )
    blocks: list[Block] = [text, _primary(records), Pictures([matching_picture(records)])]
    blocks += [_factor(records, factor) for factor in ("images", "steps", "objective")]
    blocks.append(_noise_and_batch(records))
    return Section(_TITLE, [verdict], blocks, [statement], _finding(records))


def _config() -> TrainConfig:
    """Of the primary setting."""
    return next(cell.config for cell in STUDY.profile("mnist") if cell.labels == PRIMARY)


def _primary(records: Sequence[StudyRecord]) -> Table:
    config = _config()
    row = {
        "objective": str(PRIMARY["objective"]).replace("-", " "),
        "σ": f"{PRIMARY['sigma']:g}",
        "training images": f"{PRIMARY['images']:,}",
        "steps": f"{PRIMARY['steps']:,}",
        "batch": str(PRIMARY["batch"]),
        "d": str(config.dim),
        "image (pixels)": f"{config.data.size}×{config.data.size}",
        "learning rate": f"{config.optimiser.learning_rate:g}{', cosine' if config.optimiser.cosine else ''}",
        "test images": f"{records[0].n:,}",
    }
    return Table([row], "The primary setting, on MNIST")


def _finding(records: Sequence[StudyRecord]) -> str:
    found = matching_verdict(records)
    if found.few is None or found.many is None:
        return ""
    few, many = _interval_words(found.few), _interval_words(found.many)
    moves = "falls" if found.status == "supported" else "changes"
    return (
        f"On unseen images the sliced W₂ from the prior {moves} from {few} after training on {IMAGES[0]:,} images to {many} "
        f"after {IMAGES[-1]:,} (MNIST, {found.seeds} seeds)."
    )


def _distance(records: Sequence[StudyRecord]) -> str:
    own = squared_distance(records)
    if own is None:
        return f"{root(float(np.mean(records[0].values['sliced_w2_squared']))):.3f}"
    return _interval_words(own)


def _interval_words(own: CrossedMean) -> str:
    ends = own.interval()
    return f"{root(ends.estimate):.3f} [{root(ends.lower):.3f}, {root(ends.upper):.3f}]"


def _mean(records: Sequence[StudyRecord], score: str) -> float:
    return float(np.mean([record.values[score] for record in records]))


def _rejected(records: Sequence[StudyRecord]) -> str:
    """At how many rows the battery rejects, of how many seeds."""
    parts = [(rows, [r.whole[f"p_{rows}"] for r in records if f"p_{rows}" in r.whole]) for rows in ASSESSED_ROWS]
    return ", ".join(f"{sum(p <= ALPHA for p in found)}/{len(found)} at {rows:,}" for rows, found in parts if found)


def _factor(records: Sequence[StudyRecord], factor: str) -> Table:
    values_of: dict[str, Sequence[Label]] = {"images": IMAGES, "steps": STEPS, "objective": OBJECTIVES}
    values = values_of[factor]
    rows = []
    for value in values:
        own = where(records, **{factor: value})
        if own:
            rows.append({_WORDS[factor]: f"{value:,}" if isinstance(value, int) else str(value), **_cells(own)})
    return Table(rows, f"The match against {_WORDS[factor]}, all else at the primary setting")


def _cells(own: Sequence[StudyRecord]) -> dict[str, str]:
    return {
        "sliced W₂": _distance(own),
        "D₂ at noise 0.3, nats": f"{_mean(own, 'd2_fine'):.2f}",
        "5-NN accuracy": f"{_mean(own, 'knn'):.3f}",
        "linear accuracy": f"{_mean(own, 'linear'):.3f}",
        _REJECTS: _rejected(own),
        "seeds": str(len(own)),
    }


def _noise_and_batch(records: Sequence[StudyRecord]) -> Table:
    crossed = [r for r in records if all(r.labels[name] == PRIMARY[name] for name in ("images", "steps", "objective"))]
    rows, dim = [], _config().dim
    for batch, sigma in sorted({(int(r.labels["batch"]), float(r.labels["sigma"])) for r in crossed}):
        own = where(records, batch=batch, sigma=sigma)
        capacity = dim / 2 * np.log1p(sigma**-2)
        seen = "yes" if capacity <= visible_capacity(dim, batch) else "no"
        rows.append(
            {
                "batch": f"{batch:,}",
                "σ": f"{sigma:g}",
                "capacity, nats": f"{capacity:.1f}",
                "seen by the batch": seen,
                **_cells(own),
            }
        )
    return Table(
        rows, "The match against noise and batch; a batch sees capacities up to log B + (d/2) log 2 − 0.35 nats"
    )


def _answer(records: Sequence[StudyRecord]) -> tuple[Verdict, Statement]:
    found = matching_verdict(records)
    budget = f"MNIST, d = {_config().dim}, {found.seeds} seeds, {PRIMARY['steps']:,} steps"
    claim = f"The match on unseen images improves from {IMAGES[0]:,} to {IMAGES[-1]:,} training images"
    question = "What does a match need?"
    if found.few is None or found.many is None:
        words = "fewer than two seeds"
        return Verdict(question, "not decided", words), Statement(
            claim, "undecided", words, budget, "more seeds", rank=6
        )
    ends = [_interval_words(own) for own in (found.few, found.many)]
    smaller = "is decided to be" if found.status == "supported" else "is not decided to be"
    words = f"sliced W₂ on unseen images {smaller} smaller with all training images than with the fewest"
    if found.rejecting:
        rows = f"at n = {', '.join(f'{n:,}' for n in found.rejecting)}"
        if found.rejecting == ASSESSED_ROWS:
            rows = "at every number of test images that was tried"
        words += f"; at the primary setting the battery rejects every seed {rows}"
    numbers = [
        {
            "training images": f"{n:,}",
            "sliced W₂ [95%]": _interval_words(own),
            "seeds": str(own.n),
            _REJECTS: _rejected(where(records, images=n)),
        }
        for n, own in ((IMAGES[0], found.few), (IMAGES[-1], found.many))
    ]
    needs = "" if found.status == "supported" else "more seeds"
    statement = Statement(claim, found.status, f"sliced W₂ {ends[0]} to {ends[1]}", budget, needs, rank=6)
    answer = "training images first" if found.status == "supported" else "not decided"
    return Verdict(question, answer, words, numbers=numbers), statement
