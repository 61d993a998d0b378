"""Other uses: are images of a class that was never seen found by the norm of their embedding, and by what else?"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from noisedim.document.content import Block, Notice, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import mean_and_half_width
from noisedim.downstream.outliers import DETECTOR_WORDS
from noisedim.report.benchmarks import absent, entries
from noisedim.report.study import Sources
from noisedim.report.use_figures import roc_figure
from noisedim.statistics.intervals import Interval, clopper_pearson, student_t
from noisedim.statistics.ranking import paired_differences

__all__ = ["best_detector_verdict", "false_alarm_verdict", "norm_verdict", "outliers_section"]

_TITLE = "Other uses: outliers"
_NORM_WORDS = {"norm": "‖f(x)‖ under the prior", "norm_both": "the same, small norms count, too"}
_TASK_WORDS = {
    "class": "a class left out",
    "noise": "uniform noise",
    "shuffled": "pixels shuffled",
    "inverted": "grey levels inverted",
}
_PIXELS = "pixels"


def _areas(info: Mapping[str, Any], detector: str, task: str = "class") -> dict[int, float]:
    """AUROC by class left out."""
    return {record["class"]: record["auroc"][task][detector][0] for record in info["records"]}


def _matched(infos: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Variants that were trained to follow the prior."""
    return [info for info in infos if info["variant"].startswith("dual") and len(info["records"]) > 1]


def _words(interval: Interval, *, least: float = -math.inf) -> str:
    return f"{interval.estimate:.3f} [{max(least, interval.lower):.3f}, {interval.upper:.3f}]"


def norm_verdict(infos: Sequence[Mapping[str, Any]]) -> Verdict:
    """Whether the norm tells the class that was left out from usual images better than chance does."""
    question = "Does ‖f(x)‖ under the known prior find images of a class that was never seen?"
    matched = _matched(infos)
    if not matched:
        return Verdict(question, "not measured", "the runs are not there")
    found = [student_t(list(_areas(info, "norm").values())) for info in matched]
    above = sum(interval.lower > 0.5 for interval in found)
    below = sum(interval.upper < 0.5 for interval in found)
    if above:
        answer = "yes" if above == len(found) else "in part"
    elif below:
        answer = "no" if below == len(found) else f"no in {below} of {len(found)}, else not decided"
    else:
        answer = "not decided"
    words = []
    for info, interval in zip(matched, found, strict=True):
        square = {
            task: student_t([record["mean_square"][task] for record in info["records"]]).estimate
            for task in ("usual", "class")
        }
        words.append(
            f"{info['words']}: {_words(interval)}, mean ‖z‖²/d {square['class']:.2f} against {square['usual']:.2f} of "
            "usual images"
        )
    text = f"AUROC, mean over {found[0].n} classes that each in turn never trained, with 95% t-intervals; {'; '.join(words)}"
    if any(interval.upper < 0.5 for interval in found):
        text += ". Below ½: what the encoder has not seen lands nearer to the centre than what it has"
    return Verdict(question, answer, text)


def _rates(info: Mapping[str, Any], name: str, level: int) -> Interval:
    counts = [record["false_alarms"][name][level] for record in info["records"]]
    if not any(counts):
        # No scatter between classes is no certainty; usual images overlap between them, so one class's count.
        return clopper_pearson(0, min(record["n"] for record in info["records"]))
    return student_t([count / record["n"] for count, record in zip(counts, info["records"], strict=True)])


def false_alarm_verdict(infos: Sequence[Mapping[str, Any]]) -> Verdict:
    """Whether usual images have p ≤ level as often as the level says, with nothing fitted."""
    question = "Are the norm's false alarms as frequent as its level says, with nothing fitted?"
    matched = _matched(infos)
    if not matched:
        return Verdict(question, "not measured", "the runs are not there")
    words, signs = [], []
    for info in matched:
        for i, level in enumerate(info["nominal"]):
            rate = _rates(info, "far", i)
            signs.append(int(rate.lower > level) - int(rate.upper < level))
            words.append(f"{info['words']}, {level:g}: {_words(rate, least=0)}")
    answer = "no" if max(signs) > 0 else "fewer" if any(signs) else "no difference seen"
    rejected = ", ".join(
        f"{sum(record['rejected'] for record in info['records'])} of {len(info['records'])} runs ({info['words']})"
        for info in matched
    )
    return Verdict(
        question,
        answer,
        "share of held-out images of usual classes with p at or below the level, mean over classes left out with 95% "
        f"t-intervals; {'; '.join(words)}. Exact as far as usual images follow the prior; the battery rejects that for "
        f"them in {rejected}",
    )


