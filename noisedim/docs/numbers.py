"""Numbers in README and the pages, and the records that they come from.

A number is followed by a comment that says where it stands in a record of ``reports/results``, and how it is written::

    accuracy 0.85<!-- = duals-digits.json records[labels.sigma=0.3].whole.knn mean .2f -->

A path walks through fields; ``[NAME=VALUE,...]`` keeps the entries of a list with these values
(``[labels.sigma=0.3]`` looks inside a field); a word such as ``mean`` makes
one number of many (see :data:`REDUCTIONS`). A table that takes more than that is a function of :data:`TABLES`, between
``<!-- table: NAME -->`` and ``<!-- end -->``. ``python -m noisedim.docs.numbers README.md`` writes both anew.
"""

import math
import re
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from noisedim.errors import InvalidInputError
from noisedim.files import read_json, write_text_atomically
from noisedim.statistics.intervals import Interval

__all__ = ["REDUCTIONS", "TABLES", "filled", "value_of"]

REDUCTIONS: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "count": len,
    "mean": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "max": max,
    "only": lambda values: _only(values),
}

_NUMBER = re.compile(
    r"(?P<said>[−+\d][\d.,%e−+]*)(?P<mark><!-- = (?P<file>\S+) (?P<path>\S+) (?P<word>\w+) (?P<form>\S+) -->)"
)
_TABLE = re.compile(r"(?P<begin><!-- table: (?P<name>[\w-]+) -->\n)(?P<said>.*?)(?P<end><!-- end -->)", flags=re.DOTALL)
_STEP = re.compile(r"(?P<field>[\w-]+)(?:\[(?P<wanted>[^\]]*)\])?(?:\.|$)")


def filled(text: str, results: Path) -> str:
    """``text`` with every marked number and table as the records have it.

    Args:
        text: a page in Markdown.
        results: folder of the records.

    Raises: InvalidInputError: for a mark that no record answers.
    """

    def number(found: re.Match[str]) -> str:
        value = value_of(read_json(results / found["file"]), found["path"], found["word"])
        return _written(value, found["form"]) + found["mark"]

    def whole(found: re.Match[str]) -> str:
        if found["name"] not in TABLES:
            raise InvalidInputError(f"table must be one of {', '.join(TABLES)}; got {found['name']!r}")
        return f"{found['begin']}{TABLES[found['name']](results)}\n{found['end']}"

    return _TABLE.sub(whole, _NUMBER.sub(number, text))


def value_of(record: Any, path: str, word: str) -> Any:
    """What stands at ``path`` of a record, made one value by ``word``.

    Raises: InvalidInputError: if there is nothing, or no such word.

    >>> record = {"runs": [{"seed": 0, "knn": 0.5}, {"seed": 1, "knn": 0.7}]}
    >>> value_of(record, "runs[seed=1].knn", "only")
    0.7
    """
    values = [record]
    steps = list(_STEP.finditer(path))
    if "".join(step[0] for step in steps) != path or word not in REDUCTIONS:
        raise InvalidInputError(
            f"a path such as runs[seed=1].knn and one of {', '.join(REDUCTIONS)}; got {path} {word}"
        )
    for step in steps:
        try:
            values = [value[step["field"]] for value in values]
        except (KeyError, TypeError):
            raise InvalidInputError(f"{path}: the record has no {step['field']!r}") from None
        if all(isinstance(value, list) for value in values):
            values = [entry for value in values for entry in value]
        for condition in filter(None, (step["wanted"] or "").split(",")):
            name, _, wanted = condition.partition("=")
            values = [value for value in values if str(_inside(value, name.split("."))) == wanted]
    if not values:
        raise InvalidInputError(f"{path}: no entry of the record is like that")
    return REDUCTIONS[word](values)


