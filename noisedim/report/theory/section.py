"""Is it true? One row a claim, the errata with their numbers, and a figure for each theorem; from theory.json."""

from typing import Any

from noisedim.document.content import Notice, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import share_word
from noisedim.files import read_json
from noisedim.report.study import Sources
from noisedim.report.theory.figures import (
    gaussian_bound_figure,
    ladder_figure,
    training_gap_figure,
    uniform_bound_figure,
)
from noisedim.theory.claims import CLAIMS
from noisedim.verification import outcomes

__all__ = ["theory_section"]

_TITLE = "Is it true?"
_COMMAND = "pytest theory_checks -n auto"
_MOST_COUNTEREXAMPLES = 1
# A relation that was refuted, as it should be read.
_REFUTED = {"=": "≠", "<": "≮", "<=": "≰"}


def _marked(verdict: str | None) -> str:
    return "" if verdict is None else f"{outcomes.MARKS[outcomes.Verdict(verdict)]} {verdict}"


def _number(value: Any, form: str = ".3g") -> str:
    return "" if value is None else format(value, form) if isinstance(value, int | float) else str(value)


def _power_words(ledger: dict[str, Any]) -> str:
    """The least power of the sampled cases in which it was planned, and how many those are."""
    planned = [row["power"] for row in ledger["rows"] if row["n"] is not None and row["power"] is not None]
    if not planned:
        return ""
    cases = "each" if len(planned) == ledger["sampled_cases"] else f"in the {len(planned)} where it could be planned"
    return f" and power {min(planned):g} {cases}"


def _verdicts(ledger: dict[str, Any]) -> list[Verdict]:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in ledger["claims"]:
        by_kind.setdefault(row["kind"], []).append(row)
    about = by_kind.get("paper", []) + by_kind.get("new", [])
    verified = [row for row in about if row["verdict"] == "verified"]
    others = ", ".join(f"{row['id']} {row['verdict']}" for row in about if row not in verified)
    errata = by_kind.get("erratum", [])
    settled = [row for row in errata if row["printed_form"] == "refuted" and row["verdict"] == "verified"]
    exact = ledger["worst_relative_error"]
    stand = {row["id"] for row in verified} >= {"theorem-3.4", "theorem-3.5"}
    standing = "; the bounds (5) and (6) themselves stand" if stand else ""
    found = [
        Verdict(
            "Are the claims true, as corrected?",
            share_word(len(verified), len(about)),
            f"{len(verified)} of {len(about)} verified ({ledger['relations']:,} relations; exact identities to "
            f"{_number(exact, '.0e')} relative, sampled ones with a false-alarm rate of at most {ledger['alpha_total']:g} "
            f"over all {ledger['sampled_cases']}{_power_words(ledger)})" + (f"; {others}" if others else ""),
            is_main=True,
        ),
        Verdict(
            "Is the paper printed right?",
            "in part" if settled else "not decided",
            f"{len(settled)} of {len(errata)} errata have their printed form refuted by a computed counterexample and the "
            f"corrected form verified{standing}",
            is_main=True,
        ),
        Verdict(
            "Can these checks fail?",
            share_word(ledger["mutants_killed"], ledger["mutants"]),
            f"{ledger['mutants_killed']} of {ledger['mutants']} formulas made wrong on purpose were refuted",
        ),
    ]
    trained = [row for row in ledger["rows"] if row["role"] == "trained"]
    if trained:
        refuted = sum(row["verdict"] == "refuted" for row in trained)
        open_rows = sum(row["verdict"] == "inconclusive" for row in trained)
        found.append(
            Verdict(
                "Do trained encoders obey the inequalities?",
                "no" if refuted else "in part" if open_rows else "yes",
                f"{sum(row['verdict'] == 'verified' for row in trained)} of {len(trained)} cases verified, {open_rows} "
                f"inconclusive with the reason given, {refuted} refuted",
            )
        )
    return found


def _claims_table(ledger: dict[str, Any]) -> Table:
    rows = []
    for row in ledger["claims"]:
        if row["kind"] == "erratum":
            continue
        item = CLAIMS[row["id"]]
        rows.append(
            {
                "claim": row["id"],
                "in words": item.title,
                "verdict": _marked(row["verdict"]),
                "in print": item.printed or "new" if row["kind"] in ("paper", "new") else "",
                "cases": str(row["cases"]),
                "relations": str(row["relations"]),
                "largest relative error": _number(row["worst_relative_error"], ".0e"),
                "Δ (nats)": _number(row["delta"]),
                "α": _number(row["alpha"] or None, ".0e"),
                "power": _number(row["power"], ".3f"),
                "draws, at most": _number(row["most_draws"], ",d"),
            }
        )
    return Table(rows)


