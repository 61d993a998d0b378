"""Which method for which accuracy, in words: a figure, a sentence, a table per dimension."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from noisedim.document.content import (
    Block,
    Forest,
    ForestPanel,
    ForestRow,
    Notice,
    Pictures,
    Section,
    Statement,
    Status,
    Table,
    Text,
    Verdict,
)
from noisedim.report.methods.figures import curves_picture
from noisedim.report.methods.plan import CONTESTANTS, LEVELS, REFERENCE, STUDY
from noisedim.report.methods.verdicts import (
    ALPHA,
    Comparison,
    Curve,
    best_accuracy,
    compare_curves,
    curves_of,
    distance_at,
)
from noisedim.report.study import Sources
from noisedim.runs.long_study import StudyFile, read_study
from noisedim.statistics.equivalence import CrossedMean

__all__ = ["Leader", "leader_at", "methods_section"]

_TITLE = "Which method matches best at the accuracy one needs"
_PRIMARY = 8
# In the forest of the index: one line per kind of method.
_SHOWN = ("adaptive-dual", "dual", "sigreg", "vae", "wae-mmd", "swae", "infomax-flow", "vicreg")
_RIVALS = ("vae", "wae-mmd", "swae", "sigreg", "sliced-sigreg", "infomax-flow")
_GROUPS = {"worse": "worse than", "better": "better than", "undecided": "undecided with", "equivalent": "equivalent to"}


@dataclass(frozen=True)
class Leader:
    """The method that matches best at an accuracy.

    Attributes:
        method: its name.
        wanted: the accuracy.
        distance: log of its sliced W₂ there.
        dial: the value of its dial next to that place.
    """

    method: str
    wanted: float
    distance: CrossedMean
    dial: float

    @property
    def words(self) -> str:
        """The method, its setting and its distance."""
        own = CONTESTANTS[self.method]
        setting = "" if own.dial == "none" else f" ({'σ' if own.dial == 'σ' else 'strength'} near {self.dial:g})"
        ends = self.distance.interval()
        return (
            f"{own.words}{setting}, sliced W₂ {exp(ends.estimate):.3f} [{exp(ends.lower):.3f}, {exp(ends.upper):.3f}]"
        )


def leader_at(curves: Mapping[str, Curve], wanted: float, *, noise_injection: bool = False) -> Leader | None:
    """The method with the least distance at an accuracy of ``wanted``; only among forms of noise injection if asked."""
    found = []
    for method, curve in curves.items():
        if noise_injection and CONTESTANTS[method].family != "noise injection":
            continue
        distance = distance_at(curve, wanted)
        if distance is not None:
            reached = np.flatnonzero(curve.accuracy.mean((1, 2)) >= wanted)
            best = reached[curve.squared.mean((1, 2))[reached].argmin()]
            found.append(Leader(method, wanted, distance, curve.dial[best]))
    return min(found, key=lambda own: own.distance.estimate) if found else None


def methods_section(sources: Sources) -> Section:
    """What the files of ``noisedim study methods`` hold; says how to make them if there is none."""
    files = {profile: sources.results / STUDY.file_name(profile) for profile in STUDY.cells if profile != "smoke"}
    there = {profile: read_study(path) for profile, path in files.items() if path.is_file()}
    if not there:
        command = STUDY.command("mnist")
        statement = Statement(_claim(_PRIMARY), "not tested", "", "", f"`{command}`", rank=1)
        return Section(_TITLE, [], [Notice(f"Not measured yet: `{command}` makes what it reads.")], [statement])
    verdicts: list[Verdict] = []
    statements: list[Statement] = []
    blocks: list[Block] = [Text(_protocol(next(iter(there.values()))))]
    finding = ""
    for file in there.values():
        for dim in sorted({int(record.labels["dim"]) for record in file.records}):
            curves = curves_of(file.records, dim=dim)
            if REFERENCE not in curves or len(curves) < 2:
                blocks.append(Notice(f"d = {dim}: no complete seed yet; `{file.command}` continues."))
                continue
            comparisons = compare_curves(curves, REFERENCE, wanted=LEVELS[dim])
            answer = _answer(dim, curves)
            verdicts.append(
                Verdict(f"Which method for d = {dim} and 5-NN accuracy of {_headline(dim):g} or more?", *answer)
            )
            if dim == _PRIMARY:
                finding = _finding(dim, curves)
                statements = _statements(dim, curves, comparisons, file)
            by_probe = {"knn": curves, "linear": curves_of(file.records, dim=dim, probe="linear")}
            if dim == _PRIMARY:
                blocks.append(_forest(dim, curves))
            blocks += [
                Pictures([curves_picture(dim, by_probe)]),
                _levels(dim, curves, by_probe["linear"]),
                _comparisons(dim, comparisons),
            ]
    return Section(_TITLE, verdicts, blocks, statements, finding)


def _headline(dim: int) -> float:
    return LEVELS[dim][1]


def _claim(dim: int) -> str:
    return f"The adaptive dual matches the prior better than its rivals at equal accuracy (d = {dim})"


def _protocol(file: StudyFile) -> str:
    return (
        f"MNIST, all 60,000 training images at 12×12 pixels, a perceptron, 1,000 steps of 256 images, judged on the 10,000 "
        "test images. Every method turns its own dial (noise level, or the strength of its penalty), and its curve is "
        "compared at equal accuracy by interpolation; errors hold the choice of seeds and of test images. The protocol "
        f"(noisedim/report/methods/plan.py) was committed before these runs. Made by `{file.command}`."
    )


def _answer(dim: int, curves: Mapping[str, Curve]) -> tuple[str, str]:
    best = leader_at(curves, _headline(dim))
    if best is None:
        most = max(curves.values(), key=lambda own: float(own.accuracy.mean((1, 2)).max()))
        top = float(most.accuracy.mean((1, 2)).max())
        return (
            "none",
            f"no method comes up to it in {dim} dimensions; the most is {top:.3f} ({CONTESTANTS[most.method].words})",
        )
    own = CONTESTANTS[best.method].words
    ours = leader_at(curves, _headline(dim), noise_injection=True)
    rest = "no form of noise injection comes up to it"
    if ours is not None:
        rest = (
            "which is noise injection"
            if ours.method == best.method
            else f"the best form of noise injection is {ours.words}"
        )
    return own, f"{best.words}; {rest}"


def _finding(dim: int, curves: Mapping[str, Curve]) -> str:
    level = _headline(dim)
    best, ours = leader_at(curves, level), leader_at(curves, level, noise_injection=True)
    if best is None:
        return ""
    said = f"On MNIST at d = {dim} and 5-NN accuracy {level:g}, the closest to the prior is the {best.words}"
    return f"{said}, against the {ours.words}." if ours is not None and ours.method != best.method else f"{said}."


def _statements(
    dim: int, curves: Mapping[str, Curve], comparisons: Sequence[Comparison], file: StudyFile
) -> list[Statement]:
    """One statement for all rivals together at the headline level, and one for accuracy."""
    own = [each for each in comparisons if each.method in _RIVALS and each.wanted == _headline(dim)]
    missing = len(set(_RIVALS)) - len(own)
    seeds = len(curves[REFERENCE].seeds)
    budget = f"MNIST, {seeds} seeds, 10,000 test images, 1,000 steps"
    if missing:
        return [Statement(_claim(dim), "not tested", "", budget, f"`{file.command}`", rank=1)]
    open_ones = [each for each in own if each.decision == "undecided"]
    is_worse = any(each.decision == "worse" for each in own)
    alike = [each for each in own if each.decision == "equivalent"]
    status: Status = "contradicted" if is_worse else "undecided" if open_ones else "only when" if alike else "supported"
    groups = [(decision, words, [e for e in own if e.decision == decision]) for decision, words in _GROUPS.items()]
    effect = f"sliced W₂ at accuracy {_headline(dim):g}: " + "; ".join(
        # Numbers where they are closest; the table has the others.
        f"{words} {', '.join(_ratio_words(e, len(comparisons)) if decision != 'better' else _name(e) for e in group)}"
        for decision, words, group in groups
        if group
    )
    needs = ""
    if open_ones:
        seeds_needed = [each.needed for each in open_ones]
        needs = (
            f"{max(own for own in seeds_needed if own is not None)} seeds"
            if any(own is not None for own in seeds_needed)
            else "more test images"
        )
    return [Statement(_claim(dim), status, effect, budget, needs, rank=1)]


def _name(own: Comparison) -> str:
    return CONTESTANTS[own.method].words


def _ratio_words(own: Comparison, count: int) -> str:
    ratio = own.ratio(comparisons=count)
    if ratio is None:
        return f"{CONTESTANTS[own.method].words} ({'does not' if own.decision == 'better' else 'may not'} reach it)"
    return f"{CONTESTANTS[own.method].words} × {ratio.estimate:.2f} [{ratio.lower:.2f}, {ratio.upper:.2f}]"


def _forest(dim: int, curves: Mapping[str, Curve]) -> Forest:
    """Best accuracy, and match at the headline accuracy, of every method."""

    def rows(measure: Callable[[Curve], CrossedMean | None], scale: Callable[[float], float]) -> list[ForestRow]:
        found = []
        for method, curve in curves.items():
            own = measure(curve) if method in _SHOWN else None
            if own is not None:
                ends = own.interval()
                estimate, lower, upper = (scale(value) for value in (ends.estimate, ends.lower, ends.upper))
                found.append(ForestRow(CONTESTANTS[method].words, estimate, lower, upper, is_ours=method == REFERENCE))
        return found

    level = _headline(dim)
    panels = [
        ForestPanel(
            "match",
            f"Sliced W₂ at 5-NN accuracy {level:.2f}, if reached; smaller is better",
            rows(lambda own: distance_at(own, level), exp),
            False,
        ),
        ForestPanel("accuracy", "Best 5-NN accuracy, test images", rows(best_accuracy, float)),
    ]
    seeds = len(curves[REFERENCE].seeds)
    caption = (
        f"MNIST, d = {dim}, 10,000 test images, 1,000 steps, up to {seeds} seeds; 95% intervals over seeds and images."
    )
    return Forest(f"methods-{dim}", panels, caption, rank=10)


def _levels(dim: int, curves: Mapping[str, Curve], linear: Mapping[str, Curve]) -> Table:
    rows = []
    for method, curve in curves.items():
        row = {
            "method": CONTESTANTS[method].words,
            "family": CONTESTANTS[method].family,
            "seeds": str(len(curve.seeds)),
        }
        for level in LEVELS[dim]:
            distance = distance_at(curve, level)
            row[f"sliced W₂ at {level:.2f}"] = "—" if distance is None else _distance_words(distance)
        row["best 5-NN accuracy"], row["best linear accuracy"] = _top_words(curve), _top_words(linear[method])
        rows.append(row)
    return Table(
        rows,
        f"d = {dim}: sliced W₂ to the prior at a 5-NN accuracy, and the best accuracy; — where a curve does not reach it",
    )


def _top_words(curve: Curve) -> str:
    top = best_accuracy(curve)
    if top is None:
        return f"{float(curve.accuracy.mean((1, 2)).max()):.3f}"
    ends = top.interval()
    return f"{top.estimate:.3f} ± {(ends.upper - ends.lower) / 2:.3f}"


def _distance_words(own: CrossedMean) -> str:
    ends = own.interval()
    return f"{exp(ends.estimate):.3f} [{exp(ends.lower):.3f}, {exp(ends.upper):.3f}]"


def _comparisons(dim: int, comparisons: Sequence[Comparison]) -> Table:
    rows: dict[str, dict[str, str]] = {}
    for own in comparisons:
        row = rows.setdefault(own.method, {"compared with": _name(own)})
        what = "best accuracy" if own.wanted is None else f"match at {own.wanted:.2f}"
        row[what] = " ".join(filter(None, (own.decision, _effect(own, len(comparisons)), _needs(own))))
    return Table(
        list(rows.values()),
        f"d = {dim}: the adaptive dual is better, worse or equivalent, its distance over the other's or the difference of "
        f"accuracies; all {len(comparisons)} intervals and decisions hold together at 95%. In parentheses: what would decide",
    )


def _effect(own: Comparison, count: int) -> str:
    if own.difference is None:
        return ""
    ratio = own.ratio(comparisons=count)
    if own.wanted is not None and ratio is not None:
        return f"× {ratio.estimate:.2f} [{ratio.lower:.2f}, {ratio.upper:.2f}]"
    ends = own.difference.interval(level=1 - ALPHA / count)
    return f"{ends.estimate:+.3f} [{ends.lower:+.3f}, {ends.upper:+.3f}]"


def _needs(own: Comparison) -> str:
    if own.decision != "undecided":
        return ""
    if own.difference is None:
        return "(not reached)"
    return "(more test images)" if own.needed is None else f"({own.needed} seeds)"
