"""Which method for which accuracy, in words: a figure, a sentence, a table per dimension."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from math import exp

from noisedim.document.content import (
    Block,
    Forest,
    ForestPanel,
    ForestRow,
    Notice,
    Pictures,
    Section,
    Statement,
    Text,
    Verdict,
)
from noisedim.report.methods.figures import curves_picture
from noisedim.report.methods.plan import CONTESTANTS, REFERENCE, STEPS, STUDY, Case, case_of
from noisedim.report.methods.tables import (
    comparisons_table,
    distance_words,
    images_words,
    level_words,
    levels_table,
    ratio_words,
    top_words,
    where_words,
)
from noisedim.report.methods.verdicts import (
    Comparison,
    Curve,
    Decision,
    Leader,
    best_accuracy,
    compare_curves,
    curves_of,
    distance_at,
    leader_at,
    relative_seconds,
    together,
)
from noisedim.report.protocol import MNIST_IMAGES
from noisedim.report.study import Sources, untested
from noisedim.runs.studies.long_study import StudyFile, read_study
from noisedim.statistics.equivalence import CrossedMean
from noisedim.training import TrainConfig

__all__ = ["methods_section"]

_TITLE = "Which method matches best at the accuracy one needs"
_PRIMARY = Case(8)
# In the forest of the index: one line per kind of method.
_SHOWN = ("adaptive-dual", "dual", "sigreg", "vae", "wae-mmd", "swae", "infomax-flow", "vicreg")
_RIVALS = ("vae", "wae-mmd", "swae", "sigreg", "sliced-sigreg", "infomax-flow")
_RANK_OF_REPETITION = 2
_RANK_OF_CONVNET = 3
_RANK_OF_SECONDARY = 38
_GROUPS: dict[Decision, str] = {
    "worse": "worse than",
    "better": "better than",
    "undecided": "undecided with",
    "equivalent": "equivalent to",
}


def methods_section(sources: Sources) -> Section:
    """What the files of ``noisedim study methods`` hold; says how to make them if there is none."""
    files = {profile: sources.results / STUDY.file_name(profile) for profile in STUDY.cells if profile != "smoke"}
    there = {profile: read_study(path) for profile, path in files.items() if path.is_file()}
    if not there:
        return untested(_TITLE, STUDY.command("mnist"), {_claim(_PRIMARY): 1})
    verdicts: list[Verdict] = []
    statements: list[Statement] = []
    blocks: list[Block] = [Text(_protocol(next(iter(there.values()))))]
    findings: dict[str, str] = {}
    complete = {
        case_of(profile, int(cells[0].labels["dim"])): file
        for profile, file in there.items()
        if len(file.records) >= len(cells := STUDY.profile(profile))
    }
    repeated = next(
        (curves_of(own.records, dim=_PRIMARY.dim) for case, own in complete.items() if _repeats_primary(case)), {}
    )
    for profile, file in there.items():
        records, planned = file.records, len(STUDY.cells[profile]())
        if len(records) < planned:
            words = f"`{file.command}` has made {len(records)} of {planned} runs; the plan decides when all are there."
            blocks.append(Notice(words))
        for dim in sorted({int(record.labels["dim"]) for record in records}):
            case = case_of(profile, dim)
            curves = curves_of(records, dim=dim)
            if len(records) < planned and not _has_picture(case):
                # A confirmation is one decision, after its last run.
                made, rank = f"{len(records)} of {planned} runs made", _rank(case, complete)
                statements.append(Statement(_claim(case), "not tested", made, "MNIST", f"`{file.command}`", rank=rank))
                continue
            if REFERENCE not in curves or len(curves) < 2:
                blocks.append(Notice(f"{case.words}: no complete seed yet; `{file.command}` continues."))
                continue
            comparisons = compare_curves(curves, REFERENCE, wanted=case.levels)
            verdicts.append(_answer(case, curves, comparisons))
            if case == _PRIMARY or _repeats_primary(case):
                # The repetition, where it is complete, is the later and the larger of the two.
                findings["primary"] = _finding(case, curves, comparisons) or findings.get("primary", "")
            if case.repeats_convnet:
                findings["ConvNet"] = _finding(case, curves, comparisons)
            if case == _PRIMARY or not _has_picture(case) or curves[REFERENCE].seeds[0]:
                statements.append(_statement(case, curves, comparisons, file, _rank(case, complete)))
            by_probe = {"knn": curves, "linear": curves_of(records, dim=dim, probe="linear")}
            if case == _PRIMARY:
                blocks.append(_forest(case, curves, repeated, test_images=records[0].n))
            if _has_picture(case):
                blocks.append(Pictures([curves_picture(case, where_words(case, curves), by_probe)]))
            else:
                blocks.append(Text(_confirmation(case, STUDY.profile(profile)[0].config)))
            blocks += [
                levels_table(case, curves, by_probe["linear"], relative_seconds(records, REFERENCE, dim=dim)),
                comparisons_table(where_words(case, curves), comparisons, images=_images(case, file)),
            ]
    return Section(_TITLE, verdicts, blocks, statements, " ".join(filter(None, findings.values())))


def _repeats_primary(case: Case) -> bool:
    return case.folds > 0 and replace(case, folds=0) == _PRIMARY


def _rank(case: Case, complete: Collection[Case]) -> int:
    """Its place on the index: the cross-validation first, or d = 8 until that is complete; then the ConvNet's repetition."""
    if case == _PRIMARY:
        return _RANK_OF_SECONDARY if any(_repeats_primary(own) for own in complete) else 1
    if case.repeats_convnet:
        return _RANK_OF_CONVNET
    return _RANK_OF_REPETITION if _repeats_primary(case) else _RANK_OF_SECONDARY


