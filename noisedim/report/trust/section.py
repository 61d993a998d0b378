"""The audit in words: false alarms on samples of the null, and power against other laws."""

from collections.abc import Sequence

from noisedim.document.content import (
    Block,
    Forest,
    ForestPanel,
    ForestRow,
    Section,
    Statement,
    Status,
    Table,
    Text,
    Verdict,
)
from noisedim.normality.audit.laws import FRESH_LAWS
from noisedim.report.study import Sources, untested
from noisedim.report.trust.cells import LEVELS, SLICED, TAIL_LEVELS, Cell, audit_cells, package_versions
from noisedim.report.trust.packages import package_blocks
from noisedim.report.trust.shapes import first_tier_table, fresh_laws_verdict, shapes_table, shapes_verdict
from noisedim.report.trust.verdicts import (
    POWER,
    CalibrationVerdict,
    PowerVerdict,
    calibration_verdict,
    power_verdict,
    tail_excesses,
)
from noisedim.statistics.intervals import Interval

__all__ = ["trust_section"]

_TITLE = "Can you trust the test?"
_QUESTION = "Are false alarms as rare as the battery says?"
_COMMAND = "python -m noisedim.normality.audit --output noisedim/normality/audit/audit.json"
_MOST_LISTED = 5
_RATE = "rate [95% jointly], or count"
_ALARMS = "The battery's false alarms, nominally 5%, stay at or below 6% on average over shapes"
_POWER = "The battery sees what random slices miss"
_PEER_WORDS = {
    SLICED: "the mean Epps–Pulley statistic of 64 random slices, calibrated by simulation",
    "Shapiro–Wilk by coordinate, Bonferroni": "Shapiro–Wilk on every coordinate with Bonferroni's correction",
    "Henze–Zirkler (pingouin)": "pingouin's Henze–Zirkler (of any normal law: mean, scale and correlation are not its "
    "question) with its log-normal p-value, where an error is no rejection",
    "Kolmogorov–Smirnov by coordinate, Bonferroni": "Kolmogorov–Smirnov on every coordinate with Bonferroni's correction",
    "effective rank (RankMe)": "RankMe's effective rank, where one below 39 samples of N(0, I) rejects",
    "told the directions": "an oracle: Kolmogorov–Smirnov in the directions in which the law departs, told to it",
}


def trust_section(sources: Sources) -> Section:
    """The audit that ships with the package; making a report does not repeat it."""
    try:
        cells = audit_cells()
    except FileNotFoundError:
        return untested(_TITLE, _COMMAND, {_ALARMS: 40, _POWER: 42})
    calibration = [cell for cell in cells if cell.kind == "calibration"]
    power = [cell for cell in cells if cell.kind == "power"]
    high_cells = audit_cells(high=True)
    many = [cell for cell in high_cells if cell.kind == "power" and cell.has_peers]
    alone = [cell for cell in high_cells if cell.kind == "power" and not cell.has_peers]
    fresh = [cell for cell in alone if cell.law in FRESH_LAWS]
    without_peers = [cell for cell in alone if cell not in fresh]
    whole, tails = audit_cells(family=True), audit_cells(tails=True)
    alarms = calibration_verdict(calibration, whole)
    verdicts, statements = [_calibration_words(alarms)], [_alarms_statement(alarms)]
    blocks: list[Block] = _calibration_blocks(calibration, whole) + _tail_blocks(tails)
    if first_tier := [cell for cell in high_cells if cell.kind == "calibration"]:
        blocks.append(first_tier_table(first_tier))
    if power:
        strength = power_verdict(power)
        verdicts.append(_power_words(strength))
        statements.append(_power_statement(strength, 42))
        blocks += _power_blocks(power)
    if many:
        seen = power_verdict(many)
        verdicts.append(_power_words(seen))
        statements.append(_power_statement(seen, 43))
        blocks += _power_blocks(many)
    if without_peers:
        verdicts.append(shapes_verdict(without_peers))
        blocks.append(shapes_table(without_peers))
    if fresh:
        verdicts.append(fresh_laws_verdict(fresh))
        blocks.append(shapes_table(fresh, "Power against laws for which nothing was designed: rejections at 5%"))
    blocks.append(Text(f"`{_COMMAND}` adds trials to these."))
    low, high = (min(alarms.pooled.values(), key=_estimate), max(alarms.pooled.values(), key=_estimate))
    rates = f"{low.estimate:.1%} to {high.estimate:.1%}"
    finding = (
        f"The battery raises false alarms in {rates} of {alarms.trials:,} samples of the prior, pooled over {alarms.cells} "
        f"shapes and nulls ({alarms.family_rates[0]:.1%} to {alarms.family_rates[1]:.1%} in one),"
    )
    if power:
        finding += (
            f" and sees each of {len(strength.rates)} other laws in {strength.dim} dimensions with power above "
            f"{min(strength.limits.values()):.0%} (n = {strength.n:,})"
        )
    return Section(_TITLE, verdicts, blocks, statements=statements, finding=finding + ".")


def _estimate(interval: Interval) -> float:
    return interval.estimate


