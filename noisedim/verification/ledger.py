"""The ledger: rows gathered into one file that a partial run never replaces, and tables of it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from noisedim.files import write_json_atomically
from noisedim.runs.environment import environment
from noisedim.schema import SCHEMAS
from noisedim.theory.claims import CLAIMS, ERRATUM_KINDS, Claim
from noisedim.verification.budget import ALPHA_A_CASE, ALPHA_TOTAL, BETA, MOST_SAMPLED_CASES
from noisedim.verification.outcomes import MARKS, Verdict, worst
from noisedim.verification.primitives import PRIMITIVES

__all__ = ["DEFAULT_LEDGER", "claim_lines", "errata_words", "in_words", "make_ledger", "missing_ids", "write_ledger"]

DEFAULT_LEDGER = Path("reports/results/theory.json")


def missing_ids(rows: Iterable[Mapping[str, Any]], expected: Iterable[str]) -> list[str]:
    """The ids of cases that have no row: with any, a run is partial."""
    return sorted(set(expected) - {row["id"] for row in rows})


def _claim_summary(claim_id: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    claim = CLAIMS[claim_id]
    about = [row for row in rows if row["role"] != "printed"]
    printed = [row for row in rows if row["role"] == "printed"]
    numbers = [row["worst_relative_error"] for row in rows if isinstance(row["worst_relative_error"], float)]
    sampled = [row for row in rows if row["n"] is not None]
    verdict = worst([Verdict(row["verdict"]) for row in about]) if about else Verdict.SKIPPED
    return {
        "id": claim_id,
        "title": claim.title,
        "kind": claim.kind,
        "erratum_kind": claim.erratum_kind,
        "verdict": str(verdict),
        "words": in_words(claim, verdict, len(about)),
        "printed_form": str(_printed_verdict(printed)) if printed else None,
        "as_expected": bool(rows) and all(row["as_expected"] for row in rows),
        "cases": len(rows),
        "relations": sum(row["relations"] for row in rows),
        "inconclusive": sum(row["verdict"] == Verdict.INCONCLUSIVE for row in rows),
        "worst_gap": max((row["worst_gap"] for row in about if isinstance(row["worst_gap"], float)), default=0.0),
        "worst_relative_error": max(numbers, default=None) if not printed else _worst_error(about),
        "sampled_cases": len(sampled),
        "delta": max((row["delta"] for row in sampled if row["delta"] is not None), default=None),
        "alpha": sum(row["alpha"] for row in sampled),
        "power": min((row["power"] for row in sampled if row["power"] is not None), default=None),
        "most_draws": max((row["n"] for row in sampled), default=None),
        "seconds": sum(row["seconds"] for row in rows),
    }


def in_words(claim: Claim, verdict: Verdict, cases: int) -> str:
    """The verdict as it is to be read: of an "if and only if" cases find no counterexample, a proof establishes it."""
    if verdict is Verdict.VERIFIED and claim.proof:
        return f"no counterexample in {cases} cases; proof: {claim.proof}"
    return str(verdict)


def _errata_by_kind(summaries: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Rows of the errata, and how many came out as expected, by kind."""
    found: dict[str, dict[str, int]] = {kind: {"rows": 0, "as_expected": 0} for kind in ERRATUM_KINDS}
    for row in summaries:
        if row["erratum_kind"] is not None:
            found[row["erratum_kind"]]["rows"] += 1
            found[row["erratum_kind"]]["as_expected"] += bool(row["as_expected"])
    return found


