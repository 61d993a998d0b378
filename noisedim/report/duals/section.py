"""The forms of the dual in words: one row per form, and one per noise and batch size."""

from collections.abc import Callable, Mapping, Sequence
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
    Table,
    Text,
    Verdict,
)
from noisedim.document.words import bracketed
from noisedim.report.duals.figures import duals_picture
from noisedim.report.duals.verdicts import (
    ALPHA,
    LOSS_OF_ACCURACY,
    REFERENCE,
    DualComparison,
    DualRecord,
    DualsVerdict,
    dual_records,
    duals_verdict,
)
from noisedim.report.study import Sources, untested
from noisedim.runs.studies.long_study import StudyFile, read_study
from noisedim.runs.studies.protocols import SMALL
from noisedim.statistics.intervals import student_t
from noisedim.training import ObjectiveConfig

__all__ = ["duals_section", "finding_words"]

_TITLE = "Forms of the dual as training objectives"
_STATEMENT = "Another form of the dual matches better at equal accuracy"
_RANK = 36
_DEFAULT = ObjectiveConfig().name
_COMMAND = "noisedim study duals --profile digits"
_RULE = (
    "The rule was committed before these runs. It takes, of the forms that match better (D₂ with noise 0.3) and lose at most "
    f"{LOSS_OF_ACCURACY:g} of 5-NN accuracy, both decided at {ALPHA:.0%} over all forms, the one with the smallest mean log D₂."
)
_SEEN_BEFORE = {
    "digits": "exploratory runs of some of the same cells and seeds",
    "digits-large": "a pilot of two other seeds, which decided nothing",
    "mnist": "the study of methods, which compared the plain and the adaptive dual on these images in batches of 256",
}
_WORDS = {
    "dual": "dual (all pairs but a row's own)",
    "row-dual": "row-wise dual",
    "linear-dual": "linear dual",
    "adaptive-dual": "adaptive dual",
    "adaptive-row-dual": "adaptive row-wise dual",
}


def duals_section(sources: Sources) -> Section | None:
    """What the files of ``noisedim study duals`` hold; says how to make them if there is none."""
    paths = sorted(sources.results.glob("duals-*.json"))
    if not paths:
        return untested(_TITLE, _COMMAND, {_STATEMENT: _RANK})
    verdicts: list[Verdict] = []
    decided: list[tuple[StudyFile, DualsVerdict]] = []
    files = {path: read_study(path) for path in paths}
    blocks: list[Block] = [Text(_RULE), _protocols(list(files.values()))]
    for path, file in files.items():
        records = dual_records(file.records)
        data, _ = _about(file)
        found = duals_verdict(records)
        if found is None:
            blocks.append(Notice(f"{path.name} holds fewer than two complete seeds; the same command continues."))
            continue
        verdicts.append(_verdict_words(data, found))
        decided.append((file, found))
        blocks += [
            _forest(file.profile, data, records),
            _summary(data, found),
            _cells(data, records),
            Pictures([duals_picture(file.profile, data, records, _WORDS)]),
        ]
    if not decided:
        return Section(_TITLE, verdicts, blocks)
    # One statement and one finding: on the data with the most images to judge by.
    shown = max(decided, key=lambda own: own[0].records[0].n)
    own = {_about(file)[0]: found for file, found in decided}
    finding = finding_words(_about(shown[0])[0], own, steps=_about(shown[0])[1])
    return Section(_TITLE, verdicts, blocks, statements=[_statement(*shown)], finding=finding)


def finding_words(data: str, found: Mapping[str, DualsVerdict], *, steps: str) -> str:
    """The form with the smallest estimate on ``data``, what is decided of it on each data set, and what speaks against it.

    Args:
        data: whose estimate is told, one of ``found``.
        found: what was decided, by data set.
        steps: of each run on ``data``.
    """
    shown = found[data].closest
    of_form = {
        name: own for name, verdict in found.items() for own in verdict.comparisons if own.method == shown.method
    }
    better = [name for name, own in of_form.items() if own.matches_better]
    if len(better) == len(found):
        match = f"That it matches better is decided on {'every data set' if len(found) > 1 else data}."
    elif better:
        match = f"That it matches better is decided on {_all_of(better)}, but not on {_rest(found, better)}."
    else:
        match = f"That it matches better is not decided on {'any data set' if len(found) > 1 else data}."
    words = [
        f"Divergence from the prior, as a multiple of the plain dual's: {_ratio_words(shown)} on {data} "
        f"({found[data].seeds} seeds, {steps} steps).",
        match,
        *(
            f"On {name} the {_WORDS[first]} has the smallest estimate."
            for name, verdict in found.items()
            if (first := min(verdict.comparisons, key=lambda own: own.log_ratio.estimate).method) != shown.method
        ),
        _accuracy_words(of_form),
    ]
    return " ".join(word for word in words if word)


def _accuracy_words(of_form: Mapping[str, DualComparison]) -> str:
    """Where it is undecided, or decided against the form; nothing where the form is decided to keep its accuracy."""
    lost = [name for name, own in of_form.items() if own.accuracy.upper < -LOSS_OF_ACCURACY]
    undecided = [name for name, own in of_form.items() if not own.keeps_accuracy and name not in lost]
    loss = f"it loses more than {LOSS_OF_ACCURACY:g} of accuracy"
    said = f"That {loss} is decided on {_all_of(lost)}." if lost else ""
    if not undecided:
        return said
    where = f"on {_all_of(undecided)}" if len(undecided) < len(of_form) or len(of_form) == 1 else "on every data set"
    return f"{said} Whether {loss} is undecided {where}.".lstrip()


def _rest(found: Mapping[str, DualsVerdict], named: Sequence[str]) -> str:
    return _all_of([name for name in found if name not in named])