def _inside(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _only(values: Sequence[Any]) -> Any:
    if len(values) != 1:
        raise InvalidInputError(f"'only' is for one value; there are {len(values)}")
    return values[0]


def _written(value: Any, form: str) -> str:
    return format(value, form).replace("-", "−")


def _interval(own: Interval, form: str) -> str:
    return f"{_written(own.estimate, form)} [{_written(own.lower, form)}, {_written(own.upper, form)}]"


def _duals(results: Path) -> str:
    """The forms of the dual compared with the plain one, better or worse."""
    from noisedim.report.duals.verdicts import dual_records, duals_verdict
    from noisedim.runs.studies.long_study import read_study

    found = duals_verdict(dual_records(read_study(results / "duals-digits.json").records))
    if found is None:
        raise InvalidInputError("duals-digits.json has too few runs for a comparison")
    rows = [
        f"| `{own.method}` | {_interval(own.log_ratio, '+.2f')} | {_interval(own.accuracy, '+.3f')} "
        f"| {_written(own.seconds_ratio, '.2f')} |"
        for own in found.comparisons
    ]
    head = "| compared with `dual` | log ratio of D₂ (below 0: closer to N(0, I)) | 5-NN accuracy | CPU time, ratio |"
    return "\n".join([head, "| --- | --- | --- | --- |", *rows])


def _noise(results: Path) -> str:
    """Match and accuracy by noise level, of the default objective and of Theorem 4.1's critic: means and ranges of seeds."""
    records = read_json(results / "duals-digits.json")

    def told(method: str, sigma: float, score: str, form: str) -> str:
        path = f"records[labels.method={method},labels.sigma={sigma},labels.batch=256].whole.{score}"
        mean, least, most = (_written(value_of(records, path, word), form) for word in ("mean", "min", "max"))
        return f"{mean} ({least} to {most})"

    forms = {"adaptive-dual": "adaptive dual", "dual": "closed-form dual"}
    rows = [
        " | ".join([f"| {sigma:g}", *(told(m, sigma, *s) for m in forms for s in (("d2_fine", ".3f"), ("knn", ".1%")))])
        for sigma in (0.03, 0.1, 0.3)
    ]
    head = " | ".join(["| σ", *(f"{words}: {what}" for words in forms.values() for what in ("D₂, nats", "5-NN"))])
    return "\n".join([f"{head} |", "| --- | --- | --- | --- | --- |", *(f"{row} |" for row in rows)])


def _methods(results: Path) -> str:
    """Match and accuracy of methods on MNIST, with the decision for the adaptive dual against each."""
    from noisedim.report.methods.plan import CONTESTANTS, REFERENCE, Case
    from noisedim.report.methods.verdicts import Curve, best_accuracy, compare_curves, curves_of, distance_at
    from noisedim.runs.studies.long_study import read_study

    records = read_study(results / "methods-mnist.json").records
    curves, linear = curves_of(records, dim=8), curves_of(records, dim=8, probe="linear")
    repeated = curves_of(read_study(results / "methods-mnist-8-rivals.json").records, dim=8)
    level = Case(8).headline
    decisions = {
        own.method: own.decision
        for found in (curves, repeated)  # the repetition's decision, where there are two
        for own in compare_curves(found, REFERENCE, wanted=Case(8).levels)
        if own.wanted == level
    }

    def match(curve: Curve | None) -> str:
        distance = None if curve is None else distance_at(curve, level)
        if distance is None:
            return "–" if curve is None else "not reached"
        ends = distance.interval()
        return f"{math.exp(ends.estimate):.3f} [{math.exp(ends.lower):.3f}, {math.exp(ends.upper):.3f}]"

    rows = []
    for method in (REFERENCE, "dual", "sigreg", "vae", "wae-mmd", "swae", "infomax-flow"):
        tops = [best_accuracy(own[method]) for own in (curves, linear)]
        words = ["—" if top is None else f"{top.estimate:.1%}" for top in tops]
        cells = [match(curves[method]), match(repeated.get(method)), *words, decisions.get(method, "—")]
        rows.append(f"| {' | '.join([CONTESTANTS[method].words, *cells])} |")
    head = (
        f"| method | least sliced W₂ with 5-NN ≥ {level:.0%}, test images | the same, cross-validated | best 5-NN | best "
        "linear | adaptive dual is |"
    )
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows])


def _tests(results: Path) -> str:
    """What the battery and others' tests see, from the audit that ships with the package."""
    from noisedim.report.trust.cells import PRIOR, audit_cells
    from noisedim.report.trust.verdicts import POWER

    def power(high: bool) -> list[Any]:
        return [cell for cell in audit_cells(high=high) if cell.kind == "power" and cell.has_peers]

    low, many = power(False), power(True)
    (prior,) = [cell for cell in low if cell.law == PRIOR]
    others = [cell for cell in low if cell is not prior]

    def seen(name: str, cells: Sequence[Any]) -> str:
        rates = [cell.rate(name).estimate for cell in cells if name in cell.counts]
        if len(rates) < len(cells):  # a peer that is told the directions is told them of some laws only
            return "–"
        if name in prior.counts and not prior.holds_level(name):
            return "false alarms"
        return f"{sum(rate >= POWER for rate in rates)} of {len(rates)}"

    names = ["battery", *prior.peers, *prior.packages, *(name for name in many[0].peers if name not in prior.peers)]
    rows = []
    for name in names:
        alarms = f"{prior.rate(name).estimate:.0%}" if name in prior.counts else "–"
        time = prior.relative_time(name)
        told = "–" if time is None else f"{time:.2g}"
        rows.append(f"| {name} | {alarms} | {seen(name, others)} | {told} | {seen(name, many)} |")
    head = (
        f"| test | false alarms, n = {prior.n:,}, d = {prior.dim}, {prior.trials} samples | laws it sees there, "
        f"{prior.trials} samples | time, battery = 1 | laws it sees at n = {many[0].n:,}, d = {many[0].dim}, "
        f"{many[0].trials} samples |"
    )
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *rows])


TABLES: Mapping[str, Callable[[Path], str]] = {"duals": _duals, "methods": _methods, "noise": _noise, "tests": _tests}
"""Tables by name, from the folder of the records: a new one is a function and its line here."""


def main(pages: Sequence[str], results: Path = Path("reports/results")) -> int:
    """Write the numbers of these pages anew; returns the exit code."""
    for page in map(Path, pages):
        write_text_atomically(page, filled(page.read_text(encoding="utf-8"), results))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