def _has_picture(case: Case) -> bool:
    """Whether the case follows the first protocol, in one of its dimensions; its confirmations have tables."""
    return case == Case(case.dim)


def _claim(case: Case) -> str:
    return f"The adaptive dual matches better than rivals at a required accuracy ({case.words})"


def _confirmation(case: Case, config: TrainConfig) -> str:
    if case.folds:
        return (
            f"As a confirmation in {case.dim} dimensions, {case.folds}-fold cross-validation of those of MNIST's "
            f"{MNIST_IMAGES:,} training images that chose no setting: each seed trains on the other images and is judged by "
            "its own fold, so that the scatter over seeds holds the choice of images that judge. New seeds, strengths of "
            "the Wasserstein autoencoders that go further towards the prior, and a family of comparisons of its own; all "
            "else as before. β-VAE joined when the others' runs had been seen. The training images of two seeds "
            "are nearly the same: the decisions are about these."
        )
    size, shift = config.data.size, config.augmentation.shift
    if case.repeats_convnet:
        return (
            f"Three seeds with the ConvNet of the paper's Table 2 (images of {size}×{size}, views shifted by up to {shift:g} "
            "pixels) planned this repetition: new seeds, the methods nearest to the adaptive dual, three values of each dial, "
            "levels where the autoencoders are and where they may end, and a family of comparisons of its own. The learning "
            f"rate is {config.optimiser.learning_rate:g} for all: in runs on validation images that gave SIGReg more accuracy "
            "and the sliced Wasserstein autoencoder a closer match, but the autoencoders lower best accuracies; these, and the "
            "weakest penalties that they are reached with, are in the three seeds' tables. Autoencoders keep their authors' "
            "unchanged images, and the decoder that they have with the perceptron."
        )
    return (
        f"As a confirmation, the ConvNet of the paper's Table 2 on {size}×{size} images, whose views are shifted by up to "
        f"{shift:g} pixels. A pilot of its own set dials and levels, and its comparisons are a family of their own; all "
        "else as before."
    )


def _protocol(file: StudyFile) -> str:
    own = STUDY.profile("mnist")[0].config
    return (
        f"MNIST, all {MNIST_IMAGES:,} training images at {own.data.size}×{own.data.size} pixels, a perceptron, {own.steps:,} "
        f"steps of {own.batch_size} images, judged on the {file.records[0].n:,} test images. Every method turns its own "
        "dial (noise level, or the strength of its penalty). Compared is the least distance along its curve where the accuracy "
        "is the level or more, interpolated between values of the dial; errors hold the choice of seeds and of test images. "
        "The best accuracy is that of the values tried, and often at the end of a dial. The protocol "
        "(noisedim/report/methods/plan.py) was committed before these runs. It was changed three times: while the first seeds "
        "ran, for curves that alone reach an accuracy and for the levels of 2 and 32 dimensions; when all but the ConvNet's "
        f"runs were known, by heavier tails for fewer than eight seeds, which opened ten decisions. Made by `{file.command}`."
    )


def _noise_injection(curves: Mapping[str, Curve]) -> dict[str, Curve]:
    return {method: curve for method, curve in curves.items() if CONTESTANTS[method].family == "noise injection"}