def _all_of(names: Sequence[str]) -> str:
    """The data sets in words: ``a, b and c``."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _protocols(files: Sequence[StudyFile]) -> Table:
    rows = []
    for file in files:
        records = dual_records(file.records)
        data, steps = _about(file)
        rows.append(
            {
                "data": data,
                "d": "2",
                "steps of each form": steps,
                "runs": str(len(records)),
                "held-out images": f"{records[0].n:,}",
                "seen before": _SEEN_BEFORE.get(file.profile, "no run"),
                "made by": f"`{file.command}`",
            }
        )
    return Table(rows, "The runs on each data set, and what had been seen before the rule was committed")


def _about(file: StudyFile) -> tuple[str, str]:
    """The data set, with the batch if there is one only, and the steps of each run, in words."""
    labels = file.records[0].labels
    data = {"mnist": f"MNIST at {SMALL}×{SMALL}"}.get(str(labels["data"]), str(labels["data"]))
    batches = {int(record.labels["batch"]) for record in file.records}
    if len(batches) == 1:
        data = f"{data} in batches of {batches.pop():,}"
    return data, f"{int(labels['steps']):,}"


def _ratio(own: DualComparison) -> str:
    ratio = own.log_ratio
    return f"{exp(ratio.estimate):.2f} [{exp(ratio.lower):.2f}, {exp(ratio.upper):.2f}]"


def _ratio_words(own: DualComparison) -> str:
    return f"{_WORDS[own.method]} × {_ratio(own)}"


def _effect_words(own: DualComparison) -> str:
    return f"D₂: {_ratio_words(own)}; 5-NN {bracketed(own.accuracy, signed=True)}"


def _needs(own: DualComparison) -> str:
    return f"about {own.seeds_needed} seeds" if own.matches_better and own.seeds_needed else "more seeds"


def _statement(file: StudyFile, found: DualsVerdict) -> Statement:
    data, steps = _about(file)
    shown = found.closest
    is_decided = found.chosen != REFERENCE
    return Statement(
        _STATEMENT,
        "supported" if is_decided else "undecided",
        _effect_words(shown),
        f"{data.partition(' at ')[0]}, {found.seeds} seeds, {steps} steps",
        "" if is_decided else _needs(shown),
        rank=_RANK,
    )


def _forest(profile: str, data: str, records: Sequence[DualRecord]) -> Forest:
    """Means over noise levels and batch sizes, intervals over seeds."""

    def rows(measure: Callable[[DualRecord], float]) -> list[ForestRow]:
        found = []
        for method, words in _WORDS.items():
            own = [each for each in records if each.method == method]
            by_seed = [[measure(each) for each in own if each.seed == seed] for seed in sorted({e.seed for e in own})]
            if len(by_seed) > 1:
                mean = student_t([sum(values) / len(values) for values in by_seed])
                found.append(
                    ForestRow(
                        words.partition(" (")[0], mean.estimate, mean.lower, mean.upper, is_ours=method == _DEFAULT
                    )
                )
        return found

    seeds = len({own.seed for own in records})
    panels = [
        ForestPanel("accuracy", "5-NN accuracy, held out", rows(lambda own: own.knn)),
        ForestPanel("match", "Sliced W₂ from the prior, smaller is better", rows(lambda own: own.sliced_w2), False),
    ]
    caption = f"Forms of the dual on {data}: means over noise levels and batch sizes, with 95% t-intervals over {seeds} seeds."
    return Forest(f"duals-{profile}", panels, caption, rank=90)


def _verdict_words(data: str, found: DualsVerdict) -> Verdict:
    own = found.closest
    if found.chosen != REFERENCE:
        answer, words = _WORDS[own.method], "it matches better, and loses less accuracy than is allowed"
    elif own.matches_better:
        answer = "match decided, accuracy not"
        words = (
            f"the {_WORDS[own.method]} has the smallest estimate and is decided to match better than the plain dual; a loss "
            f"of {LOSS_OF_ACCURACY:g} of accuracy is not excluded, and "
            f"{_needs(own)} would decide it"
        )
    else:
        answer, words = "not decided", f"no form is decided to match better than the {_WORDS[REFERENCE]}"
    numbers = {
        "form": _WORDS[own.method],
        "D₂ over the dual's [95% over all forms]": _ratio(own),
        "5-NN, difference [95% over all forms]": bracketed(own.accuracy, signed=True),
        "pairs of noise and batch size": str(found.cells),
        "seeds": str(found.seeds),
    }
    return Verdict(f"Which form of the dual is the best objective on {data}?", answer, words, numbers=[numbers])


def _summary(data: str, found: DualsVerdict) -> Table:
    rows = [
        {
            "form": _WORDS[own.method],
            "D₂(0.3) over that of the dual": _ratio(own),
            "5-NN accuracy, difference": bracketed(own.accuracy, signed=True),
            "CPU time, ratio": f"{own.seconds_ratio:.2f}",
        }
        for own in found.comparisons
    ]
    return Table(rows, f"Each form compared with the plain dual, {data}")


def _cells(data: str, records: Sequence[DualRecord]) -> Table:
    rows = []
    for sigma, batch in sorted({(own.sigma, own.batch) for own in records}):
        row = {"σ": f"{sigma:g}", "batch": str(batch)}
        for method, words in _WORDS.items():
            own = [each for each in records if (each.sigma, each.batch, each.method) == (sigma, batch, method)]
            if own:
                accuracy = sum(each.knn for each in own) / len(own)
                divergence = sum(each.d2_fine for each in own) / len(own)
                row[f"{words}: D₂(0.3) / 5-NN"] = f"{divergence:.3f} / {accuracy:.3f}"
        rows.append(row)
    return Table(rows, f"Divergence and accuracy by noise and batch size, {data}")
