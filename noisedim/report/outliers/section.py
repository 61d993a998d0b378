"""Outliers in words: detection by the norm, its false alarms, and what other detectors do."""

from collections.abc import Sequence

from noisedim.document.content import Block, Notice, Pictures, Section, Statement, Status, Table, Text, Verdict, draw
from noisedim.document.words import bracketed, count_words, mean_and_half_width
from noisedim.downstream.outliers import DETECTOR_WORDS
from noisedim.report.benchmarks import COMMAND, answers
from noisedim.report.outliers.figures import roc_figure
from noisedim.report.outliers.records import PIXELS, OutlierVariant
from noisedim.report.outliers.verdicts import (
    DetectorChoice,
    NormDetection,
    false_alarm_rate,
    false_alarms,
    fitted_detectors,
    norm_detection,
)
from noisedim.report.study import Sources, untested

__all__ = ["best_detector_verdict", "false_alarm_verdict", "norm_verdict", "outliers_section"]

_TITLE = "Other uses: outliers"
_STATEMENT = "The embedding's norm finds images of an unseen class"
_NORM_WORDS = {"norm": "‖f(x)‖ under the prior", "norm_both": "the same, small norms count, too"}
_TASK_WORDS = {
    "class": "a class left out",
    "noise": "uniform noise",
    "shuffled": "pixels shuffled",
    "inverted": "grey levels inverted",
}
_NOT_MEASURED = ("not measured", "the runs are not there")


def norm_verdict(variants: Sequence[OutlierVariant]) -> Verdict:
    """Whether the norm finds the class left out, in words."""
    question = "Does ‖f(x)‖ under the known prior find images of a class that was never seen?"
    found = norm_detection(variants)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    answer = {
        "all above": "yes",
        "some above": "in part",
        "all below": "no",
        "some below": f"no in {found.below} of {len(found.variants)}, else not decided",
        "undecided": "not decided",
    }[found.outcome]
    numbers = [
        {
            "embedding": own.variant.words,
            "AUROC [95%]": bracketed(own.auroc),
            "mean ‖z‖²/d, unseen class": f"{own.mean_square_outliers:.2f}",
            "mean ‖z‖²/d, usual images": f"{own.mean_square_usual:.2f}",
        }
        for own in found.variants
    ]
    words = (
        f"the mean AUROC over {found.variants[0].auroc.n} classes, each left out once, is decided to be above ½ for "
        f"{count_words(found.above, len(found.variants), 'embeddings')} and below ½ for {found.below or 'none'}"
    )
    if found.below:
        words += ". Below it, images of a class that the encoder has not seen lie nearer to the centre than usual ones"
    return Verdict(question, answer, words, numbers=numbers)


_ALARM_WORDS = {
    "more": "at some level, p at or below it is decided to be more frequent than the level says",
    "fewer": "at some level, p at or below it is decided to be rarer than the level says, and at none more frequent",
    "no difference seen": "at no level is p at or below it decided to be rarer or more frequent than the level says",
}


def false_alarm_verdict(variants: Sequence[OutlierVariant]) -> Verdict:
    """Whether usual images have p ≤ level as often as the level says, in words."""
    question = "Are the norm's false alarms as frequent as its level says, with nothing fitted?"
    found = false_alarms(variants)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    rejected = ", ".join(f"{count} of {runs} runs ({variant.words})" for variant, count, runs in found.rejected)
    return Verdict(
        question,
        {"more": "no"}.get(found.outcome, found.outcome),
        f"{_ALARM_WORDS[found.outcome]}, among held-out images of usual classes, by t-intervals over the classes left out. The "
        f"rate is exact as far as usual images follow the prior; the battery rejects that for them in {rejected}",
        numbers=[
            {"embedding": own.variant.words, "level": f"{own.level:g}", "rate [95%]": bracketed(own.rate, least=0)}
            for own in found.rates
        ],
    )


def best_detector_verdict(variants: Sequence[OutlierVariant]) -> Verdict:
    """Whether fitted detectors are better than the norm, in words."""
    question = "Do detectors fitted to the same embedding find them better, and those that see pixels?"
    found = fitted_detectors(variants)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    better = sum(choice.against_norm.sign() > 0 for choice in found.choices)
    return Verdict(
        question,
        {"all better": "yes", "some better": "in part", "undecided": "not decided"}[found.outcome],
        "the best detector fitted to the embedding is decided to have a larger AUROC than the norm for "
        f"{count_words(better, len(found.choices), 'embeddings')}, paired by class left out, at 5% after Holm; the table has "
        "the pixels, too",
        numbers=[row for choice in found.choices for row in _choice_rows(choice)],
    )


def _choice_rows(choice: DetectorChoice) -> list[dict[str, str]]:
    compared = [(f"{DETECTOR_WORDS[choice.detector]} minus the norm", choice.against_norm, ("better", "worse"))]
    if choice.pixels_against_neighbours is not None:
        said = ("pixels are better", "the embedding is better")
        compared.append(("neighbours among pixels minus among its embeddings", choice.pixels_against_neighbours, said))
    return [
        {
            "embedding": choice.variant.words,
            "compared": words,
            "difference in AUROC [95%]": bracketed(own.interval, signed=True),
            "decided": {1: above, -1: below, 0: "not decided"}[own.sign()],
        }
        for words, own, (above, below) in compared
    ]