def _leaders(found: Mapping[str, Leader]) -> list[dict[str, str]]:
    """The smallest estimates with their settings, by the methods that they are the smallest of."""
    return [
        {
            "smallest estimate": among,
            "sliced W₂ [95%]": distance_words(own.distance),
            "method": CONTESTANTS[own.method].words,
            "dial": CONTESTANTS[own.method].dial,
            "near": "–" if CONTESTANTS[own.method].dial == "none" else f"{own.dial:g}",
        }
        for among, own in found.items()
    ]


def _setting_words(own: Leader) -> str:
    method = CONTESTANTS[own.method]
    setting = "" if method.dial == "none" else f" ({'σ' if method.dial == 'σ' else 'strength'} near {own.dial:g})"
    return f"{method.words}{setting}"


_AGAINST: dict[Decision, str] = {
    "worse": "is decided to be farther from the prior",
    "better": "is decided to be closer to the prior",
    "equivalent": "is decided to be neither closer to the prior nor farther from it, by a margin that matters,",
    "undecided": "is not decided to be closer to the prior or farther from it",
}


def _answer(case: Case, curves: Mapping[str, Curve], comparisons: Sequence[Comparison]) -> Verdict:
    level = case.headline
    question = f"Which method for {where_words(case, curves)} and 5-NN accuracy of {level:g} or more?"
    best, ours = leader_at(curves, level), leader_at(_noise_injection(curves), level)
    if best is None:
        most = max(curves.values(), key=lambda own: float(own.accuracy.mean((1, 2)).max()))
        reached = f"{top_words(most)} ({CONTESTANTS[most.method].words})"
        words = f"no method reaches it in {case.dim} dimensions; the most is {reached}"
        return Verdict(question, "none", words)
    answer = name = CONTESTANTS[best.method].words
    if ours is None:
        words = f"the {name} has the smallest estimated distance; no form of noise injection reaches it"
        return Verdict(question, answer, words, numbers=_leaders({"of all": best}))
    if ours.method == best.method:
        words = f"the {name} has the smallest estimated distance; it is noise injection"
        return Verdict(question, answer, words, numbers=_leaders({"of all": best}))
    decided: Decision = next(
        (e.decision for e in comparisons if (e.method, e.wanted) == (best.method, level)), "undecided"
    )
    # The smallest estimate is no decision: say how the two compare.
    second = CONTESTANTS[ours.method].words
    words = f"the {name} has the smallest estimated distance, and of the forms of noise injection the {second} has. "
    if ours.method == REFERENCE:
        answer = "not decided" if decided == "undecided" else answer
        words += f"The {second} {_AGAINST[decided]} than the {name}"
    else:
        words += "These two were not tested against each other"
    return Verdict(question, answer, words, numbers=_leaders({"of all": best, "of noise injection": ours}))


def _finding(case: Case, curves: Mapping[str, Curve], comparisons: Sequence[Comparison]) -> str:
    """Which method and setting to take; the forest below has the distances."""
    level = case.headline
    best, ours = leader_at(curves, level), leader_at({REFERENCE: curves[REFERENCE]}, level)
    if best is None or ours is None:
        return ""
    theirs, own = (_setting_words(leader) for leader in (best, ours))
    if case.encoder == "convnet":
        where, budget = (
            f"With a ConvNet and {level:g}, take",
            f"{len(curves[REFERENCE].seeds)} seeds",
        )
    else:
        where = f"For d = {case.dim} and 5-NN accuracy {level:g} on MNIST, take"
        budget = f"{len(curves[REFERENCE].seeds)} seeds{', cross-validated' if case.folds else ''}, {STEPS:,} steps"
    if best.method == REFERENCE:
        undecided = sum(each.decision == "undecided" for each in comparisons if each.wanted == level)
        left = f" ({undecided} undecided)" if undecided else ""
        if case.encoder == "convnet":  # the statement has the budget
            return f"With a ConvNet and {level:g}, the {own} is estimated closest{left}."
        return f"{where} the {own}: estimated closest to the prior of {len(curves)}{left}; {budget}."
    decided = next((e.decision for e in comparisons if (e.method, e.wanted) == (best.method, level)), "undecided")
    if decided == "worse":
        return f"{where} the {theirs}: it is closer to the prior than the {own}; {budget}."
    which = {"equivalent": "they match the prior equally well", "better": "the second is closer to the prior"}
    return f"{where} the {theirs} or the {own}: {which.get(decided, 'which is closer to the prior is undecided')}; {budget}."