def _primitive_table(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """For each claim and each primitive that its cases call: how many do, and which are refuted when it is wrong."""
    cells: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        for primitive in row.get("primitives", []):
            cell = cells.setdefault(row["claim"], {}).setdefault(primitive, {"cases": 0, "red": [], "green": []})
            cell["cases"] += 1
    for row in rows:
        found = row["details"].get("primitives") if row["role"] == "mutant" else None
        for primitive, cell in (found or {}).items():
            empty = {"cases": 0, "red": [], "green": []}
            cells.setdefault(row["details"]["about"], {}).setdefault(primitive, empty).update(cell)
    every = [(claim, primitive, cell) for claim, given in cells.items() for primitive, cell in given.items()]
    return {
        "names": list(PRIMITIVES),
        "cells": len(every),
        "empty": [f"{claim}: {primitive}" for claim, primitive, cell in every if not cell["red"]],
        "claims": cells,
    }


def _worst_error(rows: list[dict[str, Any]]) -> float | None:
    errors = [row["worst_relative_error"] for row in rows if isinstance(row["worst_relative_error"], float)]
    return max(errors, default=None)


def _printed_verdict(rows: list[dict[str, Any]]) -> Verdict:
    verdicts = {Verdict(row["verdict"]) for row in rows}
    return Verdict.REFUTED if verdicts == {Verdict.REFUTED} else worst(sorted(verdicts - {Verdict.REFUTED}))


def make_ledger(rows: Iterable[Mapping[str, Any]], *, seed: int) -> dict[str, Any]:
    """All that a complete run found: budget, one summary a claim, all rows by id. Only ``seconds`` vary between runs."""
    ordered = sorted((dict(row) for row in rows), key=lambda row: row["id"])
    by_claim: dict[str, list[dict[str, Any]]] = {claim_id: [] for claim_id in CLAIMS}
    for row in ordered:
        by_claim[row["claim"]].append(row)
    mutants = [row for row in ordered if row["role"] == "mutant"]
    sampled = [row for row in ordered if row["n"] is not None]
    summaries = [_claim_summary(claim_id, found) for claim_id, found in by_claim.items()]
    return {
        "seed": seed,
        "alpha_total": ALPHA_TOTAL,
        "alpha_spent": ALPHA_A_CASE * len(sampled),
        "beta": BETA,
        "sampled_cases": len(sampled),
        "most_sampled_cases": MOST_SAMPLED_CASES,
        "cases": len(ordered),
        "relations": sum(row["relations"] for row in ordered),
        "as_expected": sum(row["as_expected"] for row in ordered),
        "inconclusive": sum(row["verdict"] == Verdict.INCONCLUSIVE for row in ordered),
        "mutants": len(mutants),
        "mutants_killed": sum(row["as_expected"] for row in mutants),
        # Of exact identities: what is integrated on a grid, for trained encoders, has its own tolerance.
        "worst_relative_error": _worst_error([row for row in ordered if row["role"] in ("claim", "corrected")]),
        "seconds": sum(row["seconds"] for row in ordered),
        "environment": environment(),
        "errata_by_kind": _errata_by_kind(summaries),
        "primitives": _primitive_table(ordered),
        "claims": summaries,
        "rows": ordered,
    }


def write_ledger(path: Path, rows: Iterable[Mapping[str, Any]], *, expected: Iterable[str], seed: int) -> list[str]:
    """Write the ledger if every expected case has a row; otherwise leave what is there as it is.

    Returns: the ids that are missing; nothing was written unless the list is empty.
    """
    rows = list(rows)
    missing = missing_ids(rows, expected)
    if not missing:
        write_json_atomically(path, SCHEMAS["theory"].stamped(make_ledger(rows, seed=seed)))
    return missing


def claim_lines(ledger: Mapping[str, Any], *, only_with_rows: bool = True) -> list[str]:
    """The ledger as a table in plain text, a line a claim."""
    lines = [
        f"{'claim':<34} {'verdict':<16} {'printed':<12} {'cases':>5} {'relations':>9} {'rel. error':>10} "
        f"{'Δ':>7} {'α':>8} {'power':>7} {'n':>10} {'seconds':>8}"
    ]
    for claim in ledger["claims"]:
        if only_with_rows and not claim["cases"]:
            continue
        verdict = f"{MARKS[Verdict(claim['verdict'])]} {claim['verdict']}"
        printed = f"{MARKS[Verdict(claim['printed_form'])]} {claim['printed_form']}" if claim["printed_form"] else ""
        lines.append(
            f"{claim['id']:<34} {verdict:<16} {printed:<12} {claim['cases']:>5} {claim['relations']:>9} "
            f"{_cell(claim['worst_relative_error'], '.0e'):>10} {_cell(claim['delta'], '.3g'):>7} "
            f"{_cell(claim['alpha'] or None, '.1e'):>8} {_cell(claim['power'], '.3f'):>7} "
            f"{_cell(claim['most_draws'], ',d'):>10} {claim['seconds']:>8.1f}"
        )
    return lines


def errata_words(ledger: Mapping[str, Any]) -> str:
    """How many rows the errata have of each kind, in a line."""
    counts = ledger["errata_by_kind"]
    return ", ".join(f"{counts[kind]['rows']} {kind}" for kind in ERRATUM_KINDS if counts[kind]["rows"])


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