def _by_how_much(ledger: dict[str, Any], claim_id: str) -> str:
    """The counterexamples' numbers: the first few relations of the printed form that were refuted."""
    refuted = [
        (row["case"], finding)
        for row in ledger["rows"]
        if row["claim"] == claim_id and row["role"] == "printed"
        for finding in row["findings"]
        if finding["verdict"] == "refuted"
    ]
    words = []
    for case, finding in refuted[:_MOST_COUNTEREXAMPLES]:
        sides = [_number_or_word(finding[side]) for side in ("left", "right")]
        relation = _REFUTED.get(finding["relation"], f"not {finding['relation']}")
        place = "" if case == "-" else f" ({case})"
        words.append(f"{finding['what']}{place}: {sides[0]} {relation} {sides[1]}")
    further = len(refuted) - len(words)
    return "; ".join(words) + (f"; {further} further case{'s' * (further > 1)}" if further else "")


def _number_or_word(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


def _errata_table(ledger: dict[str, Any]) -> Table:
    rows = []
    for row in ledger["claims"]:
        if row["kind"] != "erratum":
            continue
        item = CLAIMS[row["id"]]
        rows.append(
            {
                "erratum": row["id"],
                "where": item.source.removeprefix("arXiv 2410.06993, "),
                "printed": item.printed,
                "printed form": _marked(row["printed_form"]),
                "as computed": _by_how_much(ledger, row["id"]),
                "counterexample": item.counterexample,
                "should read": item.correction,
                "corrected form": _marked(row["verdict"]),
            }
        )
    return Table(rows)


def _pictures(ledger: dict[str, Any]) -> list[Pictures]:
    made = [
        draw(
            "theorem-3-4",
            gaussian_bound_figure(),
            alt="Information against the noise for six laws, with the capacity above them all",
            caption="Theorem 3.4. Every law with unit variance stays below the capacity; N(0, 1) with f(X) = f(X′) "
            "meets it. Below, what is missing: with more noise other laws come close, which is why large noise matches "
            "few moments.",
        ),
        draw(
            "certificate",
            ladder_figure(),
            alt="KL below D2 below C minus J over noise levels",
            caption="KL ≤ D₂ ≤ C − J and KL ≤ C − I ≤ C − J: what the objective leaves certifies the noisy law. With "
            "more noise D₂ falls fastest: what is left of C − J is then the alignment of the views, and no departure from "
            "the prior.",
        ),
        draw(
            "theorem-3-5",
            uniform_bound_figure(),
            alt="Bound, exact capacity, lattice optima and the continuous uniform against 1/(2ε)",
            caption="Theorem 3.5. The bound is met only at whole 1/(2ε), by the uniform law on a lattice; elsewhere the exact "
            "capacity interpolates linearly. The continuous uniform comes close as the noise falls.",
        ),
    ]
    gaps = [row for row in ledger["rows"] if row["role"] == "trained" and row["details"].get("gaps")]
    if gaps:
        steps = max(max(row["details"]["steps"]) for row in gaps)
        made.append(
            draw(
                "theory-training-gap",
                training_gap_figure(gaps),
                alt="The certified gap at the start, in the middle and at the end of training",
                caption=f"Encoders trained by the suite itself (digits, {steps} steps), held-out images. Bars are "
                f"intervals that hold simultaneously over the whole suite at {ledger['alpha_total']:g}.",
            )
        )
    return [Pictures([picture]) for picture in made]


def _tolerance_words(ledger: dict[str, Any]) -> str:
    """How closely identities have to hold, and where less closely."""
    claims: dict[float, set[str]] = {}
    for row in ledger["rows"]:
        for finding in row["findings"]:
            if finding["relation"] == "=" and finding.get("n") is None and row["role"] != "mutant":
                claims.setdefault(finding["delta"], set()).add(row["claim"])
    usual, *loose = sorted(claims)
    also = ", ".join(f"in {' and '.join(sorted(claims[delta]))} also to {delta:g}" for delta in loose)
    return f"to {usual:g}, relative to its largest term" + (f" ({also})" if also else "")


def theory_section(sources: Sources) -> Section:
    """The ledger as tables and figures."""
    path = sources.results / "theory.json"
    if not path.is_file():
        words = f"the ledger is not there; `{_COMMAND}` makes it (minutes)"
        return Section(_TITLE, [Verdict("Are the claims true, as corrected?", "not measured", words)], [Notice(words)])
    ledger = read_json(path)
    rules = Text(
        f"Written by `{_COMMAND}`, seed {ledger['seed']}; `noisedim verify CLAIM` runs one claim and explains it. "
        f"✓ verified: an identity holds {_tolerance_words(ledger)}, or an interval lies within Δ of the claim. "
        "✗ refuted: the interval "
        "excludes it. ? inconclusive: neither. Nothing that was merely not rejected is called verified. For an erratum "
        "the printed form is expected to be refuted."
    )
    undecided = [
        f"{row['id']}: "
        + "; ".join(f["note"] for f in row["findings"] if f.get("verdict") == "inconclusive" and f.get("note"))
        for row in ledger["rows"]
        if row["verdict"] == "inconclusive"
    ]
    blocks: list[Any] = [rules, _claims_table(ledger), *_pictures(ledger)]
    blocks += [Text("Errata: what is printed, where it fails, and what it should read."), _errata_table(ledger)]
    blocks += [Text(f"Inconclusive. {words}") for words in undecided]
    return Section(_TITLE, _verdicts(ledger), blocks)