def _alarms_statement(found: CalibrationVerdict) -> Statement:
    statuses: dict[str, Status] = {"yes": "supported", "no": "contradicted", "yes in part": "only when"}
    status = statuses.get(found.outcome, "undecided")
    largest = max(found.pooled.values(), key=_estimate)
    effect = f"at most {largest.estimate:.1%} [{largest.lower:.1%}, {largest.upper:.1%}]"
    needs = ""
    if status == "only when":
        shown = [n for n in found.pooled if n not in found.undecided]
        where = f"n = {', '.join(f'{n:,}' for n in shown)}"
        if max(shown) < min(found.undecided):
            where = f"n ≤ {max(shown):,}"
        effect = f"{where}; else up to {largest.estimate:.1%} [{largest.lower:.1%}, {largest.upper:.1%}]"
        needs = "more trials"
    return Statement(_ALARMS, status, effect, f"{found.trials:,} samples", needs, rank=40)


def _power_statement(found: PowerVerdict, rank: int) -> Statement:
    parts = [f"slices {found.sliced[0]:.0%} to {found.sliced[1]:.0%}"] if found.sliced else []
    if found.seen:
        which = f" for {len(found.seen)} of {len(found.rates)} laws" if found.weak else ""
        parts = [f"power ≥ {min(found.seen.values()):.0%}{which}", *parts]
    effect = "; ".join(parts)
    status: Status = "only when" if found.weak else "supported"
    budget = f"{len(found.rates)} laws, n = {found.n:,}, d = {found.dim}"
    return Statement(f"{_POWER} in {found.dim} dimensions", status, effect, budget, rank=rank)


def _in_brackets(interval: Interval) -> str:
    return f"{interval.estimate:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]"


def _calibration_words(found: CalibrationVerdict) -> Verdict:
    answer: str = found.outcome
    if answer == "yes in part":
        answer = f"yes; not decided at n = {', '.join(f'{n:,}' for n in found.undecided)}"
    excesses = [
        f"{own.test} at {own.level:g}, n = {own.n:,}, d = {own.dim} ({own.count} of {own.trials:,})"
        for own in found.excesses[:_MOST_LISTED]
    ]
    return Verdict(
        _QUESTION,
        answer,
        f"the battery's family-wise rate on {found.trials:,} samples of the null, pooled over dimensions and nulls. Rates of "
        f"single tests above their level, in intervals that hold jointly: {len(found.excesses) or 'none'}"
        + (f", {'; '.join(excesses)}" if excesses else ""),
        is_main=True,
        numbers=_false_alarms(found),
    )


def _false_alarms(found: CalibrationVerdict) -> list[dict[str, str]]:
    whole = {f"battery, n = {n:,}": (_in_brackets(own), "dimensions and nulls") for n, own in found.pooled.items()}
    shapes = f"{found.cells} shapes and nulls"
    whole |= {"battery, the least": (f"{found.family_rates[0]:.3f}", shapes)}
    whole |= {"battery, the largest": (f"{found.family_rates[1]:.3f}", shapes)}
    outside = f"{found.outside} ({found.outside / max(1, found.rates):.1%})"
    return [
        *({"false alarms": name, _RATE: rate, "at": "0.05", "over": over} for name, (rate, over) in whole.items()),
        {
            "false alarms": "single tests, level outside the 99% interval",
            _RATE: outside,
            "at": ", ".join(f"{level:g}" for level in LEVELS),
            "over": f"{found.rates:,} rates",
        },
    ]


def _calibration_blocks(cells: Sequence[Cell], whole: Sequence[Cell]) -> list[Block]:
    return [
        Text(
            "Measured rates of p ≤ level on samples of the null itself, with 95% Clopper–Pearson intervals; large samples "
            "take longer and have fewer trials. Family-wise: any test of the battery, adjusted for all, on other samples. "
            "The test that rejects most often should do so at about the level; as the largest of many rates, it lies somewhat "
            "above by chance."
        ),
        Table(
            [_calibration_row(cell) for cell in sorted(cells, key=lambda c: (c.law, c.n, c.dim))],
            "False alarms of single tests: rates of p ≤ level on samples of the null",
        ),
        Table(
            [_family_row(cell) for cell in sorted(whole, key=lambda c: (c.law, c.n, c.dim))],
            "False alarms of the whole battery: rates of any rejection",
        ),
    ]


def _tail_blocks(cells: Sequence[Cell]) -> list[Block]:
    if not cells:
        return []
    excesses = [f"{own.test} at {own.level:g}, n = {own.n:,}, d = {own.dim}" for own in tail_excesses(cells)]
    return [
        Text(
            "Beyond 0.001 the null tables rest on few simulated samples, and below 0.0005 a tail is extrapolated. Each test "
            "with a null table, by itself, on samples that the tables have not seen: how many times as often as it should p "
            f"was at most the level. Above it in intervals that hold jointly: {', '.join(excesses) or 'none'}."
        ),
        Table(
            [_tail_row(cell, test) for cell in cells for test in cell.counts],
            "Null tables in their tails: rates of p ≤ level, as multiples of the level, with 95% intervals",
        ),
    ]


