"""What a match needs, in tables: one factor at a time around the primary setting, and noise crossed with batch."""

from collections.abc import Sequence

import numpy as np

from noisedim.document.content import Block, Notice, Pictures, Section, Statement, Table, Text, Verdict
from noisedim.report.matching.figures import matching_picture
from noisedim.report.matching.plan import IMAGES, OBJECTIVES, STEPS, STUDY
from noisedim.report.study import Sources
from noisedim.runs.long_study import StudyRecord, read_study
from noisedim.runs.trained_scores import ASSESSED_ROWS
from noisedim.statistics.equivalence import CrossedMean, crossed_mean
from noisedim.theory.dual_batch import visible_capacity

__all__ = ["PRIMARY", "matching_section", "squared_distance"]

_TITLE = "What a match needs: images, steps, noise, batch"
PRIMARY = {"images": IMAGES[-1], "steps": 1000, "objective": "adaptive-dual", "sigma": 1.0, "batch": 256}
_ALPHA = 0.05
_WORDS = {"images": "training images", "steps": "steps", "objective": "objective"}


def matching_section(sources: Sources) -> Section:
    """What the file of ``noisedim study matching`` holds."""
    path = sources.results / STUDY.file_name("mnist")
    if not path.is_file():
        command = STUDY.command("mnist")
        return Section(_TITLE, [], [Notice(f"Not measured yet: `{command}` makes what it reads.")])
    file = read_study(path)
    records = file.records
    verdict, statement = _answer(records)
    text = Text(
        "MNIST at 12×12, d = 8, affine views, 5e-3 with cosine; the primary setting is the adaptive dual with σ = 1, 60,000 "
        "images, 1,000 steps of 256. Sliced W₂ is debiased, on 10,000 test images, with an interval over seeds and images. "
        f"Made by `{file.command}`."
    )
    blocks: list[Block] = [text, Pictures([matching_picture(records)])]
    blocks += [_factor(records, factor) for factor in ("images", "steps", "objective")]
    blocks.append(_noise_and_batch(records))
    return Section(
        _TITLE, [verdict], blocks, [statement], f"{verdict.question} {verdict.words[0].upper()}{verdict.words[1:]}."
    )


def _where(records: Sequence[StudyRecord], **changed: object) -> list[StudyRecord]:
    wanted = {**PRIMARY, **changed}
    return [record for record in records if record.labels == wanted]


def squared_distance(records: Sequence[StudyRecord]) -> CrossedMean | None:
    """Squared sliced W₂ over seeds and blocks of test images; None with fewer than two seeds."""
    if len(records) < 2:
        return None
    values = np.array([record.values["sliced_w2_squared"] for record in records])
    return crossed_mean(values.mean(1), values)


def _distance(records: Sequence[StudyRecord]) -> str:
    own = squared_distance(records)
    if own is None:
        return f"{_root(float(np.mean(records[0].values['sliced_w2_squared']))):.3f}"
    ends = own.interval()
    return f"{_root(ends.estimate):.3f} [{_root(ends.lower):.3f}, {_root(ends.upper):.3f}]"


def _root(square: float) -> float:
    return float(np.sqrt(max(0.0, square)))


def _mean(records: Sequence[StudyRecord], score: str) -> float:
    return float(np.mean([record.values[score] for record in records]))


def _rejected(records: Sequence[StudyRecord]) -> str:
    """At how many rows the battery rejects, of how many seeds."""
    parts = [(rows, [r.whole[f"p_{rows}"] for r in records if f"p_{rows}" in r.whole]) for rows in ASSESSED_ROWS]
    return ", ".join(f"{sum(p <= _ALPHA for p in found)}/{len(found)} at {rows:,}" for rows, found in parts if found)


def _factor(records: Sequence[StudyRecord], factor: str) -> Table:
    values: Sequence[object] = {"images": IMAGES, "steps": STEPS, "objective": OBJECTIVES}[factor]
    rows = []
    for value in values:
        own = _where(records, **{factor: value})
        if own:
            rows.append({_WORDS[factor]: f"{value:,}" if isinstance(value, int) else str(value), **_cells(own)})
    return Table(rows, f"The match against {_WORDS[factor]}, all else at the primary setting")


def _cells(own: Sequence[StudyRecord]) -> dict[str, str]:
    return {
        "sliced W₂": _distance(own),
        "D₂ at noise 0.3, nats": f"{_mean(own, 'd2_fine'):.2f}",
        "5-NN accuracy": f"{_mean(own, 'knn'):.3f}",
        "linear accuracy": f"{_mean(own, 'linear'):.3f}",
        "battery rejects, of seeds, at n": _rejected(own),
        "seeds": str(len(own)),
    }


def _noise_and_batch(records: Sequence[StudyRecord]) -> Table:
    crossed = [r for r in records if all(r.labels[name] == PRIMARY[name] for name in ("images", "steps", "objective"))]
    rows = []
    for batch, sigma in sorted({(int(r.labels["batch"]), float(r.labels["sigma"])) for r in crossed}):
        own = _where(records, batch=batch, sigma=sigma)
        capacity = 4 * np.log1p(sigma**-2)
        seen = "yes" if capacity <= visible_capacity(8, batch) else "no"
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
    few, many = (squared_distance(_where(records, images=n)) for n in (IMAGES[0], IMAGES[-1]))
    budget = f"MNIST, d = 8, {len(_where(records))} seeds, 1,000 steps"
    claim = f"The match on unseen images improves from {IMAGES[0]:,} to {IMAGES[-1]:,} training images"
    question = "What does a match need?"
    if few is None or many is None:
        return Verdict(question, "not decided", "fewer than two seeds"), Statement(
            claim, "undecided", "", budget, "more seeds", rank=6
        )
    ends = [f"{_root(own.estimate):.3f}" for own in (few, many)]
    words = f"sliced W₂ falls from {ends[0]} with {IMAGES[0]:,} training images to {ends[1]} with {IMAGES[-1]:,}"
    apart = few.interval().lower > many.interval().upper
    first = _where(records)[0].whole
    rejecting = [f"{rows:,}" for rows in ASSESSED_ROWS if first.get(f"p_{rows}", 1.0) <= _ALPHA]
    words += f"; at the primary setting the battery still rejects at n = {', '.join(rejecting)}" if rejecting else ""
    statement = Statement(
        claim, "supported" if apart else "undecided", words, budget, "" if apart else "more seeds", rank=6
    )
    return Verdict(question, "training images first" if apart else "not decided", words), statement