def _table(variants: Sequence[OutlierVariant]) -> Table:
    tasks = list(dict.fromkeys(task for own in variants for record in own.records for task in record.auroc))
    rows = []
    for variant in variants:
        detectors = list(variant.records[0].auroc["class"]) if variant.records else []
        for detector in detectors:
            cells = {"rows": variant.words, "detector": {**_NORM_WORDS, **DETECTOR_WORDS}[detector]}
            for task in tasks:
                values = [record.auroc[task][detector][0] for record in variant.records if task in record.auroc]
                cells[_TASK_WORDS.get(task, task)] = mean_and_half_width(values) if len(values) > 1 else "–"
            rows.append(cells)
    return Table(rows, "Area under the ROC curve by rows and detector; mean ± half of the 95% interval over runs")


def _alarm_table(variants: Sequence[OutlierVariant]) -> Table:
    rows = []
    for variant in variants:
        if not variant.nominal or len(variant.records) < 2:
            continue
        for name, words in (
            ("far", _NORM_WORDS["norm"]),
            ("both", _NORM_WORDS["norm_both"]),
            ("mahalanobis", "fitted normal law (Mahalanobis)"),
        ):
            found = [false_alarm_rate(variant, name, i) for i in range(len(variant.nominal))]
            rates = {f"at {own.level:g}": bracketed(own.rate, least=0) for own in found}
            rows.append({"rows": variant.words, "p-values by": words, **rates})
    return Table(rows, "Share of inliers called outliers, by nominal level, with 95% intervals")


def _curves(variants: Sequence[OutlierVariant]) -> dict[str, list[list[float]]]:
    matched = [variant for variant in variants if variant.is_matched]
    curves = {f"norm, {own.words}": [record.roc["norm"] for record in own.records] for own in matched}
    widest = max(matched, key=lambda own: own.dim or 0)
    curves[f"5th neighbour, {widest.words}"] = [record.roc["knn"] for record in widest.records]
    for variant in variants:
        if variant.variant == PIXELS:
            curves["5th neighbour, pixels"] = [record.roc["knn"] for record in variant.records]
    return curves


def _measured_blocks(data: str, variants: Sequence[OutlierVariant]) -> list[Block]:
    first = next(variant for variant in variants if variant.is_matched)
    lacking = {reason for own in variants for record in own.records for reason in record.absent.values()}
    lengths = ", ".join(f"{own.words}: {own.steps:,} steps" for own in variants if own.steps is not None)
    picture = draw(
        f"outliers-{data}",
        roc_figure(first.grid, _curves(variants)),
        alt="ROC curves of detectors of a class that was left out of training",
        caption=f"{data}: detection of the class left out, means over {len(first.records)} classes with pointwise "
        "95% t-intervals. Below the dashed line: worse than chance.",
    )
    return [
        *(Text(f"Not measured: {reason}") for reason in sorted(lacking)),
        Text(f"{data}; {lengths}, batches of {first.batch_size}. AUROC by detector and task:"),
        Pictures([picture]),
        _table(variants),
        Text(
            "Share of usual images with p at or below the level, with 95% t-intervals over the classes left out (where "
            "no image has, the exact interval of one class's images):"
        ),
        _alarm_table(variants),
    ]


def outliers_section(sources: Sources) -> Section:
    """ROC curves, AUROC by detector and task, and false alarms at their nominal level."""
    by_data: dict[str, list[OutlierVariant]] = {}
    for variant in answers(sources.results, "outliers", OutlierVariant):
        by_data.setdefault(variant.data, []).append(variant)
    if not by_data:
        return untested(_TITLE, COMMAND, {_STATEMENT: 82})
    verdicts: list[Verdict] = []
    blocks: list[Block] = [
        Text(
            "If the embedding of usual images follows N(0, I), then p = P(χ² ≥ ‖f(x)‖²) is uniform for them: a detector "
            "whose rate of false alarms is known in advance, with nothing fitted. Whether it finds anything is another "
            "question. Each class in turn is left out of training; outliers are its images, usual ones are held-out images "
            "of the other classes. The norm is compared with detectors fitted to the embeddings of the training images, and "
            "to their pixels. Noise, shuffled and inverted images are controls. ± is half of a 95% t-interval over the "
            "classes left out, each with an encoder of its own; the usual images overlap between them."
        )
    ]
    for data, variants in by_data.items():
        verdicts += [norm_verdict(variants), false_alarm_verdict(variants), best_detector_verdict(variants)]
        blocks += [
            Notice(f"{own.words}, class {failure.seed} failed: {failure.error}")
            for own in variants
            for failure in own.failed
        ]
        if any(variant.is_matched for variant in variants):
            blocks += _measured_blocks(data, variants)
    found = [(data, norm_detection(variants)) for data, variants in by_data.items()]
    statements = [_statement(data, own) for data, own in found if own is not None]
    return Section(_TITLE, verdicts, blocks, statements=statements)


def _statement(data: str, found: NormDetection) -> Statement:
    statuses: dict[str, Status] = {"all above": "supported", "some above": "only when", "all below": "contradicted"}
    status = statuses.get(found.outcome, "contradicted" if found.below else "undecided")
    effect = "AUROC " + "; ".join(f"{own.variant.words} {bracketed(own.auroc, digits=2)}" for own in found.variants)
    return Statement(_STATEMENT, status, effect, f"{data}, {found.variants[0].auroc.n} classes", rank=82)