def best_detector_verdict(infos: Sequence[Mapping[str, Any]]) -> Verdict:
    """Whether a detector that is fitted to the same embedding, or to pixels, finds the class left out better."""
    question = "Do detectors fitted to the same embedding find them better, and those that see pixels?"
    matched = _matched(infos)
    pixels = next((info for info in infos if info["variant"] == _PIXELS), None)
    if not matched:
        return Verdict(question, "not measured", "the runs are not there")
    values: dict[str, dict[int, float]] = {}
    pairs = []
    for info in matched:
        for detector in ("norm", *DETECTOR_WORDS):
            values[f"{detector} of {info['variant']}"] = _areas(info, detector)
        pairs += [(f"{detector} of {info['variant']}", f"norm of {info['variant']}") for detector in DETECTOR_WORDS]
        if pixels is not None:
            values[_PIXELS] = _areas(pixels, "knn")
            pairs.append((_PIXELS, f"knn of {info['variant']}"))
    found = dict(zip(pairs, paired_differences(values, pairs), strict=True))
    words, better = [], 0
    for info in matched:
        own = {
            detector: found[f"{detector} of {info['variant']}", f"norm of {info['variant']}"]
            for detector in DETECTOR_WORDS
        }
        best = max(own, key=lambda name, own=own: own[name].interval.estimate)  # type: ignore[misc]
        decided = own[best].adjusted_p_value <= 0.05 and own[best].interval.estimate > 0
        better += decided
        words.append(
            f"{info['words']}, {DETECTOR_WORDS[best]} minus the norm: {_words(own[best].interval)}, "
            + ("better" if decided else "not decided")
        )
        if pixels is not None:
            difference = found[_PIXELS, f"knn of {info['variant']}"]
            said = "not decided"
            if difference.adjusted_p_value <= 0.05:
                said = "pixels are better" if difference.interval.estimate > 0 else "the embedding is better"
            words.append(f"neighbours among pixels minus among its embeddings: {_words(difference.interval)}, {said}")
    answer = "yes" if better == len(matched) else "in part" if better else "not decided"
    return Verdict(
        question,
        answer,
        f"AUROC, differences paired by class left out, decided at 5% after Holm over {len(pairs)}; {'; '.join(words)}",
    )


def _table(infos: Sequence[Mapping[str, Any]]) -> Table:
    tasks = list(dict.fromkeys(task for info in infos for record in info["records"] for task in record["auroc"]))
    rows = []
    for info in infos:
        detectors = list(info["records"][0]["auroc"]["class"]) if info["records"] else []
        for detector in detectors:
            cells = {"rows": info["words"], "detector": {**_NORM_WORDS, **DETECTOR_WORDS}[detector]}
            for task in tasks:
                values = [r["auroc"][task][detector][0] for r in info["records"] if task in r["auroc"]]
                cells[_TASK_WORDS.get(task, task)] = mean_and_half_width(values) if len(values) > 1 else "–"
            rows.append(cells)
    return Table(rows)


def _alarm_table(infos: Sequence[Mapping[str, Any]]) -> Table:
    rows = []
    for info in infos:
        if "nominal" not in info or len(info["records"]) < 2:
            continue
        for name, words in (
            ("far", _NORM_WORDS["norm"]),
            ("both", _NORM_WORDS["norm_both"]),
            ("mahalanobis", "fitted normal law (Mahalanobis)"),
        ):
            rates = {f"at {level:g}": _words(_rates(info, name, i), least=0) for i, level in enumerate(info["nominal"])}
            rows.append({"rows": info["words"], "p-values by": words, **rates})
    return Table(rows)


def _lengths(infos: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{info['words']}: {info['steps']:,} steps" for info in infos if "steps" in info)


def _curves(infos: Sequence[Mapping[str, Any]]) -> dict[str, list[list[float]]]:
    curves = {
        f"norm, {info['words']}": [record["roc"]["norm"] for record in info["records"]] for info in _matched(infos)
    }
    widest = max(_matched(infos), key=lambda info: info["dim"])
    curves[f"5th neighbour, {widest['words']}"] = [record["roc"]["knn"] for record in widest["records"]]
    for info in infos:
        if info["variant"] == _PIXELS:
            curves["5th neighbour, pixels"] = [record["roc"]["knn"] for record in info["records"]]
    return curves


def outliers_section(sources: Sources) -> Section:
    """ROC curves, AUROC by detector and task, and false alarms at their nominal level."""
    by_data: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries(sources.results, "outliers"):
        by_data.setdefault(entry["extra_info"]["data"], []).append(entry["extra_info"])
    if not by_data:
        return absent(_TITLE, ["benchmarks/test_uses.py"])
    verdicts: list[Verdict] = []
    blocks: list[Block] = [
        Text(
            "If the embedding of usual images follows N(0, I), then p = P(χ² ≥ ‖f(x)‖²) is uniform for them: a detector "
            "whose false alarms are known beforehand, with nothing fitted. Whether it finds anything is another question. "
            "Each class in turn is left out of training; outliers are its images, usual ones are held-out images of the "
            "other classes. Beside it: detectors fitted to the embeddings of the training images, and to their pixels. "
            "Noise, shuffled and inverted images are controls. ± is half of a 95% "
            "t-interval over the classes left out, each with an encoder of its own; the usual images overlap between them."
        )
    ]
    for data, infos in by_data.items():
        verdicts += [norm_verdict(infos), false_alarm_verdict(infos), best_detector_verdict(infos)]
        blocks += [
            Notice(f"{info['words']}, class {failure['seed']} failed: {failure['error']}")
            for info in infos
            for failure in info["failed"]
        ]
        if not _matched(infos):
            continue
        lacking = {reason for info in infos for record in info["records"] for reason in record["absent"].values()}
        blocks += [Text(f"Not measured: {reason}") for reason in sorted(lacking)]
        first = _matched(infos)[0]
        picture = draw(
            f"outliers-{data}",
            roc_figure(first["false_alarm_grid"], _curves(infos)),
            alt="ROC curves of detectors of a class that was left out of training",
            caption=f"{data}: detection of the class left out, means over {len(first['records'])} classes with pointwise "
            "95% t-intervals. Below the dashed line: worse than chance.",
        )
        blocks += [
            Text(f"{data}; {_lengths(infos)}, batches of {first['batch_size']}. AUROC by detector and task:"),
            Pictures([picture]),
            _table(infos),
            Text(
                "Share of usual images with p at or below the level, with 95% t-intervals over the classes left out (where "
                "there is none at all, the exact interval of one class's images):"
            ),
            _alarm_table(infos),
        ]
    return Section(_TITLE, verdicts, blocks)