def _tail_row(cell: Cell, test: str) -> dict[str, str]:
    row = {"test": test, "n": f"{cell.n:,}", "d": str(cell.dim), "samples": f"{cell.trials:,}"}
    for at, level in enumerate(TAIL_LEVELS):
        rate = cell.rate(test, at=at)
        row[f"at {level:g}"] = f"{rate.estimate / level:.2f} [{rate.lower / level:.2f}, {rate.upper / level:.2f}]"
    return row


def _family_row(cell: Cell) -> dict[str, str]:
    return {
        "null": cell.law,
        "n": f"{cell.n:,}",
        "d": str(cell.dim),
        "trials": f"{cell.trials:,}",
        **{f"at {level:g}": _in_brackets(cell.rate("battery", at=at)) for at, level in enumerate(LEVELS)},
    }


def _calibration_row(cell: Cell) -> dict[str, str]:
    row = {
        "null": cell.law,
        "n": f"{cell.n:,}",
        "d": str(cell.dim),
        "trials": f"{cell.trials:,}",
        "tests": str(len(cell.single_tests)),
    }
    for at, level in enumerate(LEVELS):
        name, rate = cell.most_frequent(at=at)
        row[f"most frequent at {level:g}"] = f"{rate:.4f} ({name})"
    return row


def _power_words(found: PowerVerdict) -> Verdict:
    parts = []
    if found.seen:
        which = f"{len(found.seen)} of {len(found.rates)} laws" if found.weak else "each law"
        parts.append(
            f"the battery's power against {which} is above {min(found.seen.values()):.0%} (limits that hold jointly)"
        )
    if found.weak:
        parts.append(f"power above {POWER:.0%} is not shown for the laws that the table names")
    if found.sliced:
        parts.append(f"a sliced Epps–Pulley test rejects as few as {found.sliced[0]:.0%} of a law's samples")
    question = f"In {found.dim} dimensions, does it see what random slices do not?"
    return Verdict(question, found.outcome, "; ".join(parts), numbers=_rejections(found))


def _rejections(found: PowerVerdict) -> list[dict[str, str]]:
    rows = {}
    if found.seen:
        fewest = min(found.rates[law] for law in found.seen)
        rejects = "100%" if fewest == 1 else f"at least {fewest:.0%}"
        rows[f"battery, {len(found.seen)} of {len(found.rates)}"] = rejects, f"{min(found.seen.values()):.0%}"
    rows |= {f"battery, {law}": (f"{found.rates[law]:.0%}", "–") for law in found.weak}
    if found.sliced:
        rejects = f"{found.sliced[0]:.0%} to {found.sliced[1]:.0%}"
        rows[f"sliced Epps–Pulley, all {len(found.rates)}"] = rejects, "–"
    shape = {"samples of each": str(found.trials), "n": f"{found.n:,}", "d": str(found.dim)}
    return [
        {"test, laws": name, "rejects at 0.05": rejects, "power above [95% jointly]": power, **shape}
        for name, (rejects, power) in rows.items()
    ]


def _power_blocks(cells: Sequence[Cell]) -> list[Block]:
    names = _peers(cells)
    peers = "; ".join(_PEER_WORDS[name] for name in names)
    return [
        Text(
            f"Rejections at α = 0.05 of laws that are not N(0, I). For comparison, {peers}. In many dimensions, random "
            "one-dimensional slices of a law with the right mean and covariance look nearly normal."
        ),
        _power_forest(cells),
        Table(
            [_power_row(cell, names) for cell in cells],
            f"Power in {cells[0].dim} dimensions, n = {cells[0].n:,}: rejections of other laws at 5%",
        ),
        *package_blocks(cells, package_versions()),
    ]


def _power_forest(cells: Sequence[Cell]) -> Forest:
    panels = []
    for name, words in (("battery", "the battery"), *((peer, peer) for peer in _peers(cells))):
        rates = [(cell.law, cell.rate(name)) for cell in cells if name in cell.counts]
        rows = [ForestRow(law, rate.estimate, rate.lower, rate.upper) for law, rate in rates]
        panels.append(ForestPanel(words, f"Share of samples that {words} rejects at 5%", rows))
    fewest, most = min(cell.trials for cell in cells), max(cell.trials for cell in cells)
    samples = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    caption = f"n = {cells[0].n:,}, d = {cells[0].dim}, {samples} samples of each law, 95% Clopper–Pearson intervals."
    return Forest(f"power-{cells[0].dim}", panels, caption)


def _peers(cells: Sequence[Cell]) -> list[str]:
    """The peers that were run on the samples of any law, but for those of R's packages."""
    return list(dict.fromkeys(name for cell in cells for name in cell.peers))


def _power_row(cell: Cell, peers: Sequence[str]) -> dict[str, str]:
    row = {"law": cell.law, "samples": str(cell.trials)}
    row |= {name: f"{cell.rate(name).estimate:.0%}" if name in cell.counts else "–" for name in ("battery", *peers)}
    name, rate = cell.most_frequent(at=1)
    return {**row, "seen most often, at 0.01, by": f"{name} ({rate:.0%})" if rate else "none"}
