"""Can you trust the test? False alarms and power of the battery, as audit.json has them."""

from typing import Any

from noisedim.document.content import Notice, Section, Table, Text, Verdict
from noisedim.normality.audit import LEVELS, read_audit
from noisedim.report.study import Sources
from noisedim.statistics.intervals import Interval, clopper_pearson

__all__ = ["trust_section"]

_TITLE = "Can you trust the test?"
_PEERS = ("sliced Epps–Pulley", "Shapiro–Wilk by coordinate, Bonferroni", "Henze–Zirkler (pingouin)")
_QUESTION = "Are false alarms as rare as the battery says?"
# The power that has to be shown, by a lower limit, for a departure to count as seen.
_POWER = 0.8
_COMMAND = "python -m noisedim.normality.audit --output noisedim/normality/audit.json"


def trust_section(sources: Sources) -> Section:
    """The audit that ships with the package; it is not made anew with a report."""
    try:
        cells = read_audit()["cells"]
    except FileNotFoundError:
        return Section(
            _TITLE, [Verdict(_QUESTION, "not measured", "there is no audit")], [Notice(f"`{_COMMAND}` makes it.")]
        )
    calibration = [cell for cell in cells if cell["kind"] == "calibration"]
    power = [cell for cell in cells if cell["kind"] == "power"]
    blocks: list[Text | Notice | Table] = [
        Text(
            "Measured rates of p ≤ level on samples of the null itself, with 95% Clopper–Pearson intervals; trials differ "
            "because large samples take longer. Family-wise: any test of the battery after Holm. The most frequent of the "
            "single tests should be about the level and, being the largest of many, is somewhat above it by chance."
        ),
        Table([_calibration_row(cell) for cell in sorted(calibration, key=lambda c: (c["law"], c["n"], c["dim"]))]),
    ]
    verdicts = [_calibration_verdict(calibration)]
    if power:
        n, dim = power[0]["n"], power[0]["dim"]
        verdicts.append(_power_verdict(power))
        blocks += [
            Text(
                f"Rejections at α = 0.05 of laws that are not N(0, I), n = {n:,}, d = {dim}. Peers: the mean Epps–Pulley "
                "statistic of 64 random slices, calibrated by simulation; Shapiro–Wilk on every coordinate with "
                "Bonferroni's correction; pingouin's Henze–Zirkler with its log-normal p-value, an error counting as no "
                "rejection. A law that leaves mean and variances alone is what slices are blind to."
            ),
            Table([_power_row(cell) for cell in power]),
        ]
    blocks.append(Text(f"`{_COMMAND}` adds trials to these."))
    return Section(_TITLE, verdicts, blocks)


def _rate(cell: dict[str, Any], name: str, level: int = 0) -> str:
    if name not in cell["counts"]:
        return ""
    interval = clopper_pearson(cell["counts"][name][level], cell["trials"])
    return f"{interval.estimate:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]"


def _calibration_row(cell: dict[str, Any]) -> dict[str, str]:
    single = {name: counts for name, counts in cell["counts"].items() if name not in ("battery", "rank")}
    row = {
        "null": cell["law"],
        "n": f"{cell['n']:,}",
        "d": str(cell["dim"]),
        "trials": f"{cell['trials']:,}",
        "tests": str(len(single)),
        "family-wise at 0.05": _rate(cell, "battery"),
    }
    for i, level in enumerate(LEVELS):
        worst = max(single, key=lambda name, i=i: single[name][i])  # type: ignore[misc]
        row[f"most frequent at {level:g}"] = f"{single[worst][i] / cell['trials']:.4f} ({worst})"
    return row


def _pooled(cells: list[dict[str, Any]]) -> dict[int, Interval]:
    """Family-wise rate by n, in intervals that hold together with 95%: at most 0.05 is shown, not merely not refuted."""
    counts: dict[int, tuple[int, int]] = {}
    for cell in sorted(cells, key=lambda cell: cell["n"]):
        rejected, trials = counts.get(cell["n"], (0, 0))
        counts[cell["n"]] = rejected + cell["counts"]["battery"][0], trials + cell["trials"]
    return {n: clopper_pearson(*own, level=1 - 0.05 / len(counts)) for n, own in counts.items()}