def _images(case: Case, file: StudyFile) -> int:
    """How many images judge: each fold's are others."""
    return file.records[0].n * max(case.folds, 1)


def _statement(
    case: Case, curves: Mapping[str, Curve], comparisons: Sequence[Comparison], file: StudyFile, rank: int
) -> Statement:
    """All rivals together at the headline accuracy; in the secondary dimensions, those that were run."""
    rivals = [method for method in _RIVALS if case == _PRIMARY or method in curves]
    own = [each for each in comparisons if each.method in rivals and each.wanted == case.headline]
    seeds = sorted({len(curves[method].seeds) for method in rivals if method in curves})
    budget = f"MNIST, {' to '.join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1])))} seeds, " if seeds else ""
    budget += f"{case.folds} folds of " if case.folds else ""
    budget += f"{file.records[0].n:,} {'held-out' if case.folds else 'test'} images, {STEPS:,} steps"
    if len(own) < len(rivals):
        return Statement(_claim(case), "not tested", "", budget, f"`{file.command}`", rank=rank)
    parts = []
    for decision, words in _GROUPS.items():
        group = [each for each in own if each.decision == decision]
        # Numbers where they are closest; the table has the others.
        told = [ratio_words(e, len(comparisons)) for e in group if decision != "better" and e.difference is not None]
        if group:
            parts.append(f"{words} {len(group)} of {len(own)}" + (f" ({', '.join(told)})" if told else ""))
    effect = f"5-NN ≥ {case.headline:g}: {'; '.join(parts)}"
    best = Counter(each.decision for each in comparisons if each.method in rivals and each.wanted is None)
    # The repetition's dials end before the autoencoders' most accurate values.
    if case.encoder == "convnet" and not case.repeats_convnet:
        groups = (f"{_GROUPS[each]} {best[each]} of {best.total()}" for each in _GROUPS if best[each])
        effect += f"; best accuracy: {', '.join(groups)}"
    undecided = [each for each in own if each.decision == "undecided"]
    compared = [each for each in undecided if each.difference is not None and not each.dial_ends]
    known = [each.needed for each in compared if each.needed is not None]
    needs = " and ".join(
        words
        for words, asked in (
            ("dials turned further", any(each.dial_ends for each in undecided)),
            ("curves that reach it", any(each.difference is None for each in undecided)),
            (f"{max(known, default=0)} seeds", bool(known)),
            (images_words(compared, _images(case, file)), len(known) < len(compared)),
        )
        if asked
    )
    return Statement(_claim(case), together(own), effect, budget, needs, rank=rank)


def _forest(case: Case, curves: Mapping[str, Curve], repeated: Mapping[str, Curve], *, test_images: int) -> Forest:
    """Best accuracy, and match at the headline accuracy, of every method; that of the repetition first."""

    def rows(
        measure: Callable[[Curve], CrossedMean | None],
        scale: Callable[[float], float],
        curves: Mapping[str, Curve] = curves,
    ) -> list[ForestRow]:
        found = []
        for method, curve in curves.items():
            own = measure(curve) if method in _SHOWN else None
            if own is not None:
                ends = own.interval()
                estimate, lower, upper = (scale(value) for value in (ends.estimate, ends.lower, ends.upper))
                found.append(ForestRow(CONTESTANTS[method].words, estimate, lower, upper, is_ours=method == REFERENCE))
        return found

    level = case.headline

    def distance(own: Curve) -> CrossedMean | None:
        return distance_at(own, level)

    at = f"W₂ with 5-NN ≥ {level_words(level)}; smaller is better"
    again = ForestPanel("match, cross-validated", f"Cross-validated sliced {at}", rows(distance, exp, repeated), False)
    panels = [
        *([again] if repeated else []),
        ForestPanel("match", f"Sliced {at}", rows(distance, exp), False),
        ForestPanel("accuracy", "Best 5-NN accuracy", rows(best_accuracy, float)),
    ]
    numbers = [len(curve.seeds) for method, curve in curves.items() if method in _SHOWN]
    seeds = "–".join(dict.fromkeys(str(end(numbers)) for end in (min, max)))
    others = f" (cross-validated: {len(repeated[REFERENCE].seeds)})" if repeated else ""
    caption = f"MNIST, {case.words}, {test_images:,} test images, {seeds} seeds{others}; 95% intervals."
    return Forest(f"methods-{case.dim}", panels, caption, rank=10)