def _calibration_verdict(cells: list[dict[str, Any]]) -> Verdict:
    entries = [
        (cell, name, level, counts[i])
        for cell in cells
        for name, counts in cell["counts"].items()
        if name not in ("battery", "rank")
        for i, level in enumerate(LEVELS)
    ]
    # All intervals at once: at most one in twenty audits shows any excess where there is none.
    together = 1 - 0.05 / max(1, len(entries))
    over = [
        f"{name} at {level:g}, n = {cell['n']:,}, d = {cell['dim']} ({count} of {cell['trials']:,})"
        for cell, name, level, count in entries
        if clopper_pearson(count, cell["trials"], level=together).lower > level
    ]
    outside = sum(level not in clopper_pearson(count, cell["trials"], level=0.99) for cell, _, level, count in entries)
    family = [cell["counts"]["battery"][0] / cell["trials"] for cell in cells]
    unsafe = [
        cell
        for cell in cells
        if clopper_pearson(cell["counts"]["battery"][0], cell["trials"], level=1 - 0.05 / len(cells)).lower > 0.05
    ]
    pooled = _pooled(cells)
    answer = "yes" if all(interval.upper <= 0.05 for interval in pooled.values()) else "not decided"
    open_ = [f"{n:,}" for n, interval in pooled.items() if interval.upper > 0.05]
    if 0 < len(open_) < len(pooled):
        answer = f"yes; not decided at n = {', '.join(open_)}"
    by_n = ", ".join(
        f"{interval.estimate:.3f} [{interval.lower:.3f}, {interval.upper:.3f}] at n = {n:,}"
        for n, interval in pooled.items()
    )
    trials = sum(cell["trials"] for cell in cells)
    return Verdict(
        _QUESTION,
        "no" if over or unsafe else answer,
        f"{trials:,} samples of the null over {len(cells)} shapes and nulls: family-wise rate at 0.05 from "
        f"{min(family):.3f} to {max(family):.3f}, pooled over dimensions and nulls {by_n} "
        f"(intervals that hold together); of {len(entries):,} rates of single tests at "
        f"{', '.join(f'{level:g}' for level in LEVELS)}, {outside} ({outside / max(1, len(entries)):.1%}) have their level "
        f"outside the 99% interval, and {len(over) or 'none'} above it in intervals that hold together"
        + (f": {'; '.join(over[:5])}" if over else ""),
        is_main=True,
    )


def _power_verdict(cells: list[dict[str, Any]]) -> Verdict:
    found = {cell["law"]: cell["counts"]["battery"][0] / cell["trials"] for cell in cells if cell["law"] != "prior"}
    least = {
        cell["law"]: clopper_pearson(
            cell["counts"]["battery"][0], cell["trials"], level=1 - 0.05 / max(1, len(found))
        ).lower
        for cell in cells
        if cell["law"] != "prior"
    }
    weak = [f"{law} ({found[law]:.0%})" for law, lower in least.items() if lower < _POWER]
    sliced = [cell["counts"][_PEERS[0]][0] / cell["trials"] for cell in cells if cell["law"] != "prior"]
    return Verdict(
        "Does it see in many dimensions what random slices do not?",
        "yes" if not weak else "in part",
        f"n = {cells[0]['n']:,}, d = {cells[0]['dim']}: the battery rejects each of {len(found)} laws in "
        f"{min(found.values()):.0%} of {min(cell['trials'] for cell in cells)} samples or more, so that its power is above "
        f"{min(least.values()):.0%} for each (limits that hold together); a sliced Epps–Pulley test rejects them in "
        f"{min(sliced):.0%} to {max(sliced):.0%}"
        + (f". Power above {_POWER:.0%} is not shown for {', '.join(weak)}" if weak else ""),
    )


def _power_row(cell: dict[str, Any]) -> dict[str, str]:
    trials = cell["trials"]
    row = {"law": cell["law"], "samples": str(trials)}
    row |= {name: f"{cell['counts'][name][0] / trials:.0%}" for name in ("battery", *_PEERS)}
    own = {name: c[1] for name, c in cell["counts"].items() if name != "battery" and name not in _PEERS}
    best = max(own, key=lambda name: own[name])
    row["seen most often, at 0.01, by"] = f"{best} ({own[best] / trials:.0%})" if own[best] else "none"
    return row
